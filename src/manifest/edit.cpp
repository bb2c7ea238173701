#include "manifest/edit.h"

#include "base/error.h"
#include "base/near_miss.h"
#include "base/toml.h"
#include "manifest/document.h"
#include "manifest/entry_text.h"
#include "manifest/list_edit.h"
#include "manifest/quoted.h"
#include "manifest/requirement_text.h"
#include "manifest/table_edit.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::manifest {

namespace {

/// `[project] dependencies` as it stands in the text.
struct ProjectList {
    const List* list = nullptr; ///< null: there is none
    std::vector<PackageName> names;
    std::vector<std::string> markers;
};

bool is_pyproject(const std::filesystem::path& file);
KeyPath path_in(const std::filesystem::path& file, const std::string& table);
std::vector<KeyPath> neighbours_of(const std::filesystem::path& file, const std::string& table);
std::string with_entry(const std::string& text, const std::filesystem::path& file,
                       const std::string& table, const EntryText& entry);
bool says_already(const Document& document, KeyPath member, const std::string& field,
                  const std::optional<std::string>& words);
std::string with_new_value(const Document& document, const KeyPath& member, const EntryText& entry);
std::string with_project_item(const std::string& text, const std::filesystem::path& file,
                              const ManifestRequirement& requirement);
std::string without_project_copies(std::string text, const std::filesystem::path& file,
                                   std::size_t item);
std::string without_project_items(const std::string& text, const std::filesystem::path& file,
                                  const PackageName& name);
ProjectList project_list(const Document& document, const std::filesystem::path& file);
void refuse_dynamic(const TomlValue& root, const std::filesystem::path& file);
void refuse_other_marker(const TomlValue& root, const std::filesystem::path& file,
                         const ManifestRequirement& requirement);
std::optional<std::string> member_named(const Document& document, const KeyPath& table,
                                        const PackageName& name);
std::string with_specifier(const std::string& text, const std::filesystem::path& file,
                           const std::string& table, const ManifestRequirement& requirement);
std::string checked(std::string text, const std::filesystem::path& file);
SourceLocation location_of(const Document& document, const std::filesystem::path& file,
                           std::size_t offset);
[[noreturn]] void refuse_missing(const Document& document, const std::filesystem::path& file,
                                 const PackageName& name);
std::string listed(const std::vector<std::string>& names);

} // namespace

std::string with_requirement(const std::string& text, const std::filesystem::path& file,
                             const Addition& addition) {
    const TomlValue root = parse_toml(text, file.string());
    const ManifestRequirement& requirement = addition.requirement;
    if (addition.to_dependencies) {
        return checked(with_entry(text, file, "dependencies", conda_entry(addition)), file);
    }
    const Document document = scan(text);
    if (!is_pyproject(file) || !has_table(document, {"project"})) {
        return checked(with_entry(text, file, "pypi-dependencies", wheel_entry(requirement)), file);
    }
    const KeyPath table = path_in(file, "pypi-dependencies");
    const bool is_in_project = [&] {
        const std::vector<PackageName> names = project_list(document, file).names;
        return std::find(names.begin(), names.end(), requirement.name) != names.end();
    }();
    if (!is_in_project && member_named(document, table, requirement.name)) {
        return checked(with_entry(text, file, "pypi-dependencies", wheel_entry(requirement)), file);
    }
    refuse_dynamic(root, file);
    refuse_other_marker(root, file, requirement);
    std::string out = with_project_item(text, file, requirement);
    if (requirement.index) {
        // What the project publishes stays whole; where this workspace gets it is said beside it.
        ManifestRequirement source{requirement.name, "*", {}, {}, requirement.index, {}};
        out = with_entry(out, file, "pypi-dependencies", wheel_entry(source));
    } else if (const auto member = member_named(scan(out), table, requirement.name)) {
        KeyPath path = table;
        path.push_back(*member);
        out = without_member(scan(out), path);
    }
    return checked(out, file);
}

