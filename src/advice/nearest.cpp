#include "advice/nearest.h"

#include "advice/nearest_words.h"
#include "solver/solve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>

namespace envpm::advice {

namespace {

constexpr std::size_t most_solves = 16;   ///< each takes as long as the one that failed
constexpr std::size_t most_offers = 4;    ///< more, nobody reads
constexpr std::size_t most_runtimes = 24; ///< those around the pin, of 16 for each major

/// How far an entry is from what was asked that is not there at all: beyond every distance, and
/// still a number when those of two entries are summed.
constexpr std::size_t gone = std::numeric_limits<std::size_t>::max() / 4;

/// An entry of the manifest that may be given up, and one of its roots or constraints.
struct Entry {
    universe::Asked asked;
    RequirementId requirement{};
};

/// Indexes of entries.
using Given = std::set<std::size_t>;

/// What giving up some entries brings: by entry, how far what is chosen is from what was asked.
struct Offer {
    NearestSolution solution;
    std::map<std::size_t, std::size_t> distances;

    [[nodiscard]] std::size_t distance() const;
};

class Search {
  public:
    Search(universe::PackageUniverse& universe, const std::stop_token& stop)
        : universe_(universe),
          stop_(stop) {}

    std::vector<NearestSolution> run(const Conflict& conflict);

  private:
    Given add_entries(const Conflict& conflict);
    void try_without(const Given& given);
    void plan(const Given& given);
    void plan_pairs();
    void plan_with(Given given, std::size_t other);
    void take(const Given& given, const Resolution& resolution);
    [[nodiscard]] solver::SolveRequest relaxed(const Given& given);
    [[nodiscard]] std::vector<CandidateId> runtimes_beside(RequirementId pin);
    [[nodiscard]] bool is_worth_it(const Offer& offer) const;
    std::optional<ManifestChange> change_of(const Entry& entry, const Resolution& resolution);
    ManifestChange change_of_pin(const universe::GpuPinRequest& pin,
                                 const Resolution& resolution) const;
    std::size_t distance_of(const Entry& entry, const Resolution& resolution);
    [[nodiscard]] std::string result_of(const Given& given, const Resolution& resolution) const;

    [[nodiscard]] std::optional<CandidateId> chosen_of(const Entry& entry,
                                                       const Resolution& resolution) const;

