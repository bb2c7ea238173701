#include "solver/solve.h"

#include "base/error.h"
#include "solver/fake_universe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// What was chosen, as "name version".
std::vector<std::string> names(const Answer& answer, const FakeUniverse& universe) {
    std::vector<std::string> names;
    for (const CandidateId candidate : std::get<Resolution>(answer).chosen) {
        const Candidate& chosen = universe.candidate(candidate);
        names.push_back(fmt::format("{} {}", universe.slot(chosen.slot).name, chosen.version));
    }
    return names;
}

std::string words(const Reason& reason, const FakeUniverse& universe) {
    std::vector<std::string> who;
    for (const CandidateId candidate : reason.candidates) {
        const Candidate& one = universe.candidate(candidate);
        who.push_back(fmt::format("{} {}", universe.slot(one.slot).name, one.version));
    }
    const std::string names = fmt::format("{}", fmt::join(who, ", "));
    switch (reason.kind) {
    case Reason::Kind::asked:
        return "asked " + universe.requirement(reason.requirement).text;
    case Reason::Kind::needs:
        return names + " needs " + universe.requirement(reason.requirement).text;
    case Reason::Kind::nothing_matches:
        return "nothing matches " + universe.requirement(reason.requirement).text;
    case Reason::Kind::unusable:
        return names + " unusable";
    }
    return "?";
}

std::vector<std::string> argument(const Answer& answer, const FakeUniverse& universe) {
    std::vector<std::string> lines;
    for (const Reason& reason : std::get<Conflict>(answer).reasons) {
        lines.push_back(words(reason, universe));
    }
    return lines;
}

/// `app` and `tool` share a library of nine versions. The newest tool needs a recent library, the
/// newest app an old one: greedily, the one asked for first drags the other far down.
struct Trade {
    FakeUniverse universe;
    SlotId app = universe.add_slot("app", 6);
    SlotId tool = universe.add_slot("tool", 11);
    SlotId library = universe.add_slot("library", 11);

    Trade() {
        universe.depend(universe.at(app, 5), universe.needs(library, 0, 2));
        for (std::size_t rank = 0; rank < 11; ++rank) {
            universe.depend(universe.at(tool, rank), universe.needs(library, rank));
        }
    }
};

/// The trap of boto3: each version pins its own botocore, and another root needs an old one.
struct Boto {
    FakeUniverse universe;
    SlotId boto3 = universe.add_slot("boto3", 1000);
    SlotId botocore = universe.add_slot("botocore", 1000);
    SlotId s3fs = universe.add_slot("s3fs", 1);

    explicit Boto(std::size_t old) {
        for (std::size_t rank = 0; rank < 1000; ++rank) {
            universe.depend(universe.at(boto3, rank), universe.needs(botocore, rank, rank));
        }
        universe.depend(universe.at(s3fs, 0), universe.needs(botocore, 0, old));
    }
};

/// The trap as it really is: boto3 asks for a few versions of botocore that move with its own, and
/// botocore, from some version on, for a urllib3 newer than the request allows.
struct ChainedTrap {
    FakeUniverse universe;
    SlotId urllib3 = universe.add_slot("urllib3", 90);
    SlotId boto3;
    SlotId botocore;
    SlotId jmespath = universe.add_slot("jmespath", 30);

    ChainedTrap(std::size_t versions, std::size_t first_bad)
        : boto3(universe.add_slot("boto3", versions)),
          botocore(universe.add_slot("botocore", versions)) {
        constexpr std::size_t series = 30; // of boto3 1.15.x goes with one of botocore
        const RequirementId any_jmespath = universe.needs(jmespath, 5);
        const RequirementId recent = universe.needs(urllib3, 40);
        const RequirementId old = universe.needs(urllib3, 10, 45);
        for (std::size_t rank = 0; rank < versions; ++rank) {
            const std::size_t last = rank / series * series + series - 1;
            universe.depend(universe.at(boto3, rank), universe.needs(botocore, rank, last));
            universe.depend(universe.at(boto3, rank), any_jmespath);
            universe.depend(universe.at(botocore, rank), any_jmespath);
            universe.depend(universe.at(botocore, rank), rank < first_bad ? old : recent);
        }
    }

    SolveRequest request() {
        return {{universe.needs(urllib3, 0, 39), universe.needs(boto3, 0)}, {}, {}};
    }
};

} // namespace

TEST(Solve, AnEmptyRequestNeedsNothing) {
    FakeUniverse universe;
    EXPECT_THAT(std::get<Resolution>(solve({}, universe, {})).chosen, ElementsAre());
}

