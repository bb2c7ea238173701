#include "cli/command_line.h"

#include "cli/argument_values.h"
#include "installing/selftest.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace envpm::cli {

namespace {

/// A parser and what it fills. It is gone before anything is read, so callbacks refer to the
/// arguments alone. Commands are shown in the order in which they are added.
struct Commands {
    CLI::App& app;
    ReadArguments& arguments;

    void add_all();

  private:
    template <typename Own> struct Added;

    template <typename Own> Added<Own> add(const std::string& name, const std::string& help);
    template <typename Own>
    Added<Own> add_to(CLI::App& parent, const std::string& name, const std::string& help);
    CLI::App* add_parent(const std::string& name, const std::string& help);
    void add_global_flags();
    void add_init();
    void add_edits();
    void add_lock();
    void add_update();
    void add_install();
    void add_entries();
    void add_reading_commands();
    void add_rollback_and_seal();
    void add_selftest();
    void add_doctor();
    void add_verify_and_repair();
    void add_audit();
    void add_gc();
    void add_gpu_commands();
    void add_machine_commands();
};

/// A command's parser, and what that fills; both are the whole parser's.
template <typename Own> struct Commands::Added {
    CLI::App* app;
    Own& own;
};

void add_dry_run_flag(CLI::App* app, const std::string& help, DryRun& into);
void add_date_flag(CLI::App* app, std::optional<std::string>& into);
void add_speed_flags(CLI::App* app, SpeedFlags& into);
void add_entry_flags(CLI::App* app, EntryFlags& into);
void add_policy_flag(CLI::App* app, const std::string& name, std::optional<CheckPolicy>& into);
void add_policy(CLI::App* app, const std::string& name, const std::string& help,
                std::optional<CheckPolicy>& into);
void add_timeout_flag(CLI::App* app, const std::string& help,
                      std::optional<std::chrono::milliseconds>& into);
CLI::Validator one_of(const std::vector<std::string>& words);
CLI::Validator between(double least, double most);

} // namespace

std::unique_ptr<CLI::App> command_line(ReadArguments& arguments) {
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
    add_init();
    add_edits();
    add_lock();
    add_update();
    add_install();
    add_entries();
    add_reading_commands();
    add_rollback_and_seal();
    add_selftest();
    add_doctor();
    add_verify_and_repair();
    add_audit();
    add_gc();
    add_gpu_commands();
    add_machine_commands();
}

template <typename Own>
Commands::Added<Own> Commands::add(const std::string& name, const std::string& help) {
    return add_to<Own>(app, name, help);
}

/// CLI11 reads the variables of every command's flags, so each command has a place of its own, and
/// only that of the command that was named is handed on.
template <typename Own>
Commands::Added<Own> Commands::add_to(CLI::App& parent, const std::string& name,
                                      const std::string& help) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->fallthrough();
    const auto own = std::make_shared<Own>(); // a callback is copied, and all copies share it
    sub->callback([own, &into = arguments.command] { into = *own; });
    return {sub, *own};
}

