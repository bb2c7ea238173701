#include "conda/string_table.h"

#include <functional>

namespace envpm::conda {

namespace {

constexpr std::size_t first_slots = 64; // a power of two, as all sizes are

std::uint32_t hash_of(std::string_view text) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
}

} // namespace

void StringTable::clear() {
    text_.clear();
    ends_.clear();
    hashes_.clear();
    slots_.assign(first_slots, 0); // a small name need not clear the slots of a large one
    add({});
}

std::uint32_t StringTable::add(std::string_view text) {
    const std::uint32_t hash = hash_of(text);
    std::uint32_t& slot = slots_[slot_of(text, hash)];
    if (slot != 0) {
        return slot - 1;
    }
    text_ += text;
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
    hashes_.push_back(hash);
    slot = static_cast<std::uint32_t>(ends_.size());
    const std::uint32_t number = slot - 1;
    if (2 * ends_.size() > slots_.size()) {
        grow();
    }
    return number;
}

/// The slot that has the text, or the free one where it belongs.
std::size_t StringTable::slot_of(std::string_view text, std::uint32_t hash) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != 0) {
        const std::uint32_t number = slots_[slot] - 1;
        if (hashes_[number] == hash && (*this)[number] == text) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

void StringTable::grow() {
    slots_.assign(4 * slots_.size(), 0);
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t number = 0; number < ends_.size(); ++number) {
        std::size_t slot = hashes_[number] & mask;
        while (slots_[slot] != 0) {
            slot = (slot + 1) & mask;
        }
        slots_[slot] = number + 1;
    }
}

} // namespace envpm::conda
