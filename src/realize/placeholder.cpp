#include "realize/placeholder.h"

#include "base/assert.h"
#include "base/error.h"
#include "realize/trampoline.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::realize {

namespace {

/// A string of a binary file and where the prefix stands in it, as the file is now.
struct Group {
    std::size_t end = 0; ///< of the string: its first zero byte
    std::span<const std::uint64_t> at;
};

std::string_view first_line(std::string_view content);
std::string_view program_of(std::string_view interpreter_line);
bool is_read_by_python(std::string_view interpreter_line);
std::string env_line(std::string_view interpreter_line);
bool is_plain(std::string_view text);
void check_room(const std::string& placeholder, const std::string& prefix);
void replace_in_string(std::span<char> bytes, std::size_t begin, std::size_t end,
                       PlaceholderUse& use, const std::string& prefix);
Group group_at(std::string_view bytes, std::span<const std::uint64_t> at, std::size_t length);
bool is_as_written(std::string_view bytes, const Group& group, const PlaceholderUse& use,
                   const std::string& prefix);

} // namespace

ReplacedText replace_in_text(std::string_view content, const std::string& placeholder,
                             const std::string& prefix) {
    ENVPM_ASSERT(!placeholder.empty());
    ReplacedText out{{}, {placeholder, PlaceholderMode::text, {}, false, {}}};
    std::string changed;
    if (needs_trampoline(content, placeholder, prefix)) {
        const std::string_view line = first_line(content);
        // With a quote in it the trampoline could not be undone for sure.
        if (is_read_by_python(line) && line.find('"') == std::string_view::npos) {
            changed = with_trampoline(content, prefix);
            content = changed;
            out.use.has_trampoline = true;
        } else if (is_plain(line)) {
            out.use.interpreter_line = line;
            changed = env_line(line) + std::string(content.substr(line.size()));
            content = changed;
        }
    }
    std::size_t copied = 0;
    for (std::size_t at = content.find(placeholder); at != std::string_view::npos;
         at = content.find(placeholder, copied)) {
        out.text += content.substr(copied, at - copied);
        out.use.at.push_back(out.text.size());
        out.text += prefix;
        copied = at + placeholder.size();
    }
    out.text += content.substr(copied);
    return out;
}

std::string undo_in_text(std::string_view content, const PlaceholderUse& use,
                         const std::string& prefix) {
    std::string out;
    std::size_t copied = 0;
    for (const std::uint64_t at : use.at) {
        if (at < copied || at > content.size() || content.substr(at, prefix.size()) != prefix) {
            continue; // Someone changed the file; its digest shall say so.
        }
        out += content.substr(copied, at - copied);
        out += use.text;
        copied = at + prefix.size();
    }
    out += content.substr(copied);
    if (use.has_trampoline) {
        return without_trampoline(out);
    }
    if (!use.interpreter_line.empty()) {
        const std::string line = env_line(use.interpreter_line);
        return out.starts_with(line) ? use.interpreter_line + out.substr(line.size()) : out;
    }
    return out;
}

PlaceholderUse replace_in_binary(std::span<char> bytes, const std::string& placeholder,
                                 const std::string& prefix) {
    ENVPM_ASSERT(!placeholder.empty());
    PlaceholderUse use{placeholder, PlaceholderMode::binary, {}, false, {}};
    const std::string_view view(bytes.data(), bytes.size());
    for (std::size_t begin = view.find(placeholder); begin != std::string_view::npos;) {
        const std::size_t end = view.find('\0', begin);
        if (end == std::string_view::npos) {
            break;
        }
        check_room(placeholder, prefix);
        replace_in_string(bytes, begin, end, use, prefix);
        begin = view.find(placeholder, end);
    }
    return use;
}

