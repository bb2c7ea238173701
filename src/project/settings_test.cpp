#include "project/settings.h"

#include "base/error.h"
#include "base/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace envpm::project {
namespace {

using std::filesystem::path;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A machine of its own: home, project and nothing in the environment.
class SettingsTest : public testing::Test {
  protected:
    SettingsTest()
        : folder_(std::filesystem::temp_directory_path()) {
        // A pip.conf of this machine must not decide.
        variables_.set("PIP_INDEX_URL", "https://pip.example.org/simple");
        variables_.set("HOME", home().string());
    }

    [[nodiscard]] path home() const { return folder_.path() / "home"; }

    [[nodiscard]] path project() const { return folder_.path() / "project"; }

    [[nodiscard]] Settings load(const SettingFlags& flags = {}) const {
        return load_settings(variables_, flags, project());
    }

    void write_user_file(const std::string& text) const {
        write_file(home() / ".config/envpm/config.toml", text);
    }

    void write_project_file(const std::string& text) const {
        write_file(project() / ".envpm/config.toml", text);
    }

    /// The one line that `load` fails with.
    [[nodiscard]] std::string failure(const SettingFlags& flags = {}) const {
        try {
            (void)load(flags);
        } catch (const Error& error) {
            return error.text().what + " | " + error.text().subject + " | " + error.text().hint;
        }
        return "no failure";
    }

    [[nodiscard]] ExitCode code(const SettingFlags& flags = {}) const {
        try {
            (void)load(flags);
        } catch (const Error& error) {
            return error.code();
        }
        return ExitCode::done;
    }

    [[nodiscard]] std::string failure_of(const std::string& text) const {
        write_project_file(text);
        return failure();
    }

