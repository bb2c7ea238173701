#include "cli/command_line.h"

#include "cli/argument_values.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace envpm::cli {

namespace {

/// A parser and what it fills. It is gone before anything is read, so callbacks refer to the
/// arguments alone.
struct Commands {
    CLI::App& app;
    Arguments& arguments;

    void add_all();

  private:
    CLI::App* command(Command value, const std::string& name, const std::string& help);
    CLI::App* command_of(CLI::App& parent, Command value, const std::string& name,
                         const std::string& help);
    void add_global_flags();
    void add_project_commands();
    void add_environment_commands();
    void add_reading_commands();
    void add_care_commands();
    void add_gpu_commands();
    void add_machine_commands();
    void add_update();
    void add_audit();
    void add_date_flag(CLI::App* command);
    void add_speed_flags(CLI::App* command);
    void add_policy_flag(CLI::App* command, const std::string& name);
    void add_timeout_flag(CLI::App* command, const std::string& help);
};

CLI::Validator one_of(const std::vector<std::string>& words);
CLI::Validator between(double least, double most);

} // namespace

std::unique_ptr<CLI::App> command_line(Arguments& arguments) {
    auto app = std::make_unique<CLI::App>("One lockfile, bit-identical Python and GPU environments",
                                          "envpm");
    Commands{*app, arguments}.add_all();
    return app;
}

namespace {

void Commands::add_all() {
    app.set_version_flag("--version", "envpm " ENVPM_VERSION, "show the version");
    app.set_help_flag("-h,--help", "show this help");
    app.require_subcommand(0, 1);
    app.fallthrough();
    add_global_flags();
    add_project_commands();
    add_environment_commands();
    add_reading_commands();
    add_care_commands();
    add_gpu_commands();
    add_machine_commands();
}

CLI::App* Commands::command(Command value, const std::string& name, const std::string& help) {
    return command_of(app, value, name, help);
}

CLI::App* Commands::command_of(CLI::App& parent, Command value, const std::string& name,
                               const std::string& help) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->fallthrough();
    sub->callback([&into = arguments, value] { into.command = value; });
    return sub;
}

void Commands::add_global_flags() {
    GlobalOptions& global = arguments.global;
    app.add_option("--manifest-path", global.manifest_path, "the manifest, instead of the nearest")
        ->envname("ENVPM_MANIFEST_PATH")
        ->type_name("FILE");
    app.add_option("--target", global.target,
                   "a target of the manifest, instead of the one that fits")
        ->envname("ENVPM_TARGET")
        ->type_name("NAME");
    app.add_option("-C,--directory", global.directory, "work as if started in DIR")
        ->type_name("DIR");
    app.add_flag("--offline", global.is_offline, "never use the network")->envname("ENVPM_OFFLINE");
    app.add_flag("--json", global.is_json, "one JSON document on standard output")
        ->envname("ENVPM_JSON");
    app.add_flag("-q,--quiet", global.is_quiet, "only errors")->envname("ENVPM_QUIET");
    app.add_flag("-v,--verbose", global.is_verbose, "a line for each step")
        ->envname("ENVPM_VERBOSE");
    app.add_option_function<std::string>(
           "--color", [&global](const std::string& text) { global.color = color_mode_of(text); },
           "auto, always or never")
        ->envname("ENVPM_COLOR")
        ->type_name("WHEN");
    app.add_flag("--no-progress", global.has_no_progress, "no progress bars")
        ->envname("ENVPM_NO_PROGRESS");
    app.add_option("--config-file", global.config_file, "this configuration, and no other file")
        ->envname("ENVPM_CONFIG_FILE")
        ->type_name("FILE");
    app.add_flag("--no-config", global.ignores_config, "no configuration files")
        ->envname("ENVPM_NO_CONFIG");
}

void Commands::add_date_flag(CLI::App* sub) {
    sub->add_option("--exclude-newer", arguments.exclude_newer,
                    "nothing uploaded later is a candidate")
        ->type_name("DATE")
        ->check(CLI::Validator(fault_of_date, ""));
}

