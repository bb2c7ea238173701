#pragma once

#include "model/universe.h"
#include "universe/listings.h"
#include "universe/package_universe.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace envpm::universe {

/// Runs ahead of the solver: what a request will most likely need is asked for the moment that
/// something names it, where the solver would wait for the slowest of each level. For each name it
/// takes the newest wheel that matches all that is asked of it so far (or the version that is
/// preferred, if it matches), then what that needs on the newest Python, and so on; when more is
/// asked of a name it may take another one too. It decides nothing: the solver finds what it asks
/// for already there, and asks for the rest.
class Scout final : public Listings::Guide {
  public:
    /// `preferred`: versions of an earlier lock. `universe` is the scout's own, as the order in
    /// which answers come shows in its ids.
    Scout(PackageUniverse& universe, Listings& listings,
          std::map<PackageName, std::string> preferred);

    /// Returns when nothing is left to ask. `names`: pages that are needed in any case.
    void run(const std::vector<PackageName>& names);

    /// For who explores with it as its guide: what to look for first, beside what is known.
    Listings::Leads begin();

    Listings::Leads after_page(const PackageName& name) override;
    Listings::Leads after_metadata(const pypi::WheelFile& wheel) override;

  private:
    void need(RequirementId requirement);
    void consider(SlotId slot);
    void follow(CandidateId candidate);
    void look_again();
    void lead_to_preferred(const PackageName& name);
    [[nodiscard]] std::optional<CandidateId> choose(SlotId slot);
    [[nodiscard]] bool matches_all(SlotId slot, CandidateId candidate);
    [[nodiscard]] bool holds(const std::optional<RequirementId>& condition);

    PackageUniverse& universe_;
    Listings& listings_;
    std::map<PackageName, std::string> preferred_;
    std::map<SlotId, std::set<RequirementId>> asked_;
    std::map<SlotId, CandidateId> chosen_;
    std::vector<SlotId> open_; ///< to be considered
    std::map<PackageName, std::set<SlotId>> waiting_for_page_;
    std::map<std::string, std::set<CandidateId>> waiting_for_metadata_; ///< by wheel URL
    Listings::Leads leads_;
};

} // namespace envpm::universe
