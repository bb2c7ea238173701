#include "installing/selftest.h"

#include "base/error.h"
#include "installing/locked_target.h"
#include "installing/own_libraries.h"
#include "installing/selftest_needs.h"
#include "installing/target_choice.h"
#include "selftest/cache.h"
#include "selftest/probe.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::installing {

namespace {

namespace fs = std::filesystem;

/// Whose test it is.
struct Subject {
    selftest::Needs needs;
    std::optional<Sha256> env;   ///< of the lock's target; none without a lock
    std::string gpu_target = {}; ///< its name, if it declares GPUs
};

Subject subject_of(const SelfTestRequest& request, project::Services& services);
std::optional<Subject> subject_in(const fs::path& prefix, const SelfTestRequest& request);
Subject subject_of(const Manifest& manifest, const Lock& lock, const LockedTarget& target);
SelfTestReport run_test(const SelfTestRequest& request, Subject subject,
                        project::Services& services);
selftest::ProbeRequest probe_request(const SelfTestRequest& request);
Sha256 key_of(const Subject& subject, const host::KernelDriver& driver, const Variables& variables);
void look_for_others(const SelfTestRequest& request, const fs::path& prefix,
                     project::Services& services, SelfTestReport& report);
bool sees_no_gpu(const selftest::ProbeReport& report);
SelfTestReport report_of_failure(const ErrorText& text);

} // namespace

std::optional<CheckPolicy> parse_check_policy(std::string_view text) {
    if (text == "warn") {
        return CheckPolicy::warn;
    }
    if (text == "strict") {
        return CheckPolicy::strict;
    }
    return text == "off" ? std::optional(CheckPolicy::off) : std::nullopt;
}

SelfTestReport self_test(const SelfTestRequest& request, project::Services& services) {
    Subject subject = subject_of(request, services);
    add_floors(subject.needs, services.facts().get());
    return run_test(request, std::move(subject), services);
}

std::optional<SelfTestReport> self_test_of_prefix(const SelfTestRequest& request,
                                                  const fs::path& prefix,
                                                  project::Services& services) {
    try {
        std::optional<Subject> subject = subject_in(prefix, request);
        if (!subject || !subject->needs.uses_cuda) {
            return std::nullopt;
        }
        SelfTestReport report = run_test(request, std::move(*subject), services);
        look_for_others(request, prefix, services, report);
        return report;
    } catch (const Error& error) {
        return report_of_failure(error.text());
    } catch (const fs::filesystem_error& error) {
        return report_of_failure(
            {error.code().message(), error.path1().string(), "check that path"});
    }
}

SelfTestReport with_gpus_required(SelfTestReport report) {
    selftest::Verdict& verdict = report.verdict;
    if (verdict.status == selftest::Status::skipped && !report.gpu_target.empty()) {
        verdict.findings.push_back(
            {"start it where the GPUs are (a container with `--gpus all`), or name another target "
             "(`--target`)",
             verdict.summary});
        verdict.summary = fmt::format("target `{}` declares GPUs", report.gpu_target);
        verdict.status = selftest::Status::failed;
    }
    return report;
}

fs::path gpu_probe() {
    std::error_code failure;
    const fs::path folder = fs::read_symlink("/proc/self/exe", failure).parent_path();
    const fs::path beside = folder / "envpm-gpuprobe";
    const fs::path elsewhere = folder.parent_path() / "libexec" / "envpm" / "envpm-gpuprobe";
    return !fs::exists(beside, failure) && fs::exists(elsewhere, failure) ? elsewhere : beside;
}

