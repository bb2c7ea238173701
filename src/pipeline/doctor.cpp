#include "pipeline/doctor.h"

#include "host/gpu_driver.h"
#include "host/this_machine.h"
#include "installing/audit.h"
#include "installing/selftest.h"
#include "installing/target_choice.h"
#include "pipeline/mirror_check.h"
#include "project/archive_cache.h"
#include "project/ignored_indexes.h"
#include "universe/gpu_machine.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

namespace fs = std::filesystem;

/// What the project's target asks of a machine.
struct Wanted {
    Target target;
    DeclaredGpu declared;
    gpu::TargetMachine machine; ///< the same, with GPUs as numbers

    [[nodiscard]] bool wants_gpu() const { return machine.gpus && !machine.gpus->empty(); }
};

/// One look at the machine, part by part; each adds what it found.
class Examination {
  public:
    Examination(const DoctorRequest& request, project::Services& services)
        : request_(request),
          services_(services) {}

    std::vector<Diagnosis> run();

  private:
    void look_at_settings();
    void look_at_project();
    void look_at_indexes();
    void look_at_system();
    void look_at_driver();
    void look_at_gpus();
    [[nodiscard]] Diagnosis untested_gpus(const std::string& summary,
                                          const std::string& library) const;
    void look_at_libcuda(const selftest::Situation& situation);
    void compare_with_target();
    void look_at_folders();
    void look_at_libraries();

    void add(Diagnosis diagnosis) { diagnoses_.push_back(std::move(diagnosis)); }

    void add(const std::string& part, const ErrorText& text);

    const DoctorRequest& request_;
    project::Services& services_;
    std::vector<Diagnosis> diagnoses_;
    std::optional<Manifest> manifest_; ///< that could be read
    std::optional<Wanted> wanted_;
    host::MachineFacts facts_;
};

Target target_for(const project::Project& project, const Manifest& manifest,
                  const std::optional<std::string>& name, project::Services& services);
std::string gpu_teller(const host::MachineFacts& facts);
std::string names_of(const std::vector<ProbedGpu>& gpus);
bool is_declared(const ProbedGpu& gpu, const std::vector<ComputeCapability>& declared);

} // namespace

bool DoctorReport::has_defect() const {
    return std::any_of(diagnoses.begin(), diagnoses.end(), [](const Diagnosis& diagnosis) {
        return diagnosis.condition == Condition::defect;
    });
}

DoctorReport doctor(const DoctorRequest& request, project::Services& services) {
    return {Examination(request, services).run()};
}

