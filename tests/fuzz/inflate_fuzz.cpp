#include "base/assert.h"
#include "base/inflate.h"
#include "fuzz.h"

#include <string>

namespace envpm::fuzz {

namespace {

std::string text_of(std::span<const std::byte> bytes);

} // namespace

/// The content's size in two bytes, then a raw deflate stream: at once and piece by piece it is the
/// same content, or none.
void read(std::string_view input) {
    if (input.size() < 2) {
        return;
    }
    const std::uint64_t size =
        static_cast<unsigned char>(input[0]) + 256U * static_cast<unsigned char>(input[1]);
    const std::string_view stream = input.substr(2);
    Inflater inflater;
    const auto whole =
        if_accepted([&] { return text_of(inflater.inflate_whole(stream, size, "a stream")); });
    const auto pieces = if_accepted([&] {
        std::string text;
        inflater.inflate_pieces(
            stream, size, "a stream",
            [&text](std::span<const std::byte> piece) { text += text_of(piece); });
        return text;
    });
    ENVPM_ASSERT(whole == pieces);
    ENVPM_ASSERT(!whole || whole->size() == size);
}

namespace {

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

} // namespace envpm::fuzz
