#include "realize/generations.h"

#include "base/error.h"
#include "realize/world_for_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::realize {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Project {
  public:
    Project()
        : generations(world.folder() / "project", "default") {}

    Generation install(const std::string& env, const std::string& target = "default") {
        const std::filesystem::path prefix = world.store.prefix(sha256_of(env));
        write_file(prefix / "name", env, Durability::cached);
        return generations.switch_to(world.store,
                                     {prefix, sha256_of(env), "2026-11-25T12:00:00Z", target});
    }

    [[nodiscard]] std::vector<int> numbers() const {
        std::vector<int> numbers;
        for (const Generation& generation : generations.all()) {
            numbers.push_back(generation.number);
        }
        return numbers;
    }

    [[nodiscard]] std::string current_name() const {
        return read_file(generations.current_link() / "name");
    }

    World world;
    Generations generations;
};

/// What was wrong, the hint, and the exit code.
std::string hint_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.text().what + "; " + error.text().hint + " -> " +
               std::to_string(static_cast<int>(error.code()));
    }
    return "no error";
}

TEST(Generations, BeginEmpty) {
    Project project;
    EXPECT_TRUE(project.generations.all().empty());
    EXPECT_FALSE(project.generations.current());
    EXPECT_THAT(hint_of([&] { project.generations.roll_back({}); }),
                HasSubstr("makes the first one -> 1"));
}

TEST(Generations, SwitchToANewPrefix) {
    Project project;
    const Generation first = project.install("one");
    EXPECT_EQ(first.number, 1);
    EXPECT_TRUE(first.is_current);
    EXPECT_EQ(project.current_name(), "one");
    EXPECT_EQ(project.install("two").number, 2);
    EXPECT_EQ(project.current_name(), "two");
    EXPECT_EQ(std::filesystem::read_symlink(project.generations.current_link()), "gens/2");

    const std::vector<Generation> all = project.generations.all();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].env, sha256_of("one"));
    EXPECT_EQ(all[0].created, "2026-11-25T12:00:00Z");
    EXPECT_EQ(all[0].prefix, project.world.store.prefix(sha256_of("one")));
    EXPECT_FALSE(all[0].is_current);
    EXPECT_TRUE(all[1].is_current);
}

TEST(Generations, StayIfThePrefixIsCurrentAlready) {
    Project project;
    project.install("one");
    EXPECT_EQ(project.install("one").number, 1);
    EXPECT_THAT(project.numbers(), ElementsAre(1));
}

TEST(Generations, RegisterTheProjectAsARootEachTime) {
    Project project;
    project.install("one");
    const auto root_targets = [&] {
        std::vector<std::filesystem::path> targets;
        for (const auto& entry : std::filesystem::directory_iterator(project.world.store.roots())) {
            targets.push_back(std::filesystem::read_symlink(entry.path()));
        }
        return targets;
    };
    EXPECT_THAT(root_targets(),
                ElementsAre(project.world.folder() / "project/.envpm/envs/default"));
    std::filesystem::remove_all(project.world.store.roots());
    project.install("one");
    EXPECT_EQ(root_targets().size(), 1U);
}

TEST(Generations, AreKeptAliveUnderTheProjectsLockAndWithoutItIfTheyAreAlready) {
    Project project;
    project.install("one");
    const std::filesystem::path lock = project.generations.folder() / "lock";
    {
        const FileLock held(lock, LockKind::exclusive);
        EXPECT_TRUE(project.generations.keep_alive(project.world.store, {}));
    }
    std::filesystem::remove(lock);
    std::filesystem::remove_all(project.world.store.roots());
    EXPECT_FALSE(project.generations.keep_alive(project.world.store, {}));
    EXPECT_TRUE(std::filesystem::exists(lock));
    EXPECT_FALSE(std::filesystem::is_empty(project.world.store.roots()));
}

