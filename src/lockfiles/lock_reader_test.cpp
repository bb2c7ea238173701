#include "base/error.h"
#include "lockfiles/lock_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::lockfiles {
namespace {

using ::testing::HasSubstr;

// Line 4 is the target, line 12 the package idna, line 21 the package torch.
std::string good_text() {
    Lock lock{sha256_of("manifest"), {}, {}};
    lock.targets.push_back({{"default", Platform::linux_64, {2, 28}},
                            LockedPython{{"cpython", 3, 12, "cp312"}, "3.12.4"},
                            sha256_of(""),
                            std::nullopt});
    const std::string idna = "idna-3.10-py3-none-any.whl";
    const std::string torch = "torch-2.9.1-cp312-cp312-manylinux_2_28_x86_64.whl";
    lock.packages.push_back({*PackageName::parse("idna"),
                             "3.10",
                             "pypi",
                             idna,
                             70442,
                             sha256_of(idna),
                             {"default"},
                             {},
                             {},
                             false});
    lock.packages.push_back({*PackageName::parse("torch"),
                             "2.9.1",
                             "pypi",
                             torch,
                             899755312,
                             sha256_of(torch),
                             {"default"},
                             {*PackageName::parse("opt")},
                             {"idna >=2"},
                             true});
    lock.targets[0].env = env_digest(lock, lock.targets[0]);
    return to_text(lock);
}

/// `good_text` with the first `from` replaced.
std::string changed(const std::string& from, const std::string& to) {
    std::string text = good_text();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

struct Refusal {
    std::string what;
    std::string subject;
    std::string hint;
    ExitCode code = ExitCode::done;
};

Refusal refusal_of(const std::string& text) {
    try {
        parse(text, "envpm.lock");
    } catch (const Error& error) {
        return {error.text().what, error.text().subject, error.text().hint, error.code()};
    }
    return {"it was accepted", {}, {}, ExitCode::done};
}

struct Case {
    std::string from;
    std::string to;
    std::string what;
    std::string place; ///< "line" or "line:column"
    ExitCode code = ExitCode::failed;
    std::string hint = {};
};

void check(const std::vector<Case>& cases) {
    for (const Case& example : cases) {
        const Refusal refusal = refusal_of(changed(example.from, example.to));
        SCOPED_TRACE(example.to);
        EXPECT_THAT(refusal.what, HasSubstr(example.what));
        EXPECT_THAT(refusal.subject + ":", HasSubstr("envpm.lock:" + example.place + ":"));
        EXPECT_EQ(refusal.code, example.code);
        EXPECT_THAT(refusal.hint, HasSubstr(example.hint));
    }
}

TEST(LockReader, AcceptsWhatToTextWrites) {
    EXPECT_EQ(to_text(parse(good_text(), "envpm.lock")), good_text());
}

TEST(LockReader, RefusesWhatIsMalformed) {
    const ExitCode failed = ExitCode::failed;
    check({
        {"version = 1", "version = 2", "version 2, this envpm reads version 1", "1:11", failed,
         "update envpm"},
        {"version = 1", "version = 0", "no lock version 0", "1:11"},
        {"version = 1", "version = \"1\"", "`version` must be a whole number, not a string", "1"},
        {"version = 1", "revision = 1", "`version` is missing", "1"},
        {"version = 1", "version = ", "not valid TOML", "1"},
        {"manifest = ", "manifets = ", "unknown key `manifets`", "2:1", failed,
         "did you mean `manifest`?"},
        {"manifest = \"sha256:", "manifest = \"md5:", "`manifest` must be `sha256:`", "2"},
        {"glibc = \"2.28\"", "glibc = \"two\"", "`glibc` must be like", "6:9"},
        {"glibc = \"2.28\"\n", "", "`glibc` is missing in `target.default`", "4"},
        {"glibc = \"2.28\"", "glibc = \"2.28\"\nkernel = \"5\"", "unknown key `kernel`", "7:1",
         failed, "known: `platform`, `glibc`"},
        {"glibc = \"2.28\"", "glibc = \"2.28\"\ndriver = \"new\"", "`driver` must be like", "7:10"},
        {"glibc = \"2.28\"", "glibc = \"2.28\"\ncuda = \"x\"", "`cuda` must be like", "7:8"},
        {"glibc = \"2.28\"", "glibc = \"2.28\"\ncudnn = \"9 1\"", "cudnn", "7:9"},
        {"glibc = \"2.28\"", "glibc = \"2.28\"\ngpu = [\"x\"]", "no compute capability", "7:7"},
        {"\"linux-64\"", "\"win-64\"", "unknown platform `win-64`", "5:12"},
        {"[target.default]", "[target.\"a/b\"]", "`a/b` cannot name a target", "4"},
        {"\"3.12.4\"", "\"3\"", "`python-version` must be like", "8"},
        {"\"3.12.4\"", "\"3.12 ; rm\"", "`python-version` cannot be", "8"},
        {"\"cp312\"", "\"../cp312\"", "`python` cannot be", "7"},
        {"\"cpython\"", "\"\"", "`python-implementation` cannot be", "9"},
        {"env = \"sha256:", "env = \"sha256:0", "`env` must hold 64", "10"},
        {"name = \"idna\"", "name = \"IDNA\"", "`name` must be a normalised name", "13:8"},
        {"name = \"idna\"", "name = \"\"", "`name` must be a normalised name", "13"},
        {"version = \"3.10\"", "version = \"3.10\\n\"", "`version` cannot be \"3.10\\u000A\"",
         "14"},
        {"size = 70442", "size = 0", "`size` must be from 1", "17"},
        {"size = 70442", "size = -1", "`size` must be from 1", "17"},
        {"size = 70442", "size = 9223372036854775807", "`size` must be from 1", "17"},
        {"size = 70442", "size = 92233720368547758070", "not valid TOML", "17"},
        {"size = 70442", "size = 1.5", "`size` must be a whole number, not a number", "17"},
        {"targets = [\"default\"]", "targets = []", "at least one target", "19"},
        {"targets = [\"default\"]", "targets = [\"default\", \"default\"]", "each once", "19"},
        {"targets = [\"default\"]", "targets = \"default\"", "must be an array of strings", "19"},
        {"targets = [\"default\"]", "targets = [1]", "must be a string, not a whole number", "19"},
        {"extras = [\"opt\"]", "extras = [\"opt\", \"opt\"]", "each extra once", "29"},
        {"extras = [\"opt\"]", "extras = [\"O_pt\"]", "must be a normalised name", "29"},
        {"overridden = true", "overridden = 1", "must be true or false, not a whole number", "33"},
        {"overridden = true", "yanked = true", "unknown key `yanked`", "33:1"},
        {"overridden = true", "wins = [\"a\", \"a\"]", "each path once", "33"},
        {"overridden = true", "wins = \"a\"", "must be an array", "33"},
    });
}

TEST(LockReader, RefusesWhatCannotBeTrueOrSafe) {
    const ExitCode lies = ExitCode::integrity;
    const std::string wheel = "\"idna-3.10-py3-none-any.whl\"";
    check({
        {wheel, "\"../idna-3.10-py3-none-any.whl\"", "plain wheel name", "16:8", lies, {}},
        {wheel, "\"/idna-3.10-py3-none-any.whl\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"a\\\\idna-3.10-py3-none-any.whl\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"https://example.org/idna-3.10-py3-none-any.whl\"", "plain wheel name", "16",
         lies, "without a path or a URL"},
        {wheel, "\"idna-3.10-py3-none-any.whl?x\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"idna-3.10-py3-none-any%2f.whl\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"idna-3.10-py3-none-any\\u0000.whl\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"idna-3.10.tar.gz\"", "plain wheel name", "16", lies, {}},
        {wheel, "\"idna-3.10.whl\"", "plain wheel name", "16", lies, {}},
        {wheel, "\".idna-3.10-py3-none-any.whl\"", "plain wheel name", "16", lies, {}},
        {wheel,
         "\"" + std::string(300, 'i') + "-1-py3-none-any.whl\"",
         "plain wheel name",
         "16",
         lies,
         {}},
        {wheel, "\"evil-3.10-py3-none-any.whl\"", "is no file of `idna`", "16", lies, {}},
        {"source = \"pypi\"", "source = \"https://example.org/simple\"", "plain name of an index",
         "15:10", lies, "a lock names no URL"},
        {"source = \"pypi\"", "source = \"../pypi\"", "plain name of an index", "15", lies, {}},
        {"targets = [\"default\"]", "targets = [\"defualt\"]", "no target \"defualt\"", "19:12",
         lies, "did you mean `default`?"},
        {"\"idna >=2\"",
         "\"idna @ https://example.org/x\"",
         "names with specifiers",
         "31:5",
         lies,
         {}},
        {"\"idna >=2\"", "\"\\u001b[31m\"", "names with specifiers", "31", lies, {}},
        {"overridden = true", "wins = [\"/etc\"]", "paths of the environment", "33:9", lies, {}},
        {"\"cp312\"", "\"cp311\"", "the ABI `cp311` is not that of CPython 3.12.4", "7", lies, {}},
        {"\"3.12.4\"",
         "\"3.11.4\"",
         "the ABI `cp312` is not that of CPython 3.11.4",
         "7",
         lies,
         {}},
        {"\"cp312\"", "\"cp312t\"", "`env` of target `default` is not the digest", "10", lies,
         "run `envpm lock`, which takes what is in it as its start"},
        {wheel,
         "\"idna-3.10-1-py3-none-any.whl\"",
         "is not the digest of its packages",
         "10:7",
         lies,
         {}},
    });
}

TEST(LockReader, RefusesAPackageThatStandsTwiceForATargetAndNamesBothPlaces) {
    std::string text = good_text();
    const std::size_t begin = text.find("[[package]]");
    text += "\n" + text.substr(begin, text.find("[[package]]", begin + 1) - begin);
    const Refusal refusal = refusal_of(text);
    EXPECT_EQ(refusal.what, "`idna` stands twice for target `default`");
    EXPECT_THAT(refusal.subject, HasSubstr("envpm.lock:35"));
    EXPECT_THAT(refusal.hint, HasSubstr("envpm.lock:12"));
    EXPECT_EQ(refusal.code, ExitCode::integrity);
}

TEST(LockReader, RefusesAChangedDigestOfAnArchive) {
    const std::string digest = sha256_of("idna-3.10-py3-none-any.whl").hex();
    EXPECT_EQ(refusal_of(changed(digest, sha256_of("evil").hex())).code, ExitCode::integrity);
    EXPECT_THAT(refusal_of(changed(digest, digest.substr(1))).what, HasSubstr("must hold 64"));
    std::string upper = digest;
    upper[upper.find_first_of("abcdef")] = 'A';
    EXPECT_THAT(refusal_of(changed(digest, upper)).what, HasSubstr("must hold 64 lower-case"));
    EXPECT_THAT(refusal_of(changed(digest, "sha256:../../../../etc")).what, HasSubstr("must hold"));
}

TEST(LockReader, RefusesALockWithoutTargets) {
    const std::string text = "version = 1\nmanifest = \"sha256:" + sha256_of("").hex() + "\"\n";
    EXPECT_THAT(refusal_of(text).what, HasSubstr("`target` is missing"));
    EXPECT_THAT(refusal_of(text + "target = {}\n").what, HasSubstr("1 to 256 targets"));
}

TEST(LockReader, SaysThatAMergeIsNotResolved) {
    const Refusal refusal =
        refusal_of(changed("[target.default]", "<<<<<<< HEAD\n[target.default]"));
    EXPECT_EQ(refusal.what, "the lock holds a merge that is not resolved");
    EXPECT_EQ(refusal.subject, "envpm.lock:4:1");
    EXPECT_EQ(refusal_of("<<<<<<< HEAD\n").subject, "envpm.lock:1:1");
}

TEST(LockReader, TakesAMergedLockAsAStartThatEqualsNoRightOne) {
    const Lock good = parse(good_text(), "envpm.lock");
    const std::string sealed = "contents = \"sha256:" + sha256_of("contents").hex() + "\"\n";
    const std::string env_line = "env = \"sha256:" + good.targets[0].env.hex() + "\"\n";
    const std::string right = changed(env_line, env_line + sealed);
    EXPECT_EQ(parse_for_update(right, "envpm.lock"), parse(right, "envpm.lock"));

    std::string merged = right;
    const std::string version = "version = \"3.10\"";
    merged.replace(merged.find(version), version.size(), "version = \"3.11\"");
    const std::string file = "idna-3.10-py3";
    merged.replace(merged.find(file), file.size(), "idna-3.11-py3");
    EXPECT_THAT(refusal_of(merged).what, HasSubstr("is not the digest of its packages"));
    const Lock start = parse_for_update(merged, "envpm.lock");
    EXPECT_EQ(start.packages.at(0).version, "3.11");
    EXPECT_EQ(start.targets.at(0).env, good.targets[0].env) << "it must not pass for a right one";
    EXPECT_NE(start.targets.at(0).env, env_digest(start, start.targets[0]));
    EXPECT_EQ(start.targets.at(0).contents, sha256_of("contents")) << "for who solves it anew";
}

TEST(LockReader, ChecksAllElseOfAStartToo) {
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"version = 1", "version = 2"},
             {"\"idna-3.10-py3-none-any.whl\"", "\"../idna-3.10-py3-none-any.whl\""},
             {"source = \"pypi\"", "source = \"../pypi\""},
             {"targets = [\"default\"]", "targets = [\"defualt\"]"},
             {"\"cp312\"", "\"cp311\""},
             {"env = \"sha256:", "env = \"sha256:0"},
             {"[target.default]", "<<<<<<< HEAD\n[target.default]"}}) {
        EXPECT_THROW(parse_for_update(changed(from, to), "envpm.lock"), Error) << to;
    }
}

TEST(LockReader, TakesATextThatIsNotCanonical) {
    const std::string text = changed("[target.default]", "# merged\r\n[target.default]");
    EXPECT_EQ(to_text(parse(text, "envpm.lock")), good_text());
}

} // namespace
} // namespace envpm::lockfiles