TEST(Solve, ChoosesTheNewestAndWhatItNeeds) {
    FakeUniverse universe;
    const SlotId torch = universe.add_slot("torch", 3);
    const SlotId numpy = universe.add_slot("numpy", 4);
    universe.add_slot("unrelated", 2);
    universe.depend(universe.at(torch, 2), universe.needs(numpy, 1, 2));
    const Answer answer = solve({{universe.needs(torch, 0)}, {}, {}}, universe, {});
    EXPECT_THAT(names(answer, universe), ElementsAre("torch 2", "numpy 2"));
}

TEST(Solve, AConstraintBindsOnlyWhatIsChosen) {
    FakeUniverse universe;
    const SlotId app = universe.add_slot("app", 1);
    const SlotId numpy = universe.add_slot("numpy", 4);
    const RequirementId root = universe.needs(app, 0);
    const std::vector<RequirementId> contradiction = {universe.constrains(numpy, 3),
                                                      universe.constrains(numpy, 0, 1)};
    EXPECT_THAT(names(solve({{root}, contradiction, {}}, universe, {}), universe),
                ElementsAre("app 0"));
    universe.depend(universe.at(app, 0), universe.needs(numpy, 0));
    const std::vector<RequirementId> below = {universe.constrains(numpy, 0, 1)};
    EXPECT_THAT(names(solve({{root}, below, {}}, universe, {}), universe),
                ElementsAre("app 0", "numpy 1"));
    EXPECT_TRUE(std::holds_alternative<Conflict>(solve({{root}, contradiction, {}}, universe, {})));
}

TEST(Solve, AConditionalNeedFollowsThePythonThatIsChosen) {
    FakeUniverse universe;
    const SlotId python = universe.add_slot("python", 3);
    const SlotId app = universe.add_slot("app", 1);
    const SlotId backport = universe.add_slot("backport", 2);
    universe.depend(universe.at(app, 0), universe.needs(backport, 0), universe.needs(python, 0, 1));
    const RequirementId app_root = universe.needs(app, 0);
    EXPECT_THAT(
        names(solve({{universe.needs(python, 0), app_root}, {}, {}}, universe, {}), universe),
        ElementsAre("python 2", "app 0"));
    EXPECT_FALSE(universe.is_listed(backport)) << "a condition that is false costs no question";
    EXPECT_THAT(
        names(solve({{universe.needs(python, 0, 1), app_root}, {}, {}}, universe, {}), universe),
        ElementsAre("python 1", "app 0", "backport 1"));
}

TEST(Solve, GoesOnWithoutUnusableCandidates) {
    FakeUniverse universe;
    const SlotId app = universe.add_slot("app", 40);
    for (std::size_t rank = 2; rank < 40; ++rank) {
        universe.make_unusable(universe.at(app, rank));
    }
    EXPECT_THAT(names(solve({{universe.needs(app, 0)}, {}, {}}, universe, {}), universe),
                ElementsAre("app 1"));
    EXPECT_LE(universe.describe_batches, 7) << "looks further ahead each time";
}

TEST(Solve, TheWorstLagOfTheRootsIsAsSmallAsItCanBe) {
    Trade trade;
    const RequirementId app = trade.universe.needs(trade.app, 0);
    const RequirementId tool = trade.universe.needs(trade.tool, 0);
    for (const std::vector<RequirementId>& roots :
         {std::vector{app, tool}, std::vector{tool, app}}) {
        EXPECT_THAT(names(solve({roots, {}, {}}, trade.universe, {}), trade.universe),
                    UnorderedElementsAre("app 4", "tool 10", "library 10"));
    }
}

TEST(Solve, LagIsCountedInReleasesNotInBuilds) {
    Trade trade;
    for (std::size_t rank = 0; rank < 11; ++rank) { // all of them builds of one release
        trade.universe.set_release(trade.universe.at(trade.tool, rank), 0);
    }
    const std::vector<RequirementId> roots = {trade.universe.needs(trade.app, 0),
                                              trade.universe.needs(trade.tool, 0)};
    EXPECT_THAT(names(solve({roots, {}, {}}, trade.universe, {}), trade.universe),
                UnorderedElementsAre("app 5", "tool 2", "library 2"));
}

TEST(Solve, TheFirstRootWinsAmongEqualLags) {
    FakeUniverse universe;
    const SlotId one = universe.add_slot("one", 2);
    const SlotId other = universe.add_slot("other", 2);
    universe.depend(universe.at(one, 1), universe.needs(other, 0, 0));
    const RequirementId first = universe.needs(one, 0);
    const RequirementId second = universe.needs(other, 0);
    EXPECT_THAT(names(solve({{first, second}, {}, {}}, universe, {}), universe),
                UnorderedElementsAre("one 1", "other 0"));
    EXPECT_THAT(names(solve({{second, first}, {}, {}}, universe, {}), universe),
                UnorderedElementsAre("one 0", "other 1"));
}

