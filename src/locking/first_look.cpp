#include "locking/first_look.h"

#include "universe/package_universe.h"
#include "universe/scout.h"

#include <optional>
#include <utility>

namespace envpm::locking {

/// While it lives, `listings` hear of its end.
class FirstLook::Listening {
  public:
    Listening(Guarded<Asking>& asking, universe::Listings& listings)
        : asking_(asking) {
        listen(&listings);
    }

    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

    ~Listening() { listen(nullptr); }

  private:
    void listen(universe::Listings* listener) {
        asking_.with([listener](Asking& asking) { asking.listener = listener; });
    }

    Guarded<Asking>& asking_;
};

/// A scout that may set out later than the first questions.
class FirstLook::Guide final : public universe::Listings::Guide {
  public:
    Guide(FirstLook& look, const Run& run, const Target& target,
          std::map<PackageName, pypi::CandidateList>& found)
        : look_(look),
          run_(run),
          target_(target),
          found_(found) {}

    /// Pages that come before the scout sets out are there when it does.
    universe::Listings::Leads after_page(const PackageName& name) override {
        return scout_ ? scout_->after_page(name) : universe::Listings::Leads();
    }

    universe::Listings::Leads after_metadata(const pypi::WheelFile& wheel) override {
        return scout_ ? scout_->after_metadata(wheel) : universe::Listings::Leads();
    }

    universe::Listings::Leads more() override;

    /// With the Pythons, which must be known.
    universe::Listings::Leads set_out();

    [[nodiscard]] bool has_set_out() const { return scout_.has_value(); }

  private:
    FirstLook& look_;
    const Run& run_;
    const Target& target_;
    std::map<PackageName, pypi::CandidateList>& found_;
    std::optional<universe::PackageUniverse> universe_;
    std::optional<universe::Scout> scout_;
};

FirstLook::FirstLook(const universe::Requests& requests, project::Services& services,
                     std::vector<pypi::PythonChoice>& pythons)
    : beside_(services.pool()) {
    beside_.run([this, &requests, &services, &pythons] {
        pythons = python_choices(requests, services);
        asking_.with([](Asking& asking) {
            asking.is_over = true;
            if (asking.listener != nullptr) {
                asking.listener->wake();
            }
        });
    });
}

std::map<PackageName, pypi::CandidateList> FirstLook::look(const Run& run, const Target& target,
                                                           const std::vector<PackageName>& names) {
    std::map<PackageName, pypi::CandidateList> found;
    Guide guide(*this, run, target, found);
    run.listings.load_spread(names);
    {
        const Listening listening(asking_, run.listings);
        run.listings.explore({names, {}}, guide);
    }
    beside_.wait();
    if (!guide.has_set_out()) {
        run.listings.explore(guide.set_out(), guide);
    }
    return found;
}

/// Nothing while the interpreters have not answered, or if none can be used: that is told when all
/// that was asked for is there.
universe::Listings::Leads FirstLook::Guide::more() {
    const bool may_set_out =
        !has_set_out() && look_.asking_.with([](const Asking& asking) { return asking.is_over; });
    return may_set_out ? set_out() : universe::Listings::Leads();
}

universe::Listings::Leads FirstLook::Guide::set_out() {
    universe::UniverseRequest wanted = wanted_universe(run_, target_, nullptr, PythonScope::asked);
    wanted.found = &found_;
    universe_.emplace(std::move(wanted), run_.listings, nullptr);
    scout_.emplace(*universe_, run_.listings, std::map<PackageName, std::string>());
    return scout_->begin();
}

} // namespace envpm::locking
