#include "base/error.h"

#include <cerrno>

namespace envpm {

namespace {

Error system_error(int number) {
    try {
        throw_system_error("cannot write a file", "/data/x", number);
    } catch (const Error& error) {
        return error;
    }
}

TEST(Error, OneLineHoldsWhatSubjectAndHint) {
    EXPECT_STREQ(Error({"it broke", "a.toml:3", "mend it"}).what(), "it broke: a.toml:3 (mend it)");
    EXPECT_STREQ(Error({"it broke", {}, {}}).what(), "it broke");
    EXPECT_STREQ(Error({"it broke", {}, "mend it"}).what(), "it broke (mend it)");
}

TEST(Error, EndsTheCommandWithOneUnlessToldOtherwise) {
    EXPECT_EQ(Error({"x", {}, {}}).code(), ExitCode::failed);
    EXPECT_EQ(Error({"x", {}, {}}, ExitCode::network).code(), ExitCode::network);
}

TEST(Error, KeepsContextsInnermostFirst) {
    Error error({"it broke", {}, {}});
    error.add_context("while reading `a`");
    error.add_context("while locking");
    EXPECT_EQ(error.contexts(), (std::vector<std::string>{"while reading `a`", "while locking"}));
    EXPECT_STREQ(error.what(), "it broke; while reading `a`; while locking");
}

TEST(Error, ASystemErrorSpeaksInTheSystemsWords) {
    const Error error = system_error(ENOENT);
    EXPECT_EQ(error.text().what, "cannot write a file: No such file or directory");
    EXPECT_EQ(error.text().subject, "/data/x");
    EXPECT_EQ(error.text().hint, "");
    EXPECT_EQ(error.code(), ExitCode::failed);
}

TEST(Error, SaysWhatToDoAboutSpaceAndRights) {
    const std::map<int, std::string> hints = {
        {ENOSPC, "free some space"}, {EIO, "`dmesg`"},     {ENOTDIR, "where a folder is to be"},
        {EDQUOT, "quota"},           {EROFS, "read-only"}, {EACCES, "who owns it"},
        {EPERM, "who owns it"}};
    for (const auto& [number, words] : hints) {
        EXPECT_THAT(system_error(number).text().hint, testing::HasSubstr(words)) << number;
    }
}

} // namespace

} // namespace envpm
