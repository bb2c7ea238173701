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

/// One raw deflate stream (RFC 1951) whose size is known, inflated piece by piece as its bytes come
/// (ISA-L); about 150 KB. Each function throws an Error of code 6 that names the subject if the
/// stream is damaged or not of its size. One thread at a time.
class InflateStream {
  public:
    using Sink = std::function<void(std::span<const std::byte>)>;

    InflateStream(std::uint64_t size_bytes, std::string subject);
    InflateStream(InflateStream&&) noexcept;
    InflateStream& operator=(InflateStream&&) noexcept;
    InflateStream(const InflateStream&) = delete;
    InflateStream& operator=(const InflateStream&) = delete;
    ~InflateStream();

    /// Each part large enough that the call around it is free, all of them small enough for a
    /// second-level cache of 1 MiB.
    static constexpr std::size_t room_parts = 3;
    static constexpr std::size_t room_bytes = room_parts * (256U << 10U);

    /// Takes the stream's next bytes, all of them, and hands what they give to `sink` in pieces
    /// that lie in the parts of `room` by turns, so that a piece stays while the next
    /// `room_parts - 1` are made; never more than the size in all. Less than 4 GiB at a time.
    void take(std::string_view compressed, std::span<std::byte> room, const Sink& sink);

    /// To be called after the last byte: throws unless the stream ended there and gave its size.
    void finish() const;

  private:
    struct State;

    std::unique_ptr<State> state_;
};

/// Inflates raw deflate streams (RFC 1951) whose size is known, with the same buffers from one
/// stream to the next. One thread at a time. Streams up to `whole_limit_bytes` are inflated at once
/// (libdeflate, the fastest), longer ones piece by piece (ISA-L), so memory stays bounded.
class Inflater {
  public:
    using Sink = InflateStream::Sink;

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
