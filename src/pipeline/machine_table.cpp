#include "pipeline/machine_table.h"

#include "base/error.h"
#include "base/toml.h"
#include "host/this_machine.h"
#include "installing/selftest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace envpm::pipeline {

namespace {

std::string line(const std::string& key, const std::string& value, const std::string& origin);
std::string gpus_line(const host::MachineFacts& facts);
std::string names_of(const std::vector<ProbedGpu>& gpus);

} // namespace

DetectedMachine detect_machine(const Variables& variables, const host::MachineFolders& folders) {
    const std::optional<Target> here = host::detect_target();
    if (!here) {
        throw Error({"envpm has no platform for this machine", "target detect",
                     "it knows linux-64 and linux-aarch64"});
    }
    DetectedMachine machine{
        *here, host::detect_machine(
                   {.variables = variables, .probe = installing::gpu_probe(), .folders = folders})};
    if (machine.facts.glibc.value) {
        machine.target.glibc = *machine.facts.glibc.value;
    }
    return machine;
}

std::string target_table(const DetectedMachine& machine, const std::string& name) {
    const host::MachineFacts& facts = machine.facts;
    const bool is_bare = name.find('.') == std::string::npos;
    std::string out = fmt::format("[targets.{}]\n", is_bare ? name : toml_quoted(name));
    out += line("platform", toml_quoted(std::string(to_text(machine.target.platform))), {});
    out += line("glibc", toml_quoted(machine.target.glibc.text()), facts.glibc.origin);
    // The number of WSL's driver is Windows'; what counts there is the CUDA that it runs.
    if (facts.driver.value && !facts.is_wsl) {
        out += line("driver", toml_quoted(facts.driver.value->text()), facts.driver.origin);
    }
    if (facts.cuda.value) {
        out += line("cuda", toml_quoted(facts.cuda.value->text()), facts.cuda.origin);
    }
    return out + gpus_line(facts);
}

namespace {

std::string line(const std::string& key, const std::string& value, const std::string& origin) {
    const std::string text = fmt::format("{} = {}", key, value);
    return origin.empty() ? text + "\n" : fmt::format("{:<30} # {}\n", text, origin);
}

/// Each capability once, the least first.
std::string gpus_line(const host::MachineFacts& facts) {
    std::set<ComputeCapability> capabilities;
    for (const ProbedGpu& gpu : facts.gpus.value.value_or(std::vector<ProbedGpu>())) {
        if (gpu.capability) {
            capabilities.insert(*gpu.capability);
        }
    }
    if (!capabilities.empty()) {
        std::vector<std::string> texts;
        for (const ComputeCapability& capability : capabilities) {
            texts.push_back(toml_quoted(capability.text()));
        }
        return line("gpus", fmt::format("[{}]", fmt::join(texts, ", ")),
                    names_of(*facts.gpus.value) + facts.gpus.origin);
    }
    const bool has_driver = facts.driver.value || facts.cuda.value;
    if (!has_driver || (facts.gpus.value && facts.gpus.value->empty()) ||
        !facts.gpus.origin.empty()) {
        return line("gpus", "\"none\"",
                    facts.gpus.origin.empty() ? "no NVIDIA driver on this machine"
                                              : facts.gpus.origin);
    }
    return "# gpus: the driver did not tell; name them, or leave them open\n";
}

std::string names_of(const std::vector<ProbedGpu>& gpus) {
    std::set<std::string> names;
    for (const ProbedGpu& gpu : gpus) {
        if (!gpu.name.empty()) {
            names.insert(gpu.name);
        }
    }
    return names.empty() ? std::string() : fmt::format("{}; ", fmt::join(names, ", "));
}

} // namespace

} // namespace envpm::pipeline
