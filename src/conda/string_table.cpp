#include "conda/string_table.h"

#include <functional>

namespace envpm::conda {

namespace {

constexpr std::size_t first_slots = 64; // a power of two, as all sizes are

std::uint32_t hash_of(std::string_view text) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(text));
}

} // namespace

StringTable::StringTable()
    : slots_(first_slots) {
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

std::optional<std::uint32_t> StringTable::find(std::string_view text) const {
    const std::uint32_t slot = slots_[slot_of(text, hash_of(text))];
    return slot == 0 ? std::nullopt : std::optional(slot - 1);
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
    std::vector<std::uint32_t> larger(4 * slots_.size());
    const std::size_t mask = larger.size() - 1;
    for (const std::uint32_t entry : slots_) {
        if (entry != 0) {
            std::size_t slot = hashes_[entry - 1] & mask;
            while (larger[slot] != 0) {
                slot = (slot + 1) & mask;
            }
            larger[slot] = entry;
        }
    }
    slots_ = std::move(larger);
}

} // namespace envpm::conda