    TemporaryFolder folder_;
    Variables variables_;
};

TEST_F(SettingsTest, StoreAndCacheAreBelowTheHomeByDefault) {
    const Settings settings = load();
    EXPECT_EQ(settings.store_root, home() / ".local/share/envpm");
    EXPECT_EQ(settings.cache_root, home() / ".cache/envpm");
    EXPECT_EQ(settings.jobs, 0U);
    EXPECT_EQ(settings.link_mode, realize::LinkMode::automatic);
}

TEST_F(SettingsTest, TheStoreIsOnesOwnAndDurableUnlessSomethingElseIsSaid) {
    Settings settings = load();
    EXPECT_EQ(settings.lower_store, std::nullopt);
    EXPECT_EQ(settings.store_policy.sharing, Sharing::own);
    EXPECT_EQ(settings.store_policy.syncing, Syncing::batch);
    write_user_file("shared-store = true\nlower-store = \"/opt/envpm\"\ndurability = \"file\"\n");
    settings = load();
    EXPECT_EQ(settings.lower_store, "/opt/envpm");
    EXPECT_EQ(settings.store_policy.sharing, Sharing::shared);
    EXPECT_EQ(settings.store_policy.syncing, Syncing::file);
    variables_.set("ENVPM_SHARED_STORE", "0");
    variables_.set("ENVPM_LOWER_STORE", "/opt/other");
    variables_.set("ENVPM_DURABILITY", "off");
    settings = load();
    EXPECT_EQ(settings.lower_store, "/opt/other");
    EXPECT_EQ(settings.store_policy.sharing, Sharing::own);
    EXPECT_EQ(settings.store_policy.syncing, Syncing::off);
    variables_.set("ENVPM_DURABILITY", "perhaps");
    EXPECT_EQ(failure(), "`perhaps` is no durability | ENVPM_DURABILITY | known: batch, file, off");
}

TEST_F(SettingsTest, OnlyAClearWordMakesAStoreShared) {
    for (const auto& [text, sharing] :
         {std::pair("1", Sharing::shared), std::pair("true", Sharing::shared),
          std::pair("0", Sharing::own), std::pair("false", Sharing::own)}) {
        variables_.set("ENVPM_SHARED_STORE", text);
        EXPECT_EQ(load().store_policy.sharing, sharing) << text;
    }
    for (const char* const text : {"no", "off", "yes", "True", "2"}) {
        variables_.set("ENVPM_SHARED_STORE", text);
        EXPECT_THAT(failure(),
                    HasSubstr("whether the store is shared | ENVPM_SHARED_STORE | known: "
                              "1, true, 0, false"))
            << text;
    }
}

TEST_F(SettingsTest, ACheckoutCannotSayThatAStoreIsToBeTrusted) {
    write_project_file("shared-store = true\n");
    EXPECT_EQ(load().store_policy.sharing, Sharing::own);
    write_user_file("shared-store = true\n");
    write_project_file("shared-store = false\n");
    EXPECT_EQ(load().store_policy.sharing, Sharing::shared);
    EXPECT_THAT(failure_of("shared-store = \"yes\"\n"), HasSubstr("true or false"));
}

TEST_F(SettingsTest, XdgFoldersReplaceThoseBelowTheHomeIfTheyAreAbsolute) {
    variables_.set("XDG_DATA_HOME", "/srv/data");
    variables_.set("XDG_CACHE_HOME", "relative");
    const Settings settings = load();
    EXPECT_EQ(settings.store_root, "/srv/data/envpm");
    EXPECT_EQ(settings.cache_root, home() / ".cache/envpm");
}

TEST_F(SettingsTest, AHomeThatIsNoAbsolutePathIsNone) {
    for (const char* const home : {"relative", "."}) {
        variables_.set("HOME", home);
        EXPECT_THAT(failure({}), HasSubstr("there is no home folder")) << home;
    }
}

TEST_F(SettingsTest, ReadsEveryKey) {
    write_project_file(R"(store = "/srv/store"
cache = "/srv/cache"
link-mode = "copy"
[mirrors]
internal = ["https://a.example.org/simple", "file:///srv/wheels/simple",
            "blobs+https://b.example.org"]
[network]
connect-timeout = "500ms"
first-byte-timeout = "2min"
stall-timeout = "7s"
min-speed = "2MiB"
min-speed-window = "90s"
retry-pause = "3s"
concurrent-downloads = 64
[gpu]
facts = "/srv/gpu-facts.toml"
)");
    const Settings settings = load();
    EXPECT_EQ(settings.store_root, "/srv/store");
    EXPECT_EQ(settings.cache_root, "/srv/cache");
    EXPECT_EQ(settings.link_mode, realize::LinkMode::copy);
    EXPECT_EQ(settings.network.connect_timeout, std::chrono::milliseconds(500));
    EXPECT_EQ(settings.network.first_byte_timeout, std::chrono::minutes(2));
    EXPECT_EQ(settings.network.stall_timeout, std::chrono::seconds(7));
    EXPECT_EQ(settings.network.min_bytes_per_second, 2U << 20U);
    EXPECT_EQ(settings.network.speed_window, std::chrono::seconds(90));
    EXPECT_EQ(settings.network.first_retry_pause, std::chrono::seconds(3));
    EXPECT_EQ(settings.network.concurrent_downloads, 64);
    EXPECT_EQ(settings.gpu_facts, "/srv/gpu-facts.toml");
    const std::vector<Mirror>& mirrors = settings.mirrors.at("internal");
    ASSERT_EQ(mirrors.size(), 3U);
    EXPECT_EQ(mirrors[0].url, "https://a.example.org/simple");
    EXPECT_EQ(mirrors[0].form, MirrorForm::pages);
    EXPECT_EQ(mirrors[2].url, "https://b.example.org");
    EXPECT_EQ(mirrors[2].form, MirrorForm::blobs);
    EXPECT_EQ(mirrors[1].url, "file:///srv/wheels/simple");
    EXPECT_EQ(mirrors[0].kind, MirrorKind::configured);
    EXPECT_THAT(mirrors[0].origin, HasSubstr("config.toml:5:"));
}

TEST_F(SettingsTest, AFlagWinsOverAVariableOverTheProjectOverTheUser) {
    write_user_file("link-mode = \"copy\"\nstore = \"/user/store\"\ncache = \"/user/cache\"\n");
    EXPECT_EQ(load().store_root, "/user/store");

    write_project_file("link-mode = \"hardlink\"\nstore = \"/project/store\"\n");
    EXPECT_EQ(load().store_root, "/project/store");
    EXPECT_EQ(load().cache_root, "/user/cache");
    EXPECT_EQ(load().link_mode, realize::LinkMode::hard_link);

    variables_.set("ENVPM_ROOT", "/variable/store");
    variables_.set("ENVPM_LINK_MODE", "reflink");
    variables_.set("ENVPM_JOBS", "3");
    variables_.set("ENVPM_CONCURRENT_DOWNLOADS", "4");
    EXPECT_EQ(load().store_root, "/variable/store");
    EXPECT_EQ(load().link_mode, realize::LinkMode::reflink);
    EXPECT_EQ(load().jobs, 3U);
    EXPECT_EQ(load().network.concurrent_downloads, 4);

    SettingFlags flags;
    flags.link_mode = "auto";
    flags.jobs = 7;
    flags.concurrent_downloads = 2;
    EXPECT_EQ(load(flags).link_mode, realize::LinkMode::automatic);
    EXPECT_EQ(load(flags).jobs, 7U);
    EXPECT_EQ(load(flags).network.concurrent_downloads, 2);
}

TEST_F(SettingsTest, ANamedFileReplacesTheOthersAndMustExist) {
    write_project_file("store = \"/project/store\"\n");
    SettingFlags flags;
    flags.config_file = folder_.path() / "own.toml";
    EXPECT_THAT(failure(flags), AllOf(HasSubstr("no configuration"), HasSubstr("own.toml")));
    write_file(*flags.config_file, "cache = \"/own/cache\"\n");
    EXPECT_EQ(load(flags).cache_root, "/own/cache");
    EXPECT_EQ(load(flags).store_root, home() / ".local/share/envpm");
}

TEST_F(SettingsTest, NoConfigReadsNoFile) {
    write_project_file("store = \"/project/store\"\n");
    SettingFlags flags;
    flags.ignore_files = true;
    EXPECT_EQ(load(flags).store_root, home() / ".local/share/envpm");
}

TEST_F(SettingsTest, AnUnknownKeyIsNamedWithItsPlaceAndWhatWasMeant) {
    EXPECT_THAT(failure_of("\nlink-mod = \"copy\"\n"),
                AllOf(HasSubstr("unknown setting `link-mod`"), HasSubstr("config.toml:2:1"),
                      HasSubstr("did you mean `link-mode`?")));
    EXPECT_THAT(failure_of("[network]\ncolour = 1\n"),
                AllOf(HasSubstr("config.toml:2:1"), HasSubstr("known here: connect-timeout")));
}

TEST_F(SettingsTest, ABadValueIsNamedWithItsPlace) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"store = 1", "a string"},
        {"store = \"relative\"", "an absolute path"},
        {"cache = \"./here\"", "an absolute path"},
        {"link-mode = \"symlink\"", "`symlink` is no link mode"},
        {"network = 1", "a table"},
        {"gpu = 1", "a table"},
        {"gpu.facts = 1", "a string"},
        {"gpu.facts = \"gpu-facts.toml\"", "an absolute path"},
        {"conda.pypi-names = \"names.txt\"", "an absolute path or a URL"},
        {"conda.pypi-names = \"ftp://example.org/names\"", "http"},
        {"conda.pypi-names = \"https://me:secret@example.org/names\"", "netrc"},
        {"mirrors = 1", "a table"},
        {"mirrors.pypi = \"https://a.example.org\"", "a list of URLs"},
        {"mirrors.pypi = []", "a list of URLs"},
        {"mirrors.pypi = [1]", "a string"},
        {"network.connect-timeout = 10", "a duration such as \"10s\""},
        {"network.connect-timeout = \"10\"", "a duration"},
        {"network.connect-timeout = \"0s\"", "a duration"},
        {"network.connect-timeout = \"-1s\"", "a duration"},
        {"network.connect-timeout = \"9999999999999min\"", "a duration"},
        {"network.min-speed = 5", "a size such as \"1KiB\""},
        {"network.min-speed = \"1KB\"", "a size"},
        {"network.min-speed = \"KiB\"", "a size"},
        {"network.min-speed-window = \"0s\"", "a duration"},
        {"network.retry-pause = 1", "a duration"},
        {"network.concurrent-downloads = 0", "from 1 to 64"},
        {"network.concurrent-downloads = 65", "from 1 to 64"},
        {"network.concurrent-downloads = \"8\"", "from 1 to 64"},
    };
    for (const auto& [text, wanted] : cases) {
        EXPECT_THAT(failure_of("\n" + text + "\n"),
                    AllOf(HasSubstr(wanted), HasSubstr("config.toml:2:")))
            << text;
    }
}

