#include "importers/pixi_groups.h"

#include "base/toml_fields.h"
#include "model/package_name.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace envpm::importers {

namespace {

/// Lists of requirements that include each other, by name.
class Lists {
  public:
    Lists(const TomlValue& table, std::string where, Imported& imported)
        : table_(table),
          where_(std::move(where)),
          imported_(imported) {}

    /// Optional dependencies include each other as extras of the project.
    void include_extras_of(const TomlValue* project_name);

    void read(const PixiEnvironment& environment, std::string_view kind);

  private:
    void take(const TomlValue::Member& list);
    void take_item(const TomlValue& item);
    void take_named(const std::string& name, const SourceLocation& location);
    [[nodiscard]] bool takes_extras(const std::string& text, const SourceLocation& location);

    const TomlValue& table_;
    std::string where_;
    Imported& imported_;
    std::optional<PackageName> project_;
    std::vector<const TomlValue::Member*> taken_;
    std::vector<std::string> open_; ///< what is being taken, outermost first
};

} // namespace

void read_pixi_groups(const TomlValue& groups, const PixiEnvironment& environment,
                      Imported& imported) {
    Lists(groups, "dependency-groups", imported).read(environment, "dependency group");
}

void read_pixi_optional(const TomlValue& project, const PixiEnvironment& environment,
                        Imported& imported) {
    if (const TomlValue* const table = project.find("optional-dependencies")) {
        Lists lists(*table, "project.optional-dependencies", imported);
        lists.include_extras_of(project.find("name"));
        lists.read(environment, "optional dependencies");
    }
}

namespace {

void Lists::include_extras_of(const TomlValue* project_name) {
    if (project_name != nullptr) {
        project_ = PackageName::parse(expect_string(*project_name, "project.name"));
    }
}

void Lists::read(const PixiEnvironment& environment, std::string_view kind) {
    for (const TomlValue::Member& list : expect_table(table_, where_)) {
        if (environment.has(list.name)) {
            take(list);
        }
    }
    for (const TomlValue::Member& list : expect_table(table_, where_)) {
        if (std::find(taken_.begin(), taken_.end(), &list) == taken_.end()) {
            imported_.leave(list.location, fmt::format("{} `{}`", kind, list.name),
                            environment.does_not_have_it());
        }
    }
}

void Lists::take(const TomlValue::Member& list) {
    if (std::find(open_.begin(), open_.end(), list.name) != open_.end()) {
        complain_at(list.location, fmt::format("`{}` of `{}` includes itself", list.name, where_),
                    fmt::format("by {}", fmt::join(open_, " → ")));
    }
    if (std::find(taken_.begin(), taken_.end(), &list) != taken_.end()) {
        return;
    }
    taken_.push_back(&list);
    open_.push_back(list.name);
    for (const TomlValue& item : expect_array(list.value, where_)) {
        take_item(item);
    }
    open_.pop_back();
}

void Lists::take_item(const TomlValue& item) {
    const auto* const text = item.get_if<std::string>();
    if (text == nullptr) {
        const TomlValue* const include =
            item.get_if<TomlValue::Table>() == nullptr ? nullptr : item.find("include-group");
        if (project_ || include == nullptr) {
            imported_.leave(item.location, fmt::format("an item of `{}`", where_),
                            "it is neither a requirement nor an `include-group`");
            return;
        }
        take_named(expect_string(*include, where_ + ".include-group"), include->location);
    } else if (!takes_extras(*text, item.location)) {
        imported_.wheels.push_back({*text, item.location});
    }
}

/// Names of groups and extras compare as those of packages do.
void Lists::take_named(const std::string& name, const SourceLocation& location) {
    const std::optional<PackageName> wanted = PackageName::parse(name);
    std::vector<std::string> known;
    for (const TomlValue::Member& list : expect_table(table_, where_)) {
        if (wanted && PackageName::parse(list.name) == wanted) {
            take(list);
            return;
        }
        known.push_back(list.name);
    }
    complain_at(location, fmt::format("there is no `{}` in `{}` to include", name, where_),
                known_words(name, known));
}

/// `name[extra,other]` of the project itself.
bool Lists::takes_extras(const std::string& text, const SourceLocation& location) {
    const std::size_t open = text.find('[');
    const std::size_t close = text.find(']');
    if (!project_ || open == std::string::npos || close == std::string::npos || close < open ||
        PackageName::parse(text.substr(0, text.find_last_not_of(' ', open - 1) + 1)) != project_) {
        return false;
    }
    if (text.find_first_not_of(' ', close + 1) != std::string::npos) {
        imported_.leave(location, fmt::format("`{}` of `{}`", text, where_),
                        "the project's own extras are included as they are, without a condition");
        return true;
    }
    std::size_t begin = open + 1;
    while (begin < close) {
        const std::size_t end = std::min(text.find(',', begin), close);
        std::string name = text.substr(begin, end - begin);
        std::erase(name, ' ');
        take_named(name, location);
        begin = end + 1;
    }
    return true;
}

} // namespace

} // namespace envpm::importers
