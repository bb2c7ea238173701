#include "cli/usage.h"

#include "base/near_miss.h"

#include <fmt/format.h>

#include <optional>

namespace envpm::cli {

namespace {

std::string what_of(std::string_view sentence, const Usage& usage);
std::optional<std::string> meant(const Usage& usage);

} // namespace

ErrorText usage_text(std::string_view sentence, const Usage& usage) {
    const std::optional<std::string> flag = meant(usage);
    return {what_of(sentence, usage), "the command line",
            flag ? fmt::format("did you mean `{}`?", *flag)
                 : fmt::format("`{} --help` shows what there is", usage.command)};
}

ErrorText unknown_command_text(const std::string& above, const std::string& word,
                               const std::vector<std::string>& known) {
    const std::optional<std::string> near = near_miss(word, known);
    return {fmt::format("there is no command `{}{}`", above, word), "the command line",
            near ? fmt::format("did you mean `{}{}`?", above, *near)
                 : fmt::format("`envpm {}--help` shows what there is", above)};
}

namespace {

std::string what_of(std::string_view sentence, const Usage& usage) {
    constexpr std::string_view missing = " is required";
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
    const std::size_t end = sentence.find(equals);
    if (const std::size_t between = sentence.find(excludes); between != std::string_view::npos) {
        return fmt::format("`{}` does not take `{}` and `{}` together", usage.command,
                           sentence.substr(0, between), sentence.substr(between + excludes.size()));
    }
    if (sentence.starts_with(unread) && end != std::string_view::npos) {
        // Numbers are all that is converted.
        return fmt::format("{}: `{}` is no number",
                           sentence.substr(unread.size(), end - unread.size()),
                           sentence.substr(end + equals.size()));
    }
    return std::string(sentence);
}

std::optional<std::string> meant(const Usage& usage) {
    const bool is_flag = !usage.unexpected.empty() && usage.unexpected.front().starts_with("--");
    std::vector<std::string> flags = usage.flags;
    std::erase(flags, "--help"); // the hint without a guess says that
    return is_flag ? near_miss(usage.unexpected.front(), flags) : std::nullopt;
}

} // namespace

} // namespace envpm::cli
