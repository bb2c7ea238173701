#include "realize/file_clashes.h"

#include "base/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace envpm::realize {

namespace {

/// How many paths two packages clash in.
struct PairCount {
    std::string packages;
    std::size_t paths = 0;
};

constexpr std::size_t most_pairs_told = 3;

std::string what_of(const std::vector<FileClash>& clashes);
std::vector<PairCount> counts_of(const std::vector<FileClash>& clashes);
std::string pair_of(const FileClash& clash);
std::string lines_of(const std::vector<FileClash>& clashes);
std::string hint_of(const std::vector<FileClash>& clashes);
std::string pattern_of(const std::vector<FileClash>& clashes);
std::string_view name_of(const SharedText& package);

} // namespace

void throw_file_clashes(const std::vector<FileClash>& clashes) {
    throw Error({what_of(clashes), lines_of(clashes), hint_of(clashes)});
}

namespace {

std::string what_of(const std::vector<FileClash>& clashes) {
    if (clashes.size() == 1) {
        return "two packages hold different files of one path";
    }
    const std::vector<PairCount> counts = counts_of(clashes);
    if (counts.size() == 1) {
        return fmt::format("two packages hold different files of {} paths", clashes.size());
    }
    std::vector<std::string> told;
    for (const PairCount& count : counts) {
        if (told.size() < most_pairs_told) {
            told.push_back(fmt::format("{} of {}", count.paths, count.packages));
        }
    }
    const std::size_t more = counts.size() - told.size();
    return fmt::format("packages hold different files of {} paths: {}{}", clashes.size(),
                       fmt::join(told, ", "),
                       more == 0 ? "" : fmt::format(", and {} more pairs of packages", more));
}

/// The pair with the most paths first.
std::vector<PairCount> counts_of(const std::vector<FileClash>& clashes) {
    std::vector<PairCount> counts;
    for (const FileClash& clash : clashes) {
        const std::string packages = pair_of(clash);
        const auto known = std::find_if(counts.begin(), counts.end(), [&](const PairCount& one) {
            return one.packages == packages;
        });
        PairCount& count =
            known == counts.end() ? counts.emplace_back(PairCount{packages, 0}) : *known;
        ++count.paths;
    }
    std::stable_sort(counts.begin(), counts.end(),
                     [](const PairCount& a, const PairCount& b) { return a.paths > b.paths; });
    return counts;
}

std::string pair_of(const FileClash& clash) {
    return fmt::format("{} and {}", clash.one.string(), clash.other.string());
}

/// One for each path.
std::string lines_of(const std::vector<FileClash>& clashes) {
    std::string lines;
    for (const FileClash& clash : clashes) {
        lines += fmt::format("{}`{}` of {} and of {}", lines.empty() ? "" : "\n", clash.path,
                             clash.one.string(), clash.other.string());
    }
    return lines;
}

std::string hint_of(const std::vector<FileClash>& clashes) {
    const FileClash& first = clashes.front();
    if (first.claimant) {
        return fmt::format("`[files]` of the manifest gives {} to {}, which has no such file: name "
                           "{} or {}",
                           clashes.size() == 1 ? "it" : fmt::format("`{}`", first.path),
                           *first.claimant, name_of(first.one), name_of(first.other));
    }
    if (clashes.size() == 1) {
        return fmt::format("say whose is to stand, under `[files]` of the manifest: \"{}\" = "
                           "\"{}\"",
                           first.path, name_of(first.other));
    }
    return fmt::format("say whose are to stand, under `[files]` of the manifest, by paths or "
                       "patterns: \"{}\" = \"{}\"",
                       pattern_of(clashes), name_of(first.other));
}

/// For the paths of the first pair: all in the folder that they share, or the first path.
std::string pattern_of(const std::vector<FileClash>& clashes) {
    const std::string& first = clashes.front().path;
    std::string_view folder = std::string_view(first).substr(0, first.rfind('/') + 1);
    std::size_t count = 0;
    for (const FileClash& clash : clashes) {
        if (pair_of(clash) != pair_of(clashes.front())) {
            continue;
        }
        ++count;
        while (!folder.empty() && !clash.path.starts_with(folder)) {
            folder.remove_suffix(1);
            folder = folder.substr(0, folder.rfind('/') + 1);
        }
    }
    return folder.empty() || count == 1 ? first : std::string(folder) + "**";
}

std::string_view name_of(const SharedText& package) {
    return std::string_view(package.string()).substr(0, package.string().find(' '));
}

} // namespace

} // namespace envpm::realize
