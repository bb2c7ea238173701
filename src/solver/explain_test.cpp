#include "solver/explain.h"

#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::ElementsAre;

/// Everything of the universe encoded, and the proof against these requirements.
Conflict explained(FakeUniverse& universe, std::size_t slots,
                   const std::vector<RequirementId>& asked) {
    Encoding encoding(universe);
    for (std::size_t slot = 0; slot < slots; ++slot) {
        encoding.add_slot(SlotId{static_cast<std::uint32_t>(slot)});
    }
    std::vector<Job> jobs;
    for (std::size_t slot = 0; slot < slots; ++slot) {
        for (const CandidateId candidate :
             universe.candidates(SlotId{static_cast<std::uint32_t>(slot)})) {
            encoding.add_dependencies(candidate);
        }
    }
    for (const RequirementId requirement : asked) {
        encoding.add_requirement(requirement);
        jobs.push_back(encoding.require(requirement));
    }
    encoding.index();
    Sat sat(encoding.pool());
    EXPECT_FALSE(sat.run(jobs));
    return explain(asked, sat.proof(), encoding, universe);
}

} // namespace

TEST(Explain, CandidatesWithTheSameNeedAreOneReason) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId app = universe.add_slot("app", 4);
    const SlotId library = universe.add_slot("library", 3);
    const RequirementId newest = universe.needs(library, 2);
    for (std::size_t rank = 0; rank < 4; ++rank) {
        universe.depend(universe.at(app, rank), newest);
    }
    const std::vector<RequirementId> asked = {universe.needs(app, 1),
                                              universe.needs(library, 0, 1)};
    const Conflict conflict = explained(universe, 2, asked);
    EXPECT_EQ(conflict.roots, asked);
    ASSERT_EQ(conflict.reasons.size(), 3U);
    const Reason& need = conflict.reasons[2];
    EXPECT_EQ(need.kind, Reason::Kind::needs);
    EXPECT_EQ(need.requirement, newest);
    EXPECT_THAT(need.candidates,
                ElementsAre(universe.at(app, 1), universe.at(app, 2), universe.at(app, 3)))
        << "without the one that the request excludes";
}

TEST(Explain, TheArgumentFollowsTheChain) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId last = universe.add_slot("last", 2);
    const SlotId middle = universe.add_slot("middle", 1);
    const SlotId first = universe.add_slot("first", 1);
    const RequirementId needs_last = universe.needs(last, 1);
    const RequirementId needs_middle = universe.needs(middle, 0);
    const RequirementId forbids = universe.constrains(last, 0, 0);
    universe.depend(universe.at(middle, 0), needs_last);
    universe.depend(universe.at(first, 0), needs_middle);
    universe.depend(universe.at(first, 0), forbids);
    const Conflict conflict = explained(universe, 3, {universe.needs(first, 0)});
    std::vector<RequirementId> order;
    for (const Reason& reason : conflict.reasons) {
        order.push_back(reason.requirement);
    }
    EXPECT_THAT(order, ElementsAre(conflict.roots[0], forbids, needs_middle, needs_last));
}

TEST(Explain, ARootThatNothingMatchesIsItsOwnProof) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId slot = universe.add_slot("x", 2);
    const RequirementId root = universe.add_requirement(slot, RequirementKind::needs, {});
    const Conflict conflict = explained(universe, 1, {root});
    ASSERT_EQ(conflict.reasons.size(), 2U);
    EXPECT_EQ(conflict.reasons[1].kind, Reason::Kind::nothing_matches);
    EXPECT_EQ(conflict.reasons[1].requirement, root);
}

/// As a build of PyTorch does, each candidate says twice what it needs: itself and by a library.
TEST(Explain, OfTwoWaysToTheSameEndTheShorterIsTold) {
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId torch = universe.add_slot("torch", 2);
    const SlotId cublas = universe.add_slot("cublas", 2);
    const SlotId nccl = universe.add_slot("nccl", 2);
    const SlotId cuda = universe.add_slot("cuda", 3);
    std::vector<RequirementId> direct;
    for (std::size_t rank = 0; rank < 2; ++rank) {
        const RequirementId runtime = universe.needs(cuda, rank + 1, rank + 1);
        for (const SlotId library : {cublas, nccl}) {
            universe.depend(universe.at(torch, rank), universe.needs(library, rank, rank));
            universe.depend(universe.at(library, rank), universe.needs(cuda, 1));
        }
        universe.depend(universe.at(torch, rank), runtime);
        direct.push_back(runtime);
    }
    const std::vector<RequirementId> asked = {universe.needs(torch, 0),
                                              universe.constrains(cuda, 0, 0)};
    const Conflict conflict = explained(universe, 4, asked);
    std::vector<RequirementId> told;
    for (const Reason& reason : conflict.reasons) {
        told.push_back(reason.requirement);
    }
    EXPECT_THAT(told, ElementsAre(asked[0], asked[1], direct[1], direct[0]));
}

/// What hangs on a long chain has more entries than can be tried one by one.
TEST(Explain, OfHundredsOfEntriesTheFewThatCountAreTold) {
    constexpr std::size_t length = 300;
    FakeUniverse universe(FakeUniverse::Metadata::known);
    const SlotId app = universe.add_slot("app", 1);
    std::vector<SlotId> chain;
    for (std::size_t i = 0; i < length; ++i) {
        chain.push_back(universe.add_slot("link", 1));
    }
    const SlotId cuda = universe.add_slot("cuda", 2);
    universe.depend(universe.at(app, 0), universe.needs(chain.front(), 0));
    for (std::size_t i = 0; i + 1 < length; ++i) {
        universe.depend(universe.at(chain[i], 0), universe.needs(chain[i + 1], 0));
    }
    universe.depend(universe.at(chain.back(), 0), universe.needs(cuda, 1, 1));
    const RequirementId direct = universe.needs(cuda, 1);
    universe.depend(universe.at(app, 0), direct);
    const std::vector<RequirementId> asked = {universe.needs(app, 0),
                                              universe.constrains(cuda, 0, 0)};
    const Conflict conflict = explained(universe, length + 2, asked);
    ASSERT_EQ(conflict.reasons.size(), 3U);
    EXPECT_EQ(conflict.reasons[2].requirement, direct);
}

} // namespace envpm::solver