TEST_F(SettingsTest, AMirrorIsAWebOrFileUrlWithoutCredentials) {
    for (const std::string url : {"ftp://a.example.org", "a.example.org/simple", "https://",
                                  "https://a.example.org/simple?token=1", "file://relative",
                                  "blobs+default", "blobs+a.example.org"}) {
        EXPECT_THAT(failure_of("mirrors.pypi = [\"" + url + "\"]\n"),
                    AllOf(HasSubstr("URL"), HasSubstr("config.toml:1:")))
            << url;
    }
    EXPECT_THAT(failure_of("mirrors.pypi = [\"https://user:secret@a.example.org\"]\n"),
                AllOf(HasSubstr("must not hold credentials"), HasSubstr("netrc"),
                      Not(HasSubstr("secret"))));
}

TEST_F(SettingsTest, BadVariablesAndFlagsAreNamed) {
    variables_.set("ENVPM_JOBS", "many");
    EXPECT_EQ(failure(), "`many` is no whole number from 1 to 1024 | ENVPM_JOBS | set it to such "
                         "a number, or unset it");
    variables_.set("ENVPM_JOBS", "4x");
    EXPECT_THAT(failure(), HasSubstr("ENVPM_JOBS"));
    variables_.unset("ENVPM_JOBS");
    SettingFlags flags;
    flags.link_mode = "symlink";
    EXPECT_THAT(failure(flags), HasSubstr("--link-mode"));
}

