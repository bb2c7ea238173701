#include "cli/render.h"
#include "cli/session.h"
#include "pipeline/gpu_facts.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

std::vector<std::string> listed_gpus(const std::vector<std::string>& parts);

} // namespace

ExitCode run_view(const Session& session) {
    const Arguments& arguments = session.arguments;
    const pipeline::LockedView view =
        pipeline::view_lock(project_of(session), arguments.global.target);
    if (arguments.command == Command::why) {
        const auto name = PackageName::parse_either(arguments.words.front());
        if (!name) {
            throw Error({fmt::format("`{}` is no package name", arguments.words.front()),
                         "envpm why", "name it as `envpm list` does"},
                        ExitCode::usage);
        }
        const std::vector<pipeline::Path> paths = pipeline::why(view, *name);
        show(arguments.global.is_json ? document(json_of(paths)) : why_words(paths));
    } else if (arguments.global.is_json) {
        show(document(json_of(view)));
    } else {
        show(arguments.command == Command::list ? list_words(view) : tree_words(view));
    }
    return ExitCode::done;
}

ExitCode run_info(const Session& session) {
    const pipeline::Information information = pipeline::inform(
        project_if_any(session), session.arguments.global.target, session.services);
    show(session.arguments.global.is_json ? document(json_of(information)) : words_of(information));
    return ExitCode::done;
}

ExitCode run_seal(const Session& session) {
    const pipeline::SealReport report = pipeline::seal(project_of(session), session.services);
    if (session.arguments.global.is_json) {
        show(document(Json::Object{{"target", report.target},
                                   {"contents", report.contents.hex()},
                                   {"changed", !report.was_sealed}}));
    } else {
        tell(session, fmt::format("{} target {} with contents sha256:{}\n",
                                  report.was_sealed ? "already sealed:" : "sealed", report.target,
                                  report.contents.hex()));
    }
    return ExitCode::done;
}

ExitCode run_verify(const Session& session) {
    const pipeline::VerifyReport report = pipeline::verify(
        session.arguments.quick ? store::VerifyDepth::quick : store::VerifyDepth::full,
        session.services);
    if (session.arguments.global.is_json) {
        show(document(json_of(report)));
    } else if (report.is_whole()) {
        tell(session, words_of(report, session.terminal));
    } else {
        const std::size_t count = report.damaged_files();
        show(words_of(report, session.terminal));
        tell_error(fmt::format("{} {} {} damaged\nhint: `envpm repair` makes them anew\n",
                               styled(session.terminal, Style::bad, "error:"), count,
                               count == 1 ? "file is" : "files are"));
    }
    return report.is_whole() ? ExitCode::done : ExitCode::integrity;
}

ExitCode run_repair(const Session& session) {
    const bool only_tell = session.arguments.dry_run;
    const pipeline::RepairOutcome outcome = pipeline::repair(
        project_if_any(session),
        only_tell ? pipeline::RepairMode::only_tell : pipeline::RepairMode::mend, session.services);
    if (session.arguments.global.is_json) {
        show(document(repair_json(outcome, only_tell)));
    } else if (outcome.repaired.empty() && outcome.left.empty()) {
        tell(session, repair_words(outcome, only_tell, session.terminal));
    } else {
        show(repair_words(outcome, only_tell, session.terminal));
    }
    return outcome.left.empty() ? ExitCode::done : ExitCode::integrity;
}

/// Another folder (`--prefix`) may be for another machine, whose loader is not this one's.
ExitCode run_audit(const Session& session) {
    const Arguments& arguments = session.arguments;
    pipeline::AuditOrder order{arguments.prefix, {}, arguments.driver_cuda, arguments.allowed};
    if (!arguments.gpus.empty()) {
        const std::vector<std::string> names = listed_gpus(arguments.gpus);
        const auto known = pipeline::answer(session.services.facts().get(), {.gpus = names});
        for (const pipeline::NamedGpu& gpu : known.gpus) {
            order.gpus.push_back(gpu.capability);
        }
    }
    if (!arguments.prefix) {
        order.loader_configuration = "/etc/ld.so.conf";
    }
    const pipeline::AuditReport report =
        pipeline::audit(project_if_any(session), order, session.services);
    show(arguments.global.is_json ? document(json_of(report)) : words_of(report, session.terminal));
    return report.has_error() ? ExitCode::integrity : ExitCode::done;
}

ExitCode run_gc(const Session& session) {
    const bool only_tell = session.arguments.dry_run;
    const store::CollectReport report = pipeline::collect(
        only_tell ? pipeline::CollectMode::only_tell : pipeline::CollectMode::remove,
        {session.arguments.grace, session.arguments.max_freed}, session.services);
    show(session.arguments.global.is_json ? document(json_of(report))
                                          : words_of(report, only_tell));
    return ExitCode::done;
}

ExitCode run_gens(const Session& session) {
    const auto generations = pipeline::generations(project_of(session));
    show(session.arguments.global.is_json ? document(json_of(generations)) : words_of(generations));
    return ExitCode::done;
}

ExitCode run_rollback(const Session& session) {
    const realize::Generation generation =
        pipeline::roll_back(project_of(session), session.arguments.generation);
    if (session.arguments.global.is_json) {
        show(document(json_of(std::vector<realize::Generation>{generation})));
    } else {
        tell(session, fmt::format("generation {} is current again   env {}\n"
                                  "envpm.lock is as it was: `envpm install` goes forward again\n",
                                  generation.number, short_name(generation.env)));
    }
    return ExitCode::done;
}

namespace {

/// Each without the blanks around it; refused if it is none, or names what code is compiled for.
std::vector<std::string> listed_gpus(const std::vector<std::string>& parts) {
    std::vector<std::string> names;
    for (const std::string& part : parts) {
        const std::size_t begin = std::min(part.find_first_not_of(' '), part.size());
        const std::string name = part.substr(begin, part.find_last_not_of(' ') + 1 - begin);
        const auto number = ComputeCapability::parse(name);
        if (name.empty() || (number && number->suffix != '\0')) {
            throw Error({fmt::format("`{}` is no GPU", name), "--gpus",
                         "name products or compute capabilities: `--gpus \"A100,12.0\"`"},
                        ExitCode::usage);
        }
        names.push_back(name);
    }
    return names;
}

} // namespace

} // namespace envpm::cli
