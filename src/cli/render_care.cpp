#include "cli/render_care.h"

#include "cli/json_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace envpm::cli {

namespace {

constexpr std::size_t shown_users = 3;
constexpr std::size_t shown_alike = 5;

/// What lies in a store and its cache, as it is counted.
constexpr std::array collect_kinds = {std::string_view("environment"), std::string_view("package"),
                                      std::string_view("file"), std::string_view("leftover")};

std::size_t kind_of_removed(const std::filesystem::path& path);

/// What is told of a file. Those of one kind of which the same is said may be told as one.
struct Line {
    std::string path;
    std::string said;
    std::string kind; ///< "objects"; "files of torch 2.9.0 in /p"
};

std::string text_of(const std::vector<Line>& lines, const Terminal& terminal);
std::string kind_of(store::DamageKind kind);
std::string kind_of(const pipeline::DamagedEnvironment& environment,
                    const realize::PrefixDamage& damage);
std::string used_by(const pipeline::VerifyReport& report, const std::vector<std::size_t>& users);
std::string names_of(const std::vector<std::string>& users);
std::string name_of(const pipeline::DamagedEnvironment& environment);
Json::Object json_of_damage(const std::string& path, const std::string& what,
                            const pipeline::VerifyReport& report,
                            const std::vector<std::size_t>& users);

} // namespace

std::string words_of(const pipeline::VerifyReport& report, const Terminal& terminal) {
    if (report.is_whole()) {
        return fmt::format("{} store and environments are whole\n",
                           styled(terminal, Style::good, "✓"));
    }
    std::vector<Line> lines;
    for (std::size_t i = 0; i < report.store.size(); ++i) {
        const store::Damage& damage = report.store[i];
        const std::string said = damage.what + used_by(report, report.users[i]);
        lines.push_back({damage.path.string(), said, kind_of(damage.kind)});
    }
    for (std::size_t i = 0; i < report.environments.size(); ++i) {
        const pipeline::DamagedEnvironment& environment = report.environments[i];
        for (const realize::PrefixDamage& damage : environment.files) {
            const std::string said =
                std::string(realize::words_of(damage.kind)) + used_by(report, {i});
            lines.push_back(
                {(environment.prefix / damage.path).string(), said, kind_of(environment, damage)});
        }
    }
    return text_of(lines, terminal);
}

Json json_of(const pipeline::VerifyReport& report) {
    Json::Array damages;
    for (std::size_t i = 0; i < report.store.size(); ++i) {
        damages.emplace_back(json_of_damage(report.store[i].path.string(), report.store[i].what,
                                            report, report.users[i]));
    }
    for (std::size_t i = 0; i < report.environments.size(); ++i) {
        const pipeline::DamagedEnvironment& environment = report.environments[i];
        for (const realize::PrefixDamage& damage : environment.files) {
            Json::Object one =
                json_of_damage((environment.prefix / damage.path).string(),
                               std::string(realize::words_of(damage.kind)), report, {i});
            if (const auto package = environment.packages.find(damage.path);
                package != environment.packages.end()) {
                one.emplace("package", package->second);
            }
            damages.emplace_back(std::move(one));
        }
    }
    return Json::Object{{"damages", std::move(damages)},
                        {"environments", std::uint64_t{report.checked_environments}}};
}

std::string words_of(const pipeline::RepairOutcome& outcome, const Terminal& terminal) {
    if (outcome.repaired.empty() && outcome.left.empty()) {
        return fmt::format("{} store and environments are whole\n",
                           styled(terminal, Style::good, "✓"));
    }
    std::vector<Line> lines;
    for (const pipeline::Repaired& one : outcome.repaired) {
        lines.push_back({one.path.string(), one.how, "files"});
    }
    for (const pipeline::Unrepaired& one : outcome.left) {
        lines.push_back(
            {one.path.string(),
             fmt::format("{}; cannot be repaired: {}{}", one.what, one.why,
                         one.projects.empty() ? "" : "; used by " + names_of(one.projects)),
             "files"});
    }
    std::string out = text_of(lines, terminal);
    out += fmt::format(
        "{} {}, {} left\n", outcome.dry_run == DryRun::yes ? "would repair" : "repaired",
        counted(outcome.repaired.size(), "file"), counted(outcome.left.size(), "file"));
    if (outcome.quarantine) {
        out += fmt::format("what was damaged is in {}, until `envpm gc` removes it\n",
                           outcome.quarantine->string());
    }
    for (std::size_t i = 0; i < outcome.left.size(); ++i) {
        const std::string& hint = outcome.left[i].hint;
        if (!hint.empty() && (i == 0 || outcome.left[i - 1].hint != hint)) {
            out += fmt::format("hint: {}\n", hint);
        }
    }
    return out;
}

Json json_of(const pipeline::RepairOutcome& outcome) {
    Json::Array repaired;
    for (const pipeline::Repaired& one : outcome.repaired) {
        repaired.emplace_back(Json::Object{{"path", one.path.string()}, {"how", one.how}});
    }
    Json::Array left;
    for (const pipeline::Unrepaired& one : outcome.left) {
        left.emplace_back(Json::Object{{"path", one.path.string()},
                                       {"what", one.what},
                                       {"why", one.why},
                                       {"hint", one.hint},
                                       {"projects", texts(one.projects)}});
    }
    return Json::Object{
        {"dry_run", outcome.dry_run == DryRun::yes},
        {"repaired", std::move(repaired)},
        {"left", std::move(left)},
        {"quarantine", outcome.quarantine ? Json(outcome.quarantine->string()) : Json()}};
}

