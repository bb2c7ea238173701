#pragma once

#include "model/layout.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::realize {

// Conda packages are built in a prefix with a long name and carry it in their files (conda's
// "prefix replacement"). What is written instead is a pure function of the object's bytes and the
// new prefix, and what was done is recorded, so that the object's bytes can be had back.

/// What was replaced in one file.
struct PlaceholderUse {
    std::string text; ///< the placeholder
    PlaceholderMode mode = PlaceholderMode::text;
    std::vector<std::uint64_t> at; ///< where the new prefix stands in the file now; ascending
    bool has_trampoline = false;   ///< text: the `#!` line became a call of /bin/sh
    std::string interpreter_line;  ///< text: the `#!` line that became a call of /usr/bin/env

    /// The placeholder did not occur: the file is the object.
    [[nodiscard]] bool is_none() const {
        return at.empty() && !has_trampoline && interpreter_line.empty();
    }

    bool operator==(const PlaceholderUse&) const = default;
};

struct ReplacedText {
    std::string text;
    PlaceholderUse use;
};

/// Every occurrence is replaced. A `#!` line that the kernel would cut (over 127 bytes) or split (a
/// space in the prefix) becomes a trampoline if Python reads the file, else a call of
/// `/usr/bin/env`, which finds the program when the environment is active; conda does so too.
ReplacedText replace_in_text(std::string_view content, const std::string& placeholder,
                             const std::string& prefix);

/// The inverse. A file that was changed gives some other text, never a failure.
std::string undo_in_text(std::string_view content, const PlaceholderUse& use,
                         const std::string& prefix);

/// Within each string that holds the placeholder and ends with a zero byte, every occurrence is
/// replaced and the string filled up with zeros. A string without an end stays as it is, as in
/// conda. Throws an Error if something is to be replaced and the prefix is longer than the
/// placeholder; then nothing was changed.
PlaceholderUse replace_in_binary(std::span<char> bytes, const std::string& placeholder,
                                 const std::string& prefix);

/// The inverse. Strings that were changed stay as they are.
void undo_in_binary(std::span<char> bytes, const PlaceholderUse& use, const std::string& prefix);

} // namespace envpm::realize
