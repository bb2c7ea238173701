#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace envpm {

enum class Gunzip {
    whole,
    damaged, ///< or cut off, or followed by what is neither gzip nor zeros
    too_long,
};

/// Unpacks a gzip file (RFC 1952) of one member or more that is in memory (libdeflate: a third of
/// zlib's time) into `to`, whose content it replaces and whose memory it uses. No more than
/// `limit_bytes` come out; of what is not whole, nothing; of nothing, nothing. `to` is left with
/// some room behind its end (`gunzip_room`), for parsers that read beyond it. It does not believe
/// what the file says of its size.
Gunzip gunzip(std::string_view compressed, std::uint64_t limit_bytes, std::string& to);

constexpr std::size_t gunzip_room = 64;

/// The size that the last member tells (modulo 4 GiB), at most 32 times the compressed size: a hint
/// how much room is needed, not to be believed.
std::uint64_t gunzip_hint(std::string_view compressed);

} // namespace envpm
