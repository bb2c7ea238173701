#include "cli/render_audit.h"
#include "cli/render_error.h"
#include "cli/render_project.h"
#include "cli/render_views.h"
#include "locking/gpu_needs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace envpm::cli {

namespace {

constexpr std::size_t shown_changes = 40;
constexpr std::size_t shown_lines = 10;
constexpr std::size_t shown_of_state = 2; ///< changes, behind the count of all

std::string lines_of(const std::string& subject);
std::string entry_line(const std::string& entry, const std::string& before, char sign,
                       const Terminal& terminal);
std::string change_line(const lockfiles::Change& change, const Terminal& terminal);
std::string words_of_changes(const std::vector<installing::PackageChange>& changes,
                             bool is_as_before);
std::string target_line(const locking::LockReport& report, const LockedTarget& target);
std::string needs_line(const LockedTarget& target, bool is_one_of_several);
std::size_t packages_of(const Lock& lock, const std::string& target);
void add_tree(std::string& out, const pipeline::LockedView& view, const PackageName& name,
              const std::string& indent, std::set<PackageName>& shown);

std::string tick(const Terminal& terminal) {
    return styled(terminal, Style::good, "✓");
}

} // namespace

std::string words_of(const Error& error, const Terminal& terminal) {
    const ErrorText& text = error.text();
    std::string out =
        fmt::format("{} {}\n", styled(terminal, Style::bad, "error:"), printable(text.what));
    if (!text.subject.empty()) {
        out += "  at: " + lines_of(text.subject);
    }
    for (const std::string& context : error.contexts()) {
        out += fmt::format("  {}\n", printable(context));
    }
    if (!text.hint.empty()) {
        out += fmt::format("{} {}\n", styled(terminal, Style::bold, "hint:"), printable(text.hint));
    }
    return out;
}

std::string words_of(const locking::LockReport& report, const Terminal& terminal) {
    if (report.explanation) {
        return words_of(*report.explanation, terminal);
    }
    std::string out;
    for (const LockedTarget& target : report.lock->targets) {
        out += target_line(report, target);
    }
    for (const lockfiles::TargetChange& change : report.target_changes) {
        out += fmt::format("  {} target {} ({})\n",
                           change.is_added ? styled(terminal, Style::good, "+")
                                           : styled(terminal, Style::bad, "-"),
                           change.target, counted(change.packages, "package"));
    }
    for (std::size_t i = 0; i < report.changes.size() && i < shown_changes; ++i) {
        out += change_line(report.changes[i], terminal);
    }
    if (report.changes.size() > shown_changes) {
        out += fmt::format("  … {} more\n", report.changes.size() - shown_changes);
    }
    for (const LockedTarget& target : report.lock->targets) {
        out += needs_line(target, report.lock->targets.size() > 1);
    }
    for (const std::string& target : report.unsealed) {
        out += fmt::format("  note: target {} was sealed and is not any more; `envpm seal` seals "
                           "what is installed\n",
                           target);
    }
    for (const std::string& name : report.unknown_upgrades) {
        out += fmt::format("  note: `{}` was not in the lock, so there was nothing to upgrade\n",
                           name);
    }
    return out;
}

std::string words_of(const advice::Explanation& explanation, const Terminal& terminal) {
    std::string out = fmt::format("{} no environment can satisfy the manifest for target `{}`\n",
                                  styled(terminal, Style::bad, "error:"), explanation.target);
    for (const advice::ExplainedReason& reason : explanation.reasons) {
        out += fmt::format("  {}{}\n", printable(reason.text),
                           reason.place.empty() ? "" : fmt::format("  [{}]", reason.place));
    }
    if (explanation.nearest.empty()) {
        return out;
    }
    out += "nearest that exist:\n";
    for (std::size_t i = 0; i < explanation.nearest.size(); ++i) {
        const advice::NearestSolution& nearest = explanation.nearest[i];
        out += fmt::format("  {}. {}  gives {}  [{}]\n", i + 1, nearest.change(), nearest.result,
                           nearest.changes.front().place);
    }
    return out;
}

