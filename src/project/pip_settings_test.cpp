#include "project/pip_settings.h"

#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::project {
namespace {

class PipSettingsTest : public testing::Test {
  protected:
    PipSettingsTest()
        : folder_(std::filesystem::temp_directory_path()) {
        variables_.set("HOME", folder_.path().string());
    }

    void write(const std::string& file, const std::string& text) const {
        write_file(folder_.path() / file, text);
    }

    /// `key` of pip's files; "" if none has it.
    [[nodiscard]] std::string option(const std::string& key) const {
        const auto found = pip_option(variables_, key);
        return found ? found->url : "";
    }

    TemporaryFolder folder_;
    Variables variables_;
};

TEST_F(PipSettingsTest, ReadsGlobalAndInstallSectionsOnly) {
    write(".config/pip/pip.conf", "[freeze]\ncolour = red\n[global]\ncolour = green\n");
    EXPECT_EQ(option("colour"), "green");
    write(".config/pip/pip.conf", "colour = none\n[install]\ncolour: blue\n");
    EXPECT_EQ(option("colour"), "blue");
    write(".config/pip/pip.conf", "[list]\ncolour = red\n");
    EXPECT_EQ(option("colour"), "");
}

TEST_F(PipSettingsTest, TheSectionOfInstallWinsWhereverItStands) {
    write(".config/pip/pip.conf",
          "[global]\ncolour = green\nshape = round\n[install]\ncolour = blue\n");
    EXPECT_EQ(option("colour"), "blue");
    write(".pip/pip.conf", "[install]\nshape = square\n");
    EXPECT_EQ(option("shape"), "square");
}

TEST_F(PipSettingsTest, SkipsCommentsAndWhiteSpaceAsPipDoes) {
    write(".config/pip/pip.conf", "# colour = red\n; colour = red\n\n [global] \r\n"
                                  "  colour\t=  https://a.example.org/x=1  \r\n");
    EXPECT_EQ(option("colour"), "https://a.example.org/x=1");
}

TEST_F(PipSettingsTest, ALineThatIsNoSettingIsSkipped) {
    write(".config/pip/pip.conf", "[global\ncolour\n[global]\nno separator\ncolour = green");
    EXPECT_EQ(option("colour"), "green");
}

TEST_F(PipSettingsTest, ExtraIndexesAreThoseOfTheVariableOrOfAFileOnSeveralLines) {
    const auto urls = [this] {
        std::vector<std::string> found;
        for (const Mirror& index : pip_extra_indexes(variables_)) {
            found.push_back(index.url);
        }
        return found;
    };
    EXPECT_THAT(urls(), testing::IsEmpty());
    write(".config/pip/pip.conf", "[global]\nextra-index-url =\n    https://a\n# no\n\n"
                                  "    https://b  https://c\ncert = /x\n    https://d\n");
    EXPECT_THAT(urls(), testing::ElementsAre("https://a", "https://b", "https://c"));
    EXPECT_EQ(option("cert"), "/x");
    variables_.set("PIP_EXTRA_INDEX_URL", "https://e https://f");
    EXPECT_THAT(urls(), testing::ElementsAre("https://e", "https://f"));
    EXPECT_EQ(pip_extra_indexes(variables_).front().origin, "PIP_EXTRA_INDEX_URL");
    variables_.set("PIP_EXTRA_INDEX_URL", " ");
    EXPECT_THAT(urls(), testing::IsEmpty());
}

TEST_F(PipSettingsTest, AKeyMayBeWrittenWithUnderscoresAndItsValueOnTheNextLine) {
    write(".config/pip/pip.conf", "[global]\nIndex_URL =\n    https://own.example.org/s\n");
    EXPECT_EQ(option("index-url"), "https://own.example.org/s");
}

TEST_F(PipSettingsTest, TheEmptyDeviceInPlaceOfAFileRulesAllOut) {
    write(".config/pip/pip.conf", "[global]\ncolour = red\n");
    EXPECT_EQ(option("colour"), "red");
    variables_.set("PIP_CONFIG_FILE", "/dev/null");
    EXPECT_EQ(option("colour"), "");
}

TEST_F(PipSettingsTest, TheStrongestFileThatHasTheKeyWins) {
    const std::string text = "[global]\ncolour = ";
    write(".pip/pip.conf", text + "old");
    EXPECT_EQ(option("colour"), "old");
    write(".config/pip/pip.conf", text + "user");
    EXPECT_EQ(option("colour"), "user");
    variables_.set("XDG_CONFIG_HOME", (folder_.path() / "xdg").string());
    write("xdg/pip/pip.conf", text + "xdg");
    EXPECT_EQ(option("colour"), "xdg");
    variables_.set("PIP_CONFIG_FILE", (folder_.path() / "own.conf").string());
    write("own.conf", "[global]\nother = 1\n");
    EXPECT_EQ(option("colour"), "xdg");
    write("own.conf", text + "own");
    EXPECT_EQ(option("colour"), "own");
    EXPECT_EQ(pip_option(variables_, "colour")->origin, folder_.path() / "own.conf");
}

TEST_F(PipSettingsTest, TheVariableWinsOverTheFiles) {
    variables_.set("PIP_CONFIG_FILE", (folder_.path() / "own.conf").string());
    write("own.conf", "[global]\nindex-url = https://file.example.org/simple\n");
    EXPECT_EQ(pip_index(variables_)->url, "https://file.example.org/simple");
    EXPECT_EQ(pip_index(variables_)->kind, MirrorKind::pip);
    variables_.set("PIP_INDEX_URL", "https://variable.example.org/simple");
    EXPECT_EQ(pip_index(variables_)->url, "https://variable.example.org/simple");
    EXPECT_EQ(pip_index(variables_)->origin, "PIP_INDEX_URL");
}

} // namespace
} // namespace envpm::project
