#include "base/assert.h"
#include "base/relative_path.h"
#include "fuzz.h"
#include "model/script.h"

#include <algorithm>

namespace envpm::fuzz {

namespace {

/// What becomes code: letters, digits, `_` and dots.
bool is_harmless(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '.';
    });
}

void check(const ScriptEntry& entry) {
    ENVPM_ASSERT(RelativePath::parse(entry.name).string() == entry.name);
    ENVPM_ASSERT(entry.name.find('/') == std::string::npos);
    ENVPM_ASSERT(is_harmless(entry.module) && is_harmless(entry.attribute));
    const std::string script = script_of(entry);
    ENVPM_ASSERT(std::count(script.begin(), script.end(), '\n') == 5);
    const std::string line = entry.name + " = " + entry.module + ":" + entry.attribute;
    ENVPM_ASSERT(parse_script_entry(line, "a") == entry);
}

} // namespace

/// entry_points.txt, and one entry as a conda package has it: no name leaves `bin`, and no text
/// becomes more code than a call.
void read(std::string_view input) {
    const auto entries = if_accepted([input] { return parse_script_entries(input, "a"); });
    if (entries) {
        std::for_each(entries->begin(), entries->end(), check);
    }
    const auto entry = if_accepted([input] { return parse_script_entry(input, "a"); });
    if (entry) {
        check(*entry);
    }
}

} // namespace envpm::fuzz