std::string words_of(const installing::InstallReport& report, const Terminal& terminal) {
    std::string out;
    if (report.lock) {
        out += words_of(*report.lock, terminal);
        if (report.lock->explanation) {
            return out;
        }
    }
    if (report.was_current) {
        return out + fmt::format("{} up to date   env {}\n", tick(terminal), report.env);
    }
    const std::string fetched =
        report.fetched_packages == 0
            ? std::string("nothing fetched")
            : fmt::format("{} of them fetched ({})", report.fetched_packages,
                          human_bytes(report.fetched_bytes));
    const std::string made =
        report.is_from_lower
            ? std::string("the lower store's environment is used as it stands")
            : fmt::format("{}, {}", counted(report.files, "file"), human_bytes(report.size_bytes));
    out += fmt::format("{} {}, {}; {}\n", tick(terminal), counted(report.packages, "package"),
                       fetched, made);
    out += fmt::format("{} installed in {}   env {}   prefix .envpm/envs/default/current\n",
                       tick(terminal), human_seconds(report.seconds), report.env);
    if (report.copy) {
        out += fmt::format("{} laid out as {}\n", tick(terminal), report.copy->string());
    }
    if (!report.lock && !report.needs.empty()) {
        out += fmt::format("  needs: {}\n", report.needs);
    }
    if (report.is_sealed) {
        out += fmt::format("{} the sealed contents were reproduced\n", tick(terminal));
    }
    return out + (report.audit ? error_words(*report.audit, terminal) : std::string());
}

std::string words_of(const pipeline::EditReport& report, char sign, const Terminal& terminal) {
    if (report.lock.explanation) {
        return words_of(*report.lock.explanation, terminal) +
               "envpm.toml and envpm.lock are as before\n";
    }
    std::string out;
    for (std::size_t i = 0; i < report.entries.size(); ++i) {
        const std::string before = i < report.before.size() ? report.before[i] : "";
        out += entry_line(report.entries[i], before, sign, terminal);
    }
    return out + words_of(report.lock, terminal);
}

std::string words_of(const pipeline::Information& information) {
    std::string out = fmt::format("envpm      {}\n", information.version);
    out += fmt::format("root       {}\n", information.root.string());
    out += fmt::format("cache      {}\n", information.cache.string());
    if (information.machine) {
        out += fmt::format("machine    {}, glibc {}\n", to_text(information.machine->platform),
                           information.machine->glibc.text());
    }
    for (const Interpreter& interpreter : information.interpreters.found) {
        out += fmt::format("python     {}  {}\n", interpreter.version,
                           interpreter.executable.string());
    }
    for (const host::SilentProgram& silent : information.interpreters.silent) {
        out += fmt::format("python     ?  {} ({})\n", silent.program.string(), silent.reason);
    }
    if (!information.manifest) {
        return out + "project    none here\n";
    }
    out +=
        fmt::format("project    {} ({})\n", information.workspace, information.manifest->string());
    for (const pypi::Index& index : information.indexes) {
        out += fmt::format("index      {}  {}{}\n", index.name, fmt::join(index.urls, ", "),
                           index.is_explicit ? "  (explicit)" : "");
    }
    if (information.target) {
        out += fmt::format("target     {}\n", information.target->target.name);
        out += fmt::format("env        {}\n", short_name(information.target->env));
        if (information.target->contents) {
            out += fmt::format("contents   {}\n", information.target->contents->hex());
        }
    }
    if (information.lock_problem) {
        out += fmt::format("lock       {}\n", *information.lock_problem);
    }
    out += fmt::format("prefix     {}\n", information.prefix ? information.prefix->string()
                                                             : "nothing is installed yet");
    for (const conda::UnrunScripts& scripts : information.unrun) {
        out += fmt::format("never run  {} of {}\n",
                           printable(fmt::format("{}", fmt::join(scripts.paths, ", "))),
                           printable(scripts.package));
    }
    return out;
}