TEST(Solve, APreviousLockStaysThoughNewerVersionsExist) {
    Trade trade;
    const std::vector<RequirementId> roots = {trade.universe.needs(trade.app, 0),
                                              trade.universe.needs(trade.tool, 0)};
    const std::vector<CandidateId> lock = {trade.universe.at(trade.app, 2),
                                           trade.universe.at(trade.tool, 3),
                                           trade.universe.at(trade.library, 7)};
    EXPECT_THAT(names(solve({roots, {}, lock}, trade.universe, {}), trade.universe),
                ElementsAre("app 2", "tool 3", "library 7"));
    EXPECT_EQ(trade.universe.list_batches, 1) << "the lock says what will be needed";
    EXPECT_EQ(trade.universe.describe_batches, 1);
}

TEST(Solve, OnlyWhatMustChangeInALockChanges) {
    Trade trade;
    const std::vector<RequirementId> roots = {trade.universe.needs(trade.app, 0),
                                              trade.universe.needs(trade.tool, 8)};
    const std::vector<CandidateId> lock = {trade.universe.at(trade.app, 5),
                                           trade.universe.at(trade.tool, 1),
                                           trade.universe.at(trade.library, 9)};
    // app 5 is the strongest, but tool >=8 rules out every library that it works with.
    EXPECT_THAT(names(solve({roots, {}, lock}, trade.universe, {}), trade.universe),
                ElementsAre("app 4", "tool 9", "library 9"));
}

TEST(Solve, PreferencesPullNothingInAndMayBeForeign) {
    FakeUniverse universe;
    const SlotId app = universe.add_slot("app", 2);
    const SlotId gone = universe.add_slot("gone", 2);
    const CandidateId removed = universe.at(app, 0);
    universe.withdraw(removed);
    const Answer answer =
        solve({{universe.needs(app, 0)}, {}, {removed, universe.at(gone, 0)}}, universe, {});
    EXPECT_THAT(names(answer, universe), ElementsAre("app 1"));
}

TEST(Solve, AKeptRootDoesNotExcuseTheLagOfOthers) {
    Trade trade;
    const SlotId old = trade.universe.add_slot("old", 20);
    const std::vector<RequirementId> roots = {trade.universe.needs(old, 0),
                                              trade.universe.needs(trade.app, 0),
                                              trade.universe.needs(trade.tool, 0)};
    EXPECT_THAT(
        names(solve({roots, {}, {trade.universe.at(old, 0)}}, trade.universe, {}), trade.universe),
        UnorderedElementsAre("old 0", "app 4", "tool 10", "library 10"));
}

TEST(Solve, WhatFitsTogetherIsFoundWithoutTheSolver) {
    FakeUniverse universe;
    std::vector<SlotId> chain;
    for (int depth = 0; depth < 5; ++depth) {
        chain.push_back(universe.add_slot(fmt::format("p{}", depth), 30));
        if (depth > 0) {
            for (std::size_t rank = 0; rank < 30; ++rank) {
                universe.depend(universe.at(chain[static_cast<std::size_t>(depth) - 1], rank),
                                universe.needs(chain.back(), rank / 2, 20));
            }
        }
    }
    SolveStatistics statistics;
    const Answer answer = solve({{universe.needs(chain[0], 0)}, {}, {}}, universe, {}, &statistics);
    EXPECT_THAT(names(answer, universe), ElementsAre("p0 29", "p1 20", "p2 20", "p3 20", "p4 20"));
    EXPECT_EQ(statistics.rounds, 0);
    EXPECT_EQ(statistics.described, 5U);
    EXPECT_EQ(statistics.batches, 10) << "for each level its slots and its metadata";
    EXPECT_EQ(statistics.batches, universe.list_batches + universe.describe_batches);
}

TEST(Solve, AThousandPinnedVersionsTakeFewQuestions) {
    for (const std::size_t old : {0U, 37U, 500U, 990U}) {
        Boto boto(old);
        SolveStatistics statistics;
        const std::vector<RequirementId> roots = {boto.universe.needs(boto.boto3, 0),
                                                  boto.universe.needs(boto.s3fs, 0)};
        const Answer answer = solve({roots, {}, {}}, boto.universe, {}, &statistics);
        EXPECT_THAT(names(answer, boto.universe),
                    UnorderedElementsAre(fmt::format("boto3 {}", old),
                                         fmt::format("botocore {}", old), "s3fs 0"));
        EXPECT_LE(statistics.batches, 12) << old;
        EXPECT_LE(statistics.rounds, 10) << old;
    }
}

