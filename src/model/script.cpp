#include "model/script.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/relative_path.h"
#include "model/layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm {

namespace {

/// More than any package by far.
constexpr std::size_t most_entries = 100'000;

void check_file_name(const std::string& name, const std::string& subject);
std::string_view without_extras(std::string_view reference);
bool is_dotted_name(std::string_view text);
bool is_identifier(std::string_view text);
[[noreturn]] void refuse(std::string what, const std::string& subject);

} // namespace

std::vector<ScriptEntry> parse_script_entries(std::string_view text, const std::string& subject) {
    std::vector<ScriptEntry> entries;
    bool is_script_section = false;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = trimmed(text.substr(begin, end - begin));
        begin = end + 1;
        if (line.empty() || line.front() == '#' || line.front() == ';') {
            continue;
        }
        if (line.front() == '[') {
            is_script_section = line == "[console_scripts]" || line == "[gui_scripts]";
        } else if (is_script_section) {
            if (entries.size() == most_entries) {
                refuse("it has more than 100,000 entry points", subject);
            }
            entries.push_back(parse_script_entry(line, subject));
        }
    }
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
    for (std::size_t i = 1; i < entries.size(); ++i) {
        if (entries[i].name == entries[i - 1].name) {
            refuse(fmt::format("entry point `{}` stands for two different things", entries[i].name),
                   subject);
        }
    }
    return entries;
}

ScriptEntry parse_script_entry(std::string_view line, const std::string& subject) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
        refuse(fmt::format("`{}` is no entry point", line), subject);
    }
    ScriptEntry entry{std::string(trimmed(line.substr(0, equals))), {}, {}};
    check_file_name(entry.name, subject);
    const std::string_view reference = without_extras(trimmed(line.substr(equals + 1)));
    const std::size_t colon = std::min(reference.find(':'), reference.size());
    const std::string_view module = trimmed(reference.substr(0, colon));
    const std::string_view attribute =
        trimmed(reference.substr(std::min(colon + 1, reference.size())));
    if (!is_dotted_name(module) || !is_dotted_name(attribute)) {
        refuse(fmt::format("entry point `{}` names `{}`, which is no `module:function`", entry.name,
                           reference),
               subject);
    }
    entry.module = module;
    entry.attribute = attribute;
    return entry;
}

std::string script_of(const ScriptEntry& entry) {
    const std::string_view attribute = entry.attribute;
    return fmt::format("#!{}/bin/python\n"
                       "import sys\n"
                       "from {} import {}\n"
                       "if __name__ == \"__main__\":\n"
                       "    sys.exit({}())\n",
                       prefix_token, entry.module, attribute.substr(0, attribute.find('.')),
                       attribute);
}

std::optional<std::string> with_prefix_interpreter(std::string_view script) {
    if (!script.starts_with("#!python")) {
        return std::nullopt;
    }
    const std::size_t end = std::min(script.find('\n'), script.size());
    std::string text = fmt::format("#!{}/bin/python\n", prefix_token);
    text += script.substr(std::min(end + 1, script.size()));
    return text;
}

namespace {

void check_file_name(const std::string& name, const std::string& subject) {
    if (name.find('/') != std::string::npos) {
        refuse(fmt::format("entry point `{}` has a name that is no file name", name), subject);
    }
    try {
        RelativePath::parse(name);
    } catch (Error& error) {
        error.add_context(fmt::format("while reading the entry points of {}", subject));
        throw;
    }
}

std::string_view without_extras(std::string_view reference) {
    const std::size_t bracket = reference.find('[');
    if (bracket == std::string_view::npos || !reference.ends_with(']')) {
        return reference;
    }
    return trimmed(reference.substr(0, bracket));
}

bool is_dotted_name(std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('.', begin), text.size());
        if (!is_identifier(text.substr(begin, end - begin))) {
            return false;
        }
        begin = end + 1;
    }
    return true;
}

/// Of ASCII only: that is what entry points consist of in practice, and the text becomes code.
bool is_identifier(std::string_view text) {
    return !text.empty() && !is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

void refuse(std::string what, const std::string& subject) {
    throw Error({std::move(what), subject, {}}, ExitCode::integrity);
}

} // namespace

} // namespace envpm