std::string words_of(const std::vector<installing::State>& states) {
    std::string out;
    for (std::size_t i = 0; i < states.size(); ++i) {
        const auto& [generation, is_there, is_elsewhere, changes] = states[i];
        const Sha256& env = generation.env;
        const auto first =
            std::find_if(states.begin(), states.end(),
                         [&](const installing::State& one) { return one.generation.env == env; });
        const bool is_as_before = i == 0 || states[i - 1].generation.env == env;
        out +=
            fmt::format("{} {:>4}  {}  {}  {}{}{}{}{}\n", generation.is_current ? "*" : " ",
                        generation.number, generation.created, short_name(env),
                        generation.target.empty() ? "-" : generation.target,
                        is_elsewhere ? "  in " + generation.store_root().string() : std::string(),
                        is_there ? "" : "  gone",
                        first->generation.number == generation.number
                            ? std::string()
                            : fmt::format("  the same as {}", first->generation.number),
                        changes ? words_of_changes(*changes, is_as_before) : std::string());
    }
    return out;
}

std::string list_words(const pipeline::LockedView& view) {
    std::size_t width = 0;
    std::size_t version_width = 0;
    for (const LockedPackage& package : view.packages) {
        width = std::max(width, package.name.string().size());
        version_width = std::max(version_width, package.version.size());
    }
    std::string out;
    for (const LockedPackage& package : view.packages) {
        out += fmt::format("{:<{}}  {:<{}}  {:>8}  {}{}\n", package.name.string(), width,
                           package.version, version_width, human_bytes(package.size_bytes),
                           package.source, package.is_overridden ? "  (overridden)" : "");
    }
    return out;
}

std::string tree_words(const pipeline::LockedView& view) {
    std::string out;
    std::set<PackageName> shown;
    for (const PackageName& name : view.requested) {
        const LockedPackage* package = pipeline::find_package(view.packages, name);
        out += fmt::format("{} {}\n", name.string(), package->version);
        shown.insert(name);
        add_tree(out, view, name, "", shown);
    }
    return out;
}

std::string why_words(const std::vector<pipeline::Path>& paths) {
    std::string out;
    for (const pipeline::Path& path : paths) {
        out += fmt::format("{}\n", fmt::join(path, " → "));
    }
    return out.empty() ? "nothing in the manifest needs it: run `envpm lock`\n" : out;
}