TEST_F(SettingsTest, ABadVariableIsWrongUsageAndABadFileAFailure) {
    for (const auto& [name, value] :
         {std::pair("ENVPM_JOBS", "0"), std::pair("ENVPM_CONCURRENT_DOWNLOADS", "65"),
          std::pair("ENVPM_LINK_MODE", "symlink"), std::pair("ENVPM_SHARED_STORE", "yes"),
          std::pair("ENVPM_DURABILITY", "perhaps")}) {
        variables_.set(name, value);
        EXPECT_EQ(code(), ExitCode::usage) << name;
        variables_.unset(name);
    }
    SettingFlags flags;
    flags.link_mode = "symlink";
    EXPECT_EQ(code(flags), ExitCode::usage);
    write_user_file("link-mode = \"symlink\"\n");
    EXPECT_EQ(code(), ExitCode::failed);
    write_user_file("durability = \"perhaps\"\n");
    EXPECT_EQ(code(), ExitCode::failed);
}

TEST_F(SettingsTest, PipsIndexIsTheDefaultAndWhatDefaultStandsFor) {
    EXPECT_EQ(load().mirrors.at("pypi").at(0).url, "https://pip.example.org/simple");
    EXPECT_EQ(load().mirrors.at("pypi").at(0).kind, MirrorKind::pip);
    write_project_file("mirrors.pypi = [\"https://a.example.org/simple\", \"default\"]\n");
    const Settings settings = load();
    ASSERT_EQ(settings.mirrors.at("pypi").size(), 2U);
    EXPECT_EQ(settings.mirrors.at("pypi")[0].url, "https://a.example.org/simple");
    EXPECT_EQ(settings.mirrors.at("pypi")[1].url, "https://pip.example.org/simple");
    EXPECT_EQ(settings.mirrors.at("pypi")[1].kind, MirrorKind::pip);
}

TEST_F(SettingsTest, ProxiesCertificatesAndNetrcComeFromTheEnvironment) {
    variables_.set("HTTP_PROXY", "http://ignored.example.org");
    variables_.set("ALL_PROXY", "http://all.example.org");
    variables_.set("https_proxy", "http://https.example.org");
    variables_.set("NO_PROXY", "localhost");
    variables_.set("SSL_CERT_FILE", "/ssl.pem");
    variables_.set("SSL_CERT_DIR", "/ssl");
    variables_.set("PIP_CERT", "/pip.pem");
    EXPECT_EQ(load().network.http_proxy, "http://all.example.org");
    EXPECT_EQ(load().network.https_proxy, "http://https.example.org");
    EXPECT_EQ(load().network.no_proxy, "localhost");
    EXPECT_EQ(load().network.ca_file, "/pip.pem");
    EXPECT_EQ(load().network.ca_folder, "/ssl");
    EXPECT_EQ(load().network.netrc_file, "");
    write_file(home() / ".netrc", "");
    EXPECT_EQ(load().network.netrc_file, home() / ".netrc");
    variables_.set("NETRC", "/other/netrc");
    EXPECT_EQ(load().network.netrc_file, "/other/netrc");
}

TEST_F(SettingsTest, AMachineWithoutAHomeNeedsBothVariables) {
    variables_.unset("HOME");
    EXPECT_THAT(failure(), HasSubstr("set HOME, or ENVPM_ROOT and ENVPM_CACHE"));
    variables_.set("ENVPM_ROOT", "/srv/store");
    EXPECT_THAT(failure(), HasSubstr("no home folder"));
    variables_.set("ENVPM_CACHE", "/srv/cache");
    EXPECT_EQ(load().store_root, "/srv/store");
    EXPECT_EQ(load().cache_root, "/srv/cache");
}

} // namespace
} // namespace envpm::project
