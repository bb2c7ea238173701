#include "pypi/candidates.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::uint32_t no_rank = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t most_named_versions = 5; // of each reason, in explanations

std::vector<std::size_t> stable_or_all(const std::vector<WheelCandidate>& wheels,
                                       std::vector<std::size_t> fitting);
bool is_prerelease(const WheelCandidate& wheel);

} // namespace

/// What one call of `find` works on.
class PageSearch {
  public:
    PageSearch(const CandidateFinder& finder, const ProjectPage& page)
        : finder_(finder),
          page_(page) {}

    CandidateList run();

  private:
    /// Why a version has no candidate; the later, the nearer it came.
    enum class Fate { no_matching_tag, other_python, too_new, candidate };

    /// The wheels of one version, as indexes into the page's.
    using Release = std::vector<std::size_t>;

    struct Best {
        std::size_t wheel = 0;
        std::uint32_t rank = no_rank;
    };

    [[nodiscard]] std::vector<Release> releases() const;
    void improve(std::vector<Best>& best, std::size_t wheel) const;
    void add_release(const Release& release);
    Fate fit(const WheelFile& wheel);
    void note_fate(const std::string& version, Fate fate);
    void note_tags(const Release& release);
    void note_sdists(const std::vector<Release>& releases);
    void number_releases();

    /// Which of the Pythons `requires_python` lets in.
    const std::vector<bool>& allowed(const std::string& requires_python);
    [[nodiscard]] bool is_too_new(const WheelFile& wheel) const;
    [[nodiscard]] bool is_better(const WheelFile& wheel, std::uint32_t rank, const WheelFile& than,
                                 std::uint32_t than_rank) const;

    const CandidateFinder& finder_;
    const ProjectPage& page_;
    CandidateList list_;
    std::map<std::string, std::vector<bool>, std::less<>> allowed_;
    CandidateFinder::Ranks ranks_; ///< of the wheel at hand, by Python
};

CandidateFinder::CandidateFinder(const CandidateRequest& request) {
    for (std::size_t i = 0; i < request.pythons.size(); ++i) {
        const PythonChoice& python = request.pythons[i];
        const std::optional<Version> version = Version::parse(python.version);
        if (!version) {
            throw Error({fmt::format("`{}` is no version of Python", python.version), {}, {}});
        }
        pythons_.push_back(*version);
        std::uint32_t rank = 0;
        for (const Tag& tag : compatible_tags(python.abi, request.target)) {
            Ranks& ranks = ranks_.try_emplace(tag, request.pythons.size(), no_rank).first->second;
            ranks[i] = std::min(ranks[i], rank++);
        }
    }
    if (request.exclude_newer) {
        last_moment_ = last_moment(*request.exclude_newer);
        if (!last_moment_) {
            throw Error({fmt::format("exclude-newer `{}` is neither a date nor a date with time",
                                     *request.exclude_newer),
                         {},
                         "write it as `2026-11-01` or `2026-11-01T12:00:00Z`"});
        }
    }
}

CandidateList CandidateFinder::find(const ProjectPage& page) const {
    return PageSearch(*this, page).run();
}

CandidateList candidates(const ProjectPage& page, const CandidateRequest& request) {
    return CandidateFinder(request).find(page);
}

std::vector<std::size_t> matching(const std::vector<WheelCandidate>& wheels,
                                  const SpecifierSet& specifiers, Prereleases prereleases,
                                  bool names_prerelease, const std::vector<SpecifierSet>& pins) {
    std::vector<std::size_t> fitting;
    const Version* version = nullptr;
    bool is_in = false;
    bool may_be_yanked = false;
    for (std::size_t i = 0; i < wheels.size(); ++i) {
        const WheelCandidate& wheel = wheels[i];
        // The wheels of a version stand together.
        if (version == nullptr || *version != wheel.file->wheel.version) {
            version = &wheel.file->wheel.version;
            is_in = !(prereleases == Prereleases::never && is_prerelease(wheel)) &&
                    specifiers.contains(wheel.file->wheel.version);
            may_be_yanked = specifiers.is_pin() ||
                            std::any_of(pins.begin(), pins.end(), [&](const SpecifierSet& pin) {
                                return pin.contains(*version);
                            });
        }
        if (is_in && (may_be_yanked || !wheel.file->is_yanked)) {
            fitting.push_back(i);
        }
    }
    if (prereleases != Prereleases::if_necessary || names_prerelease ||
        specifiers.names_prerelease()) {
        return fitting;
    }
    return stable_or_all(wheels, std::move(fitting));
}

std::size_t CandidateFinder::TagHash::operator()(const Tag& tag) const noexcept {
    const std::hash<std::string> hash;
    return (hash(tag.python) * 31 + hash(tag.abi)) * 31 + hash(tag.platform);
}

