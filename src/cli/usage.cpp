#include "cli/usage.h"

#include "base/near_miss.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace envpm::cli {

namespace {

std::string what_of(std::string_view sentence, const Usage& usage);
std::optional<std::string> other_tools_word(const std::string& word,
                                            const std::vector<std::string>& known);
std::string_view value_of(std::string_view word);
bool is_variable(std::string_view name, const Usage& usage);
std::string variable_of(std::string_view flag);
std::optional<std::string> meant(const Usage& usage);

} // namespace

Error usage_error(std::string_view sentence, const Usage& usage) {
    const std::string what = what_of(sentence, usage);
    const std::string name = what.substr(0, what.find(": "));
    if (name.size() < what.size() && is_variable(name, usage)) {
        return variable_error(what.substr(name.size() + 2), variable_of(name));
    }
    const std::optional<std::string> flag = meant(usage);
    return Error({what, "the command line",
                  flag ? fmt::format("did you mean `{}`?", *flag)
                       : fmt::format("`{} --help` shows what there is", usage.command)},
                 ExitCode::usage);
}

Error variable_error(const std::string& what, const std::string& variable) {
    return Error({what, variable, "set it to one of these, or unset it"}, ExitCode::usage);
}

void refuse_missing_values(const Usage& usage) {
    for (const std::string_view word : usage.line) {
        const std::string_view name = word.substr(0, word.find('='));
        const bool is_known =
            std::find(usage.flags.begin(), usage.flags.end(), name) != usage.flags.end();
        if (word == "--") {
            break;
        }
        if (is_known && word.size() == name.size() + 1) {
            throw usage_error(fmt::format("`{}` has no value", word), usage);
        }
    }
}

void refuse_lone_flags(const Usage& usage, bool is_json) {
    const bool has_flags = std::any_of(usage.line.begin(), usage.line.end(),
                                       [](std::string_view word) { return word.starts_with('-'); });
    if (has_flags || is_json) {
        throw usage_error("command is required", usage);
    }
}

void refuse_odd_values(Usage usage) {
    if (const auto empty = usage.values.find(""); empty != usage.values.end()) {
        const std::string& name = empty->second;
        throw usage_error(name.starts_with('-')
                              ? fmt::format("the value of `{}` is empty", name)
                              : fmt::format("an empty word stands for the {}", name),
                          usage);
    }
    for (const std::string_view word : usage.line) {
        const std::string_view value = value_of(word);
        const bool is_list = value.starts_with('[') && value.ends_with(']');
        if (is_list && !usage.values.contains(std::string(value))) {
            usage.unexpected.emplace_back(value);
            throw usage_error({}, usage);
        }
    }
}

ErrorText unknown_command_text(const std::string& above, const std::string& word,
                               const std::vector<std::string>& known) {
    const std::optional<std::string> near =
        above.empty() ? other_tools_word(word, known) : near_miss(word, known);
    return {fmt::format("there is no command `{}{}`", above, word), "the command line",
            near ? fmt::format("did you mean `{}{}`?", above, *near)
                 : fmt::format("`envpm {}--help` shows what there is", above)};
}

namespace {

std::string what_of(std::string_view sentence, const Usage& usage) {
    constexpr std::string_view missing = " is required";
    constexpr std::string_view no_value = ": 1 required ";
    constexpr std::string_view too_many = ": At Most 1 required";
    constexpr std::string_view lacks = " requires ";
    constexpr std::string_view unread = "Could not convert: ";
    constexpr std::string_view equals = " = ";
    constexpr std::string_view excludes = " excludes ";
    if (!usage.unexpected.empty()) {
        return fmt::format("`{}` does not take `{}`", usage.command, usage.unexpected.front());
    }
    if (sentence.ends_with(missing)) {
        const std::string_view name = sentence.substr(0, sentence.size() - missing.size());
        return name.starts_with('-') ? fmt::format("`{}` needs `{}`", usage.command, name)
                                     : fmt::format("`{}` needs a {}", usage.command, name);
    }
    const std::string_view first = sentence.substr(0, sentence.find_first_of(": "));
    if (sentence.substr(first.size()).starts_with(no_value)) {
        return fmt::format("`{}` needs a value", first);
    }
    if (sentence.substr(first.size()).starts_with(too_many)) {
        return fmt::format("`{}` takes one {} at most", usage.command, first);
    }
    if (sentence.substr(first.size()).starts_with(lacks)) {
        return fmt::format("`{}` needs `{}`", first, sentence.substr(first.size() + lacks.size()));
    }
    const std::size_t end = sentence.find(equals);
    if (const std::size_t between = sentence.find(excludes); between != std::string_view::npos) {
        return fmt::format("`{}` does not take `{}` and `{}` together", usage.command,
                           sentence.substr(0, between), sentence.substr(between + excludes.size()));
    }
    if (sentence.starts_with(unread) && end != std::string_view::npos) {
        // Numbers are all that is converted, and what says whether a switch is there.
        const std::string name(sentence.substr(unread.size(), end - unread.size()));
        const bool is_switch = usage.switches.contains(name) || is_variable(name, usage);
        return fmt::format("{}: `{}` is {}", name, sentence.substr(end + equals.size()),
                           is_switch ? "none of 1, true, 0, false" : "no whole number");
    }
    return std::string(sentence);
}

/// Of `--name=value` and `-Nvalue` the value; any other word itself.
std::string_view value_of(std::string_view word) {
    if (word.starts_with("--")) {
        const std::size_t equals = word.find('=');
        return equals == std::string_view::npos ? word : word.substr(equals + 1);
    }
    return word.starts_with('-') && word.size() > 2 ? word.substr(2) : word;
}

/// What other tools call it, which may be near to something else: `uninstall`.
std::optional<std::string> other_tools_word(const std::string& word,
                                            const std::vector<std::string>& known) {
    constexpr auto words = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"uninstall", "remove"},
        {"rm", "remove"},
        {"upgrade", "update"},
        {"create", "init"},
        {"new", "init"},
        {"activate", "shell"},
        {"exec", "run"},
        {"clean", "gc"},
        {"prune", "gc"},
        {"freeze", "export"},
        {"help", "--help"},
        {"version", "--version"},
    });
    const auto* const found = std::find_if(words.begin(), words.end(),
                                           [&](const auto& pair) { return pair.first == word; });
    return found == words.end() ? near_miss(word, known) : std::string(found->second);
}

/// Whether the value that is wrong is that of the flag's variable, which CLI11 has read.
bool is_variable(std::string_view name, const Usage& usage) {
    return name.starts_with("--") && !has_flag(usage.line, name) &&
           usage.variables.find(variable_of(name)).has_value();
}

/// "ENVPM_NO_CONFIG" of "--no-config".
std::string variable_of(std::string_view flag) {
    std::string name = "ENVPM_";
    for (const char c : flag.substr(2)) {
        name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

std::optional<std::string> meant(const Usage& usage) {
    const bool is_flag = !usage.unexpected.empty() && usage.unexpected.front().starts_with("--");
    std::vector<std::string> flags = usage.flags;
    std::erase(flags, "--help"); // the hint without a guess says that
    return is_flag ? near_miss(usage.unexpected.front(), flags) : std::nullopt;
}

} // namespace

} // namespace envpm::cli
