#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm {

/// A command that a package asks for, a wheel in entry_points.txt, a conda package in
/// info/link.json: `name = module:attribute`.
struct ScriptEntry {
    std::string name;
    std::string module;    ///< dotted identifiers
    std::string attribute; ///< dotted identifiers

    auto operator<=>(const ScriptEntry&) const = default;
};

/// Those of `[console_scripts]` and `[gui_scripts]`, sorted, each once; extras are dropped. As the
/// text becomes program text and a file name, it is judged strictly: an Error (code 6) with
/// `subject` quotes a name that is no file name, a value that is no object reference, two meanings
/// of one name.
std::vector<ScriptEntry> parse_script_entries(std::string_view text, const std::string& subject);

/// One of them by itself, judged as strictly.
ScriptEntry parse_script_entry(std::string_view line, const std::string& subject);

/// The program of a script entry: begins with the prefix's interpreter (as token), imports and
/// calls.
std::string script_of(const ScriptEntry& entry);

/// A script whose first line is `#!python…` with that line naming the prefix's interpreter (PEP
/// 427); nothing for any other file. What follows `#!python` in the line is dropped, as pip does.
std::optional<std::string> with_prefix_interpreter(std::string_view script);

} // namespace envpm
