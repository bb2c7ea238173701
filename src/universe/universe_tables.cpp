#include "universe/universe_tables.h"

namespace envpm::universe {

namespace {

template <class Id, class Key>
std::optional<Id> find_id(const std::map<Key, Id>& ids, const Key& key) {
    const auto found = ids.find(key);
    return found == ids.end() ? std::nullopt : std::optional(found->second);
}

} // namespace

SlotId UniverseTables::make_slot(SlotEntry entry) {
    const auto id = static_cast<SlotId>(slots_.size());
    // `python` is the interpreter; a project that should call itself so cannot be meant.
    if (entry.kind != SlotKind::conda) {
        slot_ids_.emplace(entry.slot.name, id);
    }
    slots_.push_back(std::move(entry));
    return id;
}

std::optional<SlotId> UniverseTables::find_slot(const std::string& name) const {
    return find_id(slot_ids_, name);
}

CandidateId UniverseTables::add_candidate(SlotId slot, std::string version, std::uint32_t release,
                                          std::size_t index) {
    const auto id = static_cast<CandidateId>(candidates_.size());
    CandidateEntry entry;
    entry.candidate = {slot, std::move(version), release};
    entry.index = index;
    candidates_.push_back(std::move(entry));
    at(slot).candidates.push_back(id);
    return id;
}

RequirementId UniverseTables::make_requirement(const std::string& key, RequirementEntry entry) {
    const auto id = static_cast<RequirementId>(requirements_.size());
    const auto [place, is_new] = requirement_ids_.emplace(key, id);
    if (is_new) {
        requirements_.push_back(std::move(entry));
    }
    return place->second;
}

std::optional<RequirementId> UniverseTables::find_requirement(const std::string& key) const {
    return find_id(requirement_ids_, key);
}

} // namespace envpm::universe
