#include "base/inflate.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/handle.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <vector>

namespace envpm {

namespace {

/// Large enough that the call around it is free, small enough to stay in the second-level cache.
constexpr std::size_t piece_bytes = 256U << 10U;
/// ISA-L counts its input in 32 bits.
constexpr std::size_t input_bytes = 1U << 30U;

using Decompressor =
    std::unique_ptr<libdeflate_decompressor, Deleter<libdeflate_free_decompressor>>;

void feed(inflate_state& state, std::string_view input);
[[noreturn]] void throw_damaged(const std::string& subject);

} // namespace

struct Inflater::Engines {
    Decompressor whole{libdeflate_alloc_decompressor()};
    std::vector<std::byte> buffer;
    std::unique_ptr<inflate_state> pieces; ///< 150 KB, made for the first long stream
};

std::uint32_t crc32_of(std::span<const std::byte> bytes, std::uint32_t before) {
    return libdeflate_crc32(before, bytes.data(), bytes.size());
}

Inflater::Inflater()
    : engines_(std::make_unique<Engines>()) {
    ENVPM_ASSERT(engines_->whole);
}

Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

std::span<const std::byte> Inflater::inflate_whole(std::string_view compressed,
                                                   std::uint64_t size_bytes,
                                                   const std::string& subject) {
    ENVPM_ASSERT(size_bytes <= whole_limit_bytes);
    std::vector<std::byte>& buffer = engines_->buffer;
    // Never empty: libdeflate wants a place even for a stream without content.
    if (buffer.size() <= size_bytes) {
        buffer.resize(size_bytes + 1);
    }
    std::size_t used = 0;
    const libdeflate_result result = libdeflate_deflate_decompress_ex(
        engines_->whole.get(), compressed.data(), compressed.size(), buffer.data(), size_bytes,
        &used, nullptr);
    if (result != LIBDEFLATE_SUCCESS || used != compressed.size()) {
        throw_damaged(subject);
    }
    return std::span(buffer).first(size_bytes);
}

void Inflater::inflate_pieces(std::string_view compressed, std::uint64_t size_bytes,
                              const std::string& subject, const Sink& sink) {
    const auto next = [&compressed] {
        const std::string_view piece = compressed.substr(0, input_bytes);
        compressed.remove_prefix(piece.size());
        return piece;
    };
    inflate_pieces(next, size_bytes, subject, sink);
}

void Inflater::inflate_pieces(const Source& compressed, std::uint64_t size_bytes,
                              const std::string& subject, const Sink& sink) {
    if (!engines_->pieces) {
        engines_->pieces = std::make_unique<inflate_state>();
    }
    engines_->buffer.resize(std::max(engines_->buffer.size(), piece_bytes));
    const std::span<std::byte> piece = std::span(engines_->buffer).first(piece_bytes);
    inflate_state& state = *engines_->pieces;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_DEFLATE;
    std::uint64_t left = size_bytes;
    while (state.block_state != ISAL_BLOCK_FINISH) {
        if (state.avail_in == 0) {
            feed(state, compressed());
        }
        const std::uint32_t input = state.avail_in;
        state.next_out = reinterpret_cast<std::uint8_t*>(piece.data());
        state.avail_out = static_cast<std::uint32_t>(piece.size());
        const int result = isal_inflate(&state);
        const std::size_t made = piece.size() - state.avail_out;
        const bool is_stuck = made == 0 && state.avail_in == input;
        const bool is_done = state.block_state == ISAL_BLOCK_FINISH;
        if (result < ISAL_DECOMP_OK || made > left || (is_stuck && !is_done)) {
            throw_damaged(subject);
        }
        left -= made;
        if (made != 0) {
            sink(piece.first(made));
        }
    }
    // Bytes that it has read ahead count as not used.
    const bool has_unused = state.avail_in != 0 || state.read_in_length >= 8;
    if (left != 0 || has_unused || !compressed().empty()) {
        throw_damaged(subject);
    }
}

namespace {

void feed(inflate_state& state, std::string_view input) {
    // C interface without const; it only reads.
    state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
    state.avail_in = static_cast<std::uint32_t>(input.size());
}

void throw_damaged(const std::string& subject) {
    throw Error({"compressed data is damaged or not of the size that it claims", subject, {}},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm
