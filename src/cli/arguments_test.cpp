#include "cli/arguments.h"

#include "base/error.h"
#include "cli/own_words.h"
#include "cli/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace envpm::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Words = std::vector<std::string>;

std::vector<const char*> argv_of(const Words& words) {
    std::vector<const char*> argv = {"envpm"};
    for (const std::string& word : words) {
        argv.push_back(word.c_str());
    }
    return argv;
}

std::variant<Arguments, Notice> parse(const Words& words) {
    const std::vector<const char*> argv = argv_of(words);
    return parse_arguments(static_cast<int>(argv.size()), argv.data(),
                           Variables::from_strings(::environ));
}

GlobalOptions global_of(const Words& words) {
    return std::get<Arguments>(parse(words)).global;
}

template <typename Own> Own command_of(const Words& words) {
    return std::get<Own>(std::get<Arguments>(parse(words)).command);
}

/// Whether the words are read as that command.
template <typename Own> bool is_read(const Words& words) {
    return std::holds_alternative<Own>(std::get<Arguments>(parse(words)).command);
}

std::string notice_of(const Words& words) {
    return std::get<Notice>(parse(words)).text;
}

/// What and hint of wrong usage, whose code must be 2.
std::string failure_of(const Words& words) {
    try {
        (void)parse(words);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::usage);
        return error.text().what + " | " + error.text().hint;
    }
    return "no failure";
}

/// A variable of the process for as long as this lives: CLI11 reads them itself.
class Variable {
  public:
    Variable(std::string name, const std::string& value)
        : name_(std::move(name)) {
        ::setenv(name_.c_str(), value.c_str(), 1);
    }

    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

    ~Variable() { ::unsetenv(name_.c_str()); }

  private:
    std::string name_;
};

TEST(Arguments, EveryCommandIsKnownByItsWord) {
    using IsRead = bool (*)(const Words&);
    const std::vector<std::pair<Words, IsRead>> cases = {
        {{"init"}, is_read<InitCommand>},
        {{"update", "a"}, is_read<UpdateCommand>},
        {{"mirror", "list"}, is_read<MirrorListCommand>},
        {{"mirror", "test"}, is_read<MirrorTestCommand>},
        {{"add", "torch"}, is_read<AddCommand>},
        {{"remove", "torch"}, is_read<RemoveCommand>},
        {{"lock"}, is_read<LockCommand>},
        {{"install"}, is_read<InstallCommand>},
        {{"sync"}, is_read<InstallCommand>},
        {{"run", "python"}, is_read<RunCommand>},
        {{"shell"}, is_read<ShellCommand>},
        {{"shell-hook"}, is_read<ShellHookCommand>},
        {{"list"}, is_read<ListCommand>},
        {{"tree"}, is_read<TreeCommand>},
        {{"why", "torch"}, is_read<WhyCommand>},
        {{"info"}, is_read<InfoCommand>},
        {{"seal"}, is_read<SealCommand>},
        {{"selftest"}, is_read<SelftestCommand>},
        {{"doctor"}, is_read<DoctorCommand>},
        {{"verify"}, is_read<VerifyCommand>},
        {{"repair"}, is_read<RepairCommand>},
        {{"audit"}, is_read<AuditCommand>},
        {{"gc"}, is_read<GcCommand>},
        {{"gens"}, is_read<GensCommand>},
        {{"rollback"}, is_read<RollbackCommand>},
        {{"export", "--format", "explicit"}, is_read<ExportCommand>},
        {{"gpu", "facts"}, is_read<GpuFactsCommand>},
        {{"gpu", "fits"}, is_read<GpuFitsCommand>},
        {{"target", "detect"}, is_read<TargetDetectCommand>},
        {{"completion", "bash"}, is_read<CompletionCommand>},
    };
    for (const auto& [words, is_read_so] : cases) {
        EXPECT_TRUE(is_read_so(words)) << words.front();
    }
    // `sync` is another word for `install`, and `gpu` is none without one of its own.
    EXPECT_EQ(command_words().size() + 1 + command_words("gpu").size() - 1 +
                  command_words("mirror").size() - 1,
              cases.size());
}

