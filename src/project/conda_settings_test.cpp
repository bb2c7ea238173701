#include "project/conda_settings.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::project {
namespace {

using testing::HasSubstr;
using testing::Not;

class CondaSettingsTest : public testing::Test {
  protected:
    CondaSettingsTest()
        : folder_(std::filesystem::temp_directory_path()) {
        variables_.set("HOME", folder_.path().string());
    }

    void write(const std::string& file, const std::string& text) const {
        write_file(folder_.path() / file, text);
    }

    [[nodiscard]] std::optional<Mirror> place(const std::string& url) const {
        return CondaSettings::read(conda_setting_files(variables_)).place_of(url);
    }

    /// The place's URL; "" if no file says.
    [[nodiscard]] std::string url(const std::string& channel) const {
        const auto found = place("https://conda.anaconda.org/" + channel);
        return found ? found->url : "";
    }

    [[nodiscard]] std::string failure() const {
        try {
            (void)url("forge");
        } catch (const Error& error) {
            return error.text().what + " | " + error.text().subject + " | " + error.text().hint;
        }
        return "no failure";
    }

    TemporaryFolder folder_;
    Variables variables_;
};

TEST_F(CondaSettingsTest, AnAliasStandsForThePublicPlaceOfAllChannels) {
    EXPECT_EQ(url("forge"), "");
    write(".condarc", "channels:\n  - defaults\nchannel_alias: https://a.example.org/conda/\n");
    EXPECT_EQ(url("forge"), "https://a.example.org/conda/forge");
    EXPECT_THAT(place("https://conda.anaconda.org/forge")->origin,
                HasSubstr(".condarc:3:16 (channel_alias)"));
    EXPECT_FALSE(place("https://lab.example.org/forge"));
    EXPECT_FALSE(place("https://repo.anaconda.com/pkgs/main"));
    variables_.set("CONDA_CHANNEL_ALIAS", "https://v.example.org");
    EXPECT_EQ(url("forge"), "https://v.example.org/forge");
    EXPECT_EQ(place("https://conda.anaconda.org/forge")->origin, "CONDA_CHANNEL_ALIAS");
}

TEST_F(CondaSettingsTest, APackageOfAnEnvironmentSaysNothing) {
    write("conda/.condarc", "channel_alias: https://a.example.org\n");
    variables_.set("CONDA_PREFIX", (folder_.path() / "conda").string());
    EXPECT_EQ(url("forge"), "https://a.example.org/forge");
    variables_.set("ENVPM_PREFIX", "/of/another/environment");
    write("conda/.envpm/manifest.json", "{}");
    EXPECT_EQ(url("forge"), "");
}

TEST_F(CondaSettingsTest, ACustomChannelWinsOverTheAlias) {
    write(".condarc", "channel_alias: https://a.example.org\n"
                      "custom_channels:\n  forge: https://b.example.org/cloud\n  local: /srv/c\n"
                      "  pkgs/main: https://b.example.org\n");
    EXPECT_EQ(url("forge"), "https://b.example.org/cloud/forge");
    EXPECT_EQ(url("other"), "https://a.example.org/other");
    EXPECT_EQ(url("local"), "file:///srv/c/local");
    EXPECT_EQ(place("https://repo.anaconda.com/pkgs/main")->url, "https://b.example.org/pkgs/main");
}

TEST_F(CondaSettingsTest, DefaultChannelsStandForCondasOwn) {
    write(".condarc", "default_channels:\n  - https://b.example.org/pkgs/main\n"
                      "  - https://b.example.org/pkgs/r/\n");
    EXPECT_EQ(place("https://repo.anaconda.com/pkgs/r")->url, "https://b.example.org/pkgs/r");
    EXPECT_FALSE(place("https://repo.anaconda.com/pkgs/msys2"));
    EXPECT_EQ(url("main"), "");
}

TEST_F(CondaSettingsTest, TheStrongestFileThatHasTheKeyWins) {
    write(".config/conda/condarc", "channel_alias: https://config.example.org\n");
    EXPECT_EQ(url("x"), "https://config.example.org/x");
    write(".conda/condarc.d/a.yml", "channel_alias: https://a.example.org\n");
    write(".conda/condarc.d/b.yml", "channel_alias: https://b.example.org\n");
    EXPECT_EQ(url("x"), "https://b.example.org/x");
    write(".condarc", "channel_alias: https://home.example.org\n");
    EXPECT_EQ(url("x"), "https://home.example.org/x");
    variables_.set("CONDARC", (folder_.path() / "own").string());
    write("own", "custom_channels: {}\n");
    EXPECT_EQ(url("x"), "https://home.example.org/x");
}

TEST_F(CondaSettingsTest, WhatCannotBeTakenIsSaidWithItsPlace) {
    write(".condarc", "channel_alias: https://a.example.org/t/secret/conda\n");
    EXPECT_THAT(failure(), AllOf(HasSubstr("token"), HasSubstr(".condarc:1:16"),
                                 HasSubstr("[mirrors]"), Not(HasSubstr("secret"))));
    write(".condarc", "channel_alias: ${HOST}/conda\n");
    EXPECT_THAT(failure(), HasSubstr("variable"));
    write(".condarc", "channel_alias: a.example.org\n");
    EXPECT_THAT(failure(), HasSubstr("a channel URL begins with"));
    write(".condarc", "a: [\n");
    EXPECT_THAT(failure(), HasSubstr(".condarc:"));
    write(".condarc", "channel_alias: https://me:secret@a.example.org\n");
    EXPECT_EQ(url("x"), "https://me:secret@a.example.org/x");
}

} // namespace
} // namespace envpm::project
