// SPDX-License-Identifier: MIT
#include "core/fiber.h"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

// What the sanitizers ask to be told of a change of stacks.
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define MLXAUDIO_FIBER_ASAN
extern "C" void __sanitizer_start_switch_fiber(
    void** fake, const void* bottom, std::size_t);
extern "C" void __sanitizer_finish_switch_fiber(
    void* fake, const void** bottom_of_other, std::size_t* size_of_other);
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define MLXAUDIO_FIBER_TSAN
extern "C" void* __tsan_get_current_fiber();
extern "C" void* __tsan_create_fiber(unsigned flags);
extern "C" void __tsan_destroy_fiber(void* fiber);
extern "C" void __tsan_switch_to_fiber(void* fiber, unsigned flags);
#endif

namespace mlxaudio {

namespace {

constexpr std::size_t kStackSize = std::size_t{8} << 20;

} // namespace

struct Fiber::Impl {
  /// Memory for a stack, with a page below it that must not be touched.
  class Stack {
   public:
    Stack()
        : guard_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          memory_(::mmap(
              nullptr,
              guard_ + kStackSize,
              PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
              -1,
              0)) {
      if (memory_ == MAP_FAILED) {
        throw std::bad_alloc();
      }
      if (::mprotect(memory_, guard_, PROT_NONE) != 0) {
        ::munmap(memory_, guard_ + kStackSize);
        throw std::bad_alloc();
      }
    }
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;
    ~Stack() {
      ::munmap(memory_, guard_ + kStackSize);
    }

    void* bottom() const {
      return static_cast<std::byte*>(memory_) + guard_;
    }

   private:
    std::size_t guard_;
    void* memory_;
  };

  /// One side of a switch: where it was left, and what sanitizers know of it.
  struct Side {
    ucontext_t context{};
    const void* bottom = nullptr;
    std::size_t size = 0;
    void* fake = nullptr;   ///< AddressSanitizer's
    void* shadow = nullptr; ///< ThreadSanitizer's
  };

  /// Told on the stack that is gone to.
  static void arrive(
      [[maybe_unused]] Side& here, [[maybe_unused]] Side& other) {
#ifdef MLXAUDIO_FIBER_ASAN
    __sanitizer_finish_switch_fiber(here.fake, &other.bottom, &other.size);
#endif
  }

  /// \param last whether `from` will never be gone back to
  static void go(Side& from, Side& to, [[maybe_unused]] bool last = false) {
#ifdef MLXAUDIO_FIBER_ASAN
    __sanitizer_start_switch_fiber(
        last ? nullptr : &from.fake,
        to.bottom,
        to.size);
#endif
#ifdef MLXAUDIO_FIBER_TSAN
    __tsan_switch_to_fiber(to.shadow, 0);
#endif
    ::swapcontext(&from.context, &to.context);
    arrive(from, to);
  }

  enum class State { fresh, suspended, running, done };

  std::function<void(Fiber&)> work;
  Stack stack = {};
  Side outside = {};
  Side inside = {};
  State state = State::fresh;
  bool abandoned = false;
  std::exception_ptr error = {};

  /// The first function on the stack. makecontext passes numbers only.
  static void enter(unsigned high, unsigned low) {
    const auto address =
        std::uint64_t{high} << 32 | std::uint64_t{low}; // NOLINT
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as it came
    Fiber& fiber = *reinterpret_cast<Fiber*>(address);
    Impl& self = *fiber.impl_;
    arrive(self.inside, self.outside);
    try {
      self.work(fiber);
    } catch (const FiberAbandoned&) {
      // Unwound, as it was to be.
    } catch (...) {
      self.error = std::current_exception();
    }
    self.state = State::done;
    go(self.inside, self.outside, /*last=*/true);
  }
};

Fiber::Fiber(std::function<void(Fiber&)> work)
    : impl_(new Impl{.work = std::move(work)}) {
  Impl::Side& inside = impl_->inside;
  inside.bottom = impl_->stack.bottom();
  inside.size = kStackSize;
#ifdef MLXAUDIO_FIBER_TSAN
  inside.shadow = __tsan_create_fiber(0);
#endif
  ::getcontext(&inside.context);
  inside.context.uc_stack.ss_sp = impl_->stack.bottom();
  inside.context.uc_stack.ss_size = kStackSize;
  inside.context.uc_link = nullptr;
  const auto address = reinterpret_cast<std::uint64_t>(this);
  ::makecontext(
      &inside.context,
      reinterpret_cast<void (*)()>(&Impl::enter),
      2,
      static_cast<unsigned>(address >> 32),
      static_cast<unsigned>(address));
}

Fiber::~Fiber() {
  if (impl_->state == Impl::State::suspended) {
    impl_->abandoned = true;
    try {
      resume();
    } catch (...) {
      // What unwinding throws has nobody to hear it.
      impl_->error = nullptr;
    }
  }
#ifdef MLXAUDIO_FIBER_TSAN
  __tsan_destroy_fiber(impl_->inside.shadow);
#endif
}

void Fiber::resume() {
  if (done()) {
    return;
  }
  impl_->state = Impl::State::running;
#ifdef MLXAUDIO_FIBER_TSAN
  impl_->outside.shadow = __tsan_get_current_fiber();
#endif
  Impl::go(impl_->outside, impl_->inside);
  if (impl_->error) {
    std::rethrow_exception(std::exchange(impl_->error, nullptr));
  }
}

bool Fiber::done() const {
  return impl_->state == Impl::State::done;
}

void Fiber::suspend() {
  // Whoever is unwinding it takes its stack away next.
  if (impl_->abandoned) {
    throw FiberAbandoned();
  }
  impl_->state = Impl::State::suspended;
  Impl::go(impl_->inside, impl_->outside);
  if (impl_->abandoned) {
    throw FiberAbandoned();
  }
}

} // namespace mlxaudio