TEST(Generations, AreRegisteredWhenNoCollectorIsAtWork) {
    Project project;
    project.install("one");
    std::filesystem::remove_all(project.world.store.roots());
    std::optional<FileLock> collector(std::in_place, project.world.store.lock(),
                                      LockKind::exclusive);
    EXPECT_FALSE(project.generations.keep_alive(project.world.store, [&] {
        EXPECT_FALSE(std::filesystem::exists(project.world.store.roots()));
        collector.reset();
    }));
    EXPECT_FALSE(collector.has_value());
    EXPECT_FALSE(std::filesystem::is_empty(project.world.store.roots()));
}

TEST(Generations, RollBackPassesOverTheSameEnvironment) {
    Project project;
    for (const char* env : {"one", "two"}) {
        project.install(env);
    }
    project.generations.roll_back({});
    EXPECT_EQ(project.install("two").number, 3);
    EXPECT_EQ(project.generations.roll_back({}).number, 1);
    EXPECT_EQ(project.current_name(), "one");
}

TEST(Generations, RollBackToTheOneBeforeOrToANumber) {
    Project project;
    for (const char* env : {"one", "two", "three"}) {
        project.install(env);
    }
    EXPECT_EQ(project.generations.roll_back({}).number, 2);
    EXPECT_EQ(project.current_name(), "two");
    EXPECT_EQ(project.generations.roll_back({}).number, 1);
    EXPECT_THAT(
        hint_of([&] { project.generations.roll_back({}); }),
        HasSubstr(
            "no other environment before the current generation; there are `1` (current), `2`"));
    EXPECT_TRUE(project.generations.roll_back(3).is_current);
    EXPECT_EQ(project.current_name(), "three");
    EXPECT_THAT(hint_of([&] { project.generations.roll_back(9); }),
                HasSubstr("no generation `9`; there are `1`, `2`, `3` (current) -> 2"));
    project.generations.roll_back(1);
    EXPECT_EQ(project.install("four").number, 4);
}

TEST(Generations, RollBackSaysWhatIsWrongWithTheOnlyOneBefore) {
    Project project;
    for (const char* env : {"one", "two", "three"}) {
        project.install(env);
    }
    const std::filesystem::path gens = project.generations.folder() / "gens";
    write_file(gens / "1.json", "{", Durability::cached);
    EXPECT_EQ(project.generations.roll_back({}).number, 2) << "another one serves";
    EXPECT_THAT(hint_of([&] { project.generations.roll_back({}); }),
                HasSubstr("cannot be used; remove it"));

    write_file(gens / "3.json", "{", Durability::cached);
    std::filesystem::remove(gens / "1");
    EXPECT_THAT(hint_of([&] { project.generations.roll_back({}); }),
                HasSubstr("no other environment before"))
        << "the third is none before";
}

TEST(Generations, RollBackWithinATarget) {
    Project project;
    for (const char* env : {"one", "two", "three"}) {
        project.install(env, env == std::string("two") ? "gpubox" : "laptop");
    }
    EXPECT_THAT(hint_of([&] { project.generations.roll_back(2, "laptop"); }),
                HasSubstr("generation `2` is of target `gpubox`, not of `laptop`; "));
    EXPECT_EQ(project.current_name(), "three");
    EXPECT_EQ(project.generations.roll_back({}, "laptop").number, 1);
    EXPECT_THAT(hint_of([&] { project.generations.roll_back({}, "gpubox"); }),
                HasSubstr("no other environment"));
    EXPECT_EQ(project.generations.roll_back(2, "gpubox").number, 2);
    project.install("old", "");
    project.install("four", "laptop");
    EXPECT_EQ(project.generations.roll_back({}, "laptop").number, 4) << "it may be";
}

TEST(Generations, RefuseToRollBackToAPrefixThatIsGone) {
    Project project;
    project.install("one");
    project.install("two");
    std::filesystem::remove_all(project.world.store.prefix(sha256_of("one")));
    EXPECT_THAT(hint_of([&] { project.generations.roll_back({}); }), HasSubstr("no longer"));
    EXPECT_EQ(project.current_name(), "two");
}

