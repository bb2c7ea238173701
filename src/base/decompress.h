#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace envpm {

/// Where a reader of a stream gets its bytes from.
class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    ByteSource(ByteSource&&) = delete;
    ByteSource& operator=(ByteSource&&) = delete;
    virtual ~ByteSource() = default;

    /// Fills as much of `to` as there is; less than all of it only at the end.
    virtual std::size_t read(std::span<std::byte> to) = 0;
};

enum class Compression { zstd, bzip2 };

/// A compressed stream, read piece by piece (Zstandard, RFC 8878: one frame, a window of at most
/// 128 MiB; bzip2: one stream or more, as pbzip2 writes them). Throws an Error of code 6 naming the
/// subject if the stream is damaged or cut off, if anything follows it, or if it becomes longer
/// than `limit_bytes`. One thread at a time.
class Decompressor : public ByteSource {
  public:
    /// The next bytes of the compressed stream, valid until the next call; none at the end. The
    /// first are four at least, if it has so many.
    using Pieces = std::function<std::string_view()>;

    Decompressor(Compression kind, Pieces compressed, std::uint64_t limit_bytes,
                 std::string subject);
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;
    ~Decompressor() override;

    std::size_t read(std::span<std::byte> to) override;

    /// Bytes of the compressed stream that were used so far.
    [[nodiscard]] std::uint64_t used_bytes() const;

  private:
    class Engine;
    class ZstdEngine;
    class Bzip2Engine;

    std::unique_ptr<Engine> engine_;
    std::string subject_;
    std::uint64_t left_bytes_;
    std::uint64_t limit_bytes_;
};

} // namespace envpm