    universe::PackageUniverse& universe_;
    const std::stop_token& stop_;
    std::vector<Entry> entries_;
    std::vector<RequirementId> told_; ///< what conflicts, in the order of the manifest
    std::deque<Given> planned_;
    std::set<Given> known_; ///< planned or done
    std::map<Given, Offer> offers_;
};

bool is_same(const universe::Asked& a, const universe::Asked& b);
std::string entry_text(const universe::Request& request, const std::string& specifier);
std::string series_of(const std::string& version);
std::string conda_series_of(const std::string& version);
std::string major_of(const std::string& version);

} // namespace

std::string NearestSolution::change() const {
    std::vector<std::string> texts;
    for (const ManifestChange& one : changes) {
        texts.push_back(one.text);
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<NearestSolution> nearest_solutions(const Conflict& conflict,
                                               universe::PackageUniverse& universe,
                                               const std::stop_token& stop) {
    return Search(universe, stop).run(conflict);
}

namespace {

std::size_t Offer::distance() const {
    std::size_t sum = 0;
    for (const auto& [entry, distance] : distances) {
        sum += distance;
    }
    return sum;
}

/// One entry at a time first. What still conflicts then names what else is in the way.
std::vector<NearestSolution> Search::run(const Conflict& conflict) {
    for (const std::size_t entry : add_entries(conflict)) {
        plan({entry});
    }
    for (std::size_t solves = 0; solves < most_solves; ++solves) {
        if (planned_.empty()) {
            plan_pairs();
        }
        if (planned_.empty()) {
            break;
        }
        const Given given = planned_.front();
        planned_.pop_front();
        try_without(given);
    }
    std::vector<const Offer*> offers;
    for (const auto& [given, offer] : offers_) {
        if (is_worth_it(offer)) {
            offers.push_back(&offer);
        }
    }
    std::stable_sort(offers.begin(), offers.end(), [](const Offer* a, const Offer* b) {
        return std::pair(a->distances.size(), a->distance()) <
               std::pair(b->distances.size(), b->distance());
    });
    std::vector<NearestSolution> solutions;
    for (std::size_t i = 0; i < offers.size() && i < most_offers; ++i) {
        solutions.push_back(offers[i]->solution);
    }
    return solutions;
}

/// Those behind the conflict that ask for something in particular.
Given Search::add_entries(const Conflict& conflict) {
    Given found;
    for (const RequirementId root : conflict.roots) {
        const universe::Asked& asked = universe_.asked(root);
        if (std::find(told_.begin(), told_.end(), root) == told_.end()) {
            told_.push_back(root);
        }
        const bool is_wheel = asked.wheels != nullptr && !asked.wheels->specifiers.is_any();
        const bool is_package = asked.packages != nullptr &&
                                (asked.packages->spec.version || asked.packages->spec.build);
        if (!is_wheel && !is_package && asked.pin == nullptr) {
            continue;
        }
        const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
            return is_same(entry.asked, asked); // a request with extras is several roots
        });
        found.insert(static_cast<std::size_t>(known - entries_.begin()));
        if (known == entries_.end()) {
            entries_.push_back({asked, root});
        }
    }
    return found;
}

void Search::plan(const Given& given) {
    constexpr std::size_t most_changes = 2;
    if (given.size() <= most_changes && known_.insert(given).second) {
        planned_.push_back(given);
    }
}

void Search::try_without(const Given& given) {
    const Answer answer = solver::solve(relaxed(given), universe_, stop_);
    if (const auto* resolution = std::get_if<Resolution>(&answer)) {
        take(given, *resolution);
        return;
    }
    for (const std::size_t other : add_entries(std::get<Conflict>(answer))) {
        plan_with(given, other);
    }
}

/// What helps alone may come nearer with one more given up.
void Search::plan_pairs() {
    for (const auto& [given, offer] : offers_) {
        for (std::size_t other = 0; other < entries_.size(); ++other) {
            plan_with(given, other);
        }
    }
}

void Search::plan_with(Given given, std::size_t other) {
    given.insert(other);
    plan(given);
}

/// An offer in which an entry would stay as it is, is that of the others.
void Search::take(const Given& given, const Resolution& resolution) {
    Offer offer;
    for (const std::size_t i : given) {
        auto change = change_of(entries_[i], resolution);
        if (!change) {
            return;
        }
        offer.solution.changes.push_back(std::move(*change));
        offer.distances.emplace(i, distance_of(entries_[i], resolution));
    }
    offer.solution.result = result_of(given, resolution);
    offers_.emplace(given, std::move(offer));
}

solver::SolveRequest Search::relaxed(const Given& given) {
    solver::SolveRequest request{universe_.roots(), universe_.constraints(), {}};
    for (const std::size_t i : given) {
        const universe::Asked& asked = entries_[i].asked;
        for (RequirementId& root : request.roots) {
            if (is_same(universe_.asked(root), asked)) {
                root = universe_.relaxed(root);
            }
        }
        std::erase_if(request.constraints, [&](RequirementId constraint) {
            return is_same(universe_.asked(constraint), asked);
        });
        if (asked.pin != nullptr && asked.pin->name == "cuda") {
            request.preferred = runtimes_beside(entries_[i].requirement);
        }
    }
    return request;
}

/// The versions of CUDA that are no part of the pin, the nearest first.
std::vector<CandidateId> Search::runtimes_beside(RequirementId pin) {
    const auto number_of = [&](CandidateId id) {
        const auto version = CudaVersion::parse(universe_.candidate(id).version);
        return version ? version->major * 10 + std::min(version->minor, 9) : 0;
    };
    const std::span<const CandidateId> pinned = universe_.matches(pin);
    std::vector<std::pair<int, CandidateId>> beside;
    for (const CandidateId id : universe_.candidates(universe_.runtime_slot())) {
        int nearest = std::numeric_limits<int>::max();
        for (const CandidateId other : pinned) {
            nearest = std::min(nearest, std::abs(number_of(id) - number_of(other)));
        }
        if (nearest > 0 && universe_.is_usable(id)) {
            beside.emplace_back(nearest, id);
        }
    }
    std::stable_sort(beside.begin(), beside.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<CandidateId> out;
    for (std::size_t i = 0; i < beside.size() && i < most_runtimes; ++i) {
        out.push_back(beside[i].second);
    }
    return out;
}

/// Two changes are offered only if they bring one of them nearer than it is alone.
bool Search::is_worth_it(const Offer& offer) const {
    return offer.distances.size() < 2 ||
           std::all_of(offer.distances.begin(), offer.distances.end(), [&](const auto& changed) {
               const auto alone = offers_.find({changed.first});
               return alone == offers_.end() ||
                      changed.second < alone->second.distances.at(changed.first);
           });
}

/// Nothing if it would say what it says already.
std::optional<ManifestChange> Search::change_of(const Entry& entry, const Resolution& resolution) {
    const auto& [wheels, packages, pin] = entry.asked;
    if (pin != nullptr) {
        return change_of_pin(*pin, resolution);
    }
    const Requirement& requirement = universe_.requirement(entry.requirement);
    // A host's interpreter is asked for as wheels are, but where packages stand.
    const bool is_wheel =
        wheels != nullptr && universe_.kind(requirement.slot) != universe::SlotKind::python;
    const std::string name = (wheels != nullptr ? wheels->name : packages->name).string();
    ManifestChange change{requirement.kind == RequirementKind::constrains
                              ? ManifestChange::Table::constraints
                          : is_wheel ? ManifestChange::Table::wheels
                                     : ManifestChange::Table::packages,
                          name,
                          {},
                          fmt::format("without `{}`", name),
                          (wheels != nullptr ? wheels->location : packages->location).text()};
    const std::optional<CandidateId> chosen = chosen_of(entry, resolution);
    if (!chosen) {
        return change;
    }
    const std::string& version = universe_.candidate(*chosen).version;
    if (is_wheel) {
        change.value = series_of(version);
        change.text = entry_text(*wheels, change.value);
        const bool is_other = pypi::SpecifierSet::parse(change.value) != wheels->specifiers;
        return is_other ? std::optional(change) : std::nullopt;
    }
    change.value = conda_series_of(version);
    change.text = fmt::format("{} = \"{}\"", name, change.value);
    const auto changed = conda::MatchSpec::parse(fmt::format("{} {}", name, change.value));
    return packages != nullptr && changed == packages->spec ? std::nullopt : std::optional(change);
}

ManifestChange Search::change_of_pin(const universe::GpuPinRequest& pin,
                                     const Resolution& resolution) const {
    std::string value;
    if (pin.name == "cuda") {
        if (const auto chosen = chosen_in(universe_.runtime_slot(), resolution, universe_)) {
            value = universe_.candidate(*chosen).version;
        }
    } else if (const std::string version = library_in(pin.name, resolution, universe_);
               !version.empty()) {
        value = major_of(version) + ".*";
    }
    return {ManifestChange::Table::gpu, pin.name, value,
            value.empty() ? fmt::format("without `{}`", pin.name)
                          : fmt::format("{} = \"{}\"", pin.name, value),
            pin.location.text()};
}

/// In releases, from the nearest that was asked for; from the newest, if there is none such.
std::size_t Search::distance_of(const Entry& entry, const Resolution& resolution) {
    const universe::GpuPinRequest* pin = entry.asked.pin;
    if (pin != nullptr && pin->name != "cuda") {
        return 1; // which of its suppliers' releases would have to be told first
    }
    const std::optional<CandidateId> chosen = chosen_of(entry, resolution);
    if (!chosen) {
        return gone;
    }
    const std::uint32_t there = universe_.candidate(*chosen).release;
    std::size_t least = gone;
    for (const CandidateId id : universe_.matches(entry.requirement)) {
        const std::uint32_t here = universe_.candidate(id).release;
        least = std::min<std::size_t>(least, here < there ? there - here : here - there);
    }
    return least == gone ? there : least;
}

std::string Search::result_of(const Given& given, const Resolution& resolution) const {
    std::string words = words_of_result(told_, resolution, universe_);
    if (!words.empty()) {
        return words;
    }
    return given.size() == 1 ? "an environment that does not need it"
                             : "an environment that does not need them";
}

std::optional<CandidateId> Search::chosen_of(const Entry& entry,
                                             const Resolution& resolution) const {
    return chosen_in(universe_.requirement(entry.requirement).slot, resolution, universe_);
}

bool is_same(const universe::Asked& a, const universe::Asked& b) {
    return a.wheels == b.wheels && a.packages == b.packages && a.pin == b.pin;
}

/// As it would stand in the manifest; what else an entry has stays as it is.
std::string entry_text(const universe::Request& request, const std::string& specifier) {
    const bool is_table = !request.extras.empty() || request.index || !request.marker.is_always();
    const std::string& name = request.name.string();
    return is_table ? fmt::format("{} = {{ version = \"{}\", … }}", name, specifier)
                    : fmt::format("{} = \"{}\"", name, specifier);
}

/// What stays in the version's series: "2.9.1" -> "~=2.9.0", "5" -> "~=5.0", "2.0rc1" ->
/// "==2.0rc1".
std::string series_of(const std::string& version) {
    const auto parsed = pypi::Version::parse(version);
    const std::string text = parsed ? parsed->public_text() : version;
    if (text.find_first_not_of("0123456789.") != std::string::npos) {
        return "==" + text;
    }
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string::npos ? first : text.find('.', first + 1);
    return "~=" + text.substr(0, second) + ".0";
}

/// "1.2.3" -> "1.2.*", "9e" -> "9e".
std::string conda_series_of(const std::string& version) {
    const std::size_t first = version.find('.');
    if (first == std::string::npos ||
        version.find_first_not_of("0123456789.") != std::string::npos) {
        return version;
    }
    return version.substr(0, version.find('.', first + 1)) + ".*";
}

std::string major_of(const std::string& version) {
    return version.substr(0, version.find('.'));
}

} // namespace

} // namespace envpm::advice
