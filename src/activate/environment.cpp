#include "activate/environment.h"

#include "activate/variable_name.h"
#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace envpm::activate {

namespace {

void set_change(Changes& changes, const std::string& name, std::optional<std::string> value);
std::string activated_path(const std::string& bin, const Variables& before);
std::string without_repeats(const std::string& path);
std::vector<std::string> split_path(const std::string& path);
std::string expand(std::string_view text, const Variables& known);
std::string_view name_at(std::string_view text);

} // namespace

Changes activation(const ActivationRequest& request, const Variables& before) {
    const std::string prefix = request.prefix.string();
    Changes changes = {
        {"PATH", activated_path((request.prefix / "bin").string(), before)},
        {"VIRTUAL_ENV", prefix},
        {"ENVPM_PREFIX", prefix},
        {"ENVPM_PROJECT_ROOT", request.project.string()},
        {"PYTHONHOME", std::nullopt},
        {"PYTHONPATH", std::nullopt},
    };
    const auto left = before.find("ENVPM_PREFIX");
    if (request.has_conda_packages) {
        changes.emplace_back("CONDA_PREFIX", prefix);
    } else if (left && before.find("CONDA_PREFIX") == left) {
        changes.emplace_back("CONDA_PREFIX", std::nullopt); // of the environment that is left
    }
    for (const auto& [name, value] : request.conda_variables) {
        set_change(changes, name, value);
    }
    Variables known = activate::apply(changes, before);
    for (const auto& [name, text] : request.variables) {
        std::string value = expand(text, known);
        if (name == "PATH") {
            value = without_repeats(value);
        }
        check_variable(name, value);
        known.set(name, value);
        set_change(changes, name, std::move(value));
    }
    return changes;
}

Variables apply(const Changes& changes, Variables before) {
    for (const auto& [name, value] : changes) {
        if (value) {
            before.set(name, *value);
        } else {
            before.unset(name);
        }
    }
    return before;
}

std::optional<Shell> parse_shell(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Shell>, 3> shells = {
        {{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}};
    for (const auto& [name, shell] : shells) {
        if (name == text) {
            return shell;
        }
    }
    return std::nullopt;
}

void check_variable(const std::string& name, std::string_view value) {
    if (!is_variable_name(name)) {
        throw Error({fmt::format("`{}` is no name for an environment variable", name),
                     "[activation.env]", "use letters, digits and `_`, and begin with no digit"});
    }
    if (value.find('\0') != std::string_view::npos) {
        throw Error(
            {fmt::format("the value of `{}` holds a NUL character", name), "[activation.env]", {}});
    }
}

namespace {

/// One entry a name, so that what a shell saves and restores is what was there before all of them.
void set_change(Changes& changes, const std::string& name, std::optional<std::string> value) {
    const auto found = std::find_if(changes.begin(), changes.end(),
                                    [&](const auto& change) { return change.first == name; });
    if (found == changes.end()) {
        changes.emplace_back(name, std::move(value));
    } else {
        found->second = std::move(value);
    }
}

/// Without the prefix's own folder further back, and without that of an environment of envpm that
/// is active now: one that was left would still serve what the new one lacks.
std::string activated_path(const std::string& bin, const Variables& before) {
    const std::optional<std::string> active = before.find("ENVPM_PREFIX");
    const std::string left = active ? *active + "/bin" : bin;
    std::string path = bin;
    for (const std::string& entry : split_path(before.find("PATH").value_or(""))) {
        if (entry != bin && entry != left) {
            path += ":" + entry;
        }
    }
    return path;
}

std::string without_repeats(const std::string& path) {
    std::set<std::string> seen;
    std::string out;
    for (const std::string& entry : split_path(path)) {
        if (seen.insert(entry).second) {
            out += (seen.size() == 1 ? "" : ":") + entry;
        }
    }
    return out;
}

/// An empty entry means the current folder and stays what it is; an empty text has none.
std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> entries;
    for (std::size_t begin = 0; !path.empty() && begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        entries.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return entries;
}

/// `$NAME`, `${NAME}` and `$$`; any other `$` stands for itself. What a variable holds is not
/// expanded again.
std::string expand(std::string_view text, const Variables& known) {
    std::string out;
    while (!text.empty()) {
        const std::size_t dollar = std::min(text.find('$'), text.size());
        out += text.substr(0, dollar);
        text.remove_prefix(dollar);
        if (text.starts_with("$$")) {
            out += '$';
            text.remove_prefix(2);
            continue;
        }
        const bool is_braced = text.starts_with("${");
        const std::size_t begin = is_braced ? 2 : 1;
        const std::string_view name = text.empty() ? text : name_at(text.substr(begin));
        const std::size_t end = begin + name.size();
        if (name.empty() || (is_braced && (end == text.size() || text[end] != '}'))) {
            out += text.substr(0, 1);
            text.remove_prefix(std::min<std::size_t>(1, text.size()));
            continue;
        }
        out += known.find(name).value_or("");
        text.remove_prefix(end + (is_braced ? 1 : 0));
    }
    return out;
}

/// The longest variable name that `text` begins with.
std::string_view name_at(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_variable_name(text.substr(0, length + 1))) {
        ++length;
    }
    return text.substr(0, length);
}

} // namespace

} // namespace envpm::activate
