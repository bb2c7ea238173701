#pragma once

#include "base/assert.h"
#include "model/universe.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace envpm::solver {

/// A small world for tests, made by hand. It insists on the contract of Universe: nothing may be
/// asked of a slot that is not listed or a candidate that is not described.
class FakeUniverse : public Universe {
  public:
    /// `known`: everything is listed and described from the start.
    enum class Metadata { lazy, known };

    explicit FakeUniverse(Metadata metadata = Metadata::lazy)
        : metadata_(metadata) {}

    /// Versions from the oldest on, each a release of its own.
    SlotId add_slot(const std::string& name, std::size_t versions) {
        const SlotId slot{static_cast<std::uint32_t>(slots_.size())};
        slots_.push_back({{name}, {}});
        for (std::size_t rank = 0; rank < versions; ++rank) {
            const CandidateId id{static_cast<std::uint32_t>(candidates_.size())};
            Item item;
            item.candidate = {slot, std::to_string(rank),
                              static_cast<std::uint32_t>(versions - 1 - rank)};
            candidates_.push_back(item);
            slots_.back().candidates.push_back(id);
        }
        return slot;
    }

    [[nodiscard]] CandidateId at(SlotId slot, std::size_t rank) const {
        return slots_.at(index(slot)).candidates.at(rank);
    }

    [[nodiscard]] std::size_t rank(CandidateId candidate) const {
        const std::vector<CandidateId>& all =
            slots_.at(index(candidates_.at(index(candidate)).candidate.slot)).candidates;
        return static_cast<std::size_t>(std::find(all.begin(), all.end(), candidate) - all.begin());
    }

    /// Any candidate of the slot from rank `first` to rank `last`.
    RequirementId needs(SlotId slot, std::size_t first, std::size_t last = 1'000'000) {
        return add_range(slot, RequirementKind::needs, first, last);
    }

    RequirementId constrains(SlotId slot, std::size_t first, std::size_t last = 1'000'000) {
        return add_range(slot, RequirementKind::constrains, first, last);
    }

    RequirementId add_requirement(SlotId slot, RequirementKind kind,
                                  const std::vector<std::size_t>& ranks) {
        const RequirementId id{static_cast<std::uint32_t>(requirements_.size())};
        std::vector<CandidateId> matches;
        for (const std::size_t rank : ranks) {
            matches.push_back(at(slot, rank));
        }
        const std::string text =
            fmt::format("{} {}", slots_.at(index(slot)).slot.name, fmt::join(ranks, "|"));
        requirements_.push_back({{slot, kind, text}, matches});
        return id;
    }

    void depend(CandidateId candidate, RequirementId need,
                std::optional<RequirementId> when = std::nullopt) {
        candidates_.at(index(candidate)).dependencies.push_back({need, when});
    }

    void make_unusable(CandidateId candidate) { candidates_.at(index(candidate)).is_broken = true; }

    /// The slot no longer has it, but its id is still around.
    void withdraw(CandidateId candidate) {
        std::erase(slots_.at(index(candidates_.at(index(candidate)).candidate.slot)).candidates,
                   candidate);
    }

    void set_release(CandidateId candidate, std::uint32_t release) {
        candidates_.at(index(candidate)).candidate.release = release;
    }

    /// Called at each batch.
    std::function<void()> on_batch = [] {};
    int list_batches = 0;
    int describe_batches = 0;
    std::size_t described = 0;

    [[nodiscard]] std::size_t slot_count() const override { return slots_.size(); }

    [[nodiscard]] const Slot& slot(SlotId slot) const override {
        return slots_.at(index(slot)).slot;
    }

    [[nodiscard]] const Candidate& candidate(CandidateId candidate) const override {
        return candidates_.at(index(candidate)).candidate;
    }

    [[nodiscard]] const Requirement& requirement(RequirementId requirement) const override {
        return requirements_.at(index(requirement)).requirement;
    }

    void list(std::span<const SlotId> slots) override {
        ++list_batches;
        on_batch();
        listed_.insert(slots.begin(), slots.end());
    }

    [[nodiscard]] bool is_listed(SlotId slot) const override {
        return metadata_ == Metadata::known || listed_.contains(slot);
    }

    [[nodiscard]] std::span<const CandidateId> candidates(SlotId slot) const override {
        ENVPM_ASSERT(is_listed(slot));
        return slots_.at(index(slot)).candidates;
    }

    void describe(std::span<const CandidateId> candidates) override {
        ++describe_batches;
        on_batch();
        described += candidates.size();
        described_.insert(candidates.begin(), candidates.end());
    }

    [[nodiscard]] bool is_described(CandidateId candidate) const override {
        return metadata_ == Metadata::known || described_.contains(candidate);
    }

    [[nodiscard]] bool is_usable(CandidateId candidate) const override {
        return !is_described(candidate) || !candidates_.at(index(candidate)).is_broken;
    }

    [[nodiscard]] std::span<const Dependency> dependencies(CandidateId candidate) const override {
        ENVPM_ASSERT(is_described(candidate) && is_usable(candidate));
        return candidates_.at(index(candidate)).dependencies;
    }

    [[nodiscard]] std::span<const CandidateId> matches(RequirementId requirement) override {
        const Matcher& matcher = requirements_.at(index(requirement));
        ENVPM_ASSERT(is_listed(matcher.requirement.slot));
        return matcher.matches;
    }

  private:
    struct SlotItem {
        Slot slot;
        std::vector<CandidateId> candidates;
    };

    struct Item {
        Candidate candidate;
        std::vector<Dependency> dependencies;
        bool is_broken = false;
    };

    struct Matcher {
        Requirement requirement;
        std::vector<CandidateId> matches;
    };

    template <class Id> static std::size_t index(Id id) { return static_cast<std::size_t>(id); }

    RequirementId add_range(SlotId slot, RequirementKind kind, std::size_t first,
                            std::size_t last) {
        std::vector<std::size_t> ranks;
        const std::size_t size = slots_.at(index(slot)).candidates.size();
        for (std::size_t rank = first; rank < size && rank <= last; ++rank) {
            ranks.push_back(rank);
        }
        return add_requirement(slot, kind, ranks);
    }

    Metadata metadata_;
    std::vector<SlotItem> slots_;
    std::vector<Item> candidates_;
    std::vector<Matcher> requirements_;
    std::set<SlotId> listed_;
    std::set<CandidateId> described_;
};

} // namespace envpm::solver