namespace {

/// The first line goes on behind what is there, the next below it.
std::string lines_of(const std::string& subject) {
    std::string out;
    std::size_t lines = 0;
    std::size_t begin = 0;
    for (; begin <= subject.size() && lines < shown_lines; ++lines) {
        const std::size_t end = std::min(subject.find('\n', begin), subject.size());
        out += fmt::format("{}{}\n", lines == 0 ? "" : "    ",
                           printable(std::string_view(subject).substr(begin, end - begin)));
        begin = end + 1;
    }
    if (begin <= subject.size()) {
        const auto more =
            std::count(subject.begin() + static_cast<std::ptrdiff_t>(begin), subject.end(), '\n');
        out += fmt::format("    … {} more\n", more + 1);
    }
    return out;
}

std::string entry_line(const std::string& entry, const std::string& before, char sign,
                       const Terminal& terminal) {
    const std::size_t name = entry.find(' ');
    if (before == entry) {
        return fmt::format("{} keeps its version (name another one to change it)\n", entry);
    }
    if (before.empty()) {
        return fmt::format("{} {}\n", styled(terminal, Style::bold, std::string(1, sign)), entry);
    }
    const bool is_version_alone = before.starts_with(entry.substr(0, name + 1));
    return fmt::format("{} {} → {}\n", styled(terminal, Style::bold, "~"), before,
                       is_version_alone ? entry.substr(name + 1) : entry);
}

std::string change_line(const lockfiles::Change& change, const Terminal& terminal) {
    const std::string targets =
        change.targets.empty() ? "" : fmt::format("  ({})", fmt::join(change.targets, ", "));
    const std::string& name = change.name.string();
    if (!change.before) {
        return fmt::format("  {} {} {}{}\n", styled(terminal, Style::good, "+"), name,
                           *change.after, targets);
    }
    if (!change.after) {
        return fmt::format("  {} {} {}{}\n", styled(terminal, Style::bad, "-"), name,
                           *change.before, targets);
    }
    if (change.is_replaced) {
        return fmt::format(
            "  {} {} {}: the file was replaced, its sha256 is not the locked one{}\n",
            styled(terminal, Style::bad, "!"), name, *change.after, targets);
    }
    if (!change.corrected.empty()) {
        return fmt::format("  {} {} {}: the lock had a wrong `{}` of its file; corrected{}\n",
                           styled(terminal, Style::bad, "!"), name, *change.after,
                           fmt::join(change.corrected, "` and `"), targets);
    }
    const bool is_other_file = change.before == change.after;
    return fmt::format("  {} {} {} → {}{}{}\n", styled(terminal, Style::bold, "~"), name,
                       *change.before, *change.after, is_other_file ? ", another file" : "",
                       targets);
}

/// "  +0 ~1 -0  numpy 2.3.5 → 2.4.1"; `is_as_before`: the environment.
std::string words_of_changes(const std::vector<installing::PackageChange>& changes,
                             bool is_as_before) {
    std::vector<std::string> changed;
    std::vector<std::string> added;
    std::vector<std::string> removed;
    for (const auto& [name, before, after] : changes) {
        if (before && after) {
            changed.push_back(fmt::format("{} {} → {}", name, *before, *after));
        } else if (after) {
            added.push_back(fmt::format("+ {} {}", name, *after));
        } else {
            removed.push_back(fmt::format("- {}", name));
        }
    }
    const std::string counts =
        fmt::format("+{} ~{} -{}", added.size(), changed.size(), removed.size());
    std::vector<std::string> named = std::move(changed);
    named.insert(named.end(), added.begin(), added.end());
    named.insert(named.end(), removed.begin(), removed.end());
    if (named.size() > shown_of_state) {
        named.resize(shown_of_state);
        named.emplace_back("…");
    }
    if (named.empty()) {
        return is_as_before ? "" : "  other files of the same versions";
    }
    return fmt::format("  {}  {}", counts, printable(fmt::to_string(fmt::join(named, ", "))));
}

std::string target_line(const locking::LockReport& report, const LockedTarget& target) {
    std::string python;
    if (target.python) {
        python = fmt::format(" (python {} from {})", target.python->version,
                             target.python->is_package ? "a channel" : "this host");
    }
    return fmt::format("resolved {} for {} in {}{}\n",
                       counted(packages_of(*report.lock, target.target.name), "package"),
                       target.target.name, human_seconds(report.seconds), python);
}

std::string needs_line(const LockedTarget& target, bool is_one_of_several) {
    const std::string needs = locking::describe_needs(target);
    if (needs.empty()) {
        return {};
    }
    return fmt::format("  {}needs: {}\n",
                       is_one_of_several ? target.target.name + " " : std::string(), needs);
}

std::size_t packages_of(const Lock& lock, const std::string& target) {
    return static_cast<std::size_t>(
        std::count_if(lock.packages.begin(), lock.packages.end(),
                      [&](const auto& package) { return package.is_for(target); }));
}

/// A package's needs are shown where it first stands; later it has a mark instead.
void add_tree(std::string& out, const pipeline::LockedView& view, const PackageName& name,
              const std::string& indent, std::set<PackageName>& shown) {
    const LockedPackage* package = pipeline::find_package(view.packages, name);
    for (std::size_t i = 0; i < package->dependencies.size(); ++i) {
        const bool is_last = i + 1 == package->dependencies.size();
        const LockedPackage* found = pipeline::find_package(
            view.packages, pipeline::name_of_dependency(package->dependencies[i]));
        if (found == nullptr) {
            continue;
        }
        const bool is_new = shown.insert(found->name).second;
        const bool is_cut = !is_new && !found->dependencies.empty();
        out += fmt::format("{}{}{} {}{}\n", indent, is_last ? "└─ " : "├─ ", found->name.string(),
                           found->version, is_cut ? " (above)" : "");
        if (is_new) {
            add_tree(out, view, found->name, indent + (is_last ? "   " : "│  "), shown);
        }
    }
}

} // namespace

} // namespace envpm::cli
