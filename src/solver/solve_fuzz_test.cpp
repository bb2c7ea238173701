// Small random worlds against a solver that tries everything. The order of preference is written
// down here a second time, from the words of solve.h.

#include "solver/fake_universe.h"
#include "solver/solve.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace envpm::solver {

namespace {

constexpr int absent = -1;
constexpr std::uint32_t worlds = 2000;

using Assignment = std::vector<int>; ///< by slot: a rank, or absent

struct Need {
    std::size_t slot = 0;
    RequirementKind kind = RequirementKind::needs;
    std::vector<std::size_t> ranks;

    [[nodiscard]] bool holds(const Assignment& chosen) const {
        return chosen[slot] == absent ? kind == RequirementKind::constrains : matches(chosen);
    }

    [[nodiscard]] bool matches(const Assignment& chosen) const {
        return chosen[slot] != absent &&
               std::find(ranks.begin(), ranks.end(), static_cast<std::size_t>(chosen[slot])) !=
                   ranks.end();
    }
};

struct Link {
    std::size_t need = 0;
    std::optional<std::size_t> when;
};

struct Version {
    std::uint32_t release = 0;
    bool is_usable = true;
    std::vector<Link> links;
};

struct RandomWorld {
    std::vector<std::vector<Version>> slots;
    std::vector<Need> needs;
    std::vector<std::size_t> roots;
    std::vector<std::size_t> constraints;
    std::vector<std::pair<std::size_t, int>> preferred;
};

class Dice {
  public:
    explicit Dice(std::uint32_t seed)
        : engine_(seed) {}

    std::size_t below(std::size_t count) { return engine_() % count; }

    bool one_in(std::size_t count) { return below(count) == 0; }

