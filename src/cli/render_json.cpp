#include "cli/json_parts.h"
#include "cli/render_audit.h"
#include "cli/render_error.h"
#include "cli/render_project.h"
#include "cli/render_views.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

Json target_json(const LockedTarget& target);
Json package_json(const LockedPackage& package);
Json explanation_json(const advice::Explanation& explanation);
Json changes_json(const std::vector<installing::PackageChange>& changes);

} // namespace

std::string document(Json value) {
    if (auto* object = value.get_if<Json::Object>()) {
        object->emplace("schema", 1);
    }
    return to_text(value, 2) + "\n";
}

Json json_of(const Error& error) {
    Json::Object facts{{"code", static_cast<int>(error.code())},
                       {"what", error.text().what},
                       {"subject", error.text().subject},
                       {"hint", error.text().hint}};
    if (!error.contexts().empty()) {
        facts.emplace("contexts", texts(error.contexts()));
    }
    return Json::Object{{"error", std::move(facts)}};
}

Json json_of(const locking::LockReport& report) {
    if (report.explanation) {
        return explanation_json(*report.explanation);
    }
    Json::Array changes;
    for (const lockfiles::Change& change : report.changes) {
        changes.emplace_back(Json::Object{{"name", change.name.string()},
                                          {"before", or_null(change.before)},
                                          {"after", or_null(change.after)},
                                          {"targets", texts(change.targets)},
                                          {"replaced", change.is_replaced},
                                          {"corrected", texts(change.corrected)}});
    }
    Json::Array target_changes;
    for (const lockfiles::TargetChange& change : report.target_changes) {
        target_changes.emplace_back(
            Json::Object{{"target", change.target},
                         {"added", change.is_added},
                         {"packages", static_cast<std::int64_t>(change.packages)}});
    }
    Json::Array targets;
    for (const LockedTarget& target : report.lock->targets) {
        targets.push_back(target_json(target));
    }
    return Json::Object{{"changed", report.outcome == locking::LockReport::Outcome::locked},
                        {"changes", std::move(changes)},
                        {"packages", static_cast<std::int64_t>(report.lock->packages.size())},
                        {"target_changes", std::move(target_changes)},
                        {"targets", std::move(targets)},
                        {"unsealed", texts(report.unsealed)},
                        {"unknown_upgrades", texts(report.unknown_upgrades)},
                        {"seconds", report.seconds}};
}

Json json_of(const installing::InstallReport& report) {
    if (report.lock && report.lock->explanation) {
        return json_of(*report.lock);
    }
    Json::Object facts{{"changed", !report.was_current},
                       {"env", report.env},
                       {"env_name", report.env},
                       {"prefix", report.prefix.string()},
                       {"copy", text_or_null(report.copy ? report.copy->string() : "")},
                       {"fetched_packages", report.fetched_packages},
                       {"fetched_bytes", report.fetched_bytes},
                       {"from_lower_store", report.is_from_lower},
                       {"sealed", report.is_sealed},
                       {"seconds", report.seconds}};
    if (!report.was_current) {
        facts.emplace("target", report.target);
        facts.emplace("packages", std::uint64_t{report.packages});
        facts.emplace("needs", text_or_null(report.needs));
    }
    if (!report.was_current && !report.is_from_lower) {
        facts.emplace("files", report.files);
        facts.emplace("size_bytes", report.size_bytes);
    }
    if (report.lock) {
        facts.emplace("lock", json_of(*report.lock));
    }
    if (report.audit) {
        facts.emplace("audit", audit_summary(*report.audit));
    }
    return facts;
}

Json json_of(const pipeline::EditReport& report) {
    Json out = json_of(report.lock);
    if (auto* object = out.get_if<Json::Object>()) {
        object->emplace("entries", texts(report.entries));
    }
    return out;
}

Json json_of(const pipeline::LockedView& view) {
    Json::Array packages;
    for (const LockedPackage& package : view.packages) {
        packages.push_back(package_json(package));
    }
    return Json::Object{{"target", target_json(view.target)},
                        {"requested", texts(view.requested)},
                        {"packages", std::move(packages)}};
}

Json json_of(const pipeline::Information& information) {
    Json::Array interpreters;
    for (const Interpreter& interpreter : information.interpreters.found) {
        interpreters.emplace_back(Json::Object{{"version", interpreter.version},
                                               {"abi", interpreter.abi.abi},
                                               {"executable", interpreter.executable.string()}});
    }
    Json::Array silent;
    for (const host::SilentProgram& one : information.interpreters.silent) {
        silent.emplace_back(
            Json::Object{{"executable", one.program.string()}, {"reason", one.reason}});
    }
    Json::Array indexes;
    for (const pypi::Index& index : information.indexes) {
        indexes.emplace_back(Json::Object{
            {"name", index.name}, {"urls", texts(index.urls)}, {"explicit", index.is_explicit}});
    }
    Json::Object host;
    if (information.machine) {
        host = {{"platform", to_text(information.machine->platform)},
                {"glibc", information.machine->glibc.text()}};
    }
    host.emplace("interpreters", std::move(interpreters));
    host.emplace("silent_interpreters", std::move(silent));
    Json::Object facts{{"version", information.version},
                       {"root", information.root.string()},
                       {"cache", information.cache.string()},
                       {"workspace", information.workspace},
                       {"lock_problem", or_null(information.lock_problem)},
                       {"indexes", std::move(indexes)},
                       {"host", std::move(host)},
                       {"prefix", Json()},
                       {"manifest", Json()}};
    if (information.prefix) {
        facts["prefix"] = information.prefix->string();
    }
    Json::Array unrun;
    for (const conda::UnrunScripts& scripts : information.unrun) {
        unrun.emplace_back(
            Json::Object{{"package", scripts.package}, {"paths", texts(scripts.paths)}});
    }
    facts["scripts_not_run"] = std::move(unrun);
    if (information.manifest) {
        facts["manifest"] = information.manifest->string();
    }
    if (information.target) {
        facts["target"] = information.target->target.name;
        facts["env"] = information.target->env.hex();
        facts["env_name"] = short_name(information.target->env);
        facts["contents"] =
            information.target->contents ? Json(information.target->contents->hex()) : Json();
        const auto& python = information.target->python;
        facts["python"] = python ? Json(python->version) : Json();
    }
    return facts;
}

