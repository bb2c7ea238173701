#include "pipeline/selftest_deep.h"

#include "base/error.h"
#include "base/moment.h"
#include "gpu/binary.h"
#include "gpu/package_traits.h"
#include "installing/generations.h"
#include "installing/install.h"
#include "pipeline/run.h"
#include "realize/prefix_manifest.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>

namespace envpm::pipeline {

namespace {

namespace fs = std::filesystem;

/// The environment that is in use, and what its lock says of it.
struct Tested {
    Lock lock;
    const LockedTarget* target = nullptr;
    fs::path prefix;
    Variables variables;
};

Tested tested_environment(const installing::SelfTestRequest& request,
                          const project::Services& services);
std::vector<selftest::LibraryToTest> libraries_of(const Tested& tested);
std::string locked_package_of(std::string_view library, const Tested& tested);
std::string_view supplied_name(std::string_view library);
fs::path python_with_torch(const Tested& tested);
TestedIdentity identity_of(const Tested& tested, const installing::SelfTestRequest& request,
                           const project::Services& services);

} // namespace

bool DeepReport::has_failed() const {
    const auto has_step_failed = [](const auto& step) { return step.has_failed(); };
    return quick.verdict.status == selftest::Status::failed ||
           std::any_of(libraries.begin(), libraries.end(),
                       [](const auto& library) { return !library.is_right(); }) ||
           std::any_of(compute.begin(), compute.end(), has_step_failed) ||
           std::any_of(torch.begin(), torch.end(), has_step_failed);
}

DeepReport deep_test(const DeepTestRequest& request, project::Services& services) {
    const Tested tested = tested_environment(request.quick, services);
    installing::SelfTestRequest quick = request.quick;
    quick.target = tested.target->target.name;
    quick.variables = tested.variables;
    quick.memory = installing::SelfTestMemory::renew;

    DeepReport report{
        identity_of(tested, quick, services), installing::self_test(quick, services), {}, {}, {}};
    services.throw_if_stopped();

    selftest::LibraryRequest libraries{.program = quick.probe.empty() ? installing::gpu_probe()
                                                                      : quick.probe,
                                       .prefix = fs::canonical(tested.prefix),
                                       .libraries = libraries_of(tested),
                                       .variables = tested.variables};
    libraries.time_limit = request.time_limit.value_or(libraries.time_limit);
    report.libraries = selftest::test_libraries(libraries, services.stop());

    const selftest::UsableGpus gpus = report.quick.situation.probe.usable_gpus();
    selftest::ComputeRequest compute{.program = libraries.program,
                                     .prefix = libraries.prefix,
                                     .libraries = report.libraries,
                                     .variables = tested.variables,
                                     .gpus = gpus};
    compute.time_limit = request.time_limit.value_or(compute.time_limit);
    report.compute = selftest::run_compute_steps(compute, services.stop());

    selftest::TorchRequest torch{.python = python_with_torch(tested),
                                 .variables = tested.variables,
                                 .gpus = gpus,
                                 .with_training = request.torch == TorchUse::all};
    torch.time_limit = request.time_limit.value_or(torch.time_limit);
    report.torch = selftest::run_torch_steps(torch, services.stop());
    return report;
}

namespace {

Tested tested_environment(const installing::SelfTestRequest& request,
                          const project::Services& services) {
    const realize::Generation current = installing::current_generation(*request.project);
    std::optional<Lock> lock = project::read_lock(*request.project);
    const auto target =
        lock ? std::find_if(lock->targets.begin(), lock->targets.end(),
                            [&](const LockedTarget& each) { return each.env == current.env; })
             : std::vector<LockedTarget>::iterator();
    if (!lock || target == lock->targets.end()) {
        throw Error({"the environment in use is not that of the lock",
                     request.project->lock_file().string(),
                     "run `envpm install`, so that there is something to compare with"},
                    ExitCode::lock_out_of_date);
    }
    const auto index = target - lock->targets.begin();
    Tested tested{std::move(*lock), nullptr, current.prefix,
                  activate_project(*request.project, std::nullopt, services).variables};
    tested.target = &tested.lock.targets[static_cast<std::size_t>(index)];
    return tested;
}

/// Those of the prefix that the probe can ask, in order of their paths.
std::vector<selftest::LibraryToTest> libraries_of(const Tested& tested) {
    const auto name_in = [](std::string_view path) {
        return gpu::stem_of(path.substr(path.rfind('/') + 1));
    };
    const auto files = realize::read_manifest_files(
        tested.prefix, [&](std::string_view path, realize::EntryKind kind) {
            return path.find(".so.") != std::string_view::npos &&
                   (kind == realize::EntryKind::file || kind == realize::EntryKind::executable) &&
                   selftest::can_be_asked(name_in(path));
        });
    std::vector<selftest::LibraryToTest> libraries;
    for (const realize::RealisedFile& file : files.value_or(std::vector<realize::RealisedFile>())) {
        const std::string name(name_in(file.path));
        const std::string package = locked_package_of(name, tested);
        libraries.push_back({name, (tested.prefix / file.path).string(), package,
                             package.substr(package.find(' ') + 1)});
    }
    return libraries;
}

/// "nvidia-cublas 13.1.0.3"; empty if the library comes with a package of another kind.
std::string locked_package_of(std::string_view library, const Tested& tested) {
    for (const LockedPackage& package : tested.lock.packages) {
        const gpu::World world = package.is_conda() ? gpu::World::conda : gpu::World::wheel;
        const auto traits = gpu::traits_of({world, package.name.string(), package.version});
        if (package.is_for(tested.target->target.name) &&
            gpu::holds(traits, supplied_name(library))) {
            return package.name.string() + " " + package.version;
        }
    }
    return {};
}

/// What the suppliers' packages call it (gpu/package_traits.h).
std::string_view supplied_name(std::string_view library) {
    constexpr std::pair<std::string_view, std::string_view> names[] = {
        {"libcublas", "cublas"},     {"libcublasLt", "cublas"},     {"libcudart", "cuda-runtime"},
        {"libcudnn", "cudnn"},       {"libcufft", "cufft"},         {"libcurand", "curand"},
        {"libcusolver", "cusolver"}, {"libcusparse", "cusparse"},   {"libcusparseLt", "cusparselt"},
        {"libnccl", "nccl"},         {"libnvJitLink", "nvjitlink"}, {"libnvrtc", "cuda-nvrtc"}};
    for (const auto& [stem, supplied] : names) {
        if (stem == library) {
            return supplied;
        }
    }
    return {};
}

/// Empty if the environment has no PyTorch.
fs::path python_with_torch(const Tested& tested) {
    const bool has_torch = std::any_of(tested.lock.packages.begin(), tested.lock.packages.end(),
                                       [&](const auto& package) {
                                           const std::string& name = package.name.string();
                                           return package.is_for(tested.target->target.name) &&
                                                  (name == "torch" || name == "pytorch");
                                       });
    return has_torch ? tested.prefix / "bin/python" : fs::path();
}

TestedIdentity identity_of(const Tested& tested, const installing::SelfTestRequest& request,
                           const project::Services& services) {
    struct utsname system = {};
    ::uname(&system);
    return {tested.target->env,
            tested.lock.manifest,
            tested.target->target.name,
            to_rfc3339(services.now()),
            fmt::format("{} {} {}", system.sysname, system.release, system.machine),
            host::read_kernel_driver(request.folders).boot_id};
}

} // namespace

} // namespace envpm::pipeline
