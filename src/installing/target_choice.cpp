#include "installing/target_choice.h"

#include "base/near_miss.h"
#include "host/this_machine.h"
#include "installing/selftest.h"
#include "universe/gpu_machine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::installing {

namespace {

bool declares_gpu(const Manifest& manifest, const Target& target);
bool has_gpu(const host::MachineFacts& machine);
bool has_others(const std::vector<ProbedGpu>& gpus, const std::vector<ComputeCapability>& declared);
std::string obstacles_of(const std::vector<const Target*>& targets);

} // namespace

bool runs_on(const Target& target, const Target& machine) {
    return target.platform == machine.platform && target.glibc <= machine.glibc;
}

Agreement agreement_of(const gpu::TargetMachine& declared, const host::MachineFacts& machine) {
    const bool is_for_none = declared.gpus && declared.gpus->empty();
    if (!declared.gpus && !declared.driver && !declared.cuda) {
        return Agreement::open;
    }
    if (is_for_none == has_gpu(machine)) {
        return Agreement::contradicts;
    }
    if (is_for_none) {
        return Agreement::agrees;
    }
    const bool has_old_driver = declared.driver && machine.driver.value && !machine.is_wsl &&
                                *machine.driver.value < *declared.driver;
    const bool has_old_cuda =
        declared.cuda && machine.cuda.value && *machine.cuda.value < *declared.cuda;
    const bool has_other_gpus =
        declared.gpus && machine.gpus.value && has_others(*machine.gpus.value, *declared.gpus);
    return has_old_driver || has_old_cuda || has_other_gpus ? Agreement::contradicts
                                                            : Agreement::agrees;
}

const Target* target_here(const Manifest& manifest, const std::vector<const Target*>& targets,
                          project::Services& services) {
    const std::optional<Target> here = host::detect_target();
    std::vector<const Target*> fitting;
    for (const Target* target : targets) {
        if (here && runs_on(*target, *here)) {
            fitting.push_back(target);
        }
    }
    std::sort(fitting.begin(), fitting.end(),
              [](const Target* a, const Target* b) { return a->name < b->name; });
    const bool is_plain = std::none_of(fitting.begin(), fitting.end(), [&](const Target* target) {
        return declares_gpu(manifest, *target);
    });
    if (fitting.size() < 2 || is_plain) {
        return fitting.empty() ? nullptr : fitting.front();
    }
    const host::MachineFacts machine =
        host::detect_machine({.variables = services.variables(), .probe = gpu_probe()});
    return *std::max_element(fitting.begin(), fitting.end(), [&](const Target* a, const Target* b) {
        return agreement_of(universe::gpu_machine(manifest, *a, services.facts()), machine) <
               agreement_of(universe::gpu_machine(manifest, *b, services.facts()), machine);
    });
}

std::vector<const Target*> targets_of(const Lock& lock) {
    std::vector<const Target*> targets;
    for (const LockedTarget& target : lock.targets) {
        targets.push_back(&target.target);
    }
    return targets;
}

Error no_such_target(const std::string& whose, const std::string& name,
                     const std::filesystem::path& file, const std::vector<std::string>& names) {
    const std::optional<std::string> meant = near_miss(name, names);
    return Error({fmt::format("{} has no target `{}`", whose, name), file.string(),
                  fmt::format("{}it has `{}`",
                              meant ? fmt::format("did you mean `{}`? ", *meant) : std::string(),
                              fmt::join(names, "`, `"))},
                 ExitCode::usage);
}

const LockedTarget& named_target(const Lock& lock, const std::string& name) {
    std::vector<std::string> names;
    for (const LockedTarget& target : lock.targets) {
        if (target.target.name == name) {
            return target;
        }
        names.push_back(target.target.name);
    }
    throw no_such_target("the lock", name, "envpm.lock", names);
}

void require_target_here(const Manifest& manifest) {
    const std::optional<Target> here = host::detect_target();
    std::vector<const Target*> targets;
    for (const Target& target : manifest.targets) {
        if (here && runs_on(target, *here)) {
            return;
        }
        targets.push_back(&target);
    }
    throw Error({fmt::format("no target of the manifest fits this machine: {}{}", describe(here),
                             obstacles_of(targets)),
                 manifest.file.string(),
                 "`--no-install` edits and locks for the others; or put what `envpm target detect` "
                 "prints under `[targets]`"});
}

const LockedTarget& choose_target(const Manifest& manifest, const Lock& lock,
                                  const std::optional<std::string>& name,
                                  project::Services& services) {
    if (name) {
        return named_target(lock, *name);
    }
    const Target* const here = target_here(manifest, targets_of(lock), services);
    if (here == nullptr) {
        throw Error(
            {fmt::format("no target of the lock fits this machine: {}{}",
                         describe(host::detect_target()), obstacles_of(targets_of(lock))),
             "envpm.lock",
             "`envpm target detect` prints this machine as a target; put it under "
             "`[targets]` and run `envpm lock`; commands that only read, and `export`, take "
             "`--target NAME`"});
    }
    if (lock.targets.size() > 1) {
        services.progress().note(fmt::format("for target `{}`, one of {}; `--target` names another",
                                             here->name, lock.targets.size()));
    }
    return named_target(lock, here->name);
}

std::string describe(const std::optional<Target>& machine) {
    return machine
               ? fmt::format("{} with glibc {}", to_text(machine->platform), machine->glibc.text())
               : std::string("a platform that envpm does not know");
}

namespace {

bool declares_gpu(const Manifest& manifest, const Target& target) {
    const auto found = manifest.declared_gpus.find(target.name);
    return found != manifest.declared_gpus.end() &&
           (found->second.driver || found->second.cuda || found->second.gpus);
}

/// A driver whose GPUs could not be asked for stands for some; one that lists none has none, as on
/// a login node.
bool has_gpu(const host::MachineFacts& machine) {
    if (machine.gpus.value) {
        return !machine.gpus.value->empty();
    }
    const bool is_known_to_have_none = !machine.gpus.origin.empty();
    return !is_known_to_have_none && (machine.driver.value || machine.cuda.value);
}

bool has_others(const std::vector<ProbedGpu>& gpus,
                const std::vector<ComputeCapability>& declared) {
    return std::any_of(gpus.begin(), gpus.end(), [&](const ProbedGpu& gpu) {
        return gpu.capability &&
               std::find(declared.begin(), declared.end(), *gpu.capability) == declared.end();
    });
}

/// "; `a` needs glibc 2.99; `b` is for linux-aarch64"; nothing where envpm knows no platform.
std::string obstacles_of(const std::vector<const Target*>& targets) {
    const std::optional<Target> machine = host::detect_target();
    std::string out;
    for (const Target* target : targets) {
        out += !machine ? ""
               : target->platform == machine->platform
                   ? fmt::format("; `{}` needs glibc {}", target->name, target->glibc.text())
                   : fmt::format("; `{}` is for {}", target->name, to_text(target->platform));
    }
    return out;
}

} // namespace

} // namespace envpm::installing
