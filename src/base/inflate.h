#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace envpm {

/// Continues the CRC-32 of ZIP and gzip; begins with 0.
std::uint32_t crc32_of(std::span<const std::byte> bytes, std::uint32_t before = 0);

/// Inflates raw deflate streams (RFC 1951) whose size is known, with the same buffers from one
/// stream to the next. One thread at a time. Streams up to `whole_limit_bytes` are inflated at once
/// (libdeflate, the fastest), longer ones piece by piece (ISA-L), so memory stays bounded.
class Inflater {
  public:
    using Sink = std::function<void(std::span<const std::byte>)>;

    /// Gives the stream's next bytes, valid until the next call; none at its end.
    using Source = std::function<std::string_view()>;

    static constexpr std::uint64_t whole_limit_bytes = 1U << 20U;

    Inflater();
    Inflater(Inflater&&) noexcept;
    Inflater& operator=(Inflater&&) noexcept;
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater();

    /// For streams of at most `whole_limit_bytes`. The bytes are valid until the next call. Throws
    /// an Error of code 6 naming `subject` if the stream is damaged, is not exactly `compressed`,
    /// or does not give exactly `size_bytes`.
    std::span<const std::byte> inflate_whole(std::string_view compressed, std::uint64_t size_bytes,
                                             const std::string& subject);

    /// Hands the content to `sink` in order, piece by piece; never more than `size_bytes`. Throws
    /// as `inflate_whole`, when the sink may have had a part.
    void inflate_pieces(const Source& compressed, std::uint64_t size_bytes,
                        const std::string& subject, const Sink& sink);
    void inflate_pieces(std::string_view compressed, std::uint64_t size_bytes,
                        const std::string& subject, const Sink& sink);

  private:
    struct Engines;

    std::unique_ptr<Engines> engines_;
};

} // namespace envpm
