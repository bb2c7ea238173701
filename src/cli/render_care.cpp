#include "cli/json_parts.h"
#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

constexpr std::size_t shown_users = 3;

std::string used_by(const pipeline::VerifyReport& report, const std::vector<std::size_t>& users);
std::string names_of(const std::vector<std::string>& users);
std::string name_of(const pipeline::DamagedEnvironment& environment);
Json json_of_damage(const std::string& path, const std::string& what,
                    const pipeline::VerifyReport& report, const std::vector<std::size_t>& users);

} // namespace

std::string words_of(const pipeline::VerifyReport& report, const Terminal& terminal) {
    if (report.is_whole()) {
        return fmt::format("{} store and environments are whole\n",
                           styled(terminal, Style::good, "✓"));
    }
    std::string out;
    for (std::size_t i = 0; i < report.store.size(); ++i) {
        out += fmt::format("{}: {}{}\n", report.store[i].path.string(), report.store[i].what,
                           used_by(report, report.users[i]));
    }
    for (std::size_t i = 0; i < report.environments.size(); ++i) {
        const pipeline::DamagedEnvironment& environment = report.environments[i];
        for (const realize::PrefixDamage& damage : environment.files) {
            out += fmt::format("{}: {}{}\n", (environment.prefix / damage.path).string(),
                               damage.what, used_by(report, {i}));
        }
    }
    return out;
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
            damages.emplace_back(json_of_damage((environment.prefix / damage.path).string(),
                                                damage.what, report, {i}));
        }
    }
    return Json::Object{{"damages", std::move(damages)},
                        {"environments", std::uint64_t{report.checked_environments}}};
}

std::string repair_words(const pipeline::RepairOutcome& outcome, bool only_tell,
                         const Terminal& terminal) {
    if (outcome.repaired.empty() && outcome.left.empty()) {
        return fmt::format("{} store and environments are whole\n",
                           styled(terminal, Style::good, "✓"));
    }
    std::string out;
    for (const pipeline::Repaired& one : outcome.repaired) {
        out += fmt::format("{}: {}\n", one.path.string(), one.how);
    }
    for (const pipeline::Unrepaired& one : outcome.left) {
        out +=
            fmt::format("{}: {}; cannot be repaired: {}{}\n", one.path.string(), one.what, one.why,
                        one.projects.empty() ? "" : "; used by " + names_of(one.projects));
    }
    out +=
        fmt::format("{} {}, {} left\n", only_tell ? "would repair" : "repaired",
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

Json repair_json(const pipeline::RepairOutcome& outcome, bool only_tell) {
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
        {"dry_run", only_tell},
        {"repaired", std::move(repaired)},
        {"left", std::move(left)},
        {"quarantine", outcome.quarantine ? Json(outcome.quarantine->string()) : Json()}};
}

namespace {

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

Json json_of_damage(const std::string& path, const std::string& what,
                    const pipeline::VerifyReport& report, const std::vector<std::size_t>& users) {
    Json::Array environments;
    for (const std::size_t user : users) {
        const pipeline::DamagedEnvironment& environment = report.environments[user];
        environments.emplace_back(Json::Object{{"prefix", environment.prefix.string()},
                                               {"projects", texts(environment.projects)}});
    }
    return Json::Object{{"path", path}, {"what", what}, {"environments", std::move(environments)}};
}

} // namespace

} // namespace envpm::cli
