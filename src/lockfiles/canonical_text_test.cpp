#include "lockfiles/canonical_text.h"

#include "base/error.h"
#include "lockfiles/lock_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace envpm::lockfiles {
namespace {

std::string canonical_good_text() {
    Lock lock{sha256_of("manifest"), {}, {}};
    for (const char* name : {"a100", "node.v2"}) {
        lock.targets.push_back({{name, Platform::linux_64, {2, 28}},
                                LockedPython{{"cpython", 3, 12, "cp312"}, "3.12.4"},
                                sha256_of(name),
                                std::nullopt});
    }
    for (const char* name : {"idna", "torch"}) {
        lock.packages.push_back({*PackageName::parse(name),
                                 "3.10",
                                 "pypi",
                                 fmt::format("{}-3.10-py3-none-any.whl", name),
                                 70442,
                                 sha256_of(name),
                                 {"a100", "node.v2"},
                                 {},
                                 {},
                                 false});
    }
    lock.packages[1].extras = {*PackageName::parse("opt")};
    lock.packages[1].dependencies = {"attrs", "idna >=2"};
    lock.packages[1].is_overridden = true;
    return to_text(lock);
}

std::string shown(const TomlValue& value) {
    std::string out = value.location.text() + " " + std::string(value.kind());
    if (const auto* const table = value.get_if<TomlValue::Table>()) {
        for (const TomlValue::Member& member : *table) {
            out += fmt::format("\n{} {} = {}", member.name, member.location.text(),
                               shown(member.value));
        }
    } else if (const auto* const array = value.get_if<TomlValue::Array>()) {
        for (const TomlValue& item : *array) {
            out += "\n- " + shown(item);
        }
    } else if (const auto* const text = value.get_if<std::string>()) {
        out += " " + *text;
    } else if (const auto* const number = value.get_if<std::int64_t>()) {
        out += fmt::format(" {}", *number);
    } else if (const auto* const truth = value.get_if<bool>()) {
        out += fmt::format(" {}", *truth);
    }
    return out;
}

std::string as_toml(const std::string& text) {
    try {
        return shown(parse_toml(text, "envpm.lock"));
    } catch (const Error&) {
        return "no TOML";
    }
}

TEST(CanonicalText, IsReadAsTomlReadsIt) {
    const auto value = read_canonical_text(canonical_good_text(), "envpm.lock");
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(shown(*value), as_toml(canonical_good_text()));
}

TEST(CanonicalText, IsNeverReadInAnotherWayThanToml) {
    const std::string good = canonical_good_text();
    const std::string characters = "\n\"\\[]=., #0-+'tTe\x01\x7f\xc3";
    std::mt19937 random(11);
    int read = 0;
    for (int round = 0; round < 1500; ++round) {
        std::string text = good;
        const std::size_t at = random() % text.size();
        const std::size_t length = random() % 3;
        const std::string put(random() % 2, characters[random() % characters.size()]);
        text.replace(at, length, put);
        if (const auto value = read_canonical_text(text, "envpm.lock")) {
            ++read;
            ASSERT_EQ(shown(*value), as_toml(text)) << text;
        }
    }
    EXPECT_GT(read, 50); // changes within strings are as good as any text
}

TEST(CanonicalText, LeavesTheRestOfTomlToItsReader) {
    for (const char* text : {"a = 1 # one\n",
                             "a=1\n",
                             "a = 'x'\n",
                             "a = \"\\n\"\n",
                             "a = \"\"\"x\"\"\"\n",
                             "a = 01\n",
                             "a = +1\n",
                             "a = -01\n",
                             "a = -1\n",
                             "a = \n",
                             "a = 1_0\n",
                             "a = 0x1\n",
                             "a = 1.5\n",
                             "a = 1\r\n",
                             "a = 1",
                             "a.b = 1\n",
                             "a = 1\na = 2\n",
                             "\"a\" = 1\n",
                             "target = 1\n",
                             "package = []\n",
                             "[target]\n",
                             "[package]\n",
                             "[target.x]\n[target.x]\n",
                             "[[package]]\n[target.x]\n",
                             "a = \"\xc3\xa9\"\n",
                             "a = [1]\n",
                             "a = [\"x\",]\n",
                             "a = [\n  \"x\",\n]\n",
                             "a = [[]]\n",
                             "a = {}\n",
                             "a = 99999999999999999999\n",
                             "a = \"x\n\"\n",
                             "a = true1\n",
                             "a = \"x\" \"y\"\n"}) {
        EXPECT_FALSE(read_canonical_text(text, "envpm.lock").has_value()) << text;
    }
}

} // namespace
} // namespace envpm::lockfiles
