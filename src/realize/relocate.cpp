#include "realize/relocate.h"

#include "base/error.h"
#include "base/relative_path.h"
#include "realize/environment_files.h"
#include "realize/trampoline.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::realize {

namespace {

struct Mark {
    std::uint64_t at = 0;
    std::string_view token;
    std::string_view value;
};

void check_path(const std::filesystem::path& path);
void check_no_colon(const std::filesystem::path& prefix);
bool is_below(std::string_view path, std::string_view folder);

} // namespace

Places places_of(const std::filesystem::path& prefix,
                 const std::optional<Interpreter>& interpreter) {
    check_path(prefix);
    check_no_colon(prefix);
    if (!interpreter) {
        return {prefix.string(), {}, {}, {}};
    }
    check_path(interpreter->executable);
    return {prefix.string(), interpreter->executable.parent_path().string(),
            interpreter->executable.string(), interpreter_link(interpreter->abi)};
}

/// Not by their first byte, which is every tenth in a RECORD.
bool may_have_tokens(std::string_view content) {
    return content.find(prefix_token.substr(1)) != std::string_view::npos ||
           content.find(python_home_token.substr(1)) != std::string_view::npos;
}

RelocatedText relocate(std::string_view content, const Places& places) {
    RelocatedText out;
    std::string changed;
    if (needs_trampoline(content, prefix_token, places.prefix)) {
        changed = with_trampoline(content, places.prefix);
        content = changed;
        out.relocation.has_trampoline = true;
    }
    std::size_t copied = 0;
    std::size_t prefix = content.find(prefix_token);
    std::size_t home = content.find(python_home_token);
    while (std::min(prefix, home) != std::string_view::npos) {
        const bool is_prefix = prefix < home;
        std::size_t& at = is_prefix ? prefix : home;
        const std::string_view token = is_prefix ? prefix_token : python_home_token;
        out.text += content.substr(copied, at - copied);
        (is_prefix ? out.relocation.prefix_at : out.relocation.home_at).push_back(out.text.size());
        out.text += is_prefix ? places.prefix : places.python_home;
        copied = at + token.size();
        at = content.find(token, copied);
    }
    out.text += content.substr(copied);
    return out;
}

std::string undo_relocation(std::string_view content, const Relocation& relocation,
                            const Places& places) {
    std::vector<Mark> marks;
    for (const std::uint64_t at : relocation.prefix_at) {
        marks.push_back({at, prefix_token, places.prefix});
    }
    for (const std::uint64_t at : relocation.home_at) {
        marks.push_back({at, python_home_token, places.python_home});
    }
    std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
    std::string out;
    std::size_t copied = 0;
    for (const Mark& mark : marks) {
        if (mark.at < copied || mark.at > content.size() ||
            content.substr(mark.at, mark.value.size()) != mark.value) {
            continue; // Someone changed the file; its digest shall say so.
        }
        out += content.substr(copied, mark.at - copied);
        out += mark.token;
        copied = mark.at + mark.value.size();
    }
    out += content.substr(copied);
    return relocation.has_trampoline ? without_trampoline(out) : out;
}

std::string relocate_link(std::string_view target, const Places& places) {
    if (!places.link.empty() && target == places.link) {
        return places.interpreter;
    }
    if (is_below(target, python_home_token)) {
        return places.python_home + std::string(target.substr(python_home_token.size()));
    }
    if (is_below(target, prefix_token)) {
        return places.prefix + std::string(target.substr(prefix_token.size()));
    }
    return std::string(target);
}

std::string undo_link_relocation(std::string_view target, const Places& places) {
    if (!places.interpreter.empty() && target == places.interpreter) {
        return places.link;
    }
    if (is_below(target, places.prefix)) {
        return std::string(prefix_token) + std::string(target.substr(places.prefix.size()));
    }
    if (!places.python_home.empty() && is_below(target, places.python_home)) {
        return std::string(python_home_token) +
               std::string(target.substr(places.python_home.size()));
    }
    return std::string(target);
}

namespace {

void check_path(const std::filesystem::path& path) {
    const std::string& text = path.native();
    if (!text.starts_with('/')) {
        throw Error(
            {"a path that is not absolute cannot be written into an environment", text, {}});
    }
    try {
        RelativePath::parse(std::string_view(text).substr(1));
    } catch (const Error& fault) {
        throw Error({"an environment cannot use such a path",
                     fault.text().what + ": `" + text + "`", "choose a folder with a plain name"});
    }
}

/// In PATH it would be two folders, neither of them the environment's.
void check_no_colon(const std::filesystem::path& prefix) {
    if (prefix.native().find(':') != std::string::npos) {
        throw Error({"an environment cannot use such a path",
                     fmt::format("a colon ends a folder's name in PATH: `{}`", prefix.native()),
                     "choose a folder with a plain name"});
    }
}

bool is_below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

} // namespace

} // namespace envpm::realize