void Commands::add_speed_flags(CLI::App* sub) {
    // Their variables are settings too, for the commands that have no such flag.
    sub->add_option("--jobs", arguments.jobs, "threads; default: one for each processor")
        ->type_name("N")
        ->check(between(1, 1024));
    sub->add_option("--concurrent-downloads", arguments.concurrent_downloads,
                    "transfers at the same time; default 8")
        ->type_name("N")
        ->check(between(1, 64));
    sub->add_option("--link-mode", arguments.link_mode, "auto, reflink, hardlink or copy")
        ->type_name("MODE");
}

/// Its variable is not read here: CLI11 would set it for the commands that were not given too.
void Commands::add_policy_flag(CLI::App* sub, const std::string& name) {
    sub->add_option(name, arguments.self_test,
                    "what a failed GPU self-test means: warn, strict (code 7) or off")
        ->type_name("POLICY")
        ->check(one_of({"warn", "strict", "off"}));
}

void Commands::add_timeout_flag(CLI::App* sub, const std::string& help) {
    sub->add_option_function<double>(
           "--timeout",
           [&into = arguments](double seconds) {
               into.time_limit =
                   std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
           },
           help)
        ->type_name("SECONDS")
        ->check(between(0.1, 600));
}

void Commands::add_project_commands() {
    CLI::App* init = command(Command::init, "init", "write a new envpm.toml");
    init->add_option("--name", arguments.name, "of the workspace; default: the folder's")
        ->type_name("NAME");
    init->add_option("--import", arguments.import_file,
                     "what an environment.yml, explicit list, conda-lock.yml or pixi.toml asks for")
        ->type_name("FILE");
    init->add_option("-e,--environment", arguments.environment, "of a pixi.toml, if not `default`")
        ->needs("--import");
    init->add_option("folder", arguments.words, "default: this one")->expected(1);

    CLI::App* add = command(Command::add, "add", "add packages to envpm.toml, lock and install");
    add->add_option("package", arguments.words,
                    "NAME[EXTRAS]SPECIFIER, as `torch~=2.9.0`; with channels a conda spec, as "
                    "`ffmpeg>=6`")
        ->required();
    add->add_flag("--pypi", arguments.as_wheels, "wheels, though the manifest lists channels");
    add->add_option("--index", arguments.index, "the only index that may serve them")
        ->type_name("NAME");
    add->add_flag("--no-install", arguments.no_install, "only edit and lock");
    add_speed_flags(add);

    CLI::App* remove =
        command(Command::remove, "remove", "remove packages from envpm.toml, lock and install");
    remove->add_option("package", arguments.words, "names")->required();
    remove->add_flag("--no-install", arguments.no_install, "only edit and lock");
    add_speed_flags(remove);

    CLI::App* lock = command(Command::lock, "lock", "solve envpm.toml and write envpm.lock");
    CLI::Option* check = lock->add_flag("--check", arguments.check,
                                        "only tell whether the lock is up to date (code 3)");
    lock->add_flag("--dry-run", arguments.dry_run, "show what would change, write nothing");
    lock->add_option("--repair", arguments.repair,
                     "apply the N-th change that is offered for a conflict, and lock")
        ->type_name("N")
        ->excludes("--dry-run")
        ->excludes("--check");
    lock->add_flag("--upgrade,-U", arguments.upgrade, "newest of everything, whatever is locked");
    lock->add_option("--upgrade-package,-P", arguments.upgrade_packages,
                     "newest of this package; may be repeated")
        ->type_name("NAME");
    lock->add_flag("--refresh", arguments.refresh, "trust no cached index page");
    add_date_flag(lock);
    for (const char* name : {"--upgrade", "--upgrade-package", "--refresh", "--exclude-newer"}) {
        check->excludes(lock->get_option(name)); // nothing is looked up and nothing written
    }
    add_update();
}

void Commands::add_update() {
    CLI::App* update =
        command(Command::update, "update", "lock the newest that envpm.toml allows, and install");
    update->add_option("package", arguments.upgrade_packages, "only these; default: all");
    update->add_flag("--dry-run", arguments.dry_run, "show what would change, write nothing");
    update->add_flag("--no-install", arguments.no_install, "only lock");
    add_date_flag(update);
    add_speed_flags(update);
}