namespace {

std::vector<Diagnosis> Examination::run() {
    look_at_settings();
    look_at_project();
    look_at_indexes();
    look_at_system();
    look_at_driver();
    look_at_gpus();
    compare_with_target();
    services_.throw_if_stopped();
    look_at_folders();
    look_at_libraries();
    return std::move(diagnoses_);
}

void Examination::add(const std::string& part, const ErrorText& text) {
    add({part, Condition::defect, text.what, text.subject, text.hint});
}

void Examination::look_at_settings() {
    if (request_.settings_error) {
        add("settings", *request_.settings_error);
    }
}

/// A project that cannot be read asks for nothing; the machine is looked at all the same.
void Examination::look_at_project() {
    if (!request_.project) {
        return;
    }
    try {
        const Manifest manifest = project::read_manifest(*request_.project);
        Wanted wanted{target_for(*request_.project, manifest, request_.target, services_), {}, {}};
        if (const auto found = manifest.declared_gpus.find(wanted.target.name);
            found != manifest.declared_gpus.end()) {
            wanted.declared = found->second;
        }
        wanted.machine = universe::gpu_machine(manifest, wanted.target, services_.facts());
        wanted_ = std::move(wanted);
        for (const IdleMirrors& idle : idle_mirrors(manifest, services_)) {
            if (idle.meant) { // others may be for another project
                add({"mirrors", Condition::warning, idle.what, idle.origin,
                     fmt::format("did you mean `{}`?", *idle.meant)});
            }
        }
        manifest_ = manifest;
    } catch (const Error& error) {
        add("project", error.text());
    }
}

void Examination::look_at_indexes() {
    try {
        for (const project::IgnoredIndex& ignored :
             project::ignored_indexes(manifest_, services_)) {
            add({"indexes", Condition::warning, ignored.what, ignored.origin, ignored.instead});
        }
    } catch (const Error& error) { // a file of pip that cannot be read
        const bool is_told =
            request_.settings_error && request_.settings_error->subject == error.text().subject;
        if (!is_told) {
            add("settings", error.text());
        }
    }
}

void Examination::look_at_system() {
    const std::optional<Target> here = host::detect_target();
    if (!here) {
        add({"system", Condition::defect, "envpm has no platform for this machine", "uname(2)",
             "use a machine with Linux and glibc on x86-64 or aarch64"});
        return;
    }
    try {
        facts_ = host::detect_machine(
            {.variables = request_.variables,
             .probe = request_.probe.empty() ? installing::gpu_probe() : request_.probe,
             .folders = request_.folders,
             .time_limit = request_.time_limit});
    } catch (const Error& error) {
        add("settings", error.text());
        facts_.glibc = {here->glibc, "the C library"};
    }
    const GlibcVersion glibc = facts_.glibc.value.value_or(here->glibc);
    const std::string fact = fmt::format("{}, glibc {}", to_text(here->platform), glibc.text());
    if (wanted_ && (wanted_->target.glibc > glibc || wanted_->target.platform != here->platform)) {
        add({"system", Condition::defect,
             fmt::format("{}, and target `{}` is for {} with glibc {} or later", fact,
                         wanted_->target.name, to_text(wanted_->target.platform),
                         wanted_->target.glibc.text()),
             facts_.glibc.origin, "declare a target that fits (`envpm target detect`), and lock"});
    } else {
        add({"system", Condition::good, fact, facts_.glibc.origin});
    }
}

/// Three facts that are often taken for one, each with who says so.
void Examination::look_at_driver() {
    if (facts_.is_wsl) {
        add({"system", Condition::good, "this is WSL: the driver is that of Windows",
             (request_.folders.proc / "sys/kernel/osrelease").string()});
    }
    if (facts_.driver.value) {
        add({"driver", Condition::good, facts_.driver.value->text(), facts_.driver.origin});
    }
    if (facts_.cuda.value) {
        add({"CUDA", Condition::good,
             fmt::format("up to {}, as the driver's library says", facts_.cuda.value->text()),
             facts_.cuda.origin});
    }
    if (facts_.gpus.value && !facts_.gpus.value->empty()) {
        add({"GPU", Condition::good, names_of(*facts_.gpus.value), facts_.gpus.origin});
    }
}

/// Runs the kernel on each, and takes the self-test's words for what is wrong.
void Examination::look_at_gpus() {
    installing::SelfTestReport report;
    try {
        report = installing::self_test({.project = wanted_ ? request_.project : std::nullopt,
                                        .target = request_.target,
                                        .variables = request_.variables,
                                        .time_limit = request_.time_limit,
                                        .memory = installing::SelfTestMemory::renew,
                                        .probe = request_.probe,
                                        .folders = request_.folders},
                                       services_);
    } catch (const Error& error) {
        add("project", error.text());
        return;
    }
    const std::string library = report.situation.probe.library;
    for (const selftest::Finding& finding : report.verdict.findings) {
        add({"GPU", Condition::defect, finding.cause, library, finding.remedy});
    }
    for (const std::string& note : report.verdict.notes) {
        add({"GPU", Condition::warning, note, "", ""});
    }
    look_at_libcuda(report.situation);
    if (report.verdict.status == selftest::Status::passed) {
        add({"GPU", Condition::good, report.verdict.summary, library});
    } else if (report.verdict.status == selftest::Status::skipped) {
        add(untested_gpus(report.verdict.summary, library));
    }
}

Diagnosis Examination::untested_gpus(const std::string& summary, const std::string& library) const {
    if (const std::string teller = gpu_teller(facts_); !teller.empty()) {
        return {"GPU", Condition::absent, "not tested: the machine's GPUs are told by " + teller};
    }
    if (!wanted_ || !wanted_->wants_gpu()) {
        return {"GPU", Condition::absent, summary, library};
    }
    return {"GPU", Condition::defect,
            fmt::format("target `{}` declares GPUs: {}", wanted_->target.name, summary),
            wanted_->declared.gpus_location.text(),
            "work on such a machine, or name another target (`--target`)"};
}

/// libcuda.so.535.104.05 is of that driver; one of another version is there for forward
/// compatibility, and works on data-centre GPUs alone.
void Examination::look_at_libcuda(const selftest::Situation& situation) {
    const std::string name = fs::path(situation.probe.library).filename().string();
    constexpr std::string_view mark = "libcuda.so.";
    const auto version =
        name.starts_with(mark) ? DriverVersion::parse(name.substr(mark.size())) : std::nullopt;
    const auto kernel = DriverVersion::parse(situation.kernel_driver);
    if (version && kernel && !situation.is_wsl && name.find('.', mark.size()) != name.npos &&
        *version != *kernel) {
        add({"driver", Condition::warning,
             fmt::format("programs load a libcuda of driver {}, and the kernel's is {}: forward "
                         "compatibility, which data-centre GPUs alone have",
                         version->text(), kernel->text()),
             situation.probe.library,
             "take its folder out of LD_LIBRARY_PATH, unless that is what you want"});
    }
}

void Examination::compare_with_target() {
    if (!wanted_) {
        return;
    }
    const std::string& name = wanted_->target.name;
    const auto& driver = wanted_->machine.driver;
    if (driver && facts_.driver.value && !facts_.is_wsl && *facts_.driver.value < *driver) {
        add({"driver", Condition::defect,
             fmt::format("the driver is {}, and target `{}` declares {}",
                         facts_.driver.value->text(), name, driver->text()),
             facts_.driver.origin,
             fmt::format("install NVIDIA driver {} or later, or declare the "
                         "one that is here and lock",
                         driver->text())});
    }
    const auto& cuda = wanted_->declared.cuda;
    if (cuda && facts_.cuda.value && *facts_.cuda.value < *cuda) {
        add({"CUDA", Condition::defect,
             fmt::format("the driver runs CUDA up to {}, and target `{}` declares {}",
                         facts_.cuda.value->text(), name, cuda->text()),
             facts_.cuda.origin, "install a newer driver, or declare what is here and lock"});
    }
    for (const ProbedGpu& gpu : facts_.gpus.value.value_or(std::vector<ProbedGpu>())) {
        if (wanted_->wants_gpu() && !is_declared(gpu, *wanted_->machine.gpus)) {
            add({"GPU", Condition::warning,
                 fmt::format("{}: target `{}` does not declare such a GPU, so what is locked may "
                             "have no code for it",
                             names_of({gpu}), name),
                 wanted_->declared.gpus_location.text(),
                 fmt::format("add \"{}\" to its `gpus`, and lock", gpu.capability->text())});
        }
    }
}

void Examination::look_at_folders() {
    const project::Settings& settings = services_.settings();
    if (auto format = diagnose_format(settings.store_root)) {
        add(std::move(*format)); // with which nothing else of it matters
    } else {
        for (Diagnosis& each :
             diagnose_folder("store", host::examine_folder(settings.store_root))) {
            add(std::move(each));
        }
    }
    for (Diagnosis& each : diagnose_folder("cache", host::examine_folder(settings.cache_root))) {
        add(std::move(each));
    }
    if (auto unfinished =
            diagnose_downloads(project::ArchiveCache::bytes_in(settings.cache_root))) {
        add(std::move(*unfinished));
    }
}

/// Of the environment that is in use; without one there is nothing to hide.
void Examination::look_at_libraries() {
    if (!request_.project || !project::generations_of(*request_.project).current()) {
        return;
    }
    installing::AuditOrder order;
    order.loader_configuration = request_.loader_configuration;
    installing::AuditReport report;
    try {
        report = installing::audit(request_.project, order, services_);
    } catch (const Error& error) {
        add("environment", error.text());
        return;
    }
    for (const gpu::Finding& finding : report.machine) {
        add({"libraries", Condition::warning, finding.text, finding.file, finding.hint});
    }
    if (report.machine.empty()) {
        add({"libraries", Condition::good, "nothing hides those of the environment",
             report.prefix.string()});
    }
}

/// The named one; else what an install would take here, or the first if it would take none.
Target target_for(const project::Project& project, const Manifest& manifest,
                  const std::optional<std::string>& name, project::Services& services) {
    if (const std::optional<Lock> lock = project::read_lock(project)) {
        return installing::choose_target(manifest, *lock, name, services).target;
    }
    std::vector<const Target*> targets;
    for (const Target& target : manifest.targets) {
        if (name && target.name == *name) {
            return target;
        }
        targets.push_back(&target);
    }
    if (name) {
        throw Error({fmt::format("the manifest has no target `{}`", *name), manifest.file.string(),
                     "`--target` takes the name of a table of `[targets]`"});
    }
    const Target* const here = installing::target_here(manifest, targets, services);
    return here == nullptr ? manifest.targets.front() : *here;
}

/// The variable that tells of GPUs which need not be in this machine; empty if none does.
std::string gpu_teller(const host::MachineFacts& facts) {
    const std::string origin = facts.gpus.value     ? facts.gpus.origin
                               : facts.driver.value ? facts.driver.origin
                                                    : std::string();
    const bool is_variable = origin.starts_with("ENVPM_") || origin.starts_with("CONDA_OVERRIDE_");
    return is_variable ? origin : std::string();
}

std::string names_of(const std::vector<ProbedGpu>& gpus) {
    std::string text;
    for (const ProbedGpu& gpu : gpus) {
        text += fmt::format("{}{}{}{}{}", text.empty() ? "" : ", ", gpu.name,
                            gpu.capability && !gpu.name.empty() ? " " : "",
                            gpu.capability ? gpu.capability->text() : "",
                            gpu.is_divided ? " (MIG)" : "");
    }
    return text;
}

/// One whose capability is not known counts as declared.
bool is_declared(const ProbedGpu& gpu, const std::vector<ComputeCapability>& declared) {
    return !gpu.capability ||
           std::find(declared.begin(), declared.end(), *gpu.capability) != declared.end();
}

} // namespace

} // namespace envpm::pipeline