std::string without_requirement(const std::string& text, const std::filesystem::path& file,
                                const PackageName& name) {
    parse_toml(text, file.string());
    std::string out = text;
    for (const char* table : {"pypi-dependencies", "dependencies"}) {
        KeyPath path = path_in(file, table);
        if (const auto member = member_named(scan(out), path, name)) {
            path.push_back(*member);
            out = without_member(scan(out), path);
        }
    }
    if (is_pyproject(file)) {
        out = without_project_items(out, file, name);
    }
    if (out == text) {
        refuse_missing(scan(text), file, name);
    }
    return checked(out, file);
}

std::string with_constraint(const std::string& text, const std::filesystem::path& file,
                            const ManifestRequirement& constraint) {
    return with_specifier(text, file, "constraints", constraint);
}

std::string with_override(const std::string& text, const std::filesystem::path& file,
                          const ManifestRequirement& replaced) {
    return with_specifier(text, file, "overrides", replaced);
}

std::string with_gpu_value(const std::string& text, const std::filesystem::path& file,
                           const std::string& key, const std::string& value) {
    parse_toml(text, file.string());
    const Document document = scan(text);
    KeyPath member = path_in(file, "gpu");
    member.push_back(key);
    const std::vector<Entry> entries = entries_of(document, member);
    if (value.empty()) {
        return entries.empty() ? text : checked(without_member(document, member), file);
    }
    const std::string written = toml_quoted(value);
    return checked(entries.empty() ? with_member(document, member, written, Order::ignored,
                                                 neighbours_of(file, "gpu"))
                                   : replaced(document, entries.front().value, written),
                   file);
}

std::string with_driver(const std::string& text, const std::filesystem::path& file,
                        const std::string& target, const std::string& driver) {
    parse_toml(text, file.string());
    const Document document = scan(text);
    KeyPath table = path_in(file, "targets");
    table.push_back(target);
    KeyPath member = table;
    member.emplace_back("driver");
    const std::vector<Entry> entries = entries_of(document, member);
    return checked(entries.empty()
                       ? with_member(document, member, toml_quoted(driver), Order::ignored, {table})
                       : replaced(document, entries.front().value, toml_quoted(driver)),
                   file);
}

std::string new_manifest(const std::string& workspace_name,
                         const std::optional<std::string>& python) {
    std::string out = fmt::format("[workspace]\nname = {}\n", toml_quoted(workspace_name));
    if (python) {
        out += fmt::format("\n[dependencies]\npython = {}\n", toml_quoted(*python));
    }
    return out + "\n[pypi-dependencies]\n";
}

