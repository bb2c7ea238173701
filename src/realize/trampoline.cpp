#include "realize/trampoline.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::realize {

namespace {

/// What every kernel reads of a `#!` line; newer ones read 255.
constexpr std::size_t longest_interpreter_line = 127;

// sh reads `'''exec'` as the word exec, and never comes to the third line; Python reads a string
// from `'''` to `'''`.
constexpr std::string_view trampoline_begin = "#!/bin/sh\n'''exec' \"";
constexpr std::string_view trampoline_end = " \"$0\" \"$@\"\n' '''\n";

} // namespace

bool needs_trampoline(std::string_view content, std::string_view token, std::string_view prefix) {
    const std::string begin = fmt::format("#!{}", token);
    const std::size_t end = content.find('\n');
    if (!content.starts_with(begin) || end == std::string_view::npos) {
        return false;
    }
    return end - token.size() + prefix.size() > longest_interpreter_line ||
           prefix.find(' ') != std::string_view::npos;
}

std::string with_trampoline(std::string_view content, std::string_view prefix) {
    if (prefix.find_first_of("\"$`") != std::string_view::npos ||
        prefix.find("'''") != std::string_view::npos) {
        throw Error({"scripts cannot name a path with such quotes", std::string(prefix),
                     "choose a folder with a plain name"});
    }
    const std::size_t end = content.find('\n');
    const std::string_view line = content.substr(2, end - 2);
    const std::size_t space = std::min(line.find(' '), line.size());
    return fmt::format("{}{}\"{}{}{}", trampoline_begin, line.substr(0, space), line.substr(space),
                       trampoline_end, content.substr(end + 1));
}

std::string without_trampoline(std::string_view content) {
    if (!content.starts_with(trampoline_begin)) {
        return std::string(content);
    }
    const std::string_view after = content.substr(trampoline_begin.size());
    const std::size_t quote = after.find('"');
    const std::size_t end = after.find(trampoline_end);
    if (end == std::string_view::npos || quote >= end) {
        return std::string(content);
    }
    return fmt::format("#!{}{}\n{}", after.substr(0, quote),
                       after.substr(quote + 1, end - quote - 1),
                       after.substr(end + trampoline_end.size()));
}

} // namespace envpm::realize
