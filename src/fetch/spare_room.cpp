#include "fetch/spare_room.h"

#include <utility>

namespace envpm::fetch {

namespace {

constexpr std::uint64_t large_bytes = 256U << 10U;

} // namespace

Gunzip SpareRoom::unpack(std::string& body, std::uint64_t limit_bytes) {
    std::string text;
    if (gunzip_hint(body) >= large_bytes) {
        room_.with([&](std::string& room) { text.swap(room); });
    }
    const Gunzip outcome = gunzip(body, limit_bytes, text);
    body = std::move(text);
    return outcome;
}

void SpareRoom::keep(std::string& body) {
    if (body.capacity() >= large_bytes) {
        room_.with([&](std::string& room) { room.swap(body); });
    }
}

} // namespace envpm::fetch