TEST(Arguments, ThePolicyOfTheSelfTestIsOneOfThree) {
    const auto run =
        command_of<RunCommand>({"run", "--self-test", "strict", "python", "--self-test"});
    EXPECT_EQ(run.entry.self_test, CheckPolicy::strict);
    EXPECT_EQ(run.words, (Words{"python", "--self-test"}));
    EXPECT_EQ(command_of<SelftestCommand>({"selftest", "--policy", "warn"}).policy,
              CheckPolicy::warn);
    EXPECT_EQ(command_of<InstallCommand>({"install"}).self_test, std::nullopt);
    EXPECT_EQ(command_of<InstallCommand>({"install", "--audit", "off"}).audit, CheckPolicy::off);
    EXPECT_THROW(command_of<ShellCommand>({"shell", "--self-test", "loud"}), Error);
}

TEST(Arguments, TheTimeOfASelfTestIsInSeconds) {
    using std::chrono::milliseconds;
    EXPECT_EQ(command_of<SelftestCommand>({"selftest", "--timeout", "20"}).time_limit,
              milliseconds(20'000));
    EXPECT_EQ(command_of<SelftestCommand>({"selftest", "--timeout", "0.5"}).time_limit,
              milliseconds(500));
    EXPECT_THROW(command_of<SelftestCommand>({"selftest", "--timeout", "0"}), Error);
    EXPECT_THROW(command_of<SelftestCommand>({"selftest", "--timeout", "soon"}), Error);
}

TEST(Arguments, GlobalFlagsStandBeforeOrAfterTheCommand) {
    for (const Words& words : {Words{"--json", "-q", "-C", "/x", "--target", "gpu", "--offline",
                                     "--color", "never", "--manifest-path=m.toml", "lock"},
                               Words{"lock", "--json", "-q", "-C", "/x", "--target", "gpu",
                                     "--offline", "--color", "never", "--manifest-path=m.toml"}}) {
        const GlobalOptions global = global_of(words);
        EXPECT_TRUE(global.is_json);
        EXPECT_TRUE(global.is_quiet);
        EXPECT_TRUE(global.is_offline);
        EXPECT_FALSE(global.is_verbose);
        EXPECT_EQ(global.directory, "/x");
        EXPECT_EQ(global.target, "gpu");
        EXPECT_EQ(global.color, ColorMode::never);
        EXPECT_EQ(global.manifest_path, "m.toml");
    }
}

TEST(Arguments, FlagsOfTheCommandsAreRead) {
    const auto lock =
        command_of<LockCommand>({"lock", "--upgrade", "-P", "a", "-P", "b", "--refresh",
                                 "--dry-run", "--exclude-newer", "2025-01-01"});
    EXPECT_TRUE(lock.upgrade && lock.refresh);
    EXPECT_EQ(lock.dry_run, DryRun::yes);
    EXPECT_FALSE(lock.check);
    EXPECT_THAT(lock.upgrade_packages, ElementsAre("a", "b"));
    EXPECT_EQ(lock.exclude_newer, "2025-01-01");
    EXPECT_TRUE(command_of<LockCommand>({"lock", "--check"}).check);

    const auto install =
        command_of<InstallCommand>({"install", "--frozen", "--prefix", "/p", "--jobs", "3",
                                    "--concurrent-downloads", "2", "--link-mode", "copy"});
    EXPECT_TRUE(install.frozen);
    EXPECT_EQ(install.prefix, "/p");
    EXPECT_EQ(install.speed.jobs, 3U);
    EXPECT_EQ(install.speed.concurrent_downloads, 2);
    EXPECT_EQ(install.speed.link_mode, "copy");

    const auto add = command_of<AddCommand>({"add", "a>=1", "b", "--index", "own", "--no-install"});
    EXPECT_THAT(add.requirements, ElementsAre("a>=1", "b"));
    EXPECT_EQ(add.index, "own");
    EXPECT_TRUE(add.no_install);

    EXPECT_EQ(command_of<RollbackCommand>({"rollback", "3"}).generation, 3);
    EXPECT_EQ(command_of<ShellHookCommand>({"shell-hook", "--shell", "fish"}).shell, "fish");
    EXPECT_TRUE(command_of<VerifyCommand>({"verify", "--quick"}).quick);
    EXPECT_FALSE(command_of<VerifyCommand>({"verify", "--full"}).quick);
    EXPECT_THROW(command_of<VerifyCommand>({"verify", "--full", "--quick"}), Error);
    EXPECT_EQ(command_of<RepairCommand>({"repair", "--dry-run"}).dry_run, DryRun::yes);
    EXPECT_EQ(command_of<GcCommand>({"gc"}).dry_run, DryRun::no);
    EXPECT_EQ(command_of<GcCommand>({"gc", "--max-freed", "10kB"}).max_freed, 10'000U);
    EXPECT_THROW(command_of<GcCommand>({"gc", "--max-freed", "much"}), Error);

    const auto audit =
        command_of<AuditCommand>({"audit", "--prefix", "/p", "--gpus", "8.9,12.0", "--driver-cuda",
                                  "12.8", "--allow", "a.so", "--allow", "b.so"});
    EXPECT_EQ(audit.prefix, "/p");
    EXPECT_THAT(audit.gpus, ElementsAre("8.9", "12.0"));
    EXPECT_THAT(command_of<AuditCommand>({"audit", "--gpus", "RTX 4090,A100"}).gpus,
                ElementsAre("RTX 4090", "A100"));
    EXPECT_EQ(audit.driver_cuda, (CudaVersion{12, 8}));
    EXPECT_THAT(audit.allowed, ElementsAre("a.so", "b.so"));
    EXPECT_EQ(command_of<InitCommand>({"init", "--name", "x", "folder"}).name, "x");
    EXPECT_EQ(command_of<InitCommand>({"init", "--", "folder"}).folder, "folder");
    EXPECT_EQ(command_of<InitCommand>({"init"}).folder, std::nullopt);
    EXPECT_THAT(command_of<UpdateCommand>({"update", "a", "b"}).packages, ElementsAre("a", "b"));
    EXPECT_EQ(command_of<WhyCommand>({"why", "a"}).package, "a");
    EXPECT_EQ(command_of<CompletionCommand>({"completion", "zsh"}).shell, "zsh");
}

TEST(Arguments, GraceTakesUnits) {
    EXPECT_EQ(command_of<GcCommand>({"gc", "--grace", "0s"}).grace, std::chrono::seconds(0));
    EXPECT_EQ(command_of<GcCommand>({"gc", "--grace", "30min"}).grace, std::chrono::minutes(30));
    EXPECT_EQ(command_of<GcCommand>({"gc", "--grace", "7d"}).grace, std::chrono::hours(168));
    EXPECT_EQ(command_of<GcCommand>({"gc"}).grace, std::nullopt);
    for (const std::string text : {"7", "d", "-1d", "1w", "999999999s"}) {
        EXPECT_THAT(failure_of({"gc", "--grace", text}), HasSubstr("--grace")) << text;
    }
}

TEST(Arguments, RunHandsOnEverythingBehindItsCommand) {
    EXPECT_THAT(command_of<RunCommand>({"run", "python", "-c", "x", "--json", "--", "-q"}).words,
                ElementsAre("python", "-c", "x", "--json", "--", "-q"));
    EXPECT_FALSE(global_of({"run", "python", "--json"}).is_json);
    const auto separated = command_of<RunCommand>({"run", "--no-install", "--", "--odd", "-x"});
    EXPECT_THAT(separated.words, ElementsAre("--odd", "-x"));
    EXPECT_TRUE(separated.entry.no_install);
    const Words with_values = {"-C", "run", "run", "--target", "gpu", "python"};
    EXPECT_EQ(global_of(with_values).directory, "run");
    EXPECT_EQ(global_of(with_values).target, "gpu");
    EXPECT_THAT(command_of<RunCommand>(with_values).words, ElementsAre("python"));
    EXPECT_THAT(command_of<RunCommand>({"run"}).words, IsEmpty());
}

TEST(Arguments, AMisspeltCommandGetsWhatWasMeant) {
    EXPECT_EQ(failure_of({"instal"}), "there is no command `instal` | did you mean `install`?");
    EXPECT_EQ(failure_of({"--json", "snyc"}), "there is no command `snyc` | did you mean `sync`?");
    EXPECT_EQ(failure_of({"uninstall", "a"}),
              "there is no command `uninstall` | did you mean `remove`?");
    EXPECT_EQ(failure_of({"help"}), "there is no command `help` | did you mean `--help`?");
    EXPECT_EQ(failure_of({"install", "--concurrent-downloads", "1.5"}),
              "--concurrent-downloads: `1.5` is no whole number | `envpm install --help` shows "
              "what there is");
    EXPECT_EQ(failure_of({"conjure"}),
              "there is no command `conjure` | `envpm --help` shows what there is");
}

TEST(Arguments, WrongUsageIsRefused) {
    for (const Words& words :
         {Words{"add"}, Words{"why"}, Words{"why", "a", "b"}, Words{"lock", "--nonsense"},
          Words{"install", "--locked", "--frozen"}, Words{"install", "--jobs", "0"},
          Words{"install", "--jobs", "many"}, Words{"install", "--concurrent-downloads", "65"},
          Words{"lock", "--color", "pink"}, Words{"rollback", "last"},
          Words{"run", "--nonsense", "python"}, Words{"lock", "--repair", "1", "--dry-run"},
          Words{"lock", "--repair", "1", "--check"}, Words{"lock", "--target"}}) {
        EXPECT_NE(failure_of(words), "no failure") << words.back();
    }
}

TEST(Arguments, WhatIsWrongIsToldOfTheCommandThatWasNamed) {
    const std::vector<std::pair<Words, std::string>> cases = {
        {{"verify", "--ful"}, "`envpm verify` does not take `--ful` | did you mean `--full`?"},
        {{"tree", "--jsno"}, "`envpm tree` does not take `--jsno` | did you mean `--json`?"},
        {{"shell", "--shell", "bash"},
         "`envpm shell` does not take `--shell` | `envpm shell --help` shows what there is"},
        {{"gpu", "fits", "here"},
         "`envpm gpu fits` does not take `here` | `envpm gpu fits --help` shows what there is"},
        {{"add"}, "`envpm add` needs a package | `envpm add --help` shows what there is"},
        {{"why"}, "`envpm why` needs a package | `envpm why --help` shows what there is"},
        {{"export"}, "`envpm export` needs `--format` | `envpm export --help` shows what there is"},
        {{"rollback", "last"},
         "generation: `last` is no whole number | `envpm rollback --help` shows what there is"},
        {{"doctor", "--timeout", "0"},
         "--timeout: `0` is no number from 0.1 to 600 | `envpm doctor --help` shows "
         "what there is"},
        {{"install", "--jobs", "many"},
         "--jobs: `many` is no number from 1 to 1024 | `envpm install --help` shows "
         "what there is"},
        {{"selftest", "--policy", "loud"},
         "--policy: `loud` is none of warn, strict, off | `envpm selftest --help` shows "
         "what there is"},
        {{"lock", "--check", "--upgrade"},
         "`envpm lock` does not take `--check` and `--upgrade` together | `envpm lock "
         "--help` shows what there is"},
        {{"update", "--exclude-newer", "soon"},
         "--exclude-newer: `soon` is no date such as 2026-11-01 or 2026-11-01T12:00:00Z | `envpm "
         "update --help` shows what there is"},
        {{"gc", "--max-freed", "99999999TB"},
         "--max-freed: `99999999TB` is more than 16 EiB, which no disk holds | `envpm gc --help` "
         "shows what there is"},
        {{"gc", "--grace", "soon"},
         "--grace: `soon` is no time such as 24h or 7d | `envpm gc --help` shows what there is"},
        {{"--frozen"}, "`envpm` does not take `--frozen` | `envpm --help` shows what there is"},
        {{"lock", "--offline=maybe"},
         "--offline: `maybe` is none of 1, true, 0, false | `envpm lock --help` shows "
         "what there is"},
        {{"list", "-C"}, "`--directory` needs a value | `envpm list --help` shows what there is"},
        {{"init", "a", "b"},
         "`envpm init` takes one folder at most | `envpm init --help` shows what there is"},
        {{"init", "-e", "gpu"},
         "`--environment` needs `--import` | `envpm init --help` shows what there is"},
        {{"add", "a", "[x]"},
         "`envpm add` does not take `[x]` | `envpm add --help` shows what there is"},
        {{"gpu", "fits", "--gpu", "[8.9,9.0]"},
         "`envpm gpu fits` does not take `[8.9,9.0]` | `envpm gpu fits --help` shows "
         "what there is"},
        {{"gpu", "fits", "--gpu=[8.9,9.0]"},
         "`envpm gpu fits` does not take `[8.9,9.0]` | `envpm gpu fits --help` shows "
         "what there is"},
        {{"lock", "-P[a,b]"},
         "`envpm lock` does not take `[a,b]` | `envpm lock --help` shows what there is"},
    };
    for (const auto& [words, text] : cases) {
        EXPECT_EQ(failure_of(words), text);
    }
}

TEST(Arguments, VariablesStandForFlagsThatAreNotThere) {
    const Variable target("ENVPM_TARGET", "gpu");
    const Variable offline("ENVPM_OFFLINE", "1");
    const Variable json("ENVPM_JSON", "true");
    const Variable manifest("ENVPM_MANIFEST_PATH", "/m/envpm.toml");
    const Variable color("ENVPM_COLOR", "always");
    const Variable locked("ENVPM_LOCKED", "1");
    const GlobalOptions global = global_of({"install"});
    EXPECT_EQ(global.target, "gpu");
    EXPECT_TRUE(global.is_offline);
    EXPECT_TRUE(global.is_json);
    EXPECT_EQ(global.manifest_path, "/m/envpm.toml");
    EXPECT_EQ(global.color, ColorMode::always);
    EXPECT_TRUE(command_of<InstallCommand>({"install"}).locked);
    EXPECT_EQ(global_of({"install", "--target", "cpu"}).target, "cpu");
}

TEST(Arguments, AWordInBracketsIsOneWord) {
    EXPECT_EQ(command_of<InstallCommand>({"-C", "[x]", "install", "--prefix", "[a,b]"}).prefix,
              "[a,b]");
    EXPECT_EQ(global_of({"-C", "[x]", "install"}).directory, "[x]");
    EXPECT_EQ(command_of<InitCommand>({"init", "./[x]"}).folder, "./[x]");
    EXPECT_THAT(command_of<RunCommand>({"run", "test", "[x]"}).words, ElementsAre("test", "[x]"));
}

TEST(Arguments, AVariableThatIsWrongIsNamed) {
    const auto failure = [](const std::string& name, const std::string& value, const Words& words) {
        const Variable variable(name, value);
        try {
            (void)parse(words);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ExitCode::usage);
            EXPECT_EQ(error.text().hint, "set it to one of these, or unset it");
            return error.text().what + " | " + error.text().subject;
        }
        return std::string("no failure");
    };
    for (const std::string word : {"yes", "on", "TRUE", "2", "no"}) {
        EXPECT_EQ(failure("ENVPM_JSON", word, {"lock"}),
                  "`" + word + "` is none of 1, true, 0, false | ENVPM_JSON");
    }
    for (const std::string name : {"ENVPM_OFFLINE", "ENVPM_NO_CONFIG", "ENVPM_LOCKED"}) {
        EXPECT_EQ(failure(name, "maybe", {"list"}),
                  "`maybe` is none of 1, true, 0, false | " + name);
    }
    EXPECT_EQ(failure("ENVPM_COLOR", "pink", {"lock"}),
              "`pink` is none of auto, always and never | ENVPM_COLOR");
}

TEST(Arguments, TheVariablesThatStandForFlagsAreThoseThatWereHandedIn) {
    Variables variables;
    variables.set("ENVPM_COLOR", "pink");
    const std::string sentence = "--color: `pink` is none of auto, always and never";
    EXPECT_EQ(usage_error(sentence, {.line = {"envpm"}, .variables = variables}).text().subject,
              "ENVPM_COLOR");
    EXPECT_EQ(usage_error(sentence, {.line = {"envpm"}, .variables = Variables()}).text().subject,
              "the command line");
}

TEST(Arguments, AFlagCountsMoreThanTheVariableOfOneThatExcludesIt) {
    const Variable locked("ENVPM_LOCKED", "1");
    EXPECT_TRUE(command_of<InstallCommand>({"install", "--frozen"}).frozen);
    EXPECT_FALSE(command_of<InstallCommand>({"install", "--frozen"}).locked);
    const std::string both = "`envpm install` does not take `--locked` and `--frozen` together | "
                             "`envpm install --help` shows what there is";
    EXPECT_EQ(failure_of({"install", "--frozen", "--locked"}), both);
    const Variable not_frozen("ENVPM_FROZEN", "0");
    EXPECT_TRUE(command_of<InstallCommand>({"install"}).locked);
    const Variable frozen("ENVPM_FROZEN", "1");
    EXPECT_EQ(failure_of({"install"}), both);
    EXPECT_TRUE(is_read<ListCommand>({"list"}));
}

TEST(Arguments, AVariableThatSaysNoIsNoFlag) {
    const Variable offline("ENVPM_OFFLINE", "0");
    EXPECT_FALSE(global_of({"lock"}).is_offline);
}

TEST(Arguments, HelpAndVersionAreNotices) {
    EXPECT_THAT(notice_of({"--version"}), HasSubstr("envpm "));
    EXPECT_THAT(notice_of({"--help"}), HasSubstr("--manifest-path"));
    EXPECT_THAT(notice_of({"lock", "--help"}), HasSubstr("--upgrade-package"));
    EXPECT_THAT(notice_of({"run", "--help"}), HasSubstr("COMMAND"));
}

TEST(Arguments, NoCommandShowsTheHelpButIsWrongUsage) {
    for (const Words& words : {Words{}, Words{"gpu"}}) {
        const Notice notice = std::get<Notice>(parse(words));
        EXPECT_EQ(notice.code, ExitCode::usage);
        EXPECT_THAT(notice.text, HasSubstr("--help"));
    }
    EXPECT_EQ(failure_of({"--offline"}),
              "`envpm` needs a command | `envpm --help` shows what there is");
    EXPECT_EQ(failure_of({"--json", "gpu"}),
              "`envpm gpu` needs a command | `envpm gpu --help` shows what there is");
}

TEST(Arguments, AnEmptyValueBehindAnEqualsSignNamesItsFlag) {
    EXPECT_EQ(failure_of({"--manifest-path=", "list"}),
              "`--manifest-path=` has no value | `envpm list --help` shows what there is");
    EXPECT_EQ(failure_of({"lock", "--exclude-newer=", "--dry-run"}),
              "`--exclude-newer=` has no value | `envpm lock --help` shows what there is");
    EXPECT_EQ(failure_of({"lock", "--offline="}),
              "`--offline=` has no value | `envpm lock --help` shows what there is");
    EXPECT_THAT(failure_of({"lock", "--nonsense="}), HasSubstr("does not take `--nonsense=`"));
    EXPECT_THAT(command_of<GpuFactsCommand>({"gpu", "facts", "--", "--json="}).words,
                ElementsAre("--json="));
    EXPECT_THAT(command_of<RunCommand>({"run", "tool", "--json="}).words,
                ElementsAre("tool", "--json="));
}

TEST(Arguments, AnEmptyValueNamesItsFlagOrArgument) {
    const std::string hint = " | `envpm audit --help` shows what there is";
    EXPECT_EQ(failure_of({"audit", "--prefix", ""}), "the value of `--prefix` is empty" + hint);
    EXPECT_EQ(failure_of({"audit", "-C", ""}), "the value of `--directory` is empty" + hint);
    EXPECT_EQ(failure_of({"audit", "--allow", "a", "--allow", ""}),
              "the value of `--allow` is empty" + hint);
    EXPECT_EQ(failure_of({"init", ""}),
              "an empty word stands for the folder | `envpm init --help` shows what there is");
}

TEST(Arguments, JsonIsSeenInWordsThatCannotBeParsed) {
    const auto asks = [](const Words& words) {
        const std::vector<const char*> argv = argv_of(words);
        return asks_for_json(static_cast<int>(argv.size()), argv.data());
    };
    EXPECT_TRUE(asks({"--json", "instal"}));
    EXPECT_TRUE(asks({"lock", "--nonsense", "--json"}));
    EXPECT_FALSE(asks({"instal"}));
    EXPECT_FALSE(asks({"run", "tool", "--json"}));
}

TEST(Arguments, FlagsAreListedForCompletion) {
    EXPECT_THAT(flags_of("lock"), Contains("--upgrade-package"));
    EXPECT_THAT(flags_of(""), Contains("--offline"));
    EXPECT_THAT(flags_of("list"), ElementsAre("--help"));
    EXPECT_THAT(flags_of("run"), testing::Not(Contains("--activated"))); // envpm's own
}

TEST(Arguments, InitCanImportAndExportNeedsAFormat) {
    EXPECT_EQ(
        command_of<InitCommand>({"init", "--import", "environment.yml", "folder"}).import_file,
        "environment.yml");
    EXPECT_EQ(command_of<InitCommand>({"init", "--import", "pixi.toml", "-e", "gpu"}).environment,
              "gpu");
    EXPECT_THAT(failure_of({"init", "--environment", "gpu"}), HasSubstr("--import"));
    const auto exported =
        command_of<ExportCommand>({"export", "--format", "explicit", "-o", "a.txt"});
    EXPECT_EQ(exported.format, "explicit");
    EXPECT_EQ(exported.output, "a.txt");
    EXPECT_THAT(failure_of({"export"}), HasSubstr("--format"));
    EXPECT_THAT(failure_of({"export", "--format", "toml"}), HasSubstr("environment-yml"));
}

TEST(Arguments, GpuHasCommandsOfItsOwn) {
    const auto facts = command_of<GpuFactsCommand>({"gpu", "facts", "torch", "2.9", "--json"});
    EXPECT_THAT(facts.words, ElementsAre("torch", "2.9"));
    EXPECT_TRUE(global_of({"gpu", "facts", "torch", "--json"}).is_json);
    const auto fits = command_of<GpuFitsCommand>({"-C", "/x", "gpu", "fits", "--driver",
                                                  "535.104.05", "--gpu", "RTX 4090", "--gpu", "8.6",
                                                  "--wsl", "--platform", "linux-aarch64"});
    EXPECT_EQ(fits.driver, "535.104.05");
    EXPECT_THAT(fits.gpus, ElementsAre("RTX 4090", "8.6"));
    EXPECT_TRUE(fits.is_wsl);
    EXPECT_EQ(fits.platform, "linux-aarch64");

    EXPECT_THAT(notice_of({"gpu", "--help"}), HasSubstr("fits"));
    EXPECT_EQ(failure_of({"gpu", "fact"}),
              "there is no command `gpu fact` | did you mean `gpu facts`?");
    EXPECT_EQ(failure_of({"gpu", "overclock"}),
              "there is no command `gpu overclock` | `envpm gpu --help` shows what there is");
    EXPECT_THAT(notice_of({"gpu", "fits", "--help"}), HasSubstr("--driver"));
    EXPECT_THAT(flags_of("gpu"), Contains("--driver"));
}

} // namespace
} // namespace envpm::cli
