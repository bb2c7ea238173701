#include "project/way_out.h"

#include "base/disk_hints.h"
#include "base/free_space.h"
#include "project/archive_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::project {

namespace {

enum class Lacks { room, other };

/// A hint that knows no variables, and the same with one.
struct Hint {
    std::string_view text;
    std::string_view with_variable;
    Lacks lacks;
};

constexpr std::array<Hint, 6> hints = {{
    {disk_hints::no_room,
     "free some space there, or set {} to a larger disk; nothing was lost, the next run goes on",
     Lacks::room},
    {disk_hints::too_little_room, "free some space there, or set {} to a larger disk", Lacks::room},
    {disk_hints::too_few_files, "remove some files there, or set {} to another disk", Lacks::other},
    {disk_hints::no_quota, "your disk quota there is used up; set {} to another place",
     Lacks::room},
    {disk_hints::read_only, "that file system is read-only; set {} to a place that can be written",
     Lacks::other},
    {disk_hints::denied, "check who owns it, or set {} to a place of your own", Lacks::other},
}};

std::optional<std::string_view> variable_of(const std::string& subject, const Settings& settings);
bool begins_with_path(std::string_view subject, const std::filesystem::path& folder);
std::string words_of_downloads(const std::string& subject, const std::filesystem::path& cache);

} // namespace

Error with_way_out(const Error& error, const Settings& settings) {
    ErrorText text = error.text();
    const auto hint = std::find_if(hints.begin(), hints.end(),
                                   [&](const Hint& known) { return known.text == text.hint; });
    if (hint == hints.end()) {
        return error;
    }
    if (const auto variable = variable_of(text.subject, settings)) {
        text.hint = fmt::format(fmt::runtime(hint->with_variable), *variable);
    }
    if (hint->lacks == Lacks::room) {
        text.hint += words_of_downloads(text.subject, settings.cache_root);
    }
    Error with_hint(std::move(text), error.code());
    for (const std::string& context : error.contexts()) {
        with_hint.add_context(context);
    }
    return with_hint;
}

namespace {

std::optional<std::string_view> variable_of(const std::string& subject, const Settings& settings) {
    if (begins_with_path(subject, settings.store_root)) {
        return "ENVPM_ROOT";
    }
    return begins_with_path(subject, settings.cache_root) ? std::optional("ENVPM_CACHE")
                                                          : std::nullopt;
}

/// The path of `subject`, which may go on in words, is `folder` or lies in it.
bool begins_with_path(std::string_view subject, const std::filesystem::path& folder) {
    const std::string path = folder.string();
    if (path.empty() || !subject.starts_with(path)) {
        return false;
    }
    const std::string_view rest = subject.substr(path.size());
    return rest.empty() || rest.front() == '/' || rest.front() == ',' || path.ends_with('/');
}

/// If they lie on the same file system. Younger ones may be of this very install, which would only
/// have to fetch them again.
std::string words_of_downloads(const std::string& subject, const std::filesystem::path& cache) {
    constexpr std::time_t a_day = 24 * 60 * 60;
    const std::uint64_t bytes = ArchiveCache::bytes_in(cache, std::time(nullptr) - a_day);
    if (bytes == 0 || !share_a_disk(subject.substr(0, subject.find(", on ")), cache)) {
        return {};
    }
    return fmt::format("; downloads that nobody continued for a day take {}, and `envpm gc --grace "
                       "24h` removes them",
                       bytes_in_words(bytes));
}

} // namespace

} // namespace envpm::project
