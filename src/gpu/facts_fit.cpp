#include "gpu/facts_fit.h"

namespace envpm::gpu {

namespace {

using Verdict = Fit::Verdict;

std::optional<PtxVersion> loaded_ptx(const Facts& facts, const Machine& machine);
std::optional<Fit> undriven(const Facts& facts, const Machine& machine);
Verdict verdict_of(Coverage coverage);

} // namespace

Fit fit(const Facts& facts, const TorchVariant& build, const Machine& machine) {
    const auto least = facts.least_driver(build.cuda.cuda.major, machine.system);
    if (machine.driver && least && *machine.driver < least->value) {
        return {Verdict::driver_too_old, least, std::nullopt};
    }
    const DeviceCode code = code_of(build, facts);
    const auto driver_ptx = loaded_ptx(facts, machine);
    Fit worst;
    for (const ComputeCapability& device : machine.gpus) {
        const Verdict verdict = verdict_of(coverage_of(code, device, driver_ptx));
        if (worst.verdict < verdict) {
            worst = {verdict, std::nullopt, device};
        }
    }
    if (const auto without_driver = undriven(facts, machine);
        without_driver && worst.verdict != Verdict::no_code) {
        return *without_driver;
    }
    if (worst.verdict == Verdict::ptx_too_new) {
        worst.least_driver = facts.least_driver(ToolkitVersion{build.cuda.cuda}, machine.system);
    }
    return worst;
}

namespace {

/// None: the driver is not known. A driver that no row knows loads no PTX that one could rely on.
std::optional<PtxVersion> loaded_ptx(const Facts& facts, const Machine& machine) {
    if (!machine.driver) {
        return std::nullopt;
    }
    const auto cuda = facts.newest_cuda(*machine.driver, machine.system);
    const auto ptx = cuda ? facts.newest_ptx(cuda->value) : std::nullopt;
    return ptx ? ptx->value : PtxVersion{};
}

/// Of a GPU that came after the driver, which therefore runs nothing on it.
std::optional<Fit> undriven(const Facts& facts, const Machine& machine) {
    for (const ComputeCapability& device : machine.gpus) {
        const auto first = facts.first_driver(device, machine.system);
        if (machine.driver && first && *machine.driver < first->value) {
            return Fit{Verdict::driver_too_old, first, device};
        }
    }
    return std::nullopt;
}

Verdict verdict_of(Coverage coverage) {
    switch (coverage) {
    case Coverage::native:
        return Verdict::fits;
    case Coverage::compiled:
        return Verdict::compiles;
    case Coverage::newer_driver:
        return Verdict::ptx_too_new;
    case Coverage::none:
        break;
    }
    return Verdict::no_code;
}

} // namespace

} // namespace envpm::gpu