Json json_of(const std::vector<installing::State>& states) {
    Json::Array out;
    for (const installing::State& state : states) {
        const realize::Generation& generation = state.generation;
        out.emplace_back(
            Json::Object{{"number", generation.number},
                         {"prefix", generation.prefix.string()},
                         {"root", generation.store_root().string()},
                         {"there", state.is_there},
                         {"env", generation.env.hex()},
                         {"env_name", short_name(generation.env)},
                         {"created", generation.created},
                         {"target", generation.target},
                         {"changes", state.changes ? changes_json(*state.changes) : Json()},
                         {"current", generation.is_current}});
    }
    return Json::Object{{"generations", std::move(out)}};
}

Json json_of(const std::vector<pipeline::Path>& paths) {
    Json::Array out;
    for (const pipeline::Path& path : paths) {
        out.push_back(texts(path));
    }
    return Json::Object{{"paths", std::move(out)}};
}

namespace {

Json python_from(const LockedTarget& target);
Json gpu_json(const LockedGpu& gpu);

Json target_json(const LockedTarget& target) {
    return Json::Object{{"name", target.target.name},
                        {"platform", to_text(target.target.platform)},
                        {"glibc", target.target.glibc.text()},
                        {"python", target.python ? Json(target.python->version) : Json()},
                        {"abi", target.python ? Json(target.python->abi.abi) : Json()},
                        {"python-from", python_from(target)},
                        {"gpu", gpu_json(target.gpu)},
                        {"env", target.env.hex()},
                        {"env_name", short_name(target.env)},
                        {"contents", target.contents ? Json(target.contents->hex()) : Json()}};
}

/// Null for a target that has nothing to do with GPUs.
Json gpu_json(const LockedGpu& gpu) {
    if (gpu == LockedGpu()) {
        return {};
    }
    const auto list = [](const std::vector<ComputeCapability>& capabilities) {
        Json::Array out;
        for (const ComputeCapability& capability : capabilities) {
            out.emplace_back(capability.text());
        }
        return out;
    };
    return Json::Object{{"driver", gpu.driver ? Json(gpu.driver->text()) : Json()},
                        {"cuda", gpu.cuda ? Json(gpu.cuda->text()) : Json()},
                        {"cudnn", text_or_null(gpu.cudnn)},
                        {"nccl", text_or_null(gpu.nccl)},
                        {"gpus", list(gpu.gpus)},
                        {"ptx", list(gpu.ptx)},
                        {"ptx_cuda", gpu.ptx_cuda ? Json(gpu.ptx_cuda->text()) : Json()},
                        {"least_gpu", gpu.least_gpu ? Json(gpu.least_gpu->text()) : Json()}};
}

Json python_from(const LockedTarget& target) {
    return target.python ? Json(target.python->is_package ? "package" : "host") : Json();
}

Json package_json(const LockedPackage& package) {
    return Json::Object{{"name", package.name.string()},
                        {"version", package.version},
                        {"source", package.source},
                        {"file", package.file},
                        {"size", package.size_bytes},
                        {"sha256", package.sha256.hex()},
                        {"extras", texts(package.extras)},
                        {"requires", texts(package.dependencies)},
                        {"targets", texts(package.targets)},
                        {"overridden", package.is_overridden},
                        {"subdir", package.is_conda() ? Json(package.subdir) : Json()}};
}

/// A conflict is told as an error of code 4, with its parts.
Json explanation_json(const advice::Explanation& explanation) {
    Json::Array reasons;
    for (const advice::ExplainedReason& reason : explanation.reasons) {
        reasons.emplace_back(Json::Object{{"text", reason.text}, {"place", reason.place}});
    }
    Json::Array nearest;
    for (const advice::NearestSolution& solution : explanation.nearest) {
        nearest.emplace_back(Json::Object{{"change", solution.change()},
                                          {"result", solution.result},
                                          {"place", solution.changes.front().place}});
    }
    return Json::Object{{"error", Json::Object{{"code", static_cast<int>(ExitCode::no_solution)},
                                               {"what", "no environment can satisfy the manifest"},
                                               {"subject", explanation.target},
                                               {"hint", ""},
                                               {"reasons", std::move(reasons)},
                                               {"nearest", std::move(nearest)}}}};
}

Json changes_json(const std::vector<installing::PackageChange>& changes) {
    Json::Array out;
    for (const auto& [name, before, after] : changes) {
        out.emplace_back(
            Json::Object{{"name", name}, {"before", or_null(before)}, {"after", or_null(after)}});
    }
    return out;
}

} // namespace

} // namespace envpm::cli
