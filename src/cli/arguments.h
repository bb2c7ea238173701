#pragma once

#include "base/exit_code.h"
#include "base/variables.h"
#include "model/cuda_version.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace envpm::cli {

enum class Command {
    none,
    init,
    add,
    remove,
    lock,
    update,
    install,
    run,
    shell,
    shell_hook,
    list,
    tree,
    why,
    info,
    seal,
    selftest,
    doctor,
    verify,
    repair,
    audit,
    gc,
    gens,
    rollback,
    export_lock,
    gpu_facts,
    gpu_fits,
    target_detect,
    mirror_list,
    mirror_test,
    completion,
};

enum class ColorMode { automatic, always, never };

/// Flags that every command takes; each has an `ENVPM_*` variable too.
struct GlobalOptions {
    std::optional<std::filesystem::path> manifest_path;
    std::optional<std::filesystem::path> config_file;
    std::filesystem::path directory;
    std::optional<std::string> target;
    bool is_offline = false;
    bool is_json = false;
    bool is_quiet = false;
    bool is_verbose = false;
    bool has_no_progress = false;
    bool ignores_config = false;
    ColorMode color = ColorMode::automatic;
};

/// What the command line says, checked for form. A command reads the members that its help shows.
struct Arguments {
    Command command = Command::none;
    GlobalOptions global;
    std::vector<std::string> words; ///< requirements, names, a command to run, a shell's name

    std::optional<std::string> index;
    bool as_wheels = false; ///< --pypi
    std::optional<std::string> name;
    std::optional<std::filesystem::path> import_file; ///< --import
    std::string environment = "default";              ///< --environment, of the file to import
    std::string format;                               ///< --format
    std::optional<std::filesystem::path> output;      ///< -o, --output
    bool check = false;
    bool upgrade = false;
    std::vector<std::string> upgrade_packages;
    bool refresh = false;
    bool dry_run = false;
    std::optional<std::size_t> repair; ///< of `lock`: the number of an offered change
    std::optional<std::string> exclude_newer;
    bool locked = false;
    bool frozen = false;
    bool no_install = false;
    bool is_activated = false; ///< --activated, by which envpm calls itself behind bash
    bool quick = false;
    std::optional<std::filesystem::path> prefix;
    std::optional<CudaVersion> driver_cuda;
    std::vector<std::string> allowed; ///< --allow
    std::optional<std::string> link_mode;
    std::optional<std::size_t> jobs;
    std::optional<int> concurrent_downloads;
    std::optional<int> generation;
    std::optional<std::chrono::seconds> grace;
    std::optional<std::uint64_t> max_freed; ///< bytes
    std::optional<std::string> shell;
    std::optional<std::string> driver;
    std::vector<std::string> gpus; ///< products or compute capabilities
    std::optional<std::string> platform;
    bool is_wsl = false;
    std::optional<std::string> self_test; ///< --self-test, --policy: warn, strict or off
    std::optional<std::string> audit;     ///< --audit: warn, strict or off
    bool recheck = false;
    bool is_deep = false;                                ///< --deep
    bool with_torch = false;                             ///< --torch
    std::optional<std::filesystem::path> receipt;        ///< --receipt
    std::optional<std::chrono::milliseconds> time_limit; ///< --timeout
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

} // namespace envpm::cli
