#include "solver/premises.h"

#include "solver/encode.h"
#include "solver/walk.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <tuple>

namespace envpm::solver {

namespace {

// What a proof is shortened by is a solve for each trial. Bounds in numbers, not in time: the
// answer must not depend on the clock.
constexpr std::size_t most_entries = 5000;   ///< a longer proof is told as it is
constexpr std::size_t most_one_by_one = 200; ///< of more, halves go first: few of many are needed
constexpr std::size_t most_trials = 600;     ///< then what is left is told

struct Entry {
    SlotId slot{};
    std::optional<RequirementId> need; ///< none: the candidates are unusable
    std::vector<CandidateId> candidates;
    std::size_t depth = 0; ///< steps from what was asked
    Encoding::Switch premise{};
};

/// Which entries keep a solution away, each behind a switch of its own.
class Trial {
  public:
    Trial(std::vector<Entry>& entries, const std::vector<RequirementId>& asked, Universe& universe);

    bool is_refuted_by(const std::vector<Entry>& entries);

  private:
    void add_slots(const std::vector<Entry>& entries, const std::vector<RequirementId>& asked);
    void add_slots_of_need(const Entry& entry);
    void add_slot(SlotId slot);
    void add(Entry& entry);

    Universe& universe_;
    Encoding encoding_;
    std::vector<Job> asked_;
    std::optional<Sat> sat_;
};

std::set<SlotId> slots_of(const Premises& proof, const std::vector<RequirementId>& asked,
                          const Universe& universe);
Premises with_links(const Premises& proof, const std::vector<RequirementId>& asked,
                    Universe& universe);
void add_links(CandidateId candidate, const std::set<SlotId>& slots, Universe& universe,
               std::map<RequirementId, std::vector<CandidateId>>& needs);
std::vector<Entry> entries_of(const Premises& premises, const std::vector<RequirementId>& asked,
                              Universe& universe);
void set_depths(std::vector<Entry>& entries, const std::vector<RequirementId>& asked,
                const Universe& universe);
std::vector<SlotId> needed_by(SlotId slot, const std::vector<Entry>& entries,
                              const Universe& universe);
void sort_by_use(std::vector<Entry>& entries, const Universe& universe);
std::vector<Entry> shortened(std::vector<Entry> entries, Trial& trial);
std::vector<Entry> without(const std::vector<Entry>& entries, std::size_t first, std::size_t count);
std::vector<CandidateId> wanted_of(const Entry& unusable, const std::vector<Entry>& entries,
                                   const std::vector<RequirementId>& asked, Universe& universe);
Premises premises_of(const std::vector<Entry>& entries, const std::vector<RequirementId>& asked,
                     Universe& universe);

} // namespace

std::vector<CandidateId> not_excluded(const std::vector<CandidateId>& candidates,
                                      const std::vector<RequirementId>& asked, Universe& universe) {
    std::vector<CandidateId> left;
    for (const CandidateId candidate : candidates) {
        const SlotId slot = universe.candidate(candidate).slot;
        const bool is_excluded =
            std::any_of(asked.begin(), asked.end(), [&](RequirementId requirement) {
                return universe.requirement(requirement).slot == slot &&
                       !is_match(requirement, candidate, universe);
            });
        if (!is_excluded) {
            left.push_back(candidate);
        }
    }
    return left;
}

Premises necessary(const Premises& proof, const std::vector<RequirementId>& asked,
                   Universe& universe) {
    std::vector<Entry> entries = entries_of(with_links(proof, asked, universe), asked, universe);
    if (entries.size() > most_entries) {
        entries = entries_of(proof, asked, universe);
    }
    if (entries.size() > most_entries) {
        return proof;
    }
    set_depths(entries, asked, universe);
    sort_by_use(entries, universe);
    Trial trial(entries, asked, universe);
    if (!trial.is_refuted_by(entries)) {
        return proof;
    }
    return premises_of(shortened(std::move(entries), trial), asked, universe);
}

namespace {

Trial::Trial(std::vector<Entry>& entries, const std::vector<RequirementId>& asked,
             Universe& universe)
    : universe_(universe),
      encoding_(universe) {
    add_slots(entries, asked);
    for (Entry& entry : entries) {
        add(entry);
    }
    for (const RequirementId requirement : asked) {
        if (encoding_.has_slot(universe_.requirement(requirement).slot)) {
            encoding_.add_requirement(requirement);
            asked_.push_back(encoding_.require(requirement));
        }
    }
    encoding_.index();
    sat_.emplace(encoding_.pool());
}

void Trial::add_slots(const std::vector<Entry>& entries, const std::vector<RequirementId>& asked) {
    for (const RequirementId requirement : asked) {
        add_slot(universe_.requirement(requirement).slot);
    }
    for (const Entry& entry : entries) {
        add_slot(entry.slot);
        if (entry.need) {
            add_slots_of_need(entry);
        }
    }
}

void Trial::add_slots_of_need(const Entry& entry) {
    add_slot(universe_.requirement(*entry.need).slot);
    for (const CandidateId candidate : entry.candidates) {
        for (const Dependency& dependency : universe_.dependencies(candidate)) {
            if (dependency.need == entry.need && dependency.when) {
                add_slot(universe_.requirement(*dependency.when).slot);
            }
        }
    }
}

void Trial::add_slot(SlotId slot) {
    if (universe_.is_listed(slot)) {
        encoding_.add_slot(slot);
    }
}

void Trial::add(Entry& entry) {
    entry.premise = encoding_.add_switch();
    for (const CandidateId candidate : entry.candidates) {
        if (!entry.need) {
            encoding_.forbid_under(entry.premise, candidate);
            continue;
        }
        for (const Dependency& dependency : universe_.dependencies(candidate)) {
            const bool can_hold = !dependency.when ||
                                  encoding_.has_slot(universe_.requirement(*dependency.when).slot);
            if (dependency.need == entry.need && can_hold) {
                encoding_.add_under(entry.premise, candidate, dependency);
            }
        }
    }
}

bool Trial::is_refuted_by(const std::vector<Entry>& entries) {
    std::vector<Job> jobs = asked_;
    for (const Entry& entry : entries) {
        jobs.push_back(encoding_.turn_on(entry.premise));
    }
    return !sat_->run(jobs);
}

std::set<SlotId> slots_of(const Premises& proof, const std::vector<RequirementId>& asked,
                          const Universe& universe) {
    std::set<SlotId> slots;
    for (const RequirementId requirement : asked) {
        slots.insert(universe.requirement(requirement).slot);
    }
    for (const auto& [slot, needs] : proof.needs) {
        slots.insert(slot);
        for (const auto& [need, candidates] : needs) {
            slots.insert(universe.requirement(need).slot);
        }
    }
    for (const auto& [slot, candidates] : proof.unusable) {
        slots.insert(slot);
    }
    std::erase_if(slots, [&](SlotId slot) { return !universe.is_listed(slot); });
    return slots;
}

/// What is known of how the proof's slots stand to each other.
Premises with_links(const Premises& proof, const std::vector<RequirementId>& asked,
                    Universe& universe) {
    Premises all;
    const std::set<SlotId> slots = slots_of(proof, asked, universe);
    for (const SlotId slot : slots) {
        const std::span<const CandidateId> candidates = universe.candidates(slot);
        for (const CandidateId candidate :
             not_excluded({candidates.begin(), candidates.end()}, asked, universe)) {
            if (!universe.is_usable(candidate)) {
                all.unusable[slot].push_back(candidate);
            } else if (universe.is_described(candidate)) {
                add_links(candidate, slots, universe, all.needs[slot]);
            }
        }
    }
    return all;
}

void add_links(CandidateId candidate, const std::set<SlotId>& slots, Universe& universe,
               std::map<RequirementId, std::vector<CandidateId>>& needs) {
    for (const Dependency& dependency : universe.dependencies(candidate)) {
        if (!slots.contains(universe.requirement(dependency.need).slot)) {
            continue;
        }
        std::vector<CandidateId>& who = needs[dependency.need];
        if (who.empty() || who.back() != candidate) {
            who.push_back(candidate);
        }
    }
}

std::vector<Entry> entries_of(const Premises& premises, const std::vector<RequirementId>& asked,
                              Universe& universe) {
    std::vector<Entry> entries;
    const auto add = [&](SlotId slot, std::optional<RequirementId> need,
                         const std::vector<CandidateId>& all) {
        std::vector<CandidateId> candidates = not_excluded(all, asked, universe);
        if (!candidates.empty()) {
            entries.push_back({slot, need, std::move(candidates)});
        }
    };
    for (const auto& [slot, candidates] : premises.unusable) {
        add(slot, std::nullopt, candidates);
    }
    for (const auto& [slot, needs] : premises.needs) {
        for (const auto& [need, candidates] : needs) {
            add(slot, need, candidates);
        }
    }
    return entries;
}

void set_depths(std::vector<Entry>& entries, const std::vector<RequirementId>& asked,
                const Universe& universe) {
    std::map<SlotId, std::size_t> depths;
    std::deque<SlotId> open;
    for (const RequirementId requirement : asked) {
        const Requirement& one = universe.requirement(requirement);
        if (one.kind == RequirementKind::needs && depths.emplace(one.slot, 0).second) {
            open.push_back(one.slot);
        }
    }
    while (!open.empty()) {
        const SlotId slot = open.front();
        open.pop_front();
        for (const SlotId next : needed_by(slot, entries, universe)) {
            if (depths.emplace(next, depths.at(slot) + 1).second) {
                open.push_back(next);
            }
        }
    }
    for (Entry& entry : entries) {
        const auto known = depths.find(entry.slot);
        entry.depth = known == depths.end() ? depths.size() : known->second;
    }
}

std::vector<SlotId> needed_by(SlotId slot, const std::vector<Entry>& entries,
                              const Universe& universe) {
    std::vector<SlotId> needed;
    for (const Entry& entry : entries) {
        if (entry.slot == slot && entry.need) {
            needed.push_back(universe.requirement(*entry.need).slot);
        }
    }
    return needed;
}

/// The least useful first, which is tried to leave out first: what is farthest from what was asked,
/// and what says something of fewer candidates. By words, since ids depend on what came first.
void sort_by_use(std::vector<Entry>& entries, const Universe& universe) {
    const auto words = [&](const Entry& entry) {
        return std::pair(universe.slot(entry.slot).name,
                         entry.need ? universe.requirement(*entry.need).text : std::string());
    };
    std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
        if (a.depth != b.depth) {
            return a.depth > b.depth;
        }
        return std::tuple(a.candidates.size(), words(b)) <
               std::tuple(b.candidates.size(), words(a));
    });
}

