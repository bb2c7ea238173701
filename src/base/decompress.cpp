#include "base/decompress.h"

#include "base/error.h"
#include "base/handle.h"

#include <bzlib.h>
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace envpm {

namespace {

[[noreturn]] void throw_damaged(std::string_view why, const std::string& subject) {
    throw Error({fmt::format("a compressed stream is damaged: {}", why), subject, {}},
                ExitCode::integrity);
}

} // namespace

/// Inflates what is left of the input. `step` fills a part of `to`, maybe nothing, and says how
/// much; `is_at_end` is true when the stream has ended and the input with it.
class Decompressor::Engine {
  public:
    Engine(Pieces pieces, const std::string& subject)
        : pieces_(std::move(pieces)),
          subject_(subject) {}

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    Engine(Engine&&) = delete;
    Engine& operator=(Engine&&) = delete;
    virtual ~Engine() = default;

    virtual std::size_t step(std::span<std::byte> to) = 0;

    [[nodiscard]] bool is_at_end() const { return is_at_end_; }

    [[nodiscard]] std::uint64_t used_bytes() const { return used_; }

  protected:
    /// Empty at the end of the input only.
    [[nodiscard]] std::string_view input() {
        if (piece_.empty()) {
            piece_ = pieces_();
        }
        return piece_;
    }

    void use(std::size_t bytes) {
        piece_.remove_prefix(bytes);
        used_ += bytes;
    }

    void end() { is_at_end_ = true; }

    [[noreturn]] void refuse(std::string_view why) const { throw_damaged(why, subject_); }

  private:
    Pieces pieces_;
    std::string subject_;
    std::string_view piece_;
    std::uint64_t used_ = 0;
    bool is_at_end_ = false;
};

class Decompressor::ZstdEngine : public Engine {
  public:
    ZstdEngine(Pieces pieces, const std::string& subject)
        : Engine(std::move(pieces), subject),
          context_(ZSTD_createDCtx()) {
        constexpr int largest_window_log = 27;
        if (!context_ || ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax,
                                                             largest_window_log)) != 0) {
            throw Error({"there is no memory to decompress with", subject, {}});
        }
        // A skippable frame would be a second way to say nothing.
        constexpr std::string_view magic = "\x28\xb5\x2f\xfd";
        if (!input().starts_with(magic)) {
            refuse("it does not begin as a Zstandard frame");
        }
    }

    std::size_t step(std::span<std::byte> to) override {
        const std::string_view from = input();
        ZSTD_inBuffer in{from.data(), from.size(), 0};
        ZSTD_outBuffer out{to.data(), to.size(), 0};
        const std::size_t hint = ZSTD_decompressStream(context_.get(), &out, &in);
        if (ZSTD_isError(hint) != 0) {
            refuse(ZSTD_getErrorName(hint));
        }
        use(in.pos);
        if (hint == 0) {
            if (!input().empty()) {
                refuse("something follows its end");
            }
            end();
        } else if (in.pos == 0 && out.pos == 0) {
            refuse("it is cut off");
        }
        return out.pos;
    }

  private:
    std::unique_ptr<ZSTD_DCtx, Deleter<ZSTD_freeDCtx>> context_;
};

class Decompressor::Bzip2Engine : public Engine {
  public:
    Bzip2Engine(Pieces pieces, const std::string& subject)
        : Engine(std::move(pieces), subject) {
        open();
    }

    Bzip2Engine(const Bzip2Engine&) = delete;
    Bzip2Engine& operator=(const Bzip2Engine&) = delete;
    Bzip2Engine(Bzip2Engine&&) = delete;
    Bzip2Engine& operator=(Bzip2Engine&&) = delete;

    ~Bzip2Engine() override { BZ2_bzDecompressEnd(&stream_); }

    std::size_t step(std::span<std::byte> to) override {
        constexpr std::size_t most = std::numeric_limits<unsigned>::max();
        const std::string_view from = input();
        const std::size_t input_bytes = std::min(from.size(), most);
        const std::size_t output_bytes = std::min(to.size(), most);
        // The library reads only; its interface is older than const.
        stream_.next_in = const_cast<char*>(from.data()); // NOLINT(*-const-cast)
        stream_.avail_in = static_cast<unsigned>(input_bytes);
        stream_.next_out = reinterpret_cast<char*>(to.data());
        stream_.avail_out = static_cast<unsigned>(output_bytes);
        const int verdict = BZ2_bzDecompress(&stream_);
        const std::size_t taken = input_bytes - stream_.avail_in;
        const std::size_t given = output_bytes - stream_.avail_out;
        use(taken);
        if (verdict == BZ_STREAM_END) {
            next_stream();
        } else if (verdict != BZ_OK) {
            refuse("its blocks are no bzip2, or something follows its end");
        } else if (taken == 0 && given == 0) {
            refuse("it is cut off");
        }
        return given;
    }

  private:
    void open() {
        stream_ = {};
        if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) {
            refuse("there is no memory to decompress it");
        }
    }

    /// What follows is a stream too, or refused by the next step.
    void next_stream() {
        BZ2_bzDecompressEnd(&stream_);
        open();
        if (input().empty()) {
            end();
        }
    }

    bz_stream stream_{};
};

Decompressor::Decompressor(Compression kind, Pieces compressed, std::uint64_t limit_bytes,
                           std::string subject)
    : subject_(std::move(subject)),
      left_bytes_(limit_bytes),
      limit_bytes_(limit_bytes) {
    if (kind == Compression::zstd) {
        engine_ = std::make_unique<ZstdEngine>(std::move(compressed), subject_);
    } else {
        engine_ = std::make_unique<Bzip2Engine>(std::move(compressed), subject_);
    }
}

Decompressor::~Decompressor() = default;

std::uint64_t Decompressor::used_bytes() const {
    return engine_->used_bytes();
}

std::size_t Decompressor::read(std::span<std::byte> to) {
    std::size_t filled = 0;
    while (filled < to.size() && !engine_->is_at_end()) {
        const std::size_t got = engine_->step(to.subspan(filled));
        if (got > left_bytes_) {
            throw Error({fmt::format("a compressed stream holds more than {} bytes, which is more "
                                     "than any real one",
                                     limit_bytes_),
                         subject_,
                         {}},
                        ExitCode::integrity);
        }
        left_bytes_ -= got;
        filled += got;
    }
    return filled;
}

} // namespace envpm
