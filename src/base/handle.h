#pragma once

#include <unistd.h>

#include <memory>
#include <utility>

namespace envpm {

/// Frees a C library's handle with its own function: `std::unique_ptr<CURL,
/// Deleter<curl_easy_cleanup>>`.
template <auto function> struct Deleter {
    template <class T> void operator()(T* handle) const noexcept { function(handle); }
};

/// Owns one file descriptor; -1 owns none.
class Fd {
  public:
    Fd() = default;

    explicit Fd(int descriptor) noexcept
        : descriptor_(descriptor) {}

    Fd(Fd&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)) {}

    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset();
            descriptor_ = std::exchange(other.descriptor_, -1);
        }
        return *this;
    }

    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return descriptor_; }

    [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }

    /// Closes it. A file that was written must be synced or closed with a check before.
    void reset() noexcept {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
        descriptor_ = -1;
    }

    [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

  private:
    int descriptor_ = -1;
};

} // namespace envpm
