#include "realize/prefix_manifest.h"

#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace envpm::realize {

namespace {

PrefixManifest sample() {
    return {
        sha256_of("env"),
        "/store/p/abc",
        Interpreter{"/usr/bin/python3.11", {"cpython", 3, 11, "cp311"}, "3.11.2"},
        {sha256_of("a"), sha256_of("b")},
        {{"bin/\"quoted\" ü", EntryKind::executable, sha256_of("x"), 1, {{2, 40}, {7}, true, {}}},
         {"lib/a.py", EntryKind::file, sha256_of(""), 0, {}},
         {"lib/libx.so",
          EntryKind::executable,
          sha256_of("so"),
          9,
          {{}, {}, false, PlaceholderUse{"/ph", PlaceholderMode::binary, {3, 5}, false, ""}}},
         {"bin/\"perl\"",
          EntryKind::executable,
          sha256_of("pl"),
          9,
          {{}, {}, false, PlaceholderUse{"/ph", PlaceholderMode::text, {3}, true, "#!/ph/a"}}},
         {"var/empty", EntryKind::folder, sha256_of("f"), 0, {}},
         {"lib64", EntryKind::link, sha256_of("lib"), 3, {}}}};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(PrefixManifest, ReadsWhatItWrote) {
    const std::string text = to_text(sample());
    EXPECT_EQ(parse_manifest(text, "m"), sample());
    EXPECT_EQ(to_text(parse_manifest(text, "m")), text);
}

TEST(PrefixManifest, BeginsWithItsVersionAndHasALineAFile) {
    const std::string text = to_text(sample());
    EXPECT_TRUE(text.starts_with("{\"version\":2,"));
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 8);
    PrefixManifest empty = sample();
    empty.files.clear();
    EXPECT_EQ(parse_manifest(to_text(empty), "m"), empty);
}

TEST(PrefixManifest, RefusesWhatItDidNotWrite) {
    const std::string text = to_text(sample());
    const std::vector<std::string> damaged = {
        "",
        "{}",
        "[]",
        text.substr(0, text.size() / 2),
        replaced(text, "\"version\":2", "\"version\":3"),
        replaced(text, "\"mode\":\"text\"", "\"mode\":\"other\""),
        replaced(text, "lib/a.py", "../a.py"),
        replaced(text, "\"type\":\"file\"", "\"type\":\"socket\""),
        replaced(text, "\"size\":0", "\"size\":-1"),
        replaced(text, "[2,40]", "[2,-40]"),
        replaced(text, "[2,40]", "[2,\"x\"]"),
        replaced(text, "\"trampoline\"", "\"x\""),
        replaced(text, sha256_of("a").hex(), "abc"),
        replaced(text, "\"minor\":11", "\"minor\":99999999999"),
    };
    for (const std::string& bad : damaged) {
        try {
            parse_manifest(bad, "the-file");
            ADD_FAILURE() << bad;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::integrity);
            EXPECT_EQ(error.text().subject, "the-file");
        }
    }
}

TEST(PrefixManifest, GivesChosenFilesAsTheWholeHasThem) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    PrefixManifest manifest = sample();
    manifest.files.push_back({"odd\"name.so", EntryKind::file, sha256_of("odd"), 3, {}});
    write_file(manifest_path(folder.path()), to_text(manifest));
    const auto all = [](std::string_view /*path*/, EntryKind /*kind*/) { return true; };
    const auto none = [](std::string_view /*path*/, EntryKind /*kind*/) { return false; };
    EXPECT_EQ(read_manifest_files(folder.path(), all), manifest.files);
    EXPECT_EQ(read_manifest_files(folder.path(), none), std::vector<RealisedFile>());
    for (const RealisedFile& file : manifest.files) {
        const auto one =
            read_manifest_files(folder.path(), [&](std::string_view path, EntryKind kind) {
                return path == file.path && kind == file.kind;
            });
        EXPECT_EQ(one, std::vector<RealisedFile>{file}) << file.path;
    }
    write_file(manifest_path(folder.path()), "{\"version\":3,\"files\":[\n]}\n");
    EXPECT_THROW(read_manifest_files(folder.path(), none), Error);
}

TEST(PrefixManifest, OfManyFilesGivesEachThoughItIsReadInPieces) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    PrefixManifest manifest = sample();
    manifest.files.clear();
    for (std::uint64_t i = 0; i < 8000; ++i) { // more than a megabyte
        const std::string name = std::to_string(i);
        manifest.files.push_back({"lib/" + name, EntryKind::file, sha256_of(name), i, {}});
    }
    write_file(manifest_path(folder.path()), to_text(manifest));
    const auto all = [](std::string_view /*path*/, EntryKind /*kind*/) { return true; };
    EXPECT_EQ(read_manifest_files(folder.path(), all), manifest.files);
}

TEST(PrefixManifest, ThatIsNoFileIsAnErrorAndIsNotWaitedFor) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path manifest = manifest_path(folder.path());
    std::filesystem::create_directories(manifest.parent_path());
    ASSERT_EQ(::mkfifo(manifest.c_str(), 0600), 0);
    const auto all = [](std::string_view /*path*/, EntryKind /*kind*/) { return true; };
    EXPECT_THROW(read_manifest_files(folder.path(), all), Error);
}

TEST(PrefixManifest, IsNothingWhereThereIsNone) {
    EXPECT_EQ(read_manifest("/nonexistent"), std::nullopt);
    EXPECT_EQ(read_manifest_files("/nonexistent", [](auto, auto) { return true; }), std::nullopt);
}

TEST(PrefixManifest, MayHaveNoPythonOfTheHost) {
    PrefixManifest manifest = sample();
    manifest.interpreter.reset();
    EXPECT_EQ(parse_manifest(to_text(manifest), "m"), manifest);
}

TEST(PrefixManifest, IsReadInItsFirstVersionToo) {
    const std::string text = replaced(to_text(sample()), "\"version\":2", "\"version\":1");
    EXPECT_EQ(parse_manifest(text, "m"), sample());
}

TEST(HasAnyOf, ReadsNoFurtherThanItMust) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::filesystem::path file = manifest_path(folder.path());
    const std::string empty = to_text({sha256_of("env"), "/p", std::nullopt, {}, {}});
    const std::string first = empty.substr(0, empty.find('\n'));
    const auto line = [](const std::string& path) {
        return fmt::format("\n{{\"path\":\"{}\",\"type\":\"file\",", path);
    };
    const auto has_python = [&](const std::string& text) {
        write_file(file, text, Durability::cached);
        return has_any_of(folder.path(), {"bin/python", "bin/python3"});
    };
    EXPECT_EQ(has_python(first + line("bin/a") + line("bin/python3") + "\ngarbage"), true);
    EXPECT_EQ(
        has_python(first + line("bin-x") + line("bin/python3.11") + line("lib/a") + "\ngarbage"),
        false);
    EXPECT_EQ(has_python(empty), false);
    EXPECT_EQ(has_python(first + line("bin/a\\\"b") + line("bin/python") + "\n]}"), true);
    EXPECT_EQ(has_python(first + line("bin/a")), std::nullopt) << "cut short";
    EXPECT_EQ(has_python(first + line("bin/a") + "\ngarbage" + line("lib/a")), std::nullopt);
    EXPECT_EQ(has_python("{\"version\":99,\"files\":[" + line("lib/a")), std::nullopt);
    EXPECT_EQ(has_any_of("/nonexistent", {"bin/python"}), std::nullopt);
}

} // namespace

} // namespace envpm::realize
