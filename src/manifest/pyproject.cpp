#include "manifest/pyproject.h"

#include "base/toml_fields.h"
#include "manifest/requirement_text.h"
#include "manifest/requirements.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace envpm::manifest {

namespace {

/// Named lists of requirements by normalised name: the extras or the groups of the file.
using Lists = std::map<PackageName, const TomlValue*>;

/// Gathers requirements; each extra and each group is gone into once.
class Collector {
  public:
    Collector(const TomlValue& root, Manifest& manifest);

    void add_project();
    void add_extra(const std::string& text, const SourceLocation& location);
    void add_group(const std::string& text, const SourceLocation& location);

  private:
    void add_requirement(const TomlValue& value, const std::string& where);
    void add_group_item(const TomlValue& item, const std::string& where);

    const TomlValue* project_;
    Lists extras_;
    Lists groups_;
    std::optional<PackageName> name_;
    Manifest& manifest_;
    std::set<PackageName> seen_extras_;
    std::set<PackageName> seen_groups_;
    std::vector<PackageName> open_groups_; ///< on the way to the current one
};

constexpr std::string_view extras_table = "project.optional-dependencies";
constexpr std::string_view groups_table = "dependency-groups";
constexpr std::size_t deepest_include = 64;

Lists read_lists(const TomlValue* table, std::string_view where);
const TomlValue& find_list(const Lists& lists, const std::string& text, std::string_view where,
                           const SourceLocation& location);
void refuse_dynamic(const TomlValue& project, const std::string& key);
void take_python(const TomlValue& project, Manifest& manifest);
void spread_indexes(Manifest& manifest);

} // namespace

void read_project(const TomlValue& root, Manifest& manifest) {
    Collector collector(root, manifest);
    collector.add_project();
    const TomlValue* const tool = root.find("tool");
    const TomlValue* const envpm = tool == nullptr ? nullptr : tool->find("envpm");
    const TomlValue* const workspace = envpm == nullptr ? nullptr : envpm->find("workspace");
    const auto each = [&](const char* key, const auto& add) {
        const TomlValue* const names = workspace == nullptr ? nullptr : workspace->find(key);
        if (names != nullptr) {
            const std::string where = fmt::format("tool.envpm.workspace.{}", key);
            for (const TomlValue& item : expect_array(*names, where)) {
                add(expect_string(item, where), item.location);
            }
        }
    };
    each("extras", [&](const std::string& text, const SourceLocation& location) {
        collector.add_extra(text, location);
    });
    each("groups", [&](const std::string& text, const SourceLocation& location) {
        collector.add_group(text, location);
    });
    spread_indexes(manifest);
}

