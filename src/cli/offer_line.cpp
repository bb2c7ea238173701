#include "cli/offer_line.h"

#include "model/package_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace envpm::cli {

namespace {

using advice::ManifestChange;
using Changes = std::vector<ManifestChange>;

bool is_for_add(const AddCommand& command, const Changes& offered);
std::string add_line(const AddCommand& command, const Changes& offered);
std::string with_offer(const std::string& typed, const Changes& offered, Changes& left);
bool are_conda(const Changes& changes);

} // namespace

std::string offer_line(const AddCommand& command, const advice::Explanation& explanation) {
    for (std::size_t i = 0; i < explanation.nearest.size(); ++i) {
        const Changes& offered = explanation.nearest[i].changes;
        if (is_for_add(command, offered)) {
            return fmt::format("number {} is `{}`\n", i + 1, add_line(command, offered));
        }
    }
    return explanation.nearest.empty()
               ? std::string()
               : "to take one, write it into the manifest, and add what you want again\n";
}

namespace {

/// All of it are entries of one table, as one `add` writes them.
bool is_for_add(const AddCommand& command, const Changes& offered) {
    const bool is_conda = are_conda(offered);
    if (command.index || !command.files.empty() || (is_conda && command.as_wheels)) {
        return false;
    }
    return std::all_of(offered.begin(), offered.end(), [&](const ManifestChange& change) {
        return !change.value.empty() && change.table == (is_conda ? ManifestChange::Table::packages
                                                                  : ManifestChange::Table::wheels);
    });
}

std::string add_line(const AddCommand& command, const Changes& offered) {
    Changes left = offered;
    std::string line = command.as_wheels ? "envpm add --pypi" : "envpm add";
    for (const std::string& typed : command.requirements) {
        const std::string word = with_offer(typed, offered, left);
        line += word.empty() ? "" : fmt::format(" '{}'", word);
    }
    for (const ManifestChange& change : left) {
        line += fmt::format(" '{}{}{}'", change.name, are_conda(offered) ? " " : "", change.value);
    }
    return line;
}

/// The typed requirement with the version that is offered for its name, which then is not `left`;
/// empty if an earlier word of that name has it.
std::string with_offer(const std::string& typed, const Changes& offered, Changes& left) {
    const std::size_t name_end = std::min(typed.find_first_of("[<>=!~; (@"), typed.size());
    const auto name = PackageName::parse_either(typed.substr(0, name_end));
    const auto is_it = [&](const ManifestChange& one) {
        return name && PackageName::parse_either(one.name) == name;
    };
    const auto change = std::find_if(offered.begin(), offered.end(), is_it);
    if (change == offered.end()) {
        return typed;
    }
    if (std::erase_if(left, is_it) == 0) {
        return {};
    }
    const bool is_conda = change->table == ManifestChange::Table::packages;
    const std::size_t extras = is_conda ? std::string::npos : typed.find(']');
    const std::size_t marker = std::min(typed.find(';'), typed.size());
    const std::string head = typed.substr(0, extras == std::string::npos ? name_end : extras + 1);
    return head + (is_conda ? " " : "") + change->value + typed.substr(marker);
}

bool are_conda(const Changes& changes) {
    return changes.empty() || changes.front().table == ManifestChange::Table::packages;
}

} // namespace

} // namespace envpm::cli
