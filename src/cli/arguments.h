#pragma once

#include "base/exit_code.h"
#include "base/variables.h"
#include "cli/audit_command.h"
#include "cli/care_commands.h"
#include "cli/completion.h"
#include "cli/environment_commands.h"
#include "cli/export_command.h"
#include "cli/global_options.h"
#include "cli/gpu_commands.h"
#include "cli/mirror_commands.h"
#include "cli/project_commands.h"
#include "cli/reading_commands.h"
#include "cli/selftest_commands.h"

#include <string>
#include <variant>
#include <vector>

namespace envpm::cli {

/// One of the commands, with its own flags: no other's can be seen.
using Command =
    std::variant<InitCommand, AddCommand, RemoveCommand, LockCommand, UpdateCommand, InstallCommand,
                 RunCommand, ShellCommand, ShellHookCommand, ListCommand, TreeCommand, WhyCommand,
                 InfoCommand, GensCommand, ExportCommand, SealCommand, RollbackCommand,
                 VerifyCommand, RepairCommand, GcCommand, AuditCommand, SelftestCommand,
                 DoctorCommand, GpuFactsCommand, GpuFitsCommand, TargetDetectCommand,
                 MirrorListCommand, MirrorTestCommand, CompletionCommand>;

/// What the command line says, checked for form.
struct Arguments {
    GlobalOptions global;
    Command command;
};

/// Text to print instead of running a command: help or version. With another code than `done` it is
/// no data but what is wrong with the command line.
struct Notice {
    std::string text;
    ExitCode code = ExitCode::done;
};

/// Reads argv, and the variables `ENVPM_*` of flags that are not there. `--help`, `--version`
/// and `envpm` alone give a Notice. Throws an Error of code 2 for wrong usage, with the near miss
/// of a misspelt command. What follows the command of `run` is not looked at. `variables` are those
/// of the process, where CLI11 reads them itself.
std::variant<Arguments, Notice> parse_arguments(int count, const char* const* words,
                                                const Variables& variables);

/// A command as typed, for completion and near misses, with its one-line help.
struct CommandWord {
    std::string name;
    std::string help;
};

/// Every flag of a command ("" for the global ones), for completion. One that has commands has the
/// flags of all of them.
std::vector<std::string> flags_of(const std::string& command);

/// The commands of envpm, or of a command, as `facts` and `fits` of `gpu`; `target` and `mirror`
/// have some too.
std::vector<CommandWord> command_words(const std::string& command = "");

/// What the variable of a flag without a value says: `1` or `true`, `0` or `false`; nothing for all
/// else, and for the empty text.
std::optional<bool> switch_value(std::string_view text);

} // namespace envpm::cli