/// What is no command without one of its own.
CLI::App* Commands::add_parent(const std::string& name, const std::string& help) {
    CLI::App* parent = app.add_subcommand(name, help);
    parent->require_subcommand(0, 1)->fallthrough();
    return parent;
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

void Commands::add_init() {
    const auto [init, own] = add<InitCommand>("init", "write a new envpm.toml");
    init->add_option("--name", own.name, "of the workspace; default: the folder's")
        ->type_name("NAME");
    init->add_option("--import", own.import_file,
                     "what an environment.yml, explicit list, conda-lock.yml or pixi.toml asks for")
        ->type_name("FILE");
    init->add_option("-e,--environment", own.environment, "of a pixi.toml, if not `default`")
        ->needs("--import");
    init->add_option("folder", own.folder, "default: this one")->allow_extra_args();
}

void Commands::add_edits() {
    const auto [add_app, added] =
        add<AddCommand>("add", "add packages to envpm.toml, lock and install");
    add_app->add_option("package", added.requirements,
                        "NAME[EXTRAS]SPECIFIER, as `torch~=2.9.0`; with channels a conda spec, as "
                        "`ffmpeg>=6`");
    add_app
        ->add_option("-r,--requirements", added.files, "what this file of pip asks for, as wheels")
        ->type_name("FILE")
        ->allow_extra_args(false);
    add_app->add_flag("--pypi", added.as_wheels, "wheels, though the manifest lists channels");
    add_app->add_option("--index", added.index, "the only index that may serve them")
        ->type_name("NAME");
    add_app->add_flag("--no-install", added.no_install, "only edit and lock");
    add_speed_flags(add_app, added.speed);

    const auto [remove, removed] =
        add<RemoveCommand>("remove", "remove packages from envpm.toml, lock and install");
    remove->add_option("package", removed.names, "names")->required();
    remove->add_flag("--no-install", removed.no_install, "only edit and lock");
    add_speed_flags(remove, removed.speed);
}

void Commands::add_lock() {
    const auto [lock, own] = add<LockCommand>("lock", "solve envpm.toml and write envpm.lock");
    CLI::Option* check =
        lock->add_flag("--check", own.check, "only tell whether the lock is up to date (code 3)");
    add_dry_run_flag(lock, "show what would change, write nothing", own.dry_run);
    lock->add_option("--repair", own.repair,
                     "apply the N-th change that is offered for a conflict, and lock")
        ->type_name("N")
        ->excludes("--dry-run")
        ->excludes("--check");
    lock->add_flag("--upgrade,-U", own.upgrade, "newest of everything, whatever is locked");
    lock->add_option("--upgrade-package,-P", own.upgrade_packages,
                     "newest of this package; may be repeated")
        ->type_name("NAME");
    lock->add_flag("--refresh", own.refresh, "trust no cached index page");
    add_date_flag(lock, own.exclude_newer);
    for (const char* name : {"--upgrade", "--upgrade-package", "--refresh", "--exclude-newer"}) {
        check->excludes(lock->get_option(name)); // nothing is looked up and nothing written
    }
}

void Commands::add_update() {
    const auto [update, own] =
        add<UpdateCommand>("update", "lock the newest that envpm.toml allows, and install");
    update->add_option("package", own.packages, "only these; default: all");
    add_dry_run_flag(update, "show what would change, write nothing", own.dry_run);
    update->add_flag("--no-install", own.no_install, "only lock");
    add_date_flag(update, own.exclude_newer);
    add_speed_flags(update, own.speed);
}

void Commands::add_install() {
    const auto [install, own] =
        add<InstallCommand>("install", "bring the environment to what envpm.lock says");
    install->alias("sync");
    install->add_flag("--locked", own.locked, "fail (code 3) if the lock is out of date")
        ->envname("ENVPM_LOCKED");
    install->add_flag("--frozen", own.frozen, "use the lock as it is, without a look at envpm.toml")
        ->envname("ENVPM_FROZEN");
    install->add_option("--prefix", own.prefix, "lay the environment out in DIR besides")
        ->type_name("DIR");
    add_speed_flags(install, own.speed);
    add_policy_flag(install, "--self-test", own.self_test);
    add_policy(install, "--audit", "what an error of the audit means: warn, strict (code 6) or off",
               own.audit);
}

void Commands::add_entries() {
    const auto [run, for_run] =
        add<RunCommand>("run", "run a command or a task in the environment");
    add_entry_flags(run, for_run.entry);
    run->add_flag("--activated", for_run.is_activated)->group(""); // shown nowhere
    run->footer("envpm run [--no-install] [--self-test POLICY] [--] COMMAND [ARGUMENTS…]");

    const auto [shell, for_shell] = add<ShellCommand>("shell", "start a shell in the environment");
    add_entry_flags(shell, for_shell.entry);

    const auto [hook, for_hook] =
        add<ShellHookCommand>("shell-hook", "print what a shell must eval to activate");
    hook->add_option("--shell", for_hook.shell, "bash, zsh or fish; default: $SHELL")
        ->type_name("SHELL");
    add_entry_flags(hook, for_hook.entry);
}

void Commands::add_reading_commands() {
    add<ListCommand>("list", "the locked packages");
    add<TreeCommand>("tree", "the locked packages by who needs them");
    const auto [why, asked] = add<WhyCommand>("why", "why a package is in the lock");
    why->add_option("package", asked.package, "its name")->required()->allow_extra_args();
    add<InfoCommand>("info", "project, environment, store and this machine");
    const auto [export_lock, own] = add<ExportCommand>(
        "export", "the lock as a file for conda, pip and their like, or its archives");
    export_lock
        ->add_option("--format", own.format, "explicit, environment-yml, requirements-txt or blobs")
        ->type_name("FORMAT")
        ->required()
        ->check(one_of({"explicit", "environment-yml", "requirements-txt", "blobs"}));
    export_lock
        ->add_option("-o,--output", own.output,
                     "the file; default: standard output. Of blobs: their folder")
        ->type_name("PATH");
    add<GensCommand>("gens", "the states that the environment was in");
    const auto [completion, script] =
        add<CompletionCommand>("completion", "print the completion script of a shell");
    completion->add_option("shell", script.shell, "bash, zsh or fish")
        ->required()
        ->allow_extra_args();
}

void Commands::add_rollback_and_seal() {
    const auto [rollback, own] =
        add<RollbackCommand>("rollback", "make an earlier state of the environment current again");
    rollback->add_option("generation", own.generation, "its number; default: the one before");
    add<SealCommand>("seal", "write the digest of the installed bytes into envpm.lock");
}

void Commands::add_selftest() {
    const auto [selftest, own] =
        add<SelftestCommand>("selftest", "run a kernel on every GPU, and say what is wrong");
    selftest->add_flag("--recheck", own.recheck, "test again what passed before");
    selftest->add_flag("--deep", own.is_deep,
                       "the environment's own CUDA libraries, and PyTorch's use of them");
    selftest->add_flag("--torch", own.with_torch,
                       "with --deep: train, compile, and train with two ranks");
    selftest->add_option("--receipt", own.receipt, "with --deep: write what was found there")
        ->type_name("FILE");
    add_policy_flag(selftest, "--policy", own.policy);
    add_timeout_flag(selftest, "for all GPUs together; default 3", own.time_limit);
}

void Commands::add_doctor() {
    const auto [doctor, own] =
        add<DoctorCommand>("doctor", "what is wrong with this machine, and the way out");
    add_timeout_flag(doctor, "for the driver; default 3", own.time_limit);
}

void Commands::add_verify_and_repair() {
    const auto [verify, verified] =
        add<VerifyCommand>("verify", "check the store and its environments, byte for byte");
    CLI::Option* quick = verify->add_flag("--quick", verified.quick, "only kinds, sizes and modes");
    verify
        ->add_flag_callback(
            "--full", [] {}, "every byte, which is the default")
        ->excludes(quick);

    const auto [repair, repaired] =
        add<RepairCommand>("repair", "make anew what `verify` finds damaged");
    add_dry_run_flag(repair, "only tell", repaired.dry_run);
}

void Commands::add_audit() {
    const auto [audit, own] =
        add<AuditCommand>("audit", "what is wrong with the environment's binaries");
    audit->add_option("--prefix", own.prefix, "this folder; default: the environment")
        ->type_name("DIR");
    audit
        ->add_option("--gpus", own.gpus,
                     "products or compute capabilities that it must work on, as \"A100,12.0\"")
        ->delimiter(',')
        ->type_name("LIST");
    audit
        ->add_option_function<std::string>(
            "--driver-cuda",
            [&into = own.driver_cuda](const std::string& text) { into = driver_cuda_of(text); },
            "the newest CUDA that their driver knows, as 12.8")
        ->type_name("VERSION");
    audit
        ->add_option("--allow", own.allowed,
                     "a library that is not to be complained of; may be repeated")
        ->type_name("NAME");
}

void Commands::add_gc() {
    const auto [gc, own] = add<GcCommand>("gc", "remove from the store what no project uses");
    add_dry_run_flag(gc, "only tell", own.dry_run);
    gc->add_option_function<std::string>(
          "--grace", [&into = own.grace](const std::string& text) { into = grace_of(text); },
          "keep what is younger; default 24h")
        ->type_name("TIME");
    gc->add_option_function<std::string>(
          "--max-freed",
          [&into = own.max_freed](const std::string& text) { into = freed_of(text); },
          "stop when so much is free, as 10GB")
        ->type_name("SIZE");
}

void Commands::add_gpu_commands() {
    CLI::App* gpu = add_parent("gpu", "what is known of GPUs, drivers, CUDA and PyTorch");
    const auto [facts, shown] =
        add_to<GpuFactsCommand>(*gpu, "facts", "the table of facts, with the source of each");
    facts->add_option("word", shown.words, "only rows that have each of these words");

    const auto [fits, own] = add_to<GpuFitsCommand>(
        *gpu, "fits", "the CUDA and PyTorch builds that go with a driver and GPUs");
    fits->add_option("--driver", own.driver, "its version, as nvidia-smi shows it")
        ->type_name("VERSION");
    fits->add_option("--gpu", own.gpus,
                     "products or compute capabilities, as \"RTX 4090\" or \"A100,8.9\"; may be "
                     "repeated")
        ->delimiter(',')
        ->type_name("LIST");
    fits->add_option("--platform", own.platform, "linux-64 (default) or linux-aarch64")
        ->type_name("PLATFORM");
    fits->add_flag("--wsl", own.is_wsl, "the driver is Windows', with Windows' number");
}

void Commands::add_machine_commands() {
    CLI::App* target = add_parent("target", "machines that a lock is for");
    const auto [detect, own] = add_to<TargetDetectCommand>(
        *target, "detect", "this machine as a table to paste into envpm.toml");
    detect->add_option("--name", own.name, "of the target; default: this-machine")
        ->type_name("NAME");

    CLI::App* mirror = add_parent("mirror", "the places that stand for each source");
    add_to<MirrorListCommand>(*mirror, "list",
                              "the mirrors of each source, and who configured them");
    add_to<MirrorTestCommand>(*mirror, "test",
                              "ask each mirror for a page and a piece of a package");
}

void add_dry_run_flag(CLI::App* app, const std::string& help, DryRun& into) {
    app->add_flag_function(
        "--dry-run", [&into](std::int64_t count) { into = count > 0 ? DryRun::yes : DryRun::no; },
        help);
}

void add_date_flag(CLI::App* app, std::optional<std::string>& into) {
    app->add_option("--exclude-newer", into, "nothing uploaded later is a candidate")
        ->type_name("DATE")
        ->check(CLI::Validator(fault_of_date, ""));
}

void add_speed_flags(CLI::App* app, SpeedFlags& into) {
    // Their variables are settings too, for the commands that have no such flag.
    app->add_option("--jobs", into.jobs, "threads; default: one for each processor")
        ->type_name("N")
        ->check(between(1, 1024));
    app->add_option("--concurrent-downloads", into.concurrent_downloads,
                    "transfers at the same time; default 8")
        ->type_name("N")
        ->check(between(1, 64));
    app->add_option("--link-mode", into.link_mode, "auto, reflink, hardlink or copy")
        ->type_name("MODE");
}

void add_entry_flags(CLI::App* app, EntryFlags& into) {
    app->add_flag("--no-install", into.no_install, "do not look whether it is up to date");
    add_policy_flag(app, "--self-test", into.self_test);
}

void add_policy_flag(CLI::App* app, const std::string& name, std::optional<CheckPolicy>& into) {
    add_policy(app, name, "what a failed GPU self-test means: warn, strict (code 7) or off", into);
}

/// The variable of a policy is not read here: `policy_of` does, for commands without the flag too.
void add_policy(CLI::App* app, const std::string& name, const std::string& help,
                std::optional<CheckPolicy>& into) {
    app->add_option_function<std::string>(
           name, [&into](const std::string& text) { into = installing::parse_check_policy(text); },
           help)
        ->type_name("POLICY")
        ->check(one_of({"warn", "strict", "off"}));
}

void add_timeout_flag(CLI::App* app, const std::string& help,
                      std::optional<std::chrono::milliseconds>& into) {
    app->add_option_function<double>(
           "--timeout",
           [&into](double seconds) {
               into = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
           },
           help)
        ->type_name("SECONDS")
        ->check(between(0.1, 600));
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
