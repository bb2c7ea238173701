#pragma once

#include "base/handle.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace envpm {

/// Inflated bytes, with `padding` readable ones of no meaning behind them, as readers
/// that look at whole blocks want it.
class InflatedBytes {
  public:
    static constexpr std::size_t padding = 64;

    InflatedBytes() = default;

    InflatedBytes(std::unique_ptr<char, Deleter<std::free>> bytes, std::size_t size)
        : bytes_(std::move(bytes)),
          size_(size) {}

    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

  private:
    std::unique_ptr<char, Deleter<std::free>> bytes_;
    std::size_t size_ = 0;
};

/// Whether this begins as a Zstandard frame (RFC 8878, section 3.1.1).
bool is_zstd(std::string_view bytes);

/// The content of one frame or several. Throws an Error of code 6 naming `subject` if the bytes are
/// damaged, cut short or followed by others, if they give more than `limit_bytes`, or if a frame
/// wants a window of more than 128 MiB. What a frame says of its size is believed only within a
/// reasonable ratio; memory otherwise grows with what really comes.
InflatedBytes inflate_zstd(std::string_view compressed, std::uint64_t limit_bytes,
                           const std::string& subject);

/// The same content piece by piece, with the same faults.
class ZstdStream {
  public:
    /// `compressed` must outlive it.
    ZstdStream(std::string_view compressed, std::uint64_t limit_bytes, std::string subject);
    ZstdStream(ZstdStream&&) noexcept;
    ZstdStream& operator=(ZstdStream&&) noexcept;
    ZstdStream(const ZstdStream&) = delete;
    ZstdStream& operator=(const ZstdStream&) = delete;
    ~ZstdStream();

    /// Fills `bytes` as far as there is content; the answer is how much of it, 0 at the end.
    std::size_t read(std::span<char> bytes);

  private:
    struct State;

    std::unique_ptr<State> state_;
};

} // namespace envpm
