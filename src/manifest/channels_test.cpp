#include "base/error.h"
#include "manifest/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::manifest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Manifest parsed_channels(const std::string& text) {
    return parse(text, "envpm.toml", Platform::linux_64);
}

/// "lab https://… listed", in the manifest's order.
std::vector<std::string> channels_of(const std::string& text) {
    std::vector<std::string> out;
    for (const ChannelEntry& channel : parsed_channels(text).channels) {
        out.push_back(channel.name + " " + channel.url + (channel.is_listed ? " listed" : ""));
    }
    return out;
}

Error error_of(const std::string& text) {
    try {
        parsed_channels(text);
    } catch (const Error& error) {
        return error;
    }
    ADD_FAILURE() << "accepted: " << text;
    return Error({"", "", ""});
}

TEST(ManifestChannels, AreNamesOfThePublicPlaceDeclaredOnesAndUrls) {
    EXPECT_THAT(channels_of("[workspace]\nchannels = [\"lab\", \"conda-forge\", "
                            "\"https://conda.example.org/a/gpu/\", \"file:///srv/own\"]\n"
                            "[channels]\nspare = \"https://example.org/spare\"\n"
                            "lab = { url = \"https://example.org/lab\" }\n"),
                ElementsAre("lab https://example.org/lab listed",
                            "conda-forge https://conda.anaconda.org/conda-forge listed",
                            "gpu https://conda.example.org/a/gpu/ listed",
                            "own file:///srv/own listed", "spare https://example.org/spare"));
    EXPECT_THAT(channels_of(""), IsEmpty());
}

TEST(ManifestChannels, RequirementsSayVersionBuildAndChannel) {
    const Manifest manifest = parsed_channels("[workspace]\nchannels = [\"conda-forge\"]\n"
                                              "channel-priority = \"flexible\"\n"
                                              "[channels]\nlab = \"https://example.org/lab\"\n"
                                              "[dependencies]\npytorch = \"2.5.* *cuda*\"\n"
                                              "_openmp_mutex = \"*\"\n"
                                              "mkl = { version = \">=2024\", build = \"h*_0\", "
                                              "channel = \"lab\" }\n");
    EXPECT_EQ(manifest.channel_priority, ChannelPriority::flexible);
    ASSERT_EQ(manifest.dependencies.size(), 3U);
    EXPECT_EQ(manifest.dependencies[0].specifier, "2.5.* *cuda*");
    EXPECT_EQ(manifest.dependencies[1].name.string(), "_openmp_mutex");
    EXPECT_EQ(manifest.dependencies[2].specifier, ">=2024");
    EXPECT_EQ(manifest.dependencies[2].build, "h*_0");
    EXPECT_EQ(manifest.dependencies[2].channel, "lab");
}

/// As they are copied from a browser or another tool's output.
TEST(ManifestChannels, AUrlOfASubdirIsAnErrorWithTheChannelsUrl) {
    for (const std::string tail : {"linux-64", "noarch/", "osx-arm64", "linux-64/repodata.json",
                                   "linux-64/repodata.json.zst/", "noarch//"}) {
        SCOPED_TRACE(tail);
        const std::string url = "\"https://conda.example.org/a/gpu/" + tail + "\"";
        for (const std::string& text :
             {"[workspace]\nchannels = [" + url + "]", "[channels]\na = " + url}) {
            const Error error = error_of(text);
            EXPECT_THAT(error.text().what, HasSubstr(url + " leads to `"));
            EXPECT_EQ(error.text().hint, "write \"https://conda.example.org/a/gpu\"; envpm asks "
                                         "for the subdirs by itself");
        }
    }
    EXPECT_THAT(
        channels_of("[channels]\na = \"https://example.org/linux-64-tools\"\n"
                    "b = \"https://example.org/repodata\"\n"),
        ElementsAre("a https://example.org/linux-64-tools", "b https://example.org/repodata"));
}

TEST(ManifestChannels, RefusesWhatCannotBe) {
    const std::string listed = "[workspace]\nchannels = ";

    struct Bad {
        std::string text;
        std::string what;
        std::string place;
    };

    for (const Bad& bad : std::vector<Bad>{
             {listed + "\"conda-forge\"", "must be an array", "2:12"},
             {listed + "[\"a b\"]", "\"a b\" names no channel", "2:13"},
             {listed + "[\"https://\"]", "names no host", "2:13"},
             {listed + "[\"https://me:pw@example.org/a\"]", "must not hold credentials", "2:13"},
             {listed + "[\"https://example.org/a?b\"]", "no query", "2:13"},
             {listed + "[\"https://example.org/%20\"]", "ends in no name", "2:13"},
             {listed + "[\"a\", \"a\"]", "two channels are called `a`", "2:18"},
             {listed + "[\"a\", \"https://example.org/a\"]", "two channels are called", "2:18"},
             {listed + "[\"pypi\"]", "`pypi` is the Python index", "2:13"},
             {listed + "[\"own\"]\n[indexes]\nown = \"https://example.org/simple\"",
              "an index is called `own` as well", "2:13"},
             {"[workspace]\nchannel-priority = \"strikt\"", "cannot be \"strikt\"", "2:20"},
             {"[channels]\n\"a b\" = \"https://example.org\"", "cannot name a channel", "2:1"},
             {"[channels]\na = {}", "`url` is missing in `channels.a`", "2:1"},
             {"[channels]\na = { urls = \"x\" }", "unknown key `urls`", "2:7"},
             {"[channels]\na = \"ftp://example.org\"", "begins with `https://`", "2:5"},
             {listed + "[\"a\"]\n[dependencies]\nb = { channel = \"c\" }",
              "`b` names the channel \"c\", which is not declared", "4:1"},
             {listed + "[\"a\"]\n[dependencies]\nb = 1", "must be a string", "4:5"},
             {listed + "[\"a\"]\n[dependencies]\nb = { verson = \"1\" }", "unknown key `verson`",
              "4:7"},
             {"[dependencies]\nffmpeg = \"*\"", "none is listed", "2:1"},
         }) {
        SCOPED_TRACE(bad.text);
        const Error error = error_of(bad.text);
        EXPECT_THAT(error.text().what, HasSubstr(bad.what));
        EXPECT_EQ(error.text().subject, "envpm.toml:" + bad.place);
    }
}

} // namespace
} // namespace envpm::manifest