CandidateList PageSearch::run() {
    const std::vector<Release> all = releases();
    const Release* without_tag = nullptr; // the newest
    for (const Release& release : all) {
        const std::size_t before = list_.exclusions.no_matching_tag.size();
        add_release(release);
        without_tag = list_.exclusions.no_matching_tag.size() > before ? &release : without_tag;
    }
    if (without_tag != nullptr) {
        note_tags(*without_tag);
    }
    note_sdists(all);
    for (std::vector<std::string>* versions :
         {&list_.exclusions.no_matching_tag, &list_.exclusions.other_python,
          &list_.exclusions.too_new, &list_.exclusions.yanked}) {
        std::reverse(versions->begin(), versions->end()); // they came oldest first
        versions->resize(std::min(versions->size(), most_named_versions));
    }
    list_.exclusions.unreadable = page_.unreadable;
    number_releases();
    return std::move(list_);
}

/// Oldest first. Pages list versions together, so most wheels join the release at hand.
std::vector<PageSearch::Release> PageSearch::releases() const {
    std::map<Version, Release> by_version;
    Release* last = nullptr;
    for (std::size_t i = 0; i < page_.wheels.size(); ++i) {
        const Version& version = page_.wheels[i].wheel.version;
        if (last == nullptr || page_.wheels[last->back()].wheel.version != version) {
            last = &by_version[version];
        }
        last->push_back(i);
    }
    std::vector<Release> all;
    all.reserve(by_version.size());
    for (auto& [version, release] : by_version) {
        all.push_back(std::move(release));
    }
    return all;
}

void PageSearch::add_release(const Release& release) {
    std::vector<Best> best(finder_.pythons_.size());
    Fate fate = Fate::no_matching_tag;
    for (const std::size_t i : release) {
        const WheelFile& wheel = page_.wheels[i];
        const Fate own = fit(wheel);
        fate = std::max(fate, own);
        if (own == Fate::candidate) {
            improve(best, i);
        }
    }
    if (fate != Fate::candidate) {
        note_fate(page_.wheels[release.front()].wheel.version.text(), fate);
        return;
    }
    // Best for the most preferred Python last. One wheel may be the best for several.
    const std::size_t first = list_.wheels.size();
    std::map<std::size_t, std::vector<std::size_t>> pythons_of;
    for (std::size_t p = 0; p < best.size(); ++p) {
        if (best[p].rank != no_rank) {
            pythons_of[best[p].wheel].push_back(p);
        }
    }
    for (auto& [i, pythons] : pythons_of) {
        list_.wheels.push_back({&page_.wheels[i], 0, std::move(pythons)});
    }
    std::sort(list_.wheels.begin() + static_cast<std::ptrdiff_t>(first), list_.wheels.end(),
              [](const WheelCandidate& a, const WheelCandidate& b) {
                  return a.pythons.back() < b.pythons.back();
              });
    if (std::all_of(list_.wheels.begin() + static_cast<std::ptrdiff_t>(first), list_.wheels.end(),
                    [](const WheelCandidate& wheel) { return wheel.file->is_yanked; })) {
        list_.exclusions.yanked.push_back(page_.wheels[release.front()].wheel.version.text());
    }
}

/// Takes a wheel, whose ranks are in `ranks_`, for each Python that it is better for.
void PageSearch::improve(std::vector<Best>& best, std::size_t wheel) const {
    for (std::size_t p = 0; p < best.size(); ++p) {
        const bool is_first = best[p].rank == no_rank;
        if (ranks_[p] != no_rank &&
            (is_first || is_better(page_.wheels[wheel], ranks_[p], page_.wheels[best[p].wheel],
                                   best[p].rank))) {
            best[p] = {wheel, ranks_[p]};
        }
    }
}

/// Fills `ranks_`.
PageSearch::Fate PageSearch::fit(const WheelFile& wheel) {
    ranks_.assign(finder_.pythons_.size(), no_rank);
    bool has_tag = false;
    for (const Tag& tag : wheel.wheel.tags) {
        const auto found = finder_.ranks_.find(tag);
        if (found == finder_.ranks_.end()) {
            continue;
        }
        has_tag = true;
        for (std::size_t p = 0; p < ranks_.size(); ++p) {
            ranks_[p] = std::min(ranks_[p], found->second[p]);
        }
    }
    if (!has_tag) {
        return Fate::no_matching_tag;
    }
    const std::vector<bool>& is_allowed = allowed(wheel.requires_python);
    bool has_python = false;
    for (std::size_t p = 0; p < ranks_.size(); ++p) {
        ranks_[p] = is_allowed[p] ? ranks_[p] : no_rank;
        has_python = has_python || ranks_[p] != no_rank;
    }
    if (!has_python) {
        return Fate::other_python;
    }
    return is_too_new(wheel) ? Fate::too_new : Fate::candidate;
}

