#include "base/inflate.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/handle.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace envpm {

namespace {

/// ISA-L counts its input in 32 bits.
constexpr std::size_t input_bytes = 1U << 30U;

using Decompressor =
    std::unique_ptr<libdeflate_decompressor, Deleter<libdeflate_free_decompressor>>;

[[noreturn]] void throw_damaged(const std::string& subject);

} // namespace

struct InflateStream::State {
    inflate_state isal{};
    std::uint64_t left = 0; ///< of what it is to give
    std::size_t part = 0;   ///< of the room, for what comes next
    std::string subject;
};

InflateStream::InflateStream(std::uint64_t size_bytes, std::string subject)
    : state_(std::make_unique<State>()) {
    state_->left = size_bytes;
    state_->subject = std::move(subject);
    isal_inflate_init(&state_->isal);
    state_->isal.crc_flag = ISAL_DEFLATE;
}

InflateStream::InflateStream(InflateStream&&) noexcept = default;
InflateStream& InflateStream::operator=(InflateStream&&) noexcept = default;
InflateStream::~InflateStream() = default;

void InflateStream::take(std::string_view compressed, std::span<std::byte> room, const Sink& sink) {
    inflate_state& isal = state_->isal;
    // C interface without const; it only reads.
    isal.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(compressed.data()));
    isal.avail_in = static_cast<std::uint32_t>(compressed.size());
    const std::size_t part_bytes = room.size() / room_parts;
    bool has_more = isal.avail_in != 0;
    while (has_more) {
        const std::span<std::byte> part = room.subspan(state_->part * part_bytes, part_bytes);
        const std::uint32_t input = isal.avail_in;
        isal.next_out = reinterpret_cast<std::uint8_t*>(part.data());
        isal.avail_out = static_cast<std::uint32_t>(part.size());
        const int result = isal_inflate(&isal);
        const std::size_t made = part.size() - isal.avail_out;
        const bool is_stuck = made == 0 && isal.avail_in == input;
        if (result < ISAL_DECOMP_OK || made > state_->left || (is_stuck && input != 0)) {
            throw_damaged(state_->subject);
        }
        state_->left -= made;
        if (made != 0) {
            state_->part = (state_->part + 1) % room_parts;
            sink(part.first(made));
        }
        // A room that is full may not have been enough for what was taken.
        has_more = isal.avail_in != 0 || isal.avail_out == 0;
    }
}

void InflateStream::finish() const {
    // Bytes that it has read ahead count as not used.
    const inflate_state& isal = state_->isal;
    if (isal.block_state != ISAL_BLOCK_FINISH || isal.read_in_length >= 8 || state_->left != 0) {
        throw_damaged(state_->subject);
    }
}

struct Inflater::Engines {
    Decompressor whole{libdeflate_alloc_decompressor()};
    std::vector<std::byte> buffer;
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
    engines_->buffer.resize(std::max(engines_->buffer.size(), InflateStream::room_bytes));
    const std::span<std::byte> room = std::span(engines_->buffer).first(InflateStream::room_bytes);
    InflateStream stream(size_bytes, subject);
    for (std::string_view next = compressed(); !next.empty(); next = compressed()) {
        stream.take(next, room, sink);
    }
    stream.finish();
}

namespace {

void throw_damaged(const std::string& subject) {
    throw Error({"compressed data is damaged or not of the size that it claims", subject, {}},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm
