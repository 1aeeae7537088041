// SPDX-License-Identifier: MIT
#include "kernels/blas/forward.h"

#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#if defined(MLXAUDIO_BLAS_ONEDNN)
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#endif

// MLX's wheel imports `cblas_sgemm` and its relatives from the reference BLAS
// beside it (1.4 GFLOPS). The dynamic linker takes the first library in load
// order that has the symbol; this one is linked before MLX. MLX's headers are
// not needed, nor is anything of MLX changed.

namespace {

using Int = int;
using SgemmFunction = void(
    Int,
    Int,
    Int,
    Int,
    Int,
    Int,
    float,
    const float*,
    Int,
    const float*,
    Int,
    float,
    float*,
    Int);

constexpr Int kRowMajor = 101;
constexpr Int kNoTranspose = 111;

std::atomic<unsigned long long>& calls() {
  static std::atomic<unsigned long long> count{0};
  return count;
}

/// Threads for products; 0 until somebody says.
std::atomic<int>& team() {
  static std::atomic<int> n{0};
  return n;
}

/// OpenMP's number of threads belongs to a thread, and the one that runs MLX's
/// work is not the one that chose the number.
void adopt_threads() {
#if defined(MLXAUDIO_BLAS_ONEDNN)
  const int n = team().load(std::memory_order_relaxed);
  if (n > 0 && omp_get_max_threads() != n) {
    omp_set_num_threads(n);
  }
#endif
}

bool reference_wanted() {
  static const bool wanted = [] {
    const char* value = std::getenv("MLXAUDIO_BLAS");
    return value != nullptr && std::strcmp(value, "reference") == 0;
  }();
  return wanted;
}

/// The same symbol in the libraries after this one: the wheel's own BLAS. Null
/// if there is none.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

/// Element (i, j) of a matrix that may be stored transposed or by columns.
float element(
    const float* a, Int ld, bool by_columns, std::size_t i, std::size_t j) {
  const auto stride = static_cast<std::size_t>(ld);
  return by_columns ? a[j * stride + i] : a[i * stride + j];
}

/// The definition, for a process that has no other BLAS.
void plain_sgemm(
    Int order,
    Int ta,
    Int tb,
    Int m,
    Int n,
    Int k,
    float alpha,
    const float* a,
    Int lda,
    const float* b,
    Int ldb,
    float beta,
    float* c,
    Int ldc) {
  const bool columns = order != kRowMajor;
  const auto size = [](Int i) { return static_cast<std::size_t>(i); };
  for (std::size_t i = 0; i < size(m); ++i) {
    for (std::size_t j = 0; j < size(n); ++j) {
      float sum = 0;
      for (std::size_t l = 0; l < size(k); ++l) {
        sum += element(a, lda, columns != (ta != kNoTranspose), i, l) *
               element(b, ldb, columns != (tb != kNoTranspose), l, j);
      }
      float& out = columns ? c[j * size(ldc) + i] : c[i * size(ldc) + j];
      out = alpha * sum + (beta == 0 ? 0.0f : beta * out);
    }
  }
}

void reference_sgemm(
    Int order,
    Int ta,
    Int tb,
    Int m,
    Int n,
    Int k,
    float alpha,
    const float* a,
    Int lda,
    const float* b,
    Int ldb,
    float beta,
    float* c,
    Int ldc) {
  static auto* const found = next<SgemmFunction>("cblas_sgemm");
  auto* const sgemm = found ? found : plain_sgemm;
  sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

} // namespace

#if defined(MLXAUDIO_BLAS_OPENBLAS)
extern "C" {
SgemmFunction scipy_cblas_sgemm;
}
#endif

extern "C" {

#if defined(MLXAUDIO_BLAS_ONEDNN)
const char* mlxaudio_blas_name() {
  return reference_wanted() ? "reference" : "oneDNN";
}
#elif defined(MLXAUDIO_BLAS_OPENBLAS)
const char* mlxaudio_blas_name() {
  return reference_wanted() ? "reference" : "OpenBLAS";
}
#else
const char* mlxaudio_blas_name() {
  return "reference";
}
#endif

unsigned long long mlxaudio_blas_calls() {
  return calls().load(std::memory_order_relaxed);
}

void mlxaudio_blas_set_threads(int n) {
  team().store(n, std::memory_order_relaxed);
}

void cblas_sgemm(
    Int order,
    Int ta,
    Int tb,
    Int m,
    Int n,
    Int k,
    float alpha,
    const float* a,
    Int lda,
    const float* b,
    Int ldb,
    float beta,
    float* c,
    Int ldc) {
  calls().fetch_add(1, std::memory_order_relaxed);
  if (!reference_wanted()) {
    adopt_threads();
#if defined(MLXAUDIO_BLAS_ONEDNN)
    // oneDNN's is row-major; a column-major product is the row-major one of
    // the transposes.
    const char fa = ta == kNoTranspose ? 'N' : 'T';
    const char fb = tb == kNoTranspose ? 'N' : 'T';
    const auto status =
        order == kRowMajor
            ? dnnl_sgemm(fa, fb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
            : dnnl_sgemm(fb, fa, n, m, k, alpha, b, ldb, a, lda, beta, c, ldc);
    if (status == dnnl_success) {
      return;
    }
#elif defined(MLXAUDIO_BLAS_OPENBLAS)
    scipy_cblas_sgemm(
        order,
        ta,
        tb,
        m,
        n,
        k,
        alpha,
        a,
        lda,
        b,
        ldb,
        beta,
        c,
        ldc);
    return;
#endif
  }
  reference_sgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

#if defined(MLXAUDIO_BLAS_OPENBLAS)
using DgemmFunction = void(
    Int,
    Int,
    Int,
    Int,
    Int,
    Int,
    double,
    const double*,
    Int,
    const double*,
    Int,
    double,
    double*,
    Int);
using CgemmFunction = void(
    Int,
    Int,
    Int,
    Int,
    Int,
    Int,
    const void*,
    const void*,
    Int,
    const void*,
    Int,
    const void*,
    void*,
    Int);
DgemmFunction scipy_cblas_dgemm;
CgemmFunction scipy_cblas_cgemm;

void cblas_dgemm(
    Int order,
    Int ta,
    Int tb,
    Int m,
    Int n,
    Int k,
    double alpha,
    const double* a,
    Int lda,
    const double* b,
    Int ldb,
    double beta,
    double* c,
    Int ldc) {
  static auto* const reference =
      reference_wanted() ? next<DgemmFunction>("cblas_dgemm") : nullptr;
  auto* dgemm = reference ? reference : scipy_cblas_dgemm;
  dgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_cgemm(
    Int order,
    Int ta,
    Int tb,
    Int m,
    Int n,
    Int k,
    const void* alpha,
    const void* a,
    Int lda,
    const void* b,
    Int ldb,
    const void* beta,
    void* c,
    Int ldc) {
  static auto* const reference =
      reference_wanted() ? next<CgemmFunction>("cblas_cgemm") : nullptr;
  auto* cgemm = reference ? reference : scipy_cblas_cgemm;
  cgemm(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
#endif
}