void PageSearch::note_fate(const std::string& version, Fate fate) {
    Exclusions& why = list_.exclusions;
    std::vector<std::string>& versions = fate == Fate::too_new        ? why.too_new
                                         : fate == Fate::other_python ? why.other_python
                                                                      : why.no_matching_tag;
    versions.push_back(version);
}

/// As they stand in the names of its files.
void PageSearch::note_tags(const Release& release) {
    std::vector<std::string>& tags = list_.exclusions.other_tags;
    for (const std::size_t wheel : release) {
        const std::string& file = page_.wheels[wheel].file_name;
        std::size_t begin = file.size();
        for (int part = 0; part < 3 && begin != std::string::npos; ++part) {
            begin = file.rfind('-', begin - 1);
        }
        const std::size_t end = file.rfind('.');
        if (begin < end && tags.size() < most_named_versions) {
            tags.push_back(file.substr(begin + 1, end - begin - 1));
        }
    }
    std::sort(tags.begin(), tags.end());
    tags.erase(std::unique(tags.begin(), tags.end()), tags.end());
}

void PageSearch::note_sdists(const std::vector<Release>& releases) {
    const auto has_wheel = [&](const Version& version) {
        const auto found = std::lower_bound(releases.begin(), releases.end(), version,
                                            [&](const Release& r, const Version& v) {
                                                return page_.wheels[r.front()].wheel.version < v;
                                            });
        return found != releases.end() && page_.wheels[found->front()].wheel.version == version;
    };
    std::vector<std::string>& names = list_.exclusions.only_sdist;
    for (auto text = page_.sdist_versions.rbegin();
         text != page_.sdist_versions.rend() && names.size() < most_named_versions; ++text) {
        const std::optional<Version> version = Version::parse(*text);
        if (version && !has_wheel(*version)) {
            names.push_back(*text);
        }
    }
}

/// From the newest, which is 0.
/// Builds of one version that differ in the local part alone (`2.9.1+cu126`, `2.9.1+cu130`) are one
/// release: none of them is newer than another.
void PageSearch::number_releases() {
    std::uint32_t release = 0;
    for (std::size_t i = list_.wheels.size(); i-- > 0;) {
        if (i + 1 < list_.wheels.size()) {
            const Version& here = list_.wheels[i].file->wheel.version;
            const Version& after = list_.wheels[i + 1].file->wheel.version;
            const bool is_older = here != after && here.public_text() != after.public_text();
            release += is_older ? 1 : 0;
        }
        list_.wheels[i].release = release;
    }
}

const std::vector<bool>& PageSearch::allowed(const std::string& requires_python) {
    const auto [place, is_new] = allowed_.try_emplace(requires_python);
    std::vector<bool>& allowed = place->second;
    if (!is_new) {
        return allowed;
    }
    allowed.assign(finder_.pythons_.size(), true);
    const SpecifierSet specifiers = SpecifierSet::of_requires_python(requires_python);
    std::transform(finder_.pythons_.begin(), finder_.pythons_.end(), allowed.begin(),
                   [&](const Version& python) { return specifiers.contains(python); });
    return allowed;
}

bool PageSearch::is_too_new(const WheelFile& wheel) const {
    if (!finder_.last_moment_ || !wheel.upload_time) {
        return false;
    }
    const std::optional<Moment> uploaded = parse_moment(*wheel.upload_time);
    return uploaded && *uploaded > *finder_.last_moment_;
}

/// Total, so that the page's order does not matter.
bool PageSearch::is_better(const WheelFile& wheel, std::uint32_t rank, const WheelFile& than,
                           std::uint32_t than_rank) const {
    const auto key = [](const WheelFile& file, std::uint32_t file_rank) {
        return std::tuple(file.is_yanked, file_rank);
    };
    const auto build = [](const WheelFile& file) {
        return std::tie(file.wheel.build_number, file.wheel.build_rest, file.file_name, file.sha256,
                        file.url);
    };
    return key(wheel, rank) != key(than, than_rank) ? key(wheel, rank) < key(than, than_rank)
                                                    : build(wheel) > build(than);
}

namespace {

/// Pre-releases only where nothing else fits (PEP 440).
std::vector<std::size_t> stable_or_all(const std::vector<WheelCandidate>& wheels,
                                       std::vector<std::size_t> fitting) {
    std::vector<std::size_t> stable;
    std::copy_if(fitting.begin(), fitting.end(), std::back_inserter(stable),
                 [&](std::size_t i) { return !is_prerelease(wheels[i]); });
    return stable.empty() ? fitting : stable;
}

bool is_prerelease(const WheelCandidate& wheel) {
    return wheel.file->wheel.version.is_prerelease();
}

} // namespace

} // namespace envpm::pypi
