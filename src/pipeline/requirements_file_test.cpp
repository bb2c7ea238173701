#include "pipeline/requirements_file.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RequirementsFileTest : public testing::Test {
  protected:
    RequirementsFile read(const std::string& text) {
        write_file(at("requirements.txt"), text);
        return read_requirements_file(at("requirements.txt"));
    }

    std::string complaint(const std::string& text) {
        try {
            (void)read(text);
        } catch (const Error& error) {
            return error.what();
        }
        return "none";
    }

    [[nodiscard]] std::filesystem::path at(const std::string& name) const {
        return folder_.path() / name;
    }

  private:
    TemporaryFolder folder_{std::filesystem::temp_directory_path()};
};

TEST_F(RequirementsFileTest, ComesToWhatAddTakes) {
    write_file(at("more/base.txt"), "gamma\n");
    const RequirementsFile file = read("# of a colleague\n"
                                       "-r more/base.txt\n"
                                       "alpha[x]==1.0 ; python_version < '4' --hash=sha256:aa\n"
                                       "Beta >= 1, <3  # why\n"
                                       "beta != 2\n");
    EXPECT_THAT(file.requirements,
                ElementsAre("gamma", "alpha[x]==1.0; python_version < \"4\"", HasSubstr("beta")));
    ASSERT_EQ(file.remarks.left.size(), 1U);
    EXPECT_THAT(file.remarks.left.front().what, HasSubstr("`--hash` of 1 requirement"));
}

TEST_F(RequirementsFileTest, SaysWhatOfItIsNotTaken) {
    const RequirementsFile file = read("--index-url https://me:secret@own.example.org/simple\n"
                                       "--pre\n"
                                       "-e .\n"
                                       "alpha\n");
    std::string left;
    for (const Remark& remark : file.remarks.left) {
        left += remark.what + ": " + remark.why + "\n";
    }
    EXPECT_THAT(left, HasSubstr("the index https://own.example.org/simple: if it is not there"));
    EXPECT_THAT(left, HasSubstr("`--pre`: write `prereleases"));
    EXPECT_THAT(left, HasSubstr("`-e .`"));
    EXPECT_THAT(left, testing::Not(HasSubstr("secret")));
}

TEST_F(RequirementsFileTest, NamesTheLineThatIsWrong) {
    EXPECT_THAT(complaint("alpha\n\nbeta=>1\n"), HasSubstr("requirements.txt:3:1"));
    EXPECT_THAT(complaint("alpha\n-r more/absent.txt\n"),
                testing::AllOf(HasSubstr("no such file"), HasSubstr("more/absent.txt"),
                               HasSubstr("give the path"),
                               HasSubstr("requirements.txt:2:1 names it")));
    EXPECT_THAT(complaint("-r requirement.txt\n"),
                HasSubstr("did you mean `" + at("requirements.txt").string() + "`?"));
    EXPECT_THAT(complaint("# nothing\n"), HasSubstr("asks for no package"));
    EXPECT_THAT(complaint("-e .\n"), HasSubstr("`-e .`"));
    EXPECT_THAT(complaint("alpha==1.0 ; python_version < '3.12'\nAlpha==2.0\n"),
                testing::AllOf(HasSubstr("requirements.txt:2:1"), HasSubstr("each for other")));
}

} // namespace
} // namespace envpm::pipeline
