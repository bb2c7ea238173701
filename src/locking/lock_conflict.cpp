#include "locking/lock_conflict.h"

#include "advice/nearest_driver.h"
#include "locking/nearest_targets.h"
#include "project/ignored_indexes.h"
#include "project/sources.h"
#include "solver/solve.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace envpm::locking {

namespace {

/// One conflict, looked at with ever more of what there is.
class Inquiry {
  public:
    Inquiry(const Run& run, const Target& target, universe::CondaRecords* records);

    advice::Explanation explain(const Conflict& conflict, universe::PackageUniverse& universe);

  private:
    [[nodiscard]] advice::Sources sources() const;
    std::optional<Conflict> conflict_in(universe::PackageUniverse& universe) const;
    std::optional<universe::PackageUniverse> with_all_pythons();
    void add_ignored_indexes(std::vector<advice::ExplainedReason>& reasons) const;
    void add_newer_driver(std::vector<advice::NearestSolution>& nearest);
    static void add_before_pairs(std::vector<advice::NearestSolution> more,
                                 std::vector<advice::NearestSolution>& nearest);

    const Run& run_;
    const Target& target_;
    universe::CondaRecords* records_;
    std::optional<WheelSources> all_variants_;
    universe::Listings* listings_;
};

void add_all_variants(std::optional<WheelSources>& sources, const Run& run);

} // namespace

advice::Explanation explain_conflict(const Conflict& conflict, universe::PackageUniverse& universe,
                                     const Run& run, const Target& target,
                                     universe::CondaRecords* records) {
    Inquiry inquiry(run, target, records);
    return inquiry.explain(conflict, universe);
}

namespace {

Inquiry::Inquiry(const Run& run, const Target& target, universe::CondaRecords* records)
    : run_(run),
      target_(target),
      records_(records) {
    add_all_variants(all_variants_, run);
    listings_ = all_variants_ ? &all_variants_->listings : &run.listings;
}

advice::Explanation Inquiry::explain(const Conflict& conflict,
                                     universe::PackageUniverse& universe) {
    std::optional<universe::PackageUniverse> wide;
    std::optional<Conflict> again;
    if (all_variants_) {
        wide.emplace(wanted_universe(run_, target_, records_, PythonScope::asked), *listings_,
                     records_);
        again = conflict_in(*wide);
    }
    // Where the manifest's word on python keeps some out, it stands among the reasons only if those
    // are there.
    std::optional<universe::PackageUniverse> open = with_all_pythons();
    const std::optional<Conflict> of_open = open ? conflict_in(*open) : std::nullopt;
    const Conflict& narrow = again ? *again : conflict;
    universe::PackageUniverse& known = again ? *wide : universe;
    const Conflict& told = of_open ? *of_open : narrow;
    universe::PackageUniverse& told_of = of_open ? *open : known;
    advice::Explanation explanation{
        target_.name, advice::explain_reasons(told, told_of, sources()),
        of_open ? advice::nearest_solutions(*of_open, *open, run_.services.stop())
                : std::vector<advice::NearestSolution>()};
    if (explanation.nearest.empty()) {
        explanation.nearest = advice::nearest_solutions(narrow, known, run_.services.stop());
    }
    if (advice::lacks_a_project(told, told_of, *listings_)) {
        add_ignored_indexes(explanation.reasons);
    }
    add_before_pairs(with_other_overrides(told, told_of, run_, target_, *listings_),
                     explanation.nearest);
    add_newer_driver(explanation.nearest);
    keep_for_all_targets(explanation.nearest, run_, target_, *listings_);
    return explanation;
}

advice::Sources Inquiry::sources() const {
    return {*listings_, [this] { return run_.conda.known_names(); }, &run_.services.facts(),
            run_.manifest.overrides, std::string(to_text(target_.platform))};
}

/// What nobody has here may be where the user's pip finds it.
void Inquiry::add_ignored_indexes(std::vector<advice::ExplainedReason>& reasons) const {
    for (const project::IgnoredIndex& ignored :
         project::ignored_indexes(run_.manifest, run_.services)) {
        reasons.push_back({fmt::format("{}; {}", ignored.what, ignored.instead), ignored.origin});
    }
}

std::optional<Conflict> Inquiry::conflict_in(universe::PackageUniverse& universe) const {
    Answer answer = solver::solve({universe.roots(), universe.constraints(), {}}, universe,
                                  run_.services.stop());
    auto* const conflict = std::get_if<Conflict>(&answer);
    return conflict == nullptr ? std::nullopt : std::optional(std::move(*conflict));
}

/// With those that the manifest's word on python keeps out; nothing if it keeps out none.
std::optional<universe::PackageUniverse> Inquiry::with_all_pythons() {
    const auto count = [](const universe::UniverseRequest& request) {
        return request.pythons.size() + request.conda_pythons.size();
    };
    const universe::UniverseRequest all =
        wanted_universe(run_, target_, records_, PythonScope::all);
    if (count(all) == count(wanted_universe(run_, target_, records_, PythonScope::asked))) {
        return std::nullopt;
    }
    return std::optional<universe::PackageUniverse>(std::in_place, all, *listings_, records_);
}

/// After what changes the manifest alone in one place: a driver is changed on the machine too.
void Inquiry::add_newer_driver(std::vector<advice::NearestSolution>& nearest) {
    const auto declared = run_.manifest.declared_gpus.find(target_.name);
    if (declared == run_.manifest.declared_gpus.end() || !declared->second.driver ||
        declared->second.cuda) {
        return;
    }
    const advice::DriverQuestion question{
        wanted_universe(run_, target_, records_, PythonScope::asked), *listings_, records_,
        declared->second.driver_location, run_.services.facts()};
    if (auto newer = advice::with_newer_driver(question, run_.services.stop())) {
        add_before_pairs({std::move(*newer)}, nearest);
    }
}

void Inquiry::add_before_pairs(std::vector<advice::NearestSolution> more,
                               std::vector<advice::NearestSolution>& nearest) {
    const auto place =
        std::find_if(nearest.begin(), nearest.end(),
                     [](const advice::NearestSolution& other) { return other.changes.size() > 1; });
    nearest.insert(place, std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

/// Those that the pin of CUDA leaves out too, if it leaves out any.
void add_all_variants(std::optional<WheelSources>& sources, const Run& run) {
    if (!run.manifest.gpu.chooses_torch_variants || !run.requests.gpu.cuda) {
        return;
    }
    universe::Requests open = run.requests;
    open.gpu.cuda.reset();
    const std::vector<pypi::Index> indexes = project::indexes_of(run.manifest, open, run.services);
    if (indexes.size() > run.inputs.indexes.size()) {
        sources.emplace(run.services, project::cache_policy(run.services, run.request.refresh),
                        indexes, project::bindings_of(run.manifest, open, run.services));
    }
}

} // namespace

} // namespace envpm::locking
