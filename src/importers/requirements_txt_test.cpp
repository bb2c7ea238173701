#include "importers/requirements_txt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace envpm::importers {

namespace {

using testing::ElementsAre;

using Files = std::map<std::string, std::string>;

Imported read_files(const Files& files) {
    return read_requirements_txt(
        files.at("top.txt"), "top.txt",
        [&](const std::filesystem::path& file) -> std::optional<std::string> {
            const auto found = files.find(file.string());
            return found == files.end() ? std::nullopt : std::optional(found->second);
        });
}

std::vector<std::string> wheels_of(const Imported& imported) {
    std::vector<std::string> out;
    for (const ImportedWheel& wheel : imported.wheels) {
        out.push_back(wheel.text + " at " + wheel.location.text());
    }
    return out;
}

std::vector<std::string> left_of(const Imported& imported) {
    std::vector<std::string> out;
    for (const Remark& remark : imported.remarks.left) {
        out.push_back(remark.what + " at " + remark.location.text());
    }
    return out;
}

} // namespace

TEST(RequirementsTxt, HasCommentsMarkersAndContinuedLines) {
    const Imported imported = read_files({{"top.txt", "\xef\xbb\xbf# made by hand \\\r\n"
                                                      "alpha[x]>=1 ; \\\r\n"
                                                      "  python_version >= '3.9'  # why\r\n"
                                                      "\r\n"
                                                      "beta"}});
    EXPECT_THAT(wheels_of(imported),
                ElementsAre("alpha[x]>=1 ;   python_version >= '3.9' at top.txt:2:1",
                            "beta at top.txt:5:1"));
    EXPECT_TRUE(imported.remarks.left.empty());
}

TEST(RequirementsTxt, LeavesHashesWithOneWord) {
    const Imported imported = read_files({{"top.txt", "alpha==1.0 \\\n"
                                                      "    --hash=sha256:aa \\\n"
                                                      "    --hash sha256:bb\n"
                                                      "beta==2 --hash=sha256:cc  # via alpha\n"}});
    EXPECT_THAT(wheels_of(imported), ElementsAre("alpha==1.0 at top.txt:1:1", "beta==2 at "
                                                                              "top.txt:4:1"));
    EXPECT_THAT(left_of(imported), ElementsAre("`--hash` of 2 requirements at top.txt"));
}

TEST(RequirementsTxt, ReadsTheFilesThatItNamesOnce) {
    const Imported imported = read_files({{"top.txt", "-r sub/one.txt # first\n"
                                                      "--requirement=sub/two.txt\n"
                                                      "-r absent.txt\n"
                                                      "top\n"},
                                          {"sub/one.txt", "one\n-r two.txt\n"},
                                          {"sub/two.txt", "two\n-r ../top.txt\n"}});
    EXPECT_THAT(wheels_of(imported), ElementsAre("one at sub/one.txt:1:1", "two at sub/two.txt:1:1",
                                                 "top at "
                                                 "top.txt:4:1"));
    EXPECT_THAT(left_of(imported), ElementsAre("`-r absent.txt` at top.txt:3:1"));
}

} // namespace envpm::importers
