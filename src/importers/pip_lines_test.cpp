#include "importers/pip_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::importers {

namespace {

Imported read_lines(const std::vector<std::string>& lines) {
    Imported imported;
    int number = 0;
    for (const std::string& line : lines) {
        read_pip_line(line, {"environment.yml", ++number, 9}, imported);
    }
    return imported;
}

} // namespace

TEST(PipLines, TakeRequirementsWithoutTheirComments) {
    const Imported imported =
        read_lines({"numpy", "torch==2.9.1  # pinned", "  scipy>=1,<2 ; python_version>'3.9' ",
                    "# only a comment", "", "transformers[torch]~=4.40"});
    ASSERT_EQ(imported.wheels.size(), 4U);
    EXPECT_EQ(imported.wheels[1].text, "torch==2.9.1");
    EXPECT_EQ(imported.wheels[1].location.line, 2);
    EXPECT_EQ(imported.wheels[2].text, "scipy>=1,<2 ; python_version>'3.9'");
    EXPECT_TRUE(imported.remarks.left.empty());
}

TEST(PipLines, KnowIndexesInEverySpelling) {
    const Imported imported =
        read_lines({"-i https://a.example.org/simple", "--index-url=https://b.example.org/simple",
                    "--extra-index-url https://c.example.org/whl/cu128", "--pre"});
    ASSERT_EQ(imported.indexes.size(), 2U);
    EXPECT_EQ(imported.indexes[0].url, "https://b.example.org/simple");
    EXPECT_TRUE(imported.indexes[0].is_default);
    EXPECT_EQ(imported.indexes[1].url, "https://c.example.org/whl/cu128");
    EXPECT_FALSE(imported.indexes[1].is_default);
    EXPECT_TRUE(imported.allows_prereleases);
    EXPECT_EQ(imported.remarks.changed.size(), 1U);
}

TEST(PipLines, LeaveWhatIsFromNoIndexWithAReason) {
    struct Case {
        std::string line;
        std::string what;
        std::string why;
    };

    const std::vector<Case> cases = {
        {"-e .", "`-e .`", "no project in its folder"},
        {"--editable ./lib", "`--editable ./lib`", "no project in its folder"},
        {"-r requirements.txt", "`-r requirements.txt`", "that file is not read"},
        {"-r https://host.example.org/r.txt", "`-r https://host.example.org/r.txt`", "download it"},
        {"--constraint=c.txt", "`--constraint=c.txt`", "[constraints]"},
        {"--find-links https://a.example.org/", "`--find-links https://a.example.org/`",
         "under `[indexes]`"},
        {"--no-binary :all:", "`--no-binary :all:`", "an option of pip"},
        {"git+https://me:secret@host.example.org/a.git", "`git+https://host.example.org/a.git`",
         "from indexes only"},
        {"a @ https://host.example.org/a-1.0-py3-none-any.whl",
         "`a @ https://host.example.org/a-1.0-py3-none-any.whl`", "from indexes only"},
        {"./wheels/a-1.0-py3-none-any.whl", "`./wheels/a-1.0-py3-none-any.whl`",
         "from indexes only"},
        {"a-1.0-py3-none-any.whl", "`a-1.0-py3-none-any.whl`", "from indexes only"},
        {"${EXTRA}", "`${EXTRA}`", "from indexes only"},
        {"a==1 --hash=sha256:00", "`--hash=sha256:00`", "a digest of every wheel"},
        {"-i https://me:secret@a.example.org/simple",
         "the password for https://a.example.org/simple", "~/.netrc"},
    };
    for (const Case& example : cases) {
        const Imported imported = read_lines({example.line});
        ASSERT_EQ(imported.remarks.left.size(), 1U) << example.line;
        const Remark& remark = imported.remarks.left.front();
        EXPECT_EQ(remark.what, example.what);
        EXPECT_THAT(remark.why, testing::HasSubstr(example.why)) << example.line;
        EXPECT_EQ(remark.location.text(), "environment.yml:1:9");
    }
}

TEST(PipLines, ShowNoPasswordAndNoToken) {
    EXPECT_EQ(without_passwords("a @ https://u:p@x.example.org/a and http://t@y.example.org"),
              "a @ https://x.example.org/a and http://y.example.org");
    EXPECT_EQ(without_passwords("https://x.example.org/t/ab-12/chan/linux-64/a.conda"),
              "https://x.example.org/chan/linux-64/a.conda");
    EXPECT_EQ(without_passwords("https://x.example.org/t/ab-12"), "https://x.example.org");
    EXPECT_EQ(without_passwords("https://x.example.org/a@b"), "https://x.example.org/a@b");
}

} // namespace envpm::importers
