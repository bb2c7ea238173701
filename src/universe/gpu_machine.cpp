#include "universe/gpu_machine.h"

#include "base/error.h"
#include "base/files.h"
#include "universe/requests.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace envpm::universe {

namespace {

ComputeCapability capability_of(const std::string& name, const DeclaredGpu& declared,
                                const gpu::Facts& facts);
void check_driver(const gpu::TargetMachine& machine, const DeclaredGpu& declared,
                  const gpu::Facts& facts);
void check_cuda(const gpu::TargetMachine& machine, const DeclaredGpu& declared,
                const gpu::Facts& facts);

} // namespace

gpu::TargetMachine gpu_machine(const Manifest& manifest, const Target& target, FactsTable& facts) {
    gpu::TargetMachine machine{
        target.name, target.platform, {}, {}, {}, accelerator_for(manifest, target)};
    const auto found = manifest.declared_gpus.find(target.name);
    if (found == manifest.declared_gpus.end()) {
        return machine;
    }
    const DeclaredGpu& declared = found->second;
    machine.driver = declared.driver;
    machine.cuda = declared.cuda;
    if (machine.driver && !machine.cuda) {
        if (const auto newest =
                facts.get().newest_cuda(*machine.driver, gpu::DriverSystem::linux_kernel)) {
            machine.cuda = newest->value;
        }
    }
    if (declared.gpus) {
        machine.gpus.emplace();
        for (const std::string& name : *declared.gpus) {
            machine.gpus->push_back(capability_of(name, declared, facts.get()));
        }
        std::sort(machine.gpus->begin(), machine.gpus->end());
        check_driver(machine, declared, facts.get());
        check_cuda(machine, declared, facts.get());
    }
    return machine;
}

namespace {

ComputeCapability capability_of(const std::string& name, const DeclaredGpu& declared,
                                const gpu::Facts& facts) {
    if (const auto capability = ComputeCapability::parse(name)) {
        return {capability->major, capability->minor};
    }
    const auto product = facts.capability_of(name);
    if (const auto* known = std::get_if<gpu::Cited<ComputeCapability>>(&product)) {
        return known->value;
    }
    const auto& near = std::get<gpu::UnknownProduct>(product).near_misses;
    throw Error({fmt::format("unknown GPU \"{}\"", name), declared.gpus_location.text(),
                 near.empty() ? "give its compute capability instead, as in \"8.6\"; `envpm gpu "
                                "facts gpu` lists the names"
                              : fmt::format("did you mean \"{}\"?", fmt::join(near, "\", \""))});
}

void check_driver(const gpu::TargetMachine& machine, const DeclaredGpu& declared,
                  const gpu::Facts& facts) {
    if (!machine.driver) {
        return;
    }
    for (const ComputeCapability& gpu : *machine.gpus) {
        const auto first = facts.first_driver(gpu, gpu::DriverSystem::linux_kernel);
        if (first && *machine.driver < first->value) {
            throw Error({fmt::format("target `{}` cannot be: a driver {} does not know a GPU {}; "
                                     "the first that does is {}",
                                     machine.target, machine.driver->text(), gpu.text(),
                                     first->value.text()),
                         declared.gpus_location.text(),
                         "correct `driver` or `gpus`; `nvidia-smi` shows both"});
        }
    }
}

/// The driver that runs a GPU runs the CUDA that first knew it too.
void check_cuda(const gpu::TargetMachine& machine, const DeclaredGpu& declared,
                const gpu::Facts& facts) {
    for (const ComputeCapability& gpu : *machine.gpus) {
        const auto toolkits = facts.toolkits_for(gpu);
        if (declared.cuda && toolkits && *declared.cuda < toolkits->value.first) {
            throw Error({fmt::format("target `{}` cannot be: a driver of CUDA {} does not know a "
                                     "GPU {}; the first that does is of CUDA {}",
                                     machine.target, declared.cuda->text(), gpu.text(),
                                     toolkits->value.first.text()),
                         declared.gpus_location.text(),
                         "correct `cuda` or `gpus`; `nvidia-smi` shows both"});
        }
    }
}

} // namespace

} // namespace envpm::universe