/// Of many entries halves are left out first, then quarters, down to single ones: few of many are
/// necessary, as a rule. Where the trials run out, more than that remain.
std::vector<Entry> shortened(std::vector<Entry> entries, Trial& trial) {
    std::size_t trials = 0;
    for (std::size_t chunk = entries.size() > most_one_by_one ? entries.size() / 2 : 1; chunk > 0;
         chunk /= 2) {
        for (std::size_t i = 0; i < entries.size() && trials < most_trials; ++trials) {
            std::vector<Entry> rest = without(entries, i, chunk);
            if (trial.is_refuted_by(rest)) {
                entries = std::move(rest);
            } else {
                i += chunk;
            }
        }
    }
    return entries;
}

std::vector<Entry> without(const std::vector<Entry>& entries, std::size_t first,
                           std::size_t count) {
    const std::size_t last = std::min(first + count, entries.size());
    std::vector<Entry> rest(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(first));
    rest.insert(rest.end(), entries.begin() + static_cast<std::ptrdiff_t>(last), entries.end());
    return rest;
}

/// The candidates that something would take: the others need no excuse.
std::vector<CandidateId> wanted_of(const Entry& unusable, const std::vector<Entry>& entries,
                                   const std::vector<RequirementId>& asked, Universe& universe) {
    std::vector<RequirementId> wants = asked;
    for (const Entry& entry : entries) {
        if (entry.need) {
            wants.push_back(*entry.need);
        }
    }
    std::erase_if(wants, [&](RequirementId want) {
        const Requirement& one = universe.requirement(want);
        return one.slot != unusable.slot || one.kind != RequirementKind::needs;
    });
    std::vector<CandidateId> wanted = unusable.candidates;
    std::erase_if(wanted, [&](CandidateId candidate) {
        return std::none_of(wants.begin(), wants.end(), [&](RequirementId want) {
            return is_match(want, candidate, universe);
        });
    });
    return wanted;
}

Premises premises_of(const std::vector<Entry>& entries, const std::vector<RequirementId>& asked,
                     Universe& universe) {
    Premises premises;
    const auto add_unmatched = [&](RequirementId requirement) {
        const Requirement& one = universe.requirement(requirement);
        if (one.kind == RequirementKind::needs && universe.is_listed(one.slot) &&
            universe.matches(requirement).empty()) {
            premises.unmatched.insert(requirement);
        }
    };
    std::for_each(asked.begin(), asked.end(), add_unmatched);
    for (const Entry& entry : entries) {
        if (!entry.need) {
            premises.unusable[entry.slot] = wanted_of(entry, entries, asked, universe);
            continue;
        }
        premises.needs[entry.slot][*entry.need] = entry.candidates;
        add_unmatched(*entry.need);
    }
    return premises;
}

} // namespace

} // namespace envpm::solver