void Commands::add_environment_commands() {
    CLI::App* install =
        command(Command::install, "install", "bring the environment to what envpm.lock says");
    install->alias("sync");
    install->add_flag("--locked", arguments.locked, "fail (code 3) if the lock is out of date")
        ->envname("ENVPM_LOCKED");
    install
        ->add_flag("--frozen", arguments.frozen,
                   "use the lock as it is, without a look at envpm.toml")
        ->envname("ENVPM_FROZEN");
    install->add_option("--prefix", arguments.prefix, "lay the environment out in DIR besides")
        ->type_name("DIR");
    add_speed_flags(install);
    add_policy_flag(install, "--self-test");
    install
        ->add_option("--audit", arguments.audit,
                     "what an error of the audit means: warn, strict (code 6) or off")
        ->type_name("POLICY")
        ->check(one_of({"warn", "strict", "off"}));

    CLI::App* run = command(Command::run, "run", "run a command or a task in the environment");
    run->add_flag("--no-install", arguments.no_install, "do not look whether it is up to date");
    add_policy_flag(run, "--self-test");
    run->add_flag("--activated", arguments.is_activated)->group(""); // shown nowhere
    run->footer("envpm run [--no-install] [--self-test POLICY] [--] COMMAND [ARGUMENTS…]");

    CLI::App* shell = command(Command::shell, "shell", "start a shell in the environment");
    shell->add_flag("--no-install", arguments.no_install, "do not look whether it is up to date");
    add_policy_flag(shell, "--self-test");

    CLI::App* hook =
        command(Command::shell_hook, "shell-hook", "print what a shell must eval to activate");
    hook->add_option("--shell", arguments.shell, "bash, zsh or fish; default: $SHELL")
        ->type_name("SHELL");
    hook->add_flag("--no-install", arguments.no_install, "do not look whether it is up to date");
    add_policy_flag(hook, "--self-test");
}

void Commands::add_reading_commands() {
    command(Command::list, "list", "the locked packages");
    command(Command::tree, "tree", "the locked packages by who needs them");
    command(Command::why, "why", "why a package is in the lock")
        ->add_option("package", arguments.words, "its name")
        ->required()
        ->expected(1);
    command(Command::info, "info", "project, environment, store and this machine");
    CLI::App* export_lock =
        command(Command::export_lock, "export", "the lock as a file for conda and its like");
    export_lock->add_option("--format", arguments.format, "explicit or environment-yml")
        ->type_name("FORMAT")
        ->required()
        ->check(one_of({"explicit", "environment-yml"}));
    export_lock->add_option("-o,--output", arguments.output, "the file; default: standard output")
        ->type_name("FILE");
    command(Command::gens, "gens", "the states that the environment was in");
    command(Command::completion, "completion", "print the completion script of a shell")
        ->add_option("shell", arguments.words, "bash, zsh or fish")
        ->required()
        ->expected(1);
}

void Commands::add_care_commands() {
    command(Command::rollback, "rollback", "make an earlier state of the environment current again")
        ->add_option("generation", arguments.generation, "its number; default: the one before");
    command(Command::seal, "seal", "write the digest of the installed bytes into envpm.lock");
    CLI::App* selftest =
        command(Command::selftest, "selftest", "run a kernel on every GPU, and say what is wrong");
    selftest->add_flag("--recheck", arguments.recheck, "test again what passed before");
    selftest->add_flag("--deep", arguments.is_deep,
                       "the environment's own CUDA libraries, and PyTorch's use of them");
    selftest->add_flag("--torch", arguments.with_torch,
                       "with --deep: train, compile, and train with two ranks");
    selftest->add_option("--receipt", arguments.receipt, "with --deep: write what was found there")
        ->type_name("FILE");
    add_policy_flag(selftest, "--policy");
    add_timeout_flag(selftest, "for all GPUs together; default 3");
    CLI::App* doctor =
        command(Command::doctor, "doctor", "what is wrong with this machine, and the way out");
    add_timeout_flag(doctor, "for the driver; default 3");
    CLI::App* verify =
        command(Command::verify, "verify", "check the store and its environments, byte for byte");
    CLI::Option* quick =
        verify->add_flag("--quick", arguments.quick, "only kinds, sizes and modes");
    verify
        ->add_flag_callback(
            "--full", [] {}, "every byte, which is the default")
        ->excludes(quick);
    command(Command::repair, "repair", "make anew what `verify` finds damaged")
        ->add_flag("--dry-run", arguments.dry_run, "only tell");
    add_audit();
    CLI::App* gc = command(Command::gc, "gc", "remove from the store what no project uses");
    gc->add_flag("--dry-run", arguments.dry_run, "only tell");
    gc->add_option_function<std::string>(
          "--grace", [&into = arguments](const std::string& text) { into.grace = grace_of(text); },
          "keep what is younger; default 24h")
        ->type_name("TIME");
    gc->add_option_function<std::string>(
          "--max-freed",
          [&into = arguments](const std::string& text) { into.max_freed = freed_of(text); },
          "stop when so much is free, as 10GB")
        ->type_name("SIZE");
}

