#pragma once

#include "model/layout.h"
#include "model/python.h"
#include "realize/placeholder.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::realize {

/// What the tokens stand for in one prefix.
struct Places {
    std::string prefix;      ///< absolute
    std::string python_home; ///< the folder of `interpreter`
    std::string interpreter; ///< absolute
    std::string link;        ///< what leads to the interpreter, before relocation
};

/// Throws an Error for a path that text files cannot name safely: relative, not UTF-8, with control
/// characters or a backslash; and for a prefix with a colon, which PATH cannot name. Without an
/// interpreter all but `prefix` is empty.
Places places_of(const std::filesystem::path& prefix,
                 const std::optional<Interpreter>& interpreter);

/// Where in a relocated file the tokens were, so that they can be put back exactly, whatever else
/// the file says of that path.
struct Relocation {
    std::vector<std::uint64_t> prefix_at;           ///< ascending
    std::vector<std::uint64_t> home_at;             ///< ascending
    bool has_trampoline = false;                    ///< its `#!` line became a call of /bin/sh
    std::optional<PlaceholderUse> placeholder = {}; ///< of a file that a package built elsewhere

    [[nodiscard]] bool is_none() const {
        return prefix_at.empty() && home_at.empty() && !has_trampoline && !placeholder;
    }

    bool operator==(const Relocation&) const = default;
};

struct RelocatedText {
    std::string text;
    Relocation relocation;
};

/// Whether a token may be in it: what has none stays as it is. Far quicker than to replace them.
bool may_have_tokens(std::string_view content);

/// Replaces the tokens. A `#!` line that the kernel would cut (over 127 bytes) or split (a space in
/// the prefix) becomes three lines that sh and Python both understand.
RelocatedText relocate(std::string_view content, const Places& places);

/// The inverse, of tokens. A file that was changed gives some other text, never a failure.
std::string undo_relocation(std::string_view content, const Relocation& relocation,
                            const Places& places);

std::string relocate_link(std::string_view target, const Places& places);
std::string undo_link_relocation(std::string_view target, const Places& places);

} // namespace envpm::realize