void undo_in_binary(std::span<char> bytes, const PlaceholderUse& use, const std::string& prefix) {
    const std::string_view view(bytes.data(), bytes.size());
    for (std::span<const std::uint64_t> left = use.at; !left.empty();) {
        const Group group = group_at(view, left, prefix.size());
        left = left.subspan(group.at.size());
        if (!is_as_written(view, group, use, prefix)) {
            continue;
        }
        const std::size_t begin = group.at.front();
        std::string old;
        std::size_t copied = begin;
        for (const std::uint64_t at : group.at) {
            old += view.substr(copied, at - copied);
            old += use.text;
            copied = at + prefix.size();
        }
        old += view.substr(copied, group.end - copied);
        std::copy(old.begin(), old.end(), bytes.begin() + static_cast<std::ptrdiff_t>(begin));
    }
}

namespace {

/// With `#!`, without the end of the line.
std::string_view first_line(std::string_view content) {
    return content.substr(0, content.find('\n'));
}

/// "perl" of "#!/a/b/perl -w".
std::string_view program_of(std::string_view interpreter_line) {
    const std::string_view path = interpreter_line.substr(0, interpreter_line.find(' '));
    return path.substr(path.rfind('/') + 1);
}

/// Only Python takes the trampoline's lines for a string; a shell would call itself for ever.
bool is_read_by_python(std::string_view interpreter_line) {
    const std::string_view program = program_of(interpreter_line);
    return program.starts_with("python") || program.starts_with("pypy");
}

std::string env_line(std::string_view interpreter_line) {
    const std::size_t space = std::min(interpreter_line.find(' '), interpreter_line.size());
    return fmt::format("#!/usr/bin/env {}{}", program_of(interpreter_line),
                       interpreter_line.substr(space));
}

/// What the file list of a prefix can hold as it is.
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_room(const std::string& placeholder, const std::string& prefix) {
    if (prefix.size() > placeholder.size()) {
        throw Error({fmt::format("a file has room for a prefix of {} bytes, and this one has {}",
                                 placeholder.size(), prefix.size()),
                     prefix, "set ENVPM_ROOT to a shorter path"});
    }
}

void replace_in_string(std::span<char> bytes, std::size_t begin, std::size_t end,
                       PlaceholderUse& use, const std::string& prefix) {
    const std::string old(bytes.data() + begin, end - begin);
    std::size_t out = begin;
    const auto write = [&bytes, &out](std::string_view text) {
        std::copy(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(out));
        out += text.size();
    };
    std::size_t copied = 0;
    for (std::size_t at = old.find(use.text); at != std::string::npos;
         at = old.find(use.text, copied)) {
        write(std::string_view(old).substr(copied, at - copied));
        use.at.push_back(out);
        write(prefix);
        copied = at + use.text.size();
    }
    write(std::string_view(old).substr(copied));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(out),
              bytes.begin() + static_cast<std::ptrdiff_t>(end), '\0');
}

/// The first of `at` and those that follow it in the same string.
Group group_at(std::string_view bytes, std::span<const std::uint64_t> at, std::size_t length) {
    const std::size_t begin = std::min<std::size_t>(at.front(), bytes.size());
    const std::size_t end = std::min(bytes.find('\0', begin), bytes.size());
    std::size_t count = 1;
    while (count < at.size() && at[count] > at[count - 1] && at[count] + length <= end) {
        ++count;
    }
    return {end, at.first(count)};
}

bool is_as_written(std::string_view bytes, const Group& group, const PlaceholderUse& use,
                   const std::string& prefix) {
    std::size_t least = 0;
    for (const std::uint64_t at : group.at) {
        if (at < least || at > bytes.size() || bytes.substr(at, prefix.size()) != prefix) {
            return false;
        }
        least = at + prefix.size();
    }
    if (prefix.size() > use.text.size()) {
        return false;
    }
    const std::size_t padding = group.at.size() * (use.text.size() - prefix.size());
    const std::string_view after = bytes.substr(group.end);
    return after.size() > padding &&
           after.substr(0, padding + 1).find_first_not_of('\0') == std::string_view::npos;
}

} // namespace

} // namespace envpm::realize