namespace {

Collector::Collector(const TomlValue& root, Manifest& manifest)
    : project_(root.find("project")),
      groups_(read_lists(root.find(groups_table), groups_table)),
      manifest_(manifest) {
    if (project_ != nullptr) {
        expect_table(*project_, "project");
        extras_ = read_lists(project_->find("optional-dependencies"), extras_table);
    }
}

void Collector::add_project() {
    if (project_ == nullptr) {
        return;
    }
    if (const TomlValue* const value = project_->find("name")) {
        name_ = PackageName::parse(expect_string(*value, "project.name"));
        if (!name_) {
            complain_at(value->location, "`project.name` is no package's name");
        }
        if (manifest_.name.empty()) {
            manifest_.name = expect_string(*value, "project.name");
        }
    }
    take_python(*project_, manifest_);
    refuse_dynamic(*project_, "dependencies");
    if (const TomlValue* const list = project_->find("dependencies")) {
        for (const TomlValue& item : expect_array(*list, "project.dependencies")) {
            add_requirement(item, "project.dependencies");
        }
    }
}

void Collector::add_extra(const std::string& text, const SourceLocation& location) {
    if (project_ != nullptr) {
        refuse_dynamic(*project_, "optional-dependencies");
    }
    const TomlValue& list = find_list(extras_, text, extras_table, location);
    if (!seen_extras_.insert(*PackageName::parse(text)).second) {
        return;
    }
    if (seen_extras_.size() > deepest_include) {
        complain_at(location, fmt::format("more than {} extras are chosen", deepest_include));
    }
    const std::string where = fmt::format("{}.{}", extras_table, text);
    for (const TomlValue& item : expect_array(list, where)) {
        add_requirement(item, where);
    }
}

void Collector::add_group(const std::string& text, const SourceLocation& location) {
    const TomlValue& list = find_list(groups_, text, groups_table, location);
    const PackageName name = *PackageName::parse(text);
    if (std::find(open_groups_.begin(), open_groups_.end(), name) != open_groups_.end()) {
        complain_at(location, fmt::format("the group `{}` includes itself", text));
    }
    if (open_groups_.size() == deepest_include) {
        complain_at(location,
                    fmt::format("groups include groups more than {} deep", deepest_include));
    }
    if (!seen_groups_.insert(name).second) {
        return;
    }
    open_groups_.push_back(name);
    const std::string where = fmt::format("{}.{}", groups_table, text);
    for (const TomlValue& item : expect_array(list, where)) {
        add_group_item(item, where);
    }
    open_groups_.pop_back();
}

void Collector::add_group_item(const TomlValue& item, const std::string& where) {
    if (item.get_if<TomlValue::Table>() == nullptr) {
        add_requirement(item, where);
        return;
    }
    expect_keys(item, where, std::vector<std::string>{"include-group"});
    const TomlValue* const include = item.find("include-group");
    if (include == nullptr) {
        complain_at(item.location, fmt::format("`include-group` is missing in `{}`", where));
    }
    add_group(expect_string(*include, where + ".include-group"), include->location);
}

/// `name[extra]` of the project itself is how an extra takes in another one.
void Collector::add_requirement(const TomlValue& value, const std::string& where) {
    ManifestRequirement requirement =
        split_requirement(expect_string(value, where), value.location);
    refuse_python(requirement.name, value.location, where);
    if (name_ != requirement.name) {
        manifest_.pypi_dependencies.push_back(std::move(requirement));
        return;
    }
    if (requirement.extras.empty() || !requirement.marker.empty()) {
        complain_at(value.location,
                    fmt::format("`{}` is this project itself", requirement.name.string()),
                    "only its extras can be required here, without a marker");
    }
    for (const PackageName& extra : requirement.extras) {
        add_extra(extra.string(), value.location);
    }
}

Lists read_lists(const TomlValue* table, std::string_view where) {
    Lists lists;
    if (table == nullptr) {
        return lists;
    }
    for (const TomlValue::Member& member : expect_table(*table, where)) {
        const std::optional<PackageName> name = PackageName::parse(member.name);
        if (!name) {
            complain_at(member.location,
                        fmt::format("{} is no name for `{}`", toml_quoted(member.name), where));
        }
        const auto [first, is_new] = lists.emplace(*name, &member.value);
        if (!is_new) {
            complain_at(member.location,
                        fmt::format("`{}` stands twice in `{}`", name->string(), where),
                        fmt::format("the first is at {}", first->second->location.text()));
        }
    }
    return lists;
}

const TomlValue& find_list(const Lists& lists, const std::string& text, std::string_view where,
                           const SourceLocation& location) {
    const std::optional<PackageName> name = PackageName::parse(text);
    const auto found = name ? lists.find(*name) : lists.end();
    if (found != lists.end()) {
        return *found->second;
    }
    std::vector<std::string> known;
    for (const auto& [list_name, value] : lists) {
        known.push_back(list_name.string());
    }
    complain_at(location, fmt::format("there is no {} in `{}`", toml_quoted(text), where),
                known.empty() ? std::string() : known_words(text, known));
}

/// A dynamic field is known to the build backend only, and envpm builds nothing.
void refuse_dynamic(const TomlValue& project, const std::string& key) {
    const TomlValue* const dynamic = project.find("dynamic");
    if (dynamic == nullptr) {
        return;
    }
    const std::vector<std::string> fields = expect_strings(*dynamic, "project.dynamic");
    if (std::find(fields.begin(), fields.end(), key) != fields.end()) {
        complain_at(
            dynamic->location,
            fmt::format("`project.{}` is dynamic, and envpm builds nothing to learn it", key),
            "list them in `[project]`, or write an envpm.toml beside this file");
    }
}

void take_python(const TomlValue& project, Manifest& manifest) {
    const TomlValue* const value = project.find("requires-python");
    if (value == nullptr) {
        return;
    }
    const std::string& text = expect_string(*value, "project.requires-python");
    const ManifestRequirement python = split_requirement("python " + text, value->location);
    if (!python.marker.empty()) {
        complain_at(value->location, "`project.requires-python` must be a version specifier");
    }
    const bool has_own =
        std::any_of(manifest.dependencies.begin(), manifest.dependencies.end(),
                    [](const CondaRequirement& own) { return own.name.string() == "python"; });
    if (!has_own) {
        manifest.dependencies.push_back(
            {python.name, python.specifier, {}, std::nullopt, value->location});
    }
}

/// `[tool.envpm.pypi-dependencies] torch = { index = "…" }` says where the torch of `[project]`
/// comes from: an index counts for every requirement of that name.
void spread_indexes(Manifest& manifest) {
    std::map<PackageName, std::string> indexes;
    for (const ManifestRequirement& requirement : manifest.pypi_dependencies) {
        if (requirement.index) {
            indexes.emplace(requirement.name, *requirement.index);
        }
    }
    for (ManifestRequirement& requirement : manifest.pypi_dependencies) {
        const auto found = indexes.find(requirement.name);
        if (found != indexes.end()) {
            requirement.index = found->second;
        }
    }
}

} // namespace

} // namespace envpm::manifest
