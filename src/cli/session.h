#pragma once

#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "cli/global_options.h"
#include "cli/terminal.h"
#include "pipeline/install.h"
#include "pipeline/project.h"
#include "pipeline/selftest.h"
#include "pipeline/services.h"

#include <filesystem>
#include <optional>
#include <string>

namespace envpm::cli {

/// One command under way: what it was asked, and where it tells.
struct Session {
    const GlobalOptions& global;
    const Terminal& terminal;
    pipeline::Services& services;
    std::filesystem::path start; ///< the folder that it works in
    /// `doctor` works in spite of it, with the settings that are built in.
    std::optional<ErrorText> settings_error = {};
};

/// The project that the command is for; an edit that a crash interrupted is finished first.
pipeline::Project project_of(const Session& session);

/// The same for commands that work without a project too.
std::optional<pipeline::Project> project_if_any(const Session& session);

/// Words for people, on standard error; nothing under --quiet.
void tell(const Session& session, const std::string& words);

/// The words of an error, on standard error: --quiet does not keep them back.
void tell_error(const std::string& words);

/// Data, on standard output; throws an Error if that cannot be written.
void show(const std::string& data);

/// The output file that the command line names: none for `-`, which is standard output.
std::optional<std::filesystem::path> output_file(const std::optional<std::filesystem::path>& named);

/// Throws an Error if an output would replace the manifest or the lock, from which it is made.
void refuse_own_files(const Session& session, const std::filesystem::path& file);

/// Writes a file that the command line names, from `start` if that is relative: atomically, but a
/// device or a pipe that is there gets the data. An Error if the file's folder is not there, for a
/// misspelt one would be made, and if that is the manifest or the lock.
void write_output(const Session& session, const std::filesystem::path& file,
                  const std::string& data);

/// By the flag, the variable, else the manifest: then nothing. An Error
/// (code 1) names a variable that is no policy.
std::optional<CheckPolicy> policy_of(const Session& session, std::optional<CheckPolicy> flag,
                                     const char* variable);

/// Throws the Error of policy_of if a variable is no policy, and no flag of the command stands over
/// it. Commands that install call it first:
/// the Error would come later anyway, and their work would be in vain.
void check_policies(const Session& session, std::optional<CheckPolicy> self_test = {},
                    std::optional<CheckPolicy> audit = {});

/// A self-test before an environment is used, as the policy wants it.
struct ActivationTest {
    std::optional<pipeline::SelfTestReport> report = {}; ///< none: nothing was to be tested
    ExitCode code = ExitCode::done; ///< another one if the environment must not be used
};

/// Tests the GPUs with the environment's variables, as the flag says if there is one. Throws
/// nothing that comes of the GPUs.
ActivationTest test_before_use(const Session& session, const pipeline::Project& project,
                               const std::filesystem::path& prefix, const Variables& variables,
                               std::optional<CheckPolicy> flag);

/// Says so if it failed, or if the machine has libraries of the environment too; else nothing.
void tell_failure(const Session& session, const ActivationTest& test);

/// An install and the self-test of what it made.
struct Installed {
    pipeline::InstallReport report;
    ActivationTest test = {};
    ExitCode code = ExitCode::done; ///< of the command
};

/// What was current already is not tested: it is again before it is used.
Installed install_and_test(const Session& session, pipeline::InstallRequest request,
                           std::optional<CheckPolicy> self_test = {});

void tell_installed(const Session& session, const Installed& installed);
Json json_of(const Installed& installed);

} // namespace envpm::cli
