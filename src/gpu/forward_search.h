#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string_view>

namespace envpm::gpu {

/// Told of bytes that will hardly be looked at again, in order and without gaps: who maps a file
/// can give their pages back. May be empty.
using Passed = std::function<void(std::string_view)>;

/// Goes through bytes once, from their begin to their end, telling of what lies behind.
class ForwardSearch {
  public:
    static constexpr std::size_t step_bytes = std::size_t{1} << 20U;

    ForwardSearch(std::string_view data, const Passed& passed)
        : data_(data),
          passed_(passed) {}

    /// Where `wanted` stands from `at` on; nothing if it does not. `at` never goes back.
    std::optional<std::size_t> find(std::size_t at, std::string_view wanted);

    /// All before `at` has been looked at.
    void pass(std::size_t at);

  private:
    std::string_view data_;
    const Passed& passed_;
    std::size_t told_ = 0; ///< of the bytes before it
};

} // namespace envpm::gpu
