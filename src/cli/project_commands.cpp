#include "cli/project_commands.h"

#include "base/error.h"
#include "cli/offer_line.h"
#include "cli/output.h"
#include "cli/policies.h"
#include "cli/render_error.h"
#include "cli/render_exchange.h"
#include "cli/render_project.h"
#include "cli/session.h"
#include "cli/tested_install.h"
#include "installing/target_choice.h"
#include "pipeline/requirements_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <type_traits>

namespace envpm::cli {

namespace {

using locking::LockReport;
using pipeline::AfterEdit;
using project::Project;

pipeline::AddRequest add_request(const AddCommand& command, const Session& session,
                                 const Project& project, AfterEdit next);
AfterEdit after_edit(bool without_install, const Session& session);
ExitCode finish_edit(const Session& session, const Project& project, pipeline::EditReport edit,
                     char sign, AfterEdit next);
void check_target_of_edit(const Session& session, const Project& project, AfterEdit next);
template <typename Install>
std::invoke_result_t<Install> with_undo(std::optional<project::OpenEdit> edit,
                                        const Install& install);
installing::InstallRequest locked_install(const Session& session, const Project& project);
ExitCode run_lock_check(const Session& session, const Project& project);
void tell_lock(const Session& session, const LockReport& report, const std::string& words);
std::string last_line(const LockReport& report);
ExitCode run_repair(const Session& session, const pipeline::RepairRequest& request);
std::set<PackageName> names_of(const std::vector<std::string>& typed);

} // namespace

ExitCode run(const InitCommand& command, const Session& session) {
    const std::filesystem::path folder =
        command.folder ? session.start / *command.folder : session.start;
    if (command.import_file) {
        const pipeline::ImportReport report =
            pipeline::init_from(folder, command.name, *command.import_file, command.environment);
        if (session.global.is_json) {
            show(document(json_of(report)));
        } else {
            tell(session, words_of(report, session.terminal));
        }
        return ExitCode::done;
    }
    const pipeline::NewManifest made = pipeline::init(folder, command.name, session.services);
    if (session.global.is_json) {
        show(document(Json::Object{{"manifest", made.file.string()}}));
    } else {
        const std::string python =
            made.python ? fmt::format("; it pins python {}, the first on this host", *made.python)
                        : std::string();
        tell(session, fmt::format("wrote {}{}\nnext: `envpm add torch`, then `envpm run python`\n",
                                  made.file.string(), python));
    }
    return ExitCode::done;
}

ExitCode run(const AddCommand& command, const Session& session) {
    const Project project = project_of(session);
    const AfterEdit next = after_edit(command.no_install, session);
    check_target_of_edit(session, project, next);
    pipeline::EditReport report =
        pipeline::add(add_request(command, session, project, next), session.services);
    const std::optional<advice::Explanation> explanation = report.lock.explanation;
    const ExitCode code = finish_edit(session, project, std::move(report), '+', next);
    if (explanation && !session.global.is_json) {
        tell_error(offer_line(command, *explanation));
    }
    return code;
}

ExitCode run(const RemoveCommand& command, const Session& session) {
    const Project project = project_of(session);
    const AfterEdit next = after_edit(command.no_install, session);
    check_target_of_edit(session, project, next);
    return finish_edit(session, project,
                       pipeline::remove({project, command.names, next}, session.services), '-',
                       next);
}

ExitCode run(const LockCommand& command, const Session& session) {
    const Project project = project_of(session);
    if (command.check) {
        return run_lock_check(session, project);
    }
    check_target_of_edit(session, project, AfterEdit::nothing);
    const locking::LockRequest request{.project = project,
                                       .upgrade_all = command.upgrade,
                                       .upgrade_packages = names_of(command.upgrade_packages),
                                       .refresh = command.refresh,
                                       .dry_run = command.dry_run,
                                       .exclude_newer = command.exclude_newer};
    if (command.repair) {
        return run_repair(session, {request, *command.repair});
    }
    const LockReport report = locking::lock(request, session.services);
    if (session.global.is_json) {
        show(document(json_of(report)));
    } else {
        tell_lock(session, report, words_of(report, session.terminal) + last_line(report));
    }
    return report.explanation ? ExitCode::no_solution : ExitCode::done;
}

/// `lock --upgrade`, or `--upgrade-package` for each name, and then `install`.
ExitCode run(const UpdateCommand& command, const Session& session) {
    const Project project = project_of(session);
    const bool is_json = session.global.is_json;
    const AfterEdit next =
        after_edit(command.no_install || command.dry_run == DryRun::yes, session);
    check_target_of_edit(session, project, next);
    pipeline::EditReport edit = pipeline::update({.project = project,
                                                  .upgrade_all = command.packages.empty(),
                                                  .upgrade_packages = names_of(command.packages),
                                                  .dry_run = command.dry_run,
                                                  .exclude_newer = command.exclude_newer},
                                                 next, session.services);
    const LockReport& report = edit.lock;
    if (!is_json) {
        tell_lock(session, report, words_of(report, session.terminal) + last_line(report));
    }
    Json document_value = json_of(report);
    ExitCode code = report.explanation ? ExitCode::no_solution : ExitCode::done;
    if (code == ExitCode::done && next == AfterEdit::install) {
        const Installed installed = with_undo(std::move(edit.open), [&] {
            return install_and_test(session, locked_install(session, project));
        });
        code = installed.code;
        if (is_json) {
            document_value.get_if<Json::Object>()->emplace("install", json_of(installed));
        } else {
            tell_installed(session, installed);
        }
    }
    if (is_json) {
        show(document(std::move(document_value)));
    }
    return code;
}

namespace {

/// With what files of pip ask for; what of them is not taken is told.
pipeline::AddRequest add_request(const AddCommand& command, const Session& session,
                                 const Project& project, AfterEdit next) {
    pipeline::AddRequest request{project, command.requirements, command.index, command.as_wheels,
                                 next};
    for (const std::filesystem::path& file : command.files) {
        const pipeline::RequirementsFile read = pipeline::read_requirements_file(file);
        request.requirements.insert(request.requirements.end(), read.requirements.begin(),
                                    read.requirements.end());
        request.as_wheels = true;
        for (const Remark& remark : read.remarks.left) {
            session.services.progress().note(fmt::format(
                "{}: left out: {}: {}", remark.location.text(), remark.what, remark.why));
        }
    }
    return request;
}

/// What cannot be solved is an error.
void tell_lock(const Session& session, const LockReport& report, const std::string& words) {
    if (report.explanation) {
        tell_error(words);
    } else {
        tell(session, words);
    }
}

std::string last_line(const LockReport& report) {
    if (report.explanation) {
        return report.explanation->nearest.empty() ? ""
                                                   : "apply one with `envpm lock --repair 1`\n";
    }
    const bool is_locked = report.outcome == LockReport::Outcome::locked;
    return !is_locked                      ? "envpm.lock is up to date\n"
           : report.dry_run == DryRun::yes ? "envpm.lock would change\n"
                                           : "wrote envpm.lock\n";
}

/// Manifest and lock, and nothing else: `lock` never installs.
ExitCode run_repair(const Session& session, const pipeline::RepairRequest& request) {
    const pipeline::EditReport report = pipeline::repair(request, session.services);
    if (session.global.is_json) {
        show(document(json_of(report)));
    } else {
        tell_lock(session, report.lock, words_of(report, '~', session.terminal));
        if (!report.lock.explanation) {
            tell(session, "wrote the manifest and envpm.lock\n");
        }
    }
    return report.lock.explanation ? ExitCode::no_solution : ExitCode::done;
}

ExitCode finish_edit(const Session& session, const Project& project, pipeline::EditReport edit,
                     char sign, AfterEdit next) {
    const bool is_json = session.global.is_json;
    if (!is_json) {
        tell_lock(session, edit.lock, words_of(edit, sign, session.terminal));
    }
    Json document_value = json_of(edit);
    if (edit.lock.explanation) {
        if (is_json) {
            show(document(std::move(document_value)));
        }
        return ExitCode::no_solution;
    }
    if (next == AfterEdit::install) {
        const installing::InstallReport installed = with_undo(std::move(edit.open), [&] {
            return installing::install(locked_install(session, project), session.services);
        });
        if (is_json) {
            document_value.get_if<Json::Object>()->emplace("install", json_of(installed));
        } else {
            tell(session, words_of(installed, session.terminal));
        }
    }
    if (is_json) {
        show(document(std::move(document_value)));
    }
    return ExitCode::done;
}

/// Policies are looked at before the work that would be in vain; they count only for an install.
AfterEdit after_edit(bool without_install, const Session& session) {
    if (without_install) {
        return AfterEdit::nothing;
    }
    check_policies(session);
    return AfterEdit::install;
}

/// Before anything is written: an install would find that out when that is done.
void check_target_of_edit(const Session& session, const Project& project, AfterEdit next) {
    check_target(session, project);
    if (!session.global.target && next != AfterEdit::nothing) {
        installing::require_target_here(project::read_manifest(project));
    }
}

/// What became of the edit. That it cannot be taken back must not hide why it had to be.
std::string words_of_undo(std::optional<project::OpenEdit>& edit) {
    try {
        return !edit || edit->take_back()
                   ? "envpm.toml and envpm.lock are as before"
                   : "envpm.toml or envpm.lock was changed meanwhile, so both stay";
    } catch (const Error& error) {
        return fmt::format("envpm.toml and envpm.lock stay as edited until the next command: {}",
                           error.text().what);
    }
}

/// An edit that cannot be installed is taken back: all of it or nothing. None if nothing changed.
template <typename Install>
std::invoke_result_t<Install> with_undo(std::optional<project::OpenEdit> edit,
                                        const Install& install) {
    try {
        std::invoke_result_t<Install> installed = install();
        if (edit) {
            edit->keep();
        }
        return installed;
    } catch (Error& error) {
        error.add_context(words_of_undo(edit));
        throw;
    }
}

installing::InstallRequest locked_install(const Session& session, const Project& project) {
    return {.project = project,
            .lock_use = installing::LockUse::locked,
            .target = session.global.target,
            .audit = policy_of(session, std::nullopt, "ENVPM_AUDIT")};
}

std::set<PackageName> names_of(const std::vector<std::string>& typed) {
    std::set<PackageName> names;
    for (const std::string& text : typed) {
        const auto name = PackageName::parse_either(text);
        if (!name) {
            throw Error({fmt::format("`{}` is no package name", text), "the command line",
                         "name it as envpm.lock does"},
                        ExitCode::usage);
        }
        names.insert(*name);
    }
    return names;
}

ExitCode run_lock_check(const Session& session, const Project& project) {
    check_target(session, project);
    const locking::LockCheck check =
        locking::check_lock(project::read_manifest(project), project::read_lock(project));
    if (session.global.is_json) {
        Json::Array reasons;
        for (const std::string& reason : check.reasons) {
            reasons.emplace_back(reason);
        }
        show(document(Json::Object{{"fresh", check.is_fresh}, {"reasons", std::move(reasons)}}));
    } else if (check.is_fresh) {
        tell(session, "envpm.lock is up to date\n");
    } else {
        std::string words =
            styled(session.terminal, Style::bad, "error:") + " envpm.lock is out of date\n";
        for (const std::string& reason : check.reasons) {
            words += "  " + reason + "\n";
        }
        tell_error(words + "hint: run `envpm lock`\n");
    }
    return check.is_fresh ? ExitCode::done : ExitCode::lock_out_of_date;
}

} // namespace

} // namespace envpm::cli