TEST(Solve, NarrowRangesThatMoveDownTakeFewRounds) {
    FakeUniverse universe;
    const SlotId boto3 = universe.add_slot("boto3", 400);
    const SlotId botocore = universe.add_slot("botocore", 400);
    const SlotId urllib3 = universe.add_slot("urllib3", 2);
    for (std::size_t rank = 0; rank < 400; ++rank) {
        universe.depend(universe.at(boto3, rank), universe.needs(botocore, rank, rank / 5 * 5 + 4));
        universe.depend(universe.at(botocore, rank), universe.needs(urllib3, rank < 7 ? 0 : 1));
    }
    SolveStatistics statistics;
    const std::vector<RequirementId> roots = {universe.needs(urllib3, 0, 0),
                                              universe.needs(boto3, 0)};
    EXPECT_THAT(names(solve({roots, {}, {}}, universe, {}, &statistics), universe),
                UnorderedElementsAre("urllib3 0", "boto3 6", "botocore 6"));
    EXPECT_LE(statistics.rounds, 12) << "what is asked of botocore is always a few versions only";
}

TEST(Solve, TheBacktrackingTrapIsLeftInFewRounds) {
    ChainedTrap trap(1000, 300);
    SolveStatistics statistics;
    EXPECT_THAT(names(solve(trap.request(), trap.universe, {}, &statistics), trap.universe),
                UnorderedElementsAre("urllib3 39", "boto3 299", "botocore 299", "jmespath 29"));
    EXPECT_LE(statistics.rounds, 12);
    EXPECT_LE(statistics.batches, 15);
    EXPECT_LE(statistics.described, 1530U) << "1404 cannot be spared";
    EXPECT_LE(statistics.solver_runs, 35) << "what earlier rounds proved is not proved again";
}

TEST(Solve, TheBacktrackingTrapMayLieBelowTheRoots) {
    ChainedTrap trap(1000, 300);
    const SlotId app = trap.universe.add_slot("app", 1);
    trap.universe.depend(trap.universe.at(app, 0), trap.universe.needs(trap.boto3, 0));
    SolveStatistics statistics;
    SolveRequest request = trap.request();
    request.roots.back() = trap.universe.needs(app, 0);
    EXPECT_THAT(
        names(solve(request, trap.universe, {}, &statistics), trap.universe),
        UnorderedElementsAre("urllib3 39", "app 0", "boto3 299", "botocore 299", "jmespath 29"));
    EXPECT_LE(statistics.rounds, 12);
    EXPECT_LE(statistics.solver_runs, 40);
}

TEST(Solve, WhatLiesBelowAllThatIsAllowedIsNoWayOut) {
    for (std::size_t top = 1; top < 9; ++top) {
        for (std::size_t depth = 0; depth < 4; ++depth) {
            FakeUniverse universe;
            const SlotId root = universe.add_slot("root", 60);
            std::vector<std::size_t> upper;
            std::vector<std::size_t> others;
            for (std::size_t rank = 0; rank < 60; ++rank) {
                const bool is_top = rank >= 60 - top;
                if (rank >= 30) {
                    upper.push_back(rank);
                }
                if (rank < 30 || is_top) {
                    others.push_back(rank);
                }
                CandidateId last = universe.at(root, rank);
                for (std::size_t level = 0; is_top && level < depth; ++level) {
                    const SlotId next = universe.add_slot(fmt::format("s{}.{}", rank, level), 1);
                    universe.depend(last, universe.needs(next, 0));
                    last = universe.at(next, 0);
                }
                if (is_top) {
                    universe.make_unusable(last);
                }
            }
            const SlotId free = universe.add_slot("free", 3);
            const std::vector<RequirementId> roots = {
                universe.add_requirement(root, RequirementKind::needs, upper),
                universe.add_requirement(root, RequirementKind::needs, others),
                universe.needs(free, 0)};
            EXPECT_TRUE(
                std::holds_alternative<Conflict>(solve({roots, {}, {}, 12}, universe, {}, nullptr)))
                << top << " " << depth;
        }
    }
}

TEST(Solve, WhatAPreferenceHeldBackIsFreeOnceItIsLost) {
    ChainedTrap trap(200, 100);
    const std::vector<RequirementId> roots = {trap.universe.needs(trap.urllib3, 0),
                                              trap.universe.needs(trap.boto3, 0)};
    // No botocore goes with this urllib3, which is only known when all have been looked at.
    const std::vector<CandidateId> lock = {trap.universe.at(trap.urllib3, 9)};
    EXPECT_THAT(names(solve({roots, {}, lock}, trap.universe, {}), trap.universe),
                UnorderedElementsAre("urllib3 89", "boto3 199", "botocore 199", "jmespath 29"));
}