namespace {

Subject subject_of(const SelfTestRequest& request, project::Services& services) {
    const std::optional<Lock> lock =
        request.project ? project::read_lock(*request.project) : std::nullopt;
    if (!lock) {
        return {};
    }
    const Manifest manifest = project::read_manifest(*request.project);
    return subject_of(manifest, *lock, choose_target(manifest, *lock, request.target, services));
}

/// The target that the prefix is of, whichever one would be chosen here; the named one, if there is
/// one. None if the lock has none such.
std::optional<Subject> subject_in(const fs::path& prefix, const SelfTestRequest& request) {
    const std::optional<Lock> lock =
        request.project ? project::read_lock(*request.project) : std::nullopt;
    for (const LockedTarget& target : lock ? lock->targets : std::vector<LockedTarget>()) {
        if (short_name(target.env) == prefix.filename() &&
            (!request.target || target.target.name == *request.target)) {
            return subject_of(project::read_manifest(*request.project), *lock, target);
        }
    }
    return std::nullopt;
}

Subject subject_of(const Manifest& manifest, const Lock& lock, const LockedTarget& target) {
    Subject subject{needs_of(packages_of(lock, target), target.gpu), target.env};
    const auto declared = manifest.declared_gpus.find(target.target.name);
    if (declared != manifest.declared_gpus.end() && declared->second.gpus &&
        !declared->second.gpus->empty()) {
        subject.gpu_target = target.target.name;
    }
    return subject;
}

SelfTestReport run_test(const SelfTestRequest& request, Subject subject,
                        project::Services& services) {
    const auto start = std::chrono::steady_clock::now();
    const host::KernelDriver driver = host::read_kernel_driver(request.folders);
    const selftest::SuccessCache cache(services.cache("selftest") / "successes.json",
                                       services.now());
    const Sha256 key = key_of(subject, driver, request.variables);

    SelfTestReport report;
    report.gpu_target = subject.gpu_target;
    selftest::Situation& situation = report.situation;
    situation.kernel_driver = driver.version;
    situation.kernel_gpus = driver.gpus;
    situation.is_wsl = driver.is_wsl;
    situation.needs = std::move(subject.needs);
    situation.variables = request.variables;
    if (request.memory == SelfTestMemory::use) {
        if (auto remembered = cache.find(key)) {
            situation.probe = std::move(*remembered);
            report.was_remembered = true;
        }
    }
    if (!report.was_remembered) {
        situation.probe = selftest::probe(probe_request(request));
        // The table is read only where a driver answers: a success that is remembered was judged
        // by it, and without a driver there is nothing to compare.
        if (situation.probe.cuda && situation.needs.majors.empty()) {
            add_floors(situation.needs, services.facts().get());
        }
    }
    if (sees_no_gpu(situation.probe)) {
        selftest::ProbeRequest question = probe_request(request);
        question.time_limit = std::min(question.time_limit, std::chrono::milliseconds(1000));
        situation.management = selftest::ask_management(question);
    }
    report.verdict = selftest::judge(situation);
    if (!report.was_remembered && report.verdict.status == selftest::Status::passed &&
        situation.probe.is_success()) {
        cache.put(key, situation.probe);
    }
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

selftest::ProbeRequest probe_request(const SelfTestRequest& request) {
    return {.program = request.probe.empty() ? gpu_probe() : request.probe,
            .variables = request.variables,
            .time_limit = request.time_limit,
            .wsl = request.folders.wsl};
}

Sha256 key_of(const Subject& subject, const host::KernelDriver& driver,
              const Variables& variables) {
    selftest::TestIdentity identity;
    identity.environment = subject.env ? subject.env->hex() : std::string();
    identity.probe = ENVPM_VERSION;
    identity.driver = driver.version;
    identity.gpus = driver.gpus;
    identity.gpus.insert(identity.gpus.end(), driver.stamp.begin(), driver.stamp.end());
    identity.boot_id = driver.boot_id;
    identity.variables = variables;
    return selftest::key_of(identity);
}

/// The variables are those that programs of the environment get.
void look_for_others(const SelfTestRequest& request, const fs::path& prefix,
                     project::Services& services, SelfTestReport& report) {
    const std::optional<gpu::OwnLibraries> own = kept_own_libraries(prefix, services);
    if (!own) {
        return;
    }
    selftest::Verdict& verdict = report.verdict;
    for (const gpu::Finding& hiding :
         gpu::hidden_libraries(gpu::search_folders(request.variables), *own)) {
        if (verdict.status != selftest::Status::failed) {
            verdict.summary = "programs would load other libraries than the environment's";
        }
        verdict.findings.push_back({hiding.hint, hiding.text + " (" + hiding.file + ")"});
        verdict.status = selftest::Status::failed;
    }
    if (verdict.status == selftest::Status::skipped && report.situation.probe.gpus.empty()) {
        return; // nothing here would use them
    }
    for (const gpu::Finding& doubled : gpu::doubled_libraries(
             gpu::configured_folders(request.loader_configuration, *own), *own)) {
        verdict.notes.push_back(doubled.text + " (" + doubled.file + "); " + doubled.hint);
        report.has_doubles = !report.was_remembered;
    }
}

bool sees_no_gpu(const selftest::ProbeReport& report) {
    constexpr int invalid_device = 101; // CUDA_ERROR_INVALID_DEVICE
    return report.driver.outcome == selftest::Outcome::no_device ||
           (report.driver.outcome == selftest::Outcome::cuda_error &&
            report.driver.code == invalid_device);
}

SelfTestReport report_of_failure(const ErrorText& text) {
    SelfTestReport report;
    report.verdict = {selftest::Status::failed,
                      "the GPUs could not be tested",
                      {{text.hint.empty() ? "run `envpm selftest`" : text.hint,
                        text.subject.empty() ? text.what : text.what + " (" + text.subject + ")"}},
                      {}};
    return report;
}

} // namespace

} // namespace envpm::installing
