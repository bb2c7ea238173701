#include "cli/gpu_commands.h"

#include "base/error.h"
#include "cli/argument_values.h"
#include "cli/output.h"
#include "cli/render_error.h"
#include "cli/render_gpu.h"
#include "cli/session.h"
#include "model/plain_name.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

Platform platform_of(const GpuFitsCommand& command);
void tell_unused_overrides(const Session& session);

} // namespace

ExitCode run(const TargetDetectCommand& command, const Session& session) {
    const std::string name = command.name.value_or("this-machine");
    if (!is_plain_name(name)) {
        throw Error({fmt::format("`{}` cannot name a target", name), "--name",
                     "letters, digits, `.`, `_` and `-`, at most 64"},
                    ExitCode::usage);
    }
    tell_unused_overrides(session);
    const pipeline::DetectedMachine machine =
        pipeline::detect_machine(session.services.variables());
    show(session.global.is_json ? document(json_of(machine))
                                : pipeline::target_table(machine, name));
    return ExitCode::done;
}

ExitCode run(const GpuFactsCommand& command, const Session& session) {
    const pipeline::FactListing listing =
        pipeline::list_facts(session.services.facts(), command.words);
    show(session.global.is_json ? document(json_of(listing)) : words_of(listing));
    return ExitCode::done;
}

ExitCode run(const GpuFitsCommand& command, const Session& session) {
    if (!command.driver && command.gpus.empty()) {
        throw Error({"there is neither a driver nor a GPU to ask about", "envpm gpu fits",
                     "give `--driver 535.104.05`, `--gpu \"RTX 4090\"` or both"},
                    ExitCode::usage);
    }
    const pipeline::GpuAnswer answer = pipeline::answer(
        session.services.facts().get(),
        {command.driver,
         command.is_wsl ? gpu::DriverSystem::windows : gpu::DriverSystem::linux_kernel,
         listed_gpus(command.gpus, "--gpu"), platform_of(command)});
    show(session.global.is_json ? document(json_of(answer)) : words_of(answer));
    return ExitCode::done;
}

namespace {

Platform platform_of(const GpuFitsCommand& command) {
    if (!command.platform) {
        return Platform::linux_64;
    }
    const auto platform = parse_platform(*command.platform);
    if (!platform) {
        throw Error({fmt::format("`{}` is no platform", *command.platform), "--platform",
                     "known: linux-64, linux-aarch64"},
                    ExitCode::usage);
    }
    return *platform;
}

/// A target has neither a kernel nor a kind of processor (docs/conda.md).
void tell_unused_overrides(const Session& session) {
    for (const std::string_view name : {"CONDA_OVERRIDE_LINUX", "CONDA_OVERRIDE_ARCHSPEC"}) {
        if (session.services.variables().find(name)) {
            tell(session, fmt::format("note: {} changes nothing: a target says neither kernel nor "
                                      "processor, and has the least of its platform\n",
                                      name));
        }
    }
}

} // namespace

} // namespace envpm::cli