TEST(Solve, AConflictNamesOnlyTheRootsThatMatter) {
    FakeUniverse universe;
    const SlotId torch = universe.add_slot("torch", 2);
    const SlotId numpy = universe.add_slot("numpy", 4);
    const SlotId other = universe.add_slot("other", 3);
    for (std::size_t rank = 0; rank < 2; ++rank) {
        universe.depend(universe.at(torch, rank), universe.needs(numpy, 2 + rank));
        universe.depend(universe.at(torch, rank), universe.needs(other, 0));
    }
    const std::vector<RequirementId> roots = {universe.needs(other, 0), universe.needs(torch, 0),
                                              universe.needs(other, 1),
                                              universe.needs(numpy, 0, 1)};
    const Answer answer = solve({roots, {}, {}}, universe, {});
    EXPECT_THAT(std::get<Conflict>(answer).roots, ElementsAre(roots[1], roots[3]));
    EXPECT_THAT(argument(answer, universe),
                ElementsAre("asked torch 0|1", "asked numpy 0|1", "torch 1 needs numpy 3",
                            "torch 0 needs numpy 2|3"));
}

TEST(Solve, AConflictSaysWhatNothingMatchesAndWhatIsUnusable) {
    FakeUniverse universe;
    const SlotId app = universe.add_slot("app", 3);
    const SlotId missing = universe.add_slot("missing", 0);
    universe.depend(universe.at(app, 0), universe.needs(missing, 0));
    universe.depend(universe.at(app, 1), universe.needs(missing, 0));
    universe.make_unusable(universe.at(app, 2));
    const Answer answer = solve({{universe.needs(app, 0)}, {}, {}}, universe, {});
    EXPECT_THAT(argument(answer, universe),
                ElementsAre("asked app 0|1|2", "app 2 unusable", "app 1 needs missing ",
                            "nothing matches missing ", "app 0 needs missing ",
                            "nothing matches missing "));
}

TEST(Solve, AConflictMayRestOnAConstraintOfTheRequest) {
    FakeUniverse universe;
    const SlotId app = universe.add_slot("app", 1);
    const SlotId numpy = universe.add_slot("numpy", 3);
    universe.depend(universe.at(app, 0), universe.needs(numpy, 2));
    const RequirementId root = universe.needs(app, 0);
    const RequirementId constraint = universe.constrains(numpy, 0, 1);
    const Answer answer = solve({{root}, {constraint}, {}}, universe, {});
    EXPECT_THAT(std::get<Conflict>(answer).roots, ElementsAre(root, constraint));
}

TEST(Solve, RootsThatLookInnocentAreCheckedBeforeTheyAreCleared) {
    FakeUniverse universe;
    // What `app` needs can never be had, but that is found out only below it.
    const SlotId app = universe.add_slot("app", 1);
    const SlotId library = universe.add_slot("library", 2);
    const SlotId missing = universe.add_slot("missing", 0);
    universe.depend(universe.at(app, 0), universe.needs(library, 0));
    universe.depend(universe.at(library, 0), universe.needs(missing, 0));
    const RequirementId root = universe.needs(app, 0);
    const RequirementId newest = universe.needs(library, 1);
    const RequirementId oldest = universe.needs(library, 0, 0);
    const Answer answer = solve({{root, newest, oldest}, {}, {}}, universe, {});
    EXPECT_THAT(std::get<Conflict>(answer).roots, ElementsAre(oldest));
}

TEST(Solve, StopsBeforeTheNextQuestion) {
    Boto boto(10);
    std::stop_source stop;
    int left = 3;
    boto.universe.on_batch = [&] {
        if (--left == 0) {
            stop.request_stop();
        }
    };
    const std::vector<RequirementId> roots = {boto.universe.needs(boto.boto3, 0),
                                              boto.universe.needs(boto.s3fs, 0)};
    try {
        solve({roots, {}, {}}, boto.universe, stop.get_token());
        FAIL() << "was not interrupted";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::interrupted);
    }
    EXPECT_EQ(left, 0);
}

TEST(Solve, LetsTheFailuresOfTheUniverseThrough) {
    Boto boto(10);
    boto.universe.on_batch = [] { throw Error({"no network", "", ""}, ExitCode::network); };
    EXPECT_THROW(solve({{boto.universe.needs(boto.boto3, 0)}, {}, {}}, boto.universe, {}), Error);
}

} // namespace envpm::solver
