#pragma once

#include <memory>
#include <utility>

namespace envpm {

/// A value that is copied and compared like any other, and takes the room of a pointer where it is
/// kept: for what is large and rare among the alternatives of a variant. Empty once moved from.
template <class T> class Boxed {
  public:
    Boxed(T value) // NOLINT(google-explicit-constructor): it stands for the value
        : value_(std::make_unique<T>(std::move(value))) {}

    Boxed(const Boxed& other)
        : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}

    Boxed(Boxed&&) noexcept = default;

    Boxed& operator=(const Boxed& other) {
        value_ = std::move(Boxed(other).value_);
        return *this;
    }

    Boxed& operator=(Boxed&&) noexcept = default;
    ~Boxed() = default;

    T& operator*() { return *value_; }

    const T& operator*() const { return *value_; }

    T* operator->() { return value_.get(); }

    const T* operator->() const { return value_.get(); }

    bool operator==(const Boxed& other) const {
        return value_ && other.value_ ? *value_ == *other.value_ : value_ == other.value_;
    }

  private:
    std::unique_ptr<T> value_;
};

} // namespace envpm
