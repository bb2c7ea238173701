#include "base/gunzip.h"

#include "base/assert.h"
#include "base/handle.h"

#include <libdeflate.h>

#include <algorithm>

namespace envpm {

namespace {

using Decompressor =
    std::unique_ptr<libdeflate_decompressor, Deleter<libdeflate_free_decompressor>>;

/// More than texts ever shrink; what claims to is given room as it turns out.
constexpr std::uint64_t most_shrunk = 32;
constexpr std::size_t size_field_bytes = 4;

/// Nothing is left, or zeros behind a member, which gzip(1) passes over too.
bool is_padding(std::string_view rest, std::size_t done);

/// Grows to twice its size, or to the limit; false if it is there.
bool grow(std::string& to, std::uint64_t limit_bytes);

} // namespace

Gunzip gunzip(std::string_view compressed, std::uint64_t limit_bytes, std::string& to) {
    const Decompressor decompressor(libdeflate_alloc_decompressor());
    ENVPM_ASSERT(decompressor);
    to.resize(std::min(limit_bytes, gunzip_hint(compressed)) + gunzip_room);
    std::size_t done = 0;
    Gunzip outcome = Gunzip::whole;
    while (outcome == Gunzip::whole && !is_padding(compressed, done)) {
        std::size_t used = 0;
        std::size_t made = 0;
        const libdeflate_result result = libdeflate_gzip_decompress_ex(
            decompressor.get(), compressed.data(), compressed.size(), to.data() + done,
            to.size() - gunzip_room - done, &used, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            done += made;
            compressed.remove_prefix(used);
        } else if (result != LIBDEFLATE_INSUFFICIENT_SPACE) {
            outcome = Gunzip::damaged;
        } else if (!grow(to, limit_bytes)) {
            outcome = Gunzip::too_long;
        }
    }
    to.resize(outcome == Gunzip::whole ? done : 0);
    return outcome;
}

/// The last four bytes, which are those of the last member, modulo 4 GiB.
std::uint64_t gunzip_hint(std::string_view compressed) {
    std::uint64_t size = 0;
    if (compressed.size() >= size_field_bytes) {
        const std::string_view field = compressed.substr(compressed.size() - size_field_bytes);
        for (std::size_t i = size_field_bytes; i-- > 0;) {
            size = size << 8U | static_cast<unsigned char>(field[i]);
        }
    }
    return std::min(size, compressed.size() * most_shrunk);
}

namespace {

bool is_padding(std::string_view rest, std::size_t done) {
    return rest.empty() || (done > 0 && rest.find_first_not_of('\0') == std::string_view::npos);
}

bool grow(std::string& to, std::uint64_t limit_bytes) {
    constexpr std::uint64_t least = 4096;
    const std::uint64_t room = to.size() - gunzip_room;
    if (room >= limit_bytes) {
        return false;
    }
    to.resize(std::min(limit_bytes, std::max(2 * room, least)) + gunzip_room);
    return true;
}

} // namespace

} // namespace envpm