  private:
    std::mt19937 engine_;
};

std::size_t random_need(RandomWorld& world, RequirementKind kind, std::size_t slot, Dice& dice) {
    const std::size_t size = world.slots[slot].size();
    Need need{slot, kind, {}};
    const std::size_t style = dice.below(12);
    if (style < 9 && size > 0) { // a range, mostly open above
        const std::size_t low = dice.below(size);
        const std::size_t high = dice.one_in(2) ? size : low + 1 + dice.below(size - low);
        for (std::size_t rank = low; rank < high; ++rank) {
            need.ranks.push_back(rank);
        }
    } else if (style < 11) { // with holes
        for (std::size_t rank = 0; rank < size; ++rank) {
            if (dice.one_in(2)) {
                need.ranks.push_back(rank);
            }
        }
    }
    world.needs.push_back(need);
    return world.needs.size() - 1;
}

void add_links(RandomWorld& world, Version& version, Dice& dice) {
    for (std::size_t left = dice.below(4); left > 0; --left) {
        const RequirementKind kind =
            dice.one_in(3) ? RequirementKind::constrains : RequirementKind::needs;
        Link link{random_need(world, kind, dice.below(world.slots.size()), dice), {}};
        if (dice.one_in(4)) {
            const std::size_t slot = dice.below(world.slots.size());
            link.when = random_need(world, RequirementKind::needs, slot, dice);
        }
        version.links.push_back(link);
    }
}

RandomWorld random_world(std::uint32_t seed) {
    Dice dice(seed);
    RandomWorld world;
    world.slots.resize(3 + dice.below(3));
    for (std::vector<Version>& slot : world.slots) {
        slot.resize(dice.one_in(15) ? 0 : 1 + dice.below(4));
        std::uint32_t release = 0;
        for (std::size_t left = slot.size(); left > 0; --left) {
            slot[left - 1].release =
                dice.one_in(10) ? static_cast<std::uint32_t>(dice.below(4)) : release;
            release += dice.one_in(4) ? 0U : 1U;
            slot[left - 1].is_usable = !dice.one_in(12);
        }
    }
    for (std::size_t slot = 0; slot < world.slots.size(); ++slot) {
        for (Version& version : world.slots[slot]) {
            add_links(world, version, dice);
        }
    }
    for (std::size_t left = 1 + dice.below(3); left > 0; --left) {
        world.roots.push_back(
            random_need(world, RequirementKind::needs, dice.below(world.slots.size()), dice));
    }
    if (dice.one_in(3)) {
        world.constraints.push_back(
            random_need(world, RequirementKind::constrains, dice.below(world.slots.size()), dice));
    }
    for (std::size_t left = dice.one_in(2) ? dice.below(4) : 0; left > 0; --left) {
        const std::size_t slot = dice.below(world.slots.size());
        if (!world.slots[slot].empty()) {
            world.preferred.emplace_back(slot,
                                         static_cast<int>(dice.below(world.slots[slot].size())));
        }
    }
    return world;
}

// --- the solver that tries everything ---

const Version& chosen_version(const RandomWorld& world, const Assignment& chosen,
                              std::size_t slot) {
    return world.slots[slot][static_cast<std::size_t>(chosen[slot])];
}

bool is_valid(const RandomWorld& world, const std::vector<std::size_t>& asked,
              const Assignment& chosen) {
    const auto holds = [&](std::size_t need) { return world.needs[need].holds(chosen); };
    if (!std::all_of(asked.begin(), asked.end(), holds)) {
        return false;
    }
    for (std::size_t slot = 0; slot < chosen.size(); ++slot) {
        if (chosen[slot] == absent) {
            continue;
        }
        const Version& version = chosen_version(world, chosen, slot);
        const bool is_met =
            std::all_of(version.links.begin(), version.links.end(), [&](const Link& link) {
                return (link.when && !world.needs[*link.when].matches(chosen)) || holds(link.need);
            });
        if (!version.is_usable || !is_met) {
            return false;
        }
    }
    return true;
}

template <class Visit>
void for_each_valid(const RandomWorld& world, const std::vector<std::size_t>& asked, Visit visit) {
    Assignment chosen(world.slots.size(), absent);
    for (;;) {
        if (is_valid(world, asked, chosen)) {
            visit(chosen);
        }
        std::size_t slot = 0;
        while (slot < chosen.size() &&
               ++chosen[slot] == static_cast<int>(world.slots[slot].size())) {
            chosen[slot++] = absent;
        }
        if (slot == chosen.size()) {
            return;
        }
    }
}

bool has_solution(const RandomWorld& world, const std::vector<std::size_t>& asked) {
    bool found = false;
    for_each_valid(world, asked, [&](const Assignment&) { found = true; });
    return found;
}

/// The slots that the choice needs, breadth first.
std::vector<std::size_t> needed(const RandomWorld& world, const Assignment& chosen) {
    std::vector<std::size_t> order;
    std::deque<std::size_t> queue;
    std::set<std::size_t> passed;
    std::vector<Link> waiting;
    const auto ask = [&](const Need& need) {
        if (need.kind == RequirementKind::needs &&
            std::find(order.begin(), order.end(), need.slot) == order.end()) {
            order.push_back(need.slot);
            queue.push_back(need.slot);
        }
    };
    const auto consider = [&](const Link& link) {
        if (link.when && !passed.contains(world.needs[*link.when].slot)) {
            waiting.push_back(link);
        } else if (!link.when || world.needs[*link.when].matches(chosen)) {
            ask(world.needs[link.need]);
        }
    };
    for (const std::size_t root : world.roots) {
        ask(world.needs[root]);
    }
    while (!queue.empty()) {
        const std::size_t slot = queue.front();
        queue.pop_front();
        passed.insert(slot);
        const std::vector<Link> waited = std::exchange(waiting, {});
        std::for_each(waited.begin(), waited.end(), consider);
        const std::vector<Link>& links = chosen_version(world, chosen, slot).links;
        std::for_each(links.begin(), links.end(), consider);
    }
    return order;
}

int worst_lag(const RandomWorld& world, const Assignment& chosen,
              const std::set<std::size_t>& held) {
    std::uint32_t worst = 0;
    for (const std::size_t root : world.roots) {
        const std::size_t slot = world.needs[root].slot;
        if (held.contains(slot)) {
            continue;
        }
        std::vector<std::uint32_t> releases; // of what the request allows, up to the chosen one
        for (int rank = static_cast<int>(world.slots[slot].size()) - 1; rank >= chosen[slot];
             --rank) {
            Assignment only(world.slots.size(), absent);
            only[slot] = rank;
            const auto allows = [&](std::size_t need) {
                return world.needs[need].slot != slot || world.needs[need].holds(only);
            };
            if (std::all_of(world.roots.begin(), world.roots.end(), allows) &&
                std::all_of(world.constraints.begin(), world.constraints.end(), allows)) {
                releases.push_back(world.slots[slot][static_cast<std::size_t>(rank)].release);
            }
        }
        const std::uint32_t oldest = *std::max_element(releases.begin(), releases.end());
        worst = std::max(worst, oldest - releases.front());
    }
    return static_cast<int>(worst);
}

/// Compares greater for what is better.
std::vector<int> score(const RandomWorld& world, const Assignment& chosen,
                       const std::vector<std::size_t>& order) {
    std::vector<int> score;
    std::set<std::size_t> held;
    for (const auto& [slot, rank] : world.preferred) {
        const bool is_kept = chosen[slot] == absent || chosen[slot] == rank;
        score.push_back(is_kept ? 1 : 0);
        if (chosen[slot] == rank) {
            held.insert(slot);
        }
    }
    score.push_back(-worst_lag(world, chosen, held));
    for (const std::size_t slot : order) {
        score.push_back(chosen[slot]);
    }
    return score;
}

std::vector<std::size_t> asked_of(const RandomWorld& world) {
    std::vector<std::size_t> asked = world.roots;
    asked.insert(asked.end(), world.constraints.begin(), world.constraints.end());
    return asked;
}

std::optional<Assignment> best_by_trying(const RandomWorld& world) {
    std::optional<Assignment> best;
    std::vector<int> best_score;
    for_each_valid(world, asked_of(world), [&](const Assignment& chosen) {
        const std::vector<std::size_t> order = needed(world, chosen);
        const auto present =
            std::count_if(chosen.begin(), chosen.end(), [](int rank) { return rank != absent; });
        if (order.size() != static_cast<std::size_t>(present)) {
            return; // something in it is not needed
        }
        std::vector<int> own = score(world, chosen, order);
        if (!best || own > best_score) {
            best = chosen;
            best_score = std::move(own);
        }
    });
    return best;
}

// --- the solver under test ---

/// The world as a universe. With another order of ids it is the same world.
struct Built {
    FakeUniverse universe;
    std::vector<SlotId> slots;
    std::vector<RequirementId> needs;
    SolveRequest request;
};

enum class Ids { in_order, reversed };

void build(Built& built, const RandomWorld& world, Ids ids) {
    built.slots.resize(world.slots.size());
    built.needs.resize(world.needs.size());
    const auto at = [&](std::size_t place, std::size_t size) {
        return ids == Ids::in_order ? place : size - 1 - place;
    };
    for (std::size_t place = 0; place < world.slots.size(); ++place) {
        const std::size_t slot = at(place, world.slots.size());
        built.slots[slot] =
            built.universe.add_slot(fmt::format("s{}", slot), world.slots[slot].size());
    }
    for (std::size_t place = 0; place < world.needs.size(); ++place) {
        const std::size_t need = at(place, world.needs.size());
        const Need& source = world.needs[need];
        built.needs[need] =
            built.universe.add_requirement(built.slots[source.slot], source.kind, source.ranks);
    }
    for (std::size_t slot = 0; slot < world.slots.size(); ++slot) {
        for (std::size_t rank = 0; rank < world.slots[slot].size(); ++rank) {
            const Version& version = world.slots[slot][rank];
            const CandidateId candidate = built.universe.at(built.slots[slot], rank);
            built.universe.set_release(candidate, version.release);
            if (!version.is_usable) {
                built.universe.make_unusable(candidate);
            }
            for (const Link& link : version.links) {
                built.universe.depend(candidate, built.needs[link.need],
                                      link.when ? std::optional(built.needs[*link.when])
                                                : std::nullopt);
            }
        }
    }
    for (const std::size_t root : world.roots) {
        built.request.roots.push_back(built.needs[root]);
    }
    for (const std::size_t constraint : world.constraints) {
        built.request.constraints.push_back(built.needs[constraint]);
    }
    for (const auto& [slot, rank] : world.preferred) {
        built.request.preferred.push_back(
            built.universe.at(built.slots[slot], static_cast<std::size_t>(rank)));
    }
}

Assignment assignment(const Built& built, const Resolution& resolution) {
    Assignment chosen(built.slots.size(), absent);
    for (const CandidateId candidate : resolution.chosen) {
        const SlotId slot = built.universe.candidate(candidate).slot;
        const auto place = std::find(built.slots.begin(), built.slots.end(), slot);
        int& rank = chosen[static_cast<std::size_t>(place - built.slots.begin())];
        EXPECT_EQ(rank, absent) << "two of one slot";
        rank = static_cast<int>(built.universe.rank(candidate));
    }
    return chosen;
}

std::size_t place_of(const Built& built, RequirementId requirement) {
    return static_cast<std::size_t>(std::find(built.needs.begin(), built.needs.end(), requirement) -
                                    built.needs.begin());
}

/// What is left of the world if only the reasons are believed.
RandomWorld believed(const RandomWorld& world, const Built& built, const Conflict& conflict) {
    RandomWorld left = world;
    const auto is_given = [&](Reason::Kind kind, std::size_t slot, std::size_t rank,
                              std::size_t need) {
        return std::any_of(
            conflict.reasons.begin(), conflict.reasons.end(), [&](const Reason& reason) {
                const CandidateId candidate = built.universe.at(built.slots[slot], rank);
                return reason.kind == kind &&
                       (kind == Reason::Kind::unusable ||
                        reason.requirement == built.needs[need]) &&
                       std::find(reason.candidates.begin(), reason.candidates.end(), candidate) !=
                           reason.candidates.end();
            });
    };
    for (std::size_t slot = 0; slot < left.slots.size(); ++slot) {
        for (std::size_t rank = 0; rank < left.slots[slot].size(); ++rank) {
            Version& version = left.slots[slot][rank];
            version.is_usable = !is_given(Reason::Kind::unusable, slot, rank, 0);
            EXPECT_TRUE(version.is_usable || !world.slots[slot][rank].is_usable);
            std::erase_if(version.links, [&](const Link& link) {
                return !is_given(Reason::Kind::needs, slot, rank, link.need);
            });
        }
    }
    return left;
}

/// Who believes all but one of them finds a solution.
void check_every_line(const RandomWorld& world, const Built& built, const Conflict& conflict,
                      const std::vector<std::size_t>& core) {
    for (std::size_t out = core.size(); out < conflict.reasons.size(); ++out) {
        if (conflict.reasons[out].kind == Reason::Kind::nothing_matches) {
            continue; // of a line that is checked, or of what was asked
        }
        Conflict rest = conflict;
        rest.reasons.erase(rest.reasons.begin() + static_cast<std::ptrdiff_t>(out));
        EXPECT_TRUE(has_solution(believed(world, built, rest), core)) << "a line is superfluous";
    }
}

void check_conflict(const RandomWorld& world, const Built& built, const Conflict& conflict) {
    std::vector<std::size_t> core;
    for (const RequirementId root : conflict.roots) {
        core.push_back(place_of(built, root));
    }
    EXPECT_FALSE(has_solution(world, core));
    for (std::size_t out = 0; out < core.size(); ++out) {
        std::vector<std::size_t> rest = core;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(out));
        EXPECT_TRUE(has_solution(world, rest)) << "not minimal";
    }
    EXPECT_FALSE(has_solution(believed(world, built, conflict), core)) << "no proof";
    check_every_line(world, built, conflict, core);
    std::set<SlotId> mentioned;
    for (std::size_t place = 0; place < conflict.reasons.size(); ++place) {
        const Reason& reason = conflict.reasons[place];
        EXPECT_EQ(reason.kind == Reason::Kind::asked, place < core.size());
        if (reason.kind == Reason::Kind::needs || reason.kind == Reason::Kind::unusable) {
            const SlotId slot = built.universe.candidate(reason.candidates.at(0)).slot;
            EXPECT_TRUE(mentioned.contains(slot)) << "the argument does not lead there";
        }
        if (reason.kind == Reason::Kind::nothing_matches) {
            EXPECT_TRUE(world.needs[place_of(built, reason.requirement)].ranks.empty());
        }
        if (reason.kind != Reason::Kind::unusable) {
            mentioned.insert(built.universe.requirement(reason.requirement).slot);
        }
    }
}