namespace {

/// Without the entry if the specifier is empty.
std::string with_specifier(const std::string& text, const std::filesystem::path& file,
                           const std::string& table, const ManifestRequirement& requirement) {
    parse_toml(text, file.string());
    if (!requirement.specifier.empty()) {
        return checked(with_entry(text, file, table, wheel_entry(requirement)), file);
    }
    const Document document = scan(text);
    KeyPath path = path_in(file, table);
    const auto member = member_named(document, path, requirement.name);
    if (!member) {
        return text;
    }
    path.push_back(*member);
    return checked(without_member(document, path), file);
}

bool is_pyproject(const std::filesystem::path& file) {
    return file.filename() == "pyproject.toml";
}

KeyPath path_in(const std::filesystem::path& file, const std::string& table) {
    return is_pyproject(file) ? KeyPath{"tool", "envpm", table} : KeyPath{table};
}

std::vector<KeyPath> neighbours_of(const std::filesystem::path& file, const std::string& table) {
    std::vector<KeyPath> out;
    if (table == "pypi-dependencies") {
        out.push_back(path_in(file, "dependencies"));
    }
    out.push_back(path_in(file, "workspace"));
    if (is_pyproject(file)) {
        out.push_back({"tool", "envpm"});
    }
    return out;
}

std::string with_entry(const std::string& text, const std::filesystem::path& file,
                       const std::string& table, const EntryText& entry) {
    const Document document = scan(text);
    KeyPath member = path_in(file, table);
    if (const auto name = member_named(document, member, entry.name)) {
        member.push_back(*name);
        return with_new_value(document, member, entry);
    }
    member.push_back(entry.name.string());
    return with_member(document, member, entry.value(), Order::kept, neighbours_of(file, table));
}

/// A value is replaced where it stands; fields that stand apart are each set or removed.
std::string with_new_value(const Document& document, const KeyPath& member,
                           const EntryText& entry) {
    const std::vector<Entry> entries = entries_of(document, member);
    if (entries.size() == 1 && entries[0].path == member) {
        return replaced(document, entries[0].value, entry.value());
    }
    std::string text = document.text;
    for (const auto& [field, words] : entry.fields) {
        const Document now = scan(text);
        if (!says_already(now, member, field, words)) {
            text = with_field(now, member, field, words);
        }
    }
    return text;
}

/// In whatever quotes.
bool says_already(const Document& document, KeyPath member, const std::string& field,
                  const std::optional<std::string>& words) {
    member.push_back(field);
    const std::vector<Entry> entries = entries_of(document, member);
    if (!words || entries.size() != 1 || entries[0].path != member) {
        return !words && entries.empty();
    }
    const auto string_of = [](std::string_view value) -> std::optional<std::string> {
        const TomlValue table = parse_toml("x = " + std::string(value), "");
        const std::string* const text = table.find("x")->get_if<std::string>();
        return text == nullptr ? std::nullopt : std::optional(*text);
    };
    const std::optional<std::string> said = string_of(document.at(entries[0].value));
    return said && said == string_of(*words);
}

std::string with_project_item(const std::string& text, const std::filesystem::path& file,
                              const ManifestRequirement& requirement) {
    const Document document = scan(text);
    const ProjectList project = project_list(document, file);
    const std::string item = quoted(requirement_text(requirement));
    if (project.list == nullptr) {
        const std::string line_break = document.line_break();
        return with_member(document, {"project", "dependencies"},
                           "[" + line_break + "    " + item + "," + line_break + "]",
                           Order::ignored, {});
    }
    const std::vector<PackageName>& names = project.names;
    const auto count = std::count(names.begin(), names.end(), requirement.name);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_meant = count == 1 || project.markers[i] == requirement.marker;
        if (names[i] == requirement.name && is_meant) {
            return without_project_copies(replaced(document, project.list->items[i], item), file,
                                          i);
        }
    }
    if (count > 1) {
        throw Error({fmt::format("`{}` stands in `[project] dependencies` more than once, each "
                                 "time for another marker",
                                 requirement.name.string()),
                     file.string(), "edit it by hand, or name one of the markers"});
    }
    const auto place = std::is_sorted(names.begin(), names.end())
                           ? std::upper_bound(names.begin(), names.end(), requirement.name)
                           : names.end();
    return with_item(document, *project.list, static_cast<std::size_t>(place - names.begin()),
                     item);
}

/// The item says all of its name and marker: what said a part of it goes.
std::string without_project_copies(std::string text, const std::filesystem::path& file,
                                   std::size_t item) {
    std::size_t i = item + 1;
    while (true) {
        const Document document = scan(text);
        const ProjectList project = project_list(document, file);
        if (i >= project.names.size()) {
            return text;
        }
        if (project.names[i] == project.names[item] &&
            project.markers[i] == project.markers[item]) {
            text = without_item(document, *project.list, i);
        } else {
            ++i;
        }
    }
}

std::string without_project_items(const std::string& text, const std::filesystem::path& file,
                                  const PackageName& name) {
    std::string out = text;
    while (true) {
        const Document document = scan(out);
        const ProjectList project = project_list(document, file);
        const auto found = std::find(project.names.begin(), project.names.end(), name);
        if (found == project.names.end()) {
            return out;
        }
        out = without_item(document, *project.list,
                           static_cast<std::size_t>(found - project.names.begin()));
    }
}

ProjectList project_list(const Document& document, const std::filesystem::path& file) {
    ProjectList out;
    for (const Entry& entry : document.entries) {
        if (entry.path == KeyPath{"project", "dependencies"} &&
            document.text[entry.value.begin] == '[') {
            out.list = document.list_at(entry.value.begin);
        }
    }
    if (out.list == nullptr) {
        return out;
    }
    for (const Span& item : out.list->items) {
        const TomlValue value = parse_toml("x = " + std::string(document.at(item)), file.string());
        const std::string* const written = value.find("x")->get_if<std::string>();
        const ManifestRequirement requirement = split_requirement(
            written == nullptr ? "" : *written, location_of(document, file, item.begin));
        out.names.push_back(requirement.name);
        out.markers.push_back(requirement.marker);
    }
    return out;
}

