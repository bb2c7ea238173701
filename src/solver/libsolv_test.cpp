#include "solver/libsolv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::solver {

namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A solvable that provides a name of its own.
Solvable add(Pool& pool, const std::string& name, std::size_t rank = 0) {
    const Solvable solvable = pool.add();
    pool.define(solvable, pool.dep(name), rank, pool.dep("any " + name));
    return solvable;
}

} // namespace

TEST(Libsolv, TakesTheHighestRankByNumberNotByText) {
    Pool pool;
    add(pool, "x", 9);
    const Solvable highest = add(pool, "x", 100);
    add(pool, "x", 20);
    pool.index();
    Sat sat(pool);
    ASSERT_TRUE(sat.run(std::vector{Job::choose_one_of(pool.dep("any x"))}));
    EXPECT_THAT(sat.chosen(), ElementsAre(highest));
}

TEST(Libsolv, ANeedIsMetAndAConflictIsKept) {
    Pool pool;
    const Solvable app = add(pool, "app");
    const Solvable newer = add(pool, "x", 2);
    const Solvable older = add(pool, "x", 1);
    pool.need(app, pool.dep("any x"));
    pool.provide(newer, pool.dep("bad"));
    pool.conflict(app, pool.dep("bad"));
    pool.index();
    Sat sat(pool);
    ASSERT_TRUE(sat.run(std::vector{Job::choose(app)}));
    EXPECT_THAT(sat.chosen(), UnorderedElementsAre(app, older));
    EXPECT_FALSE(sat.run(std::vector{Job::choose(app), Job::choose(newer)}));
    EXPECT_THAT(sat.proof(), testing::Not(IsEmpty()));
    EXPECT_TRUE(sat.run(std::vector{Job::choose(newer)})) << "jobs do not outlive their run";
    EXPECT_THAT(sat.proof(), IsEmpty());
}

TEST(Libsolv, AConditionalNeedWaitsForItsCondition) {
    Pool pool;
    const Solvable app = add(pool, "app");
    const Solvable backport = add(pool, "backport");
    const Solvable old_python = add(pool, "python", 1);
    pool.need(app, pool.only_if(pool.dep("any backport"), pool.dep("any python")));
    pool.index();
    Sat sat(pool);
    ASSERT_TRUE(sat.run(std::vector{Job::choose(app)}));
    EXPECT_THAT(sat.chosen(), ElementsAre(app));
    ASSERT_TRUE(sat.run(std::vector{Job::choose(app), Job::choose(old_python)}));
    EXPECT_THAT(sat.chosen(), UnorderedElementsAre(app, old_python, backport));
}

TEST(Libsolv, APreferenceYieldsToOtherJobs) {
    Pool pool;
    const Solvable one = add(pool, "one");
    const Solvable other = add(pool, "other");
    pool.conflict(one, pool.dep("any other"));
    pool.index();
    Sat sat(pool);
    ASSERT_TRUE(sat.run(std::vector{Job::choose(one), Job::prefer(other)}));
    EXPECT_THAT(sat.chosen(), ElementsAre(one));
    ASSERT_TRUE(sat.run(std::vector{Job::prefer(other)}));
    EXPECT_THAT(sat.chosen(), ElementsAre(other));
}

TEST(Libsolv, AProofNamesTheNeedThatNothingProvides) {
    Pool pool;
    const Solvable app = add(pool, "app");
    const Dep nowhere = pool.dep("nowhere");
    pool.need(app, nowhere);
    pool.index();
    Sat sat(pool);
    ASSERT_FALSE(sat.run(std::vector{Job::choose(app)}));
    bool is_named = false;
    for (const ProofStep& step : sat.proof()) {
        is_named = is_named || (step.kind == ProofStep::Kind::nothing_provides &&
                                step.from == app && step.dep == nowhere);
    }
    EXPECT_TRUE(is_named);
}

TEST(Libsolv, ThePoolGrowsBetweenSolvers) {
    Pool pool;
    const Solvable app = add(pool, "app");
    pool.index();
    EXPECT_TRUE(Sat(pool).run(std::vector{Job::choose(app)}));
    const Solvable library = add(pool, "library");
    pool.need(app, pool.dep("any library"));
    pool.index();
    Sat sat(pool);
    ASSERT_TRUE(sat.run(std::vector{Job::choose(app)}));
    EXPECT_THAT(sat.chosen(), Contains(library));
}

} // namespace envpm::solver