void check(const RandomWorld& world, FakeUniverse::Metadata metadata, Ids ids,
           std::size_t first_part, const std::optional<Assignment>& expected) {
    Built built{FakeUniverse(metadata), {}, {}, {}};
    build(built, world, ids);
    built.request.first_part = first_part;
    const Answer answer = solve(built.request, built.universe, {});
    const Resolution* resolution = std::get_if<Resolution>(&answer);
    ASSERT_EQ(resolution != nullptr, expected.has_value());
    if (resolution != nullptr) {
        EXPECT_EQ(assignment(built, *resolution), *expected);
        EXPECT_TRUE(std::is_sorted(resolution->chosen.begin(), resolution->chosen.end()));
    } else {
        check_conflict(world, built, std::get<Conflict>(answer));
    }
}

} // namespace

TEST(SolveFuzz, FindsExactlyTheBestOrAMinimalProof) {
    int solvable = 0;
    for (std::uint32_t seed = 1; seed <= worlds && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const RandomWorld world = random_world(seed);
        const std::optional<Assignment> best = best_by_trying(world);
        solvable += best ? 1 : 0;
        check(world, FakeUniverse::Metadata::lazy, Ids::in_order, 0, best);
        check(world, FakeUniverse::Metadata::known, Ids::in_order, 1, best);
        check(world, FakeUniverse::Metadata::lazy, Ids::reversed, 1, best);
    }
    // Both answers must be well represented, or the test says little.
    EXPECT_GT(solvable, static_cast<int>(worlds / 4));
    EXPECT_LT(solvable, static_cast<int>(worlds * 3 / 4));
}

} // namespace envpm::solver