void Commands::add_gpu_commands() {
    CLI::App* gpu = app.add_subcommand("gpu", "what is known of GPUs, drivers, CUDA and PyTorch");
    gpu->require_subcommand(0, 1)->fallthrough();
    command_of(*gpu, Command::gpu_facts, "facts", "the table of facts, with the source of each")
        ->add_option("word", arguments.words, "only rows that have each of these words");
    CLI::App* fits = command_of(*gpu, Command::gpu_fits, "fits",
                                "the CUDA and PyTorch builds that go with a driver and GPUs");
    fits->add_option("--driver", arguments.driver, "its version, as nvidia-smi shows it")
        ->type_name("VERSION");
    fits->add_option("--gpu", arguments.gpus,
                     "a product or a compute capability, as \"RTX 4090\" or 8.9; may be repeated")
        ->type_name("NAME");
    fits->add_option("--platform", arguments.platform, "linux-64 (default) or linux-aarch64")
        ->type_name("PLATFORM");
    fits->add_flag("--wsl", arguments.is_wsl, "the driver is Windows', with Windows' number");
}

void Commands::add_machine_commands() {
    CLI::App* target = app.add_subcommand("target", "machines that a lock is for");
    target->require_subcommand(0, 1)->fallthrough();
    command_of(*target, Command::target_detect, "detect",
               "this machine as a table to paste into envpm.toml")
        ->add_option("--name", arguments.name, "of the target; default: this-machine")
        ->type_name("NAME");
    CLI::App* mirror = app.add_subcommand("mirror", "the places that stand for each source");
    mirror->require_subcommand(0, 1)->fallthrough();
    command_of(*mirror, Command::mirror_list, "list",
               "the mirrors of each source, and who configured them");
    command_of(*mirror, Command::mirror_test, "test",
               "ask each mirror for a page and a piece of a package");
}

void Commands::add_audit() {
    CLI::App* audit =
        command(Command::audit, "audit", "what is wrong with the environment's binaries");
    audit->add_option("--prefix", arguments.prefix, "this folder; default: the environment")
        ->type_name("DIR");
    audit
        ->add_option("--gpus", arguments.gpus,
                     "products or compute capabilities that it must work on, as \"A100,12.0\"")
        ->delimiter(',')
        ->type_name("LIST");
    audit
        ->add_option_function<std::string>(
            "--driver-cuda",
            [&into = arguments](const std::string& text) {
                into.driver_cuda = driver_cuda_of(text);
            },
            "the newest CUDA that their driver knows, as 12.8")
        ->type_name("VERSION");
    audit
        ->add_option("--allow", arguments.allowed,
                     "a library that is not to be complained of; may be repeated")
        ->type_name("NAME");
}

CLI::Validator one_of(const std::vector<std::string>& words) {
    return {[words](const std::string& text) { return fault_of_word(text, words); },
            fmt::format("{{{}}}", fmt::join(words, ","))};
}

CLI::Validator between(double least, double most) {
    return {[=](const std::string& text) { return fault_of_number(text, least, most); }, ""};
}

} // namespace

} // namespace envpm::cli
