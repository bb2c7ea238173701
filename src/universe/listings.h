#pragma once

#include "model/package_name.h"
#include "pypi/index_client.h"
#include "pypi/metadata.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace envpm::universe {

/// A project's page on the index that serves it, or those on several that serve it together.
struct Listing {
    const pypi::Index* index = nullptr; ///< none: no index has the project; the first of several
    pypi::ProjectPage page;
    std::vector<const pypi::Index*> origins{}; ///< of each wheel; empty: all are from `index`

    /// Where a wheel of the page is from.
    [[nodiscard]] const pypi::Index& origin(const pypi::WheelFile& wheel) const {
        return origins.empty() ? *index
                               : *origins[static_cast<std::size_t>(&wheel - page.wheels.data())];
    }
};

/// Which projects do not come from the first index that has them.
struct Bindings {
    std::map<PackageName, std::string> bound{}; ///< from one named index only
    /// From all of these together: builds of one project, each on an index of its own.
    std::map<PackageName, std::vector<std::string>> spread{};
};

/// The pages and metadata of one run, each asked for once. An index earlier in the list that has
/// the name hides the later ones, so nobody can slip a package in by a higher version elsewhere
/// (dependency confusion); a project that is bound or spread is looked for nowhere else.
class Listings {
  public:
    Listings(pypi::IndexClient& client, std::vector<pypi::Index> indexes, Bindings bindings);

    /// Makes the pages of all these known: one batch an index, in order of priority.
    void load(std::span<const PackageName> names);

    /// Of these the ones that several indexes serve together, which no exploration asks for.
    void load_spread(std::span<const PackageName> names);

    /// Loaded before.
    [[nodiscard]] const Listing& find(const PackageName& name) const;

    /// Those that are asked for it, in order: the one that it is bound to, else those that are not
    /// explicit.
    [[nodiscard]] std::vector<const pypi::Index*> indexes_for(const PackageName& name) const;

    /// The projects that the indexes are known to have, sorted: those loaded, and those that
    /// earlier runs left in the cache. What a misspelt name may have meant.
    [[nodiscard]] std::vector<std::string> known_names() const;

    /// Metadata of a wheel, or why there is none.
    struct Description {
        std::optional<pypi::Metadata> metadata;
        pypi::SpecifierSet requires_python;
        Sha256 sha256;
        std::uint64_t size_bytes = 0;
        std::string problem;
    };

    /// One batch; in the wheels' order; valid as long as this.
    std::vector<const Description*> describe(std::span<const pypi::WheelFile* const> wheels);

    /// What to look for in an exploration.
    struct Leads {
        std::vector<PackageName> names;
        std::vector<pypi::WheelFile> wheels;
    };

    /// Is told what an exploration came to know, and says what to look for because of it.
    class Guide {
      public:
        Guide() = default;
        Guide(const Guide&) = delete;
        Guide& operator=(const Guide&) = delete;
        virtual ~Guide() = default;

        virtual Leads after_page(const PackageName& name) = 0;
        virtual Leads after_metadata(const pypi::WheelFile& wheel) = 0;

        /// What else to look for: asked now and then, and soon after `wake`.
        virtual Leads more() { return {}; }
    };

    /// Makes known what one thing leads to another, without waiting for the slowest of a batch.
    /// Throws for the first names as `load` does; whatever else cannot be had stays unknown. The
    /// guide may use what is known, but ask for nothing that is not.
    void explore(const Leads& first, Guide& guide);

    /// A guide has more to look for. From any thread.
    void wake() noexcept { client_.wake(); }

    [[nodiscard]] bool is_loaded(const PackageName& name) const { return listings_.contains(name); }

    [[nodiscard]] bool is_described(const pypi::WheelFile& wheel) const {
        return descriptions_.contains(key_of(wheel));
    }

    /// A page that was asked for, and what came.
    struct Consulted {
        std::string index;
        PackageName project;
        pypi::PageMark mark;
    };

    /// Everything that the answers of this run depend on, in the order in which it came.
    [[nodiscard]] const std::vector<Consulted>& consulted() const { return consulted_; }

    /// Whether all metadata is fixed by the pages: no wheel without a sha256, and none that could
    /// not be had today but may be tomorrow.
    [[nodiscard]] bool is_repeatable() const { return is_repeatable_; }

  private:
    class Exploration;

    /// A page may have one URL under two names or digests, and what is wrong with one of these
    /// entries must not take the other away.
    using WheelKey = std::tuple<std::string, std::string, std::optional<Sha256>>;

    static WheelKey key_of(const pypi::WheelFile& wheel) {
        return {wheel.url, wheel.file_name, wheel.sha256};
    }

    bool take_page(const pypi::PageQuery& query, pypi::PageAnswer answer);
    void take_metadata(const pypi::WheelFile& wheel, const pypi::MetadataAnswer& answer);
    std::vector<pypi::PageQuery> spread_queries(std::span<const PackageName> names);
    std::vector<PackageName> load_round(const std::vector<PackageName>& names, std::size_t round);

    pypi::IndexClient& client_;
    std::vector<pypi::Index> indexes_;
    Bindings bindings_;
    std::map<PackageName, Listing> listings_;
    std::map<WheelKey, Description> descriptions_;
    std::vector<Consulted> consulted_;
    bool is_repeatable_ = true;
};

} // namespace envpm::universe