std::string words_of(const store::CollectReport& report, CollectWords words) {
    std::string out;
    std::array<std::size_t, collect_kinds.size()> counts{};
    for (const std::filesystem::path& path : report.removed) {
        const std::size_t kind = kind_of_removed(path);
        ++counts[kind];
        if (words == CollectWords::all || collect_kinds[kind] == "environment") {
            out += path.string() + "\n";
        }
    }
    std::vector<std::string> kinds;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
        if (counts[kind] > 0) {
            kinds.push_back(counted(counts[kind], std::string(collect_kinds[kind])));
        }
    }
    out += fmt::format("{} {}{}{}; the rest is kept for {}\n",
                       report.dry_run == DryRun::yes ? "would free" : "freed",
                       human_bytes(report.freed_bytes), kinds.empty() ? "" : ": ",
                       fmt::join(kinds, ", "), counted(report.kept_roots.size(), "project"));
    if (!report.running.empty()) {
        out += fmt::format("programs that run keep {}: {}\n",
                           counted(report.running.size(), "environment"),
                           fmt::join(report.running, ", "));
    }
    std::vector<std::string> leased;
    for (const store::LeasedPrefix& one : report.leased) {
        leased.push_back(fmt::format("{} ({})", one.prefix, printable(one.host)));
    }
    if (!leased.empty()) {
        out += fmt::format("leases of others keep {}: {}\n", counted(leased.size(), "environment"),
                           fmt::join(leased, ", "));
    }
    return out;
}

Json json_of(const store::CollectReport& report) {
    Json::Array removed;
    for (const std::filesystem::path& path : report.removed) {
        removed.emplace_back(path.string());
    }
    Json::Array leased;
    for (const store::LeasedPrefix& one : report.leased) {
        leased.emplace_back(Json::Object{{"prefix", one.prefix}, {"host", one.host}});
    }
    return Json::Object{
        {"dry_run", report.dry_run == DryRun::yes}, {"removed", std::move(removed)},
        {"freed_bytes", report.freed_bytes},        {"roots", texts(report.kept_roots)},
        {"running", texts(report.running)},         {"leased", std::move(leased)}};
}

namespace {

/// The first of each sort in the order of the files, then how many more there are; all with `-v`.
std::string text_of(const std::vector<Line>& lines, const Terminal& terminal) {
    std::string out;
    std::vector<const Line*> sorts; // the first of each that has more than is shown
    std::map<std::pair<std::string, std::string>, std::size_t> counts;
    for (const Line& line : lines) {
        const std::size_t count = ++counts[{line.kind, line.said}];
        if (terminal.is_verbose || count <= shown_alike) {
            out += fmt::format("{}: {}\n", line.path, line.said);
        } else if (count == shown_alike + 1) {
            sorts.push_back(&line);
        }
    }
    for (const Line* const sort : sorts) {
        const std::size_t more = counts[{sort->kind, sort->said}] - shown_alike;
        out += more == 1 ? fmt::format("{}: {}\n", sort->path, sort->said)
                         : fmt::format("and {} more {}: {}\n", more, sort->kind, sort->said);
    }
    return out;
}

std::string kind_of(store::DamageKind kind) {
    switch (kind) {
    case store::DamageKind::tree:
        return "trees";
    case store::DamageKind::stranger:
        return "strangers in the store";
    default:
        return "objects";
    }
}

std::string kind_of(const pipeline::DamagedEnvironment& environment,
                    const realize::PrefixDamage& damage) {
    const auto package = environment.packages.find(damage.path);
    return fmt::format("files{} in {}",
                       package == environment.packages.end() ? "" : " of " + package->second,
                       environment.prefix.string());
}

std::string used_by(const pipeline::VerifyReport& report, const std::vector<std::size_t>& users) {
    std::vector<std::string> names;
    for (const std::size_t user : users) {
        const pipeline::DamagedEnvironment& environment = report.environments[user];
        names.insert(names.end(), environment.projects.begin(), environment.projects.end());
        if (environment.projects.empty()) {
            names.push_back(name_of(environment));
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names.empty() ? std::string() : fmt::format("; used by {}", names_of(names));
}

std::string names_of(const std::vector<std::string>& users) {
    std::string out;
    for (std::size_t i = 0; i < std::min(users.size(), shown_users); ++i) {
        out += (i == 0 ? "" : ", ") + users[i];
    }
    return users.size() > shown_users
               ? fmt::format("{} and {} more", out, users.size() - shown_users)
               : out;
}

/// Of one that no project has any more.
std::string name_of(const pipeline::DamagedEnvironment& environment) {
    return "environment " + environment.name;
}

Json::Object json_of_damage(const std::string& path, const std::string& what,
                            const pipeline::VerifyReport& report,
                            const std::vector<std::size_t>& users) {
    Json::Array environments;
    for (const std::size_t user : users) {
        const pipeline::DamagedEnvironment& environment = report.environments[user];
        environments.emplace_back(Json::Object{{"prefix", environment.prefix.string()},
                                               {"projects", texts(environment.projects)}});
    }
    return {{"path", path}, {"what", what}, {"environments", std::move(environments)}};
}

/// An index of `collect_kinds`, by the folders of `StorePaths`.
std::size_t kind_of_removed(const std::filesystem::path& path) {
    const std::filesystem::path above = path.parent_path();
    const std::filesystem::path sha256 = above.parent_path();
    const bool is_by_digest = sha256.filename() == "sha256";
    const std::filesystem::path sort = sha256.parent_path().filename();
    return above.filename() == "p"             ? 0
           : is_by_digest && sort == "trees"   ? 1
           : is_by_digest && sort == "objects" ? 2
                                               : 3;
}

} // namespace

} // namespace envpm::cli
