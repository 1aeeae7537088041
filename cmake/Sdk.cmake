# Finds what set-up unpacked: MLX's C++ SDK from its wheel and, on x86-64,
# oneDNN, elsewhere OpenBLAS. `tools/setup.py` puts them below
# MLXAUDIO_SDK_DIR.

if(DEFINED ENV{MLXAUDIO_CACHE})
  set(mlxaudio_cache "$ENV{MLXAUDIO_CACHE}")
else()
  set(mlxaudio_cache "$ENV{HOME}/.cache/mlx-audio")
endif()
set(MLXAUDIO_SDK_DIR
    "${mlxaudio_cache}/sdk"
    CACHE PATH "Where set-up unpacked the SDKs")
set(MLXAUDIO_VOCAB_DIR
    "${mlxaudio_cache}/vocab"
    CACHE PATH "Where set-up unpacked Whisper's vocabularies")
if(APPLE)
  set(mlx_default mlx-metal-0.32.4)
else()
  set(mlx_default mlx-cpu-0.32.4)
endif()
set(MLXAUDIO_MLX
    "${mlx_default}"
    CACHE STRING "Which MLX SDK below MLXAUDIO_SDK_DIR to use")

set(mlx_root "${MLXAUDIO_SDK_DIR}/${MLXAUDIO_MLX}")
set(mlx_cmake "${mlx_root}/mlx/share/cmake/MLX")
if(NOT EXISTS "${mlx_cmake}/MLXConfig.cmake")
  message(FATAL_ERROR "MLX's SDK is not in ${mlx_root}: run `make setup` "
                      "first (tools/setup.py --help for other SDKs)")
endif()
find_package(MLX CONFIG REQUIRED PATHS "${mlx_cmake}" NO_DEFAULT_PATH)
set_target_properties(mlx PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES
                                     "${MLX_INCLUDE_DIRS}")

set(MLXAUDIO_HAVE_ONEDNN OFF)
if(NOT APPLE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  find_package(dnnl CONFIG REQUIRED
               PATHS "${MLXAUDIO_SDK_DIR}/onednn-2023.2.0/lib/cmake/dnnl"
               NO_DEFAULT_PATH)
  set(MLXAUDIO_HAVE_ONEDNN ON)
else()
  # The BLAS forwarder of src/kernels/blas links this one.
  find_library(MLXAUDIO_OPENBLAS scipy_openblas
               PATHS "${MLXAUDIO_SDK_DIR}/openblas-0.3.34/lib" NO_DEFAULT_PATH)
endif()