void refuse_dynamic(const TomlValue& root, const std::filesystem::path& file) {
    const TomlValue* const dynamic = root.find("project")->find("dynamic");
    const TomlValue::Array* const fields =
        dynamic == nullptr ? nullptr : dynamic->get_if<TomlValue::Array>();
    if (fields == nullptr) {
        return;
    }
    for (const TomlValue& field : *fields) {
        const std::string* const name = field.get_if<std::string>();
        if (name != nullptr && *name == "dependencies") {
            throw Error(
                {"`project.dependencies` is dynamic: nothing can be added to it here",
                 SourceLocation{file.string(), field.location.line, field.location.column}.text(),
                 "add it where the build backend reads it from"});
        }
    }
}

/// What stands beside `[project]` goes when its item is written, and with it a marker of its own.
void refuse_other_marker(const TomlValue& root, const std::filesystem::path& file,
                         const ManifestRequirement& requirement) {
    const TomlValue* table = &root;
    for (const std::string& key : path_in(file, "pypi-dependencies")) {
        table = table == nullptr ? nullptr : table->find(key);
    }
    const auto* const members = table == nullptr ? nullptr : table->get_if<TomlValue::Table>();
    for (const TomlValue::Member& member : members == nullptr ? TomlValue::Table() : *members) {
        const TomlValue* const marker = member.value.find("marker");
        const auto* const text = marker == nullptr ? nullptr : marker->get_if<std::string>();
        if (PackageName::parse(member.name) == requirement.name && text != nullptr &&
            *text != requirement.marker) {
            throw Error(
                {fmt::format("`{}` stands in `[project] dependencies` and beside it, for another "
                             "marker",
                             requirement.name.string()),
                 SourceLocation{file.string(), marker->location.line, marker->location.column}
                     .text(),
                 "edit it by hand"});
        }
    }
}

/// The member's spelling in the file, which need not be the normalised one.
std::optional<std::string> member_named(const Document& document, const KeyPath& table,
                                        const PackageName& name) {
    for (const std::string& member : members_of(document, table)) {
        if (PackageName::parse(member) == name || PackageName::parse_conda(member) == name) {
            return member;
        }
    }
    return std::nullopt;
}

/// No edit may leave a file that cannot be read.
std::string checked(std::string text, const std::filesystem::path& file) {
    try {
        parse_toml(text, file.string());
    } catch (Error& error) {
        error.add_context("while editing the file, which is unchanged; edit it by hand");
        throw;
    }
    return text;
}

SourceLocation location_of(const Document& document, const std::filesystem::path& file,
                           std::size_t offset) {
    const auto end = document.text.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto lines = std::count(document.text.begin(), end, '\n');
    return {file.string(), static_cast<int>(lines) + 1,
            static_cast<int>(offset - document.line_begin(offset)) + 1};
}

void refuse_missing(const Document& document, const std::filesystem::path& file,
                    const PackageName& name) {
    std::vector<std::string> known;
    for (const char* table : {"pypi-dependencies", "dependencies"}) {
        for (const std::string& member : members_of(document, path_in(file, table))) {
            known.push_back(member);
        }
    }
    if (is_pyproject(file)) {
        for (const PackageName& member : project_list(document, file).names) {
            known.push_back(member.string());
        }
    }
    const std::optional<std::string> near = near_miss(name.string(), known);
    throw Error({fmt::format("`{}` is not among the dependencies", name.string()), file.string(),
                 near            ? fmt::format("did you mean `{}`?", *near)
                 : known.empty() ? std::string("it has none")
                                 : "they are " + listed(known)});
}

/// The first few.
std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t most = 10;
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) {
        out += fmt::format("{}`{}`", i == 0 ? "" : ", ", names[i]);
    }
    return names.size() > most ? fmt::format("{} and {} more", out, names.size() - most) : out;
}

} // namespace

} // namespace envpm::manifest