TEST(Generations, KeepTheNewestAndTheCurrent) {
    Project project;
    for (int i = 1; i <= 8; ++i) {
        project.install(std::to_string(i));
    }
    EXPECT_THAT(project.numbers(), ElementsAre(4, 5, 6, 7, 8));
    EXPECT_FALSE(std::filesystem::exists(project.generations.folder() / "gens/3.json"));
    project.generations.roll_back(4);
    EXPECT_EQ(project.generations.current()->number, 4);
    project.install("9");
    EXPECT_THAT(project.numbers(), ElementsAre(5, 6, 7, 8, 9));
}

TEST(Generations, KeepOneOfEachEnvironment) {
    Project project;
    for (const char* env : {"one", "two", "three", "two", "three", "two", "four", "two"}) {
        project.install(env);
    }
    EXPECT_THAT(project.numbers(), ElementsAre(1, 5, 7, 8));
    project.generations.roll_back(7);
    EXPECT_EQ(project.install("five").number, 9);
    EXPECT_THAT(project.numbers(), ElementsAre(1, 5, 7, 8, 9));
    for (const Generation& generation : project.generations.all()) {
        EXPECT_TRUE(std::filesystem::is_symlink(project.generations.folder() / "gens" /
                                                std::to_string(generation.number)));
    }
}

TEST(Generations, KeepAnOlderOneIfTheRecordOfItsLikeIsDamaged) {
    Project project;
    for (const char* env : {"one", "two", "one", "three"}) {
        project.install(env);
    }
    EXPECT_THAT(project.numbers(), ElementsAre(2, 3, 4));
    const std::filesystem::path gens = project.generations.folder() / "gens";
    write_file(gens / "3.json", "", Durability::cached);
    project.install("two");
    EXPECT_THAT(project.numbers(), ElementsAre(4, 5));
    std::filesystem::create_symlink(read_symlink(gens / "3"), gens / "1");
    std::filesystem::copy_file(gens / "4.json", gens / "1.json");
    project.install("three");
    EXPECT_THAT(project.numbers(), ElementsAre(1, 5, 6));
}

TEST(Generations, WhosePrefixIsGoneTakeNoPlaceOfOthers) {
    Project project;
    for (int i = 1; i <= 5; ++i) {
        project.install(std::to_string(i));
    }
    for (const char* gone : {"3", "4"}) {
        std::filesystem::remove_all(project.world.store.prefix(sha256_of(gone)));
    }
    project.install("6");
    project.install("7");
    EXPECT_THAT(project.numbers(), ElementsAre(1, 2, 3, 4, 5, 6, 7));
    project.install("8"); // the fifth that is there is the second
    EXPECT_THAT(project.numbers(), ElementsAre(2, 3, 4, 5, 6, 7, 8));
    project.install("9");
    project.install("10");
    EXPECT_THAT(project.numbers(), ElementsAre(6, 7, 8, 9, 10));
}

TEST(Generations, WhosePrefixIsGoneAreNotKeptForEver) {
    Project project;
    for (int i = 1; i <= 9; ++i) {
        project.install(std::to_string(i));
        std::filesystem::remove_all(project.world.store.prefix(sha256_of(std::to_string(i))));
    }
    project.install("10");
    EXPECT_THAT(project.numbers(), ElementsAre(5, 6, 7, 8, 9, 10));
}

TEST(Generations, DoNotMindWhatACrashLeft) {
    Project project;
    project.install("one");
    const std::filesystem::path gens = project.generations.folder() / "gens";
    std::filesystem::copy_file(gens / "1.json", gens / "2.json"); // no link yet
    write_file(gens / "notes.txt", "", Durability::cached);
    write_file(gens / "007.json", "", Durability::cached);
    EXPECT_THAT(project.numbers(), ElementsAre(1));
    EXPECT_EQ(project.install("two").number, 3);
    EXPECT_THAT(project.numbers(), ElementsAre(1, 3));
    EXPECT_FALSE(std::filesystem::exists(gens / "2.json"));

    std::filesystem::remove(project.generations.current_link());
    EXPECT_FALSE(project.generations.current());
    EXPECT_EQ(project.install("two").number, 4);
}

TEST(Generations, DoNotMindADamagedRecordOfAnOlderOne) {
    Project project;
    project.install("one");
    project.install("two");
    const std::filesystem::path gens = project.generations.folder() / "gens";
    write_file(gens / "1.json", "", Durability::cached);
    EXPECT_EQ(project.install("three").number, 3);
    EXPECT_THAT(project.numbers(), ElementsAre(2, 3));
    EXPECT_EQ(project.generations.roll_back({}).number, 2);
    EXPECT_THAT(hint_of([&] { project.generations.roll_back(1); }),
                HasSubstr("cannot be used; remove it"));
    EXPECT_TRUE(std::filesystem::is_symlink(gens / "1")) << "it may be read again";

    write_file(gens / "2.json", "{", Durability::cached);
    EXPECT_THAT(hint_of([&] { project.install("four"); }), HasSubstr("cannot be used; remove it"));
}

TEST(Generations, GoOnBesideTheLastNumbersWhoeverTookThem) {
    Project project;
    project.install("one");
    const std::filesystem::path gens = project.generations.folder() / "gens";
    for (int number = 999'999'999; number > 999'999'993; --number) {
        write_file(gens / std::to_string(number), "not a link", Durability::cached);
    }
    for (int i = 2; i <= 4; ++i) {
        EXPECT_EQ(project.install(std::to_string(i)).number, i);
        EXPECT_EQ(project.generations.current()->number, i);
        EXPECT_EQ(project.current_name(), std::to_string(i));
    }
}

TEST(Generations, ForgetTheLinkThatAKillLeft) {
    Project project;
    project.install("one");
    const std::filesystem::path gens = project.generations.folder() / "gens";
    std::filesystem::create_symlink("/prefix/of/a/killed/run", gens / ".2.new");
    std::filesystem::create_symlink("/prefix", gens / "2147483647");
    EXPECT_EQ(project.install("two").number, 2);
    EXPECT_FALSE(std::filesystem::is_symlink(gens / ".2.new"));
}

TEST(Generations, ThatCannotBeReadAreAFailureAndNotNone) {
    Project project;
    project.install("a");
    const std::filesystem::path gens = project.generations.current_link().parent_path() / "gens";
    const std::filesystem::path aside = gens.parent_path() / "aside";
    std::filesystem::rename(gens, aside);
    std::filesystem::create_symlink("gens", gens); // a circle
    EXPECT_THAT(hint_of([&] { (void)project.generations.all(); }), HasSubstr("cannot read"));
    EXPECT_THAT(hint_of([&] { project.install("b"); }), HasSubstr("cannot read"));
    std::filesystem::remove(gens);
    std::filesystem::rename(aside, gens);
    EXPECT_EQ(project.current_name(), "a");
}

TEST(Generations, OfWhichTheCurrentOneCannotBeReadAreAFailureToo) {
    Project project;
    project.install("a");
    const std::filesystem::path folder = project.generations.folder();
    std::filesystem::rename(folder, folder.parent_path() / "aside");
    std::filesystem::create_symlink(folder.filename(), folder); // a circle
    EXPECT_THAT(hint_of([&] { (void)project.generations.current(); }), HasSubstr("cannot read"));
}

TEST(Generations, MayBeSwitchedByManyProcessesAtOnce) {
    Project project;
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(in_a_process([&] { project.install(std::to_string(i)); }));
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_THAT(project.numbers(), ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(project.generations.current()->number, 4);
}

} // namespace

} // namespace envpm::realize
