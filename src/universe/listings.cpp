#include "universe/listings.h"

#include "base/assert.h"
#include "base/error.h"

#include <algorithm>
#include <set>

namespace envpm::universe {

namespace {

Listings::Description read_description(const pypi::WheelFile& wheel,
                                       const pypi::MetadataAnswer& answer);

} // namespace

/// Keeps what is found, asks the next index for what one does not have, and asks nothing twice.
class Listings::Exploration final : public pypi::Explorer {
  public:
    Exploration(Listings& listings, Guide& guide)
        : listings_(listings),
          guide_(guide) {}

    pypi::Wanted wanted(Leads leads);
    pypi::Wanted take_page(const pypi::PageQuery& query, pypi::PageAnswer answer) override;
    pypi::Wanted take_metadata(const pypi::WheelFile& wheel,
                               const pypi::MetadataAnswer& answer) override;

    pypi::Wanted more() override { return wanted(guide_.more()); }

  private:
    std::optional<pypi::PageQuery> next_index(const PackageName& name);

    Listings& listings_;
    Guide& guide_;
    std::map<PackageName, std::size_t> rounds_; ///< the indexes asked so far
    std::set<WheelKey> wheels_;
};

Listings::Listings(pypi::IndexClient& client, std::vector<pypi::Index> indexes, Bindings bindings)
    : client_(client),
      indexes_(std::move(indexes)),
      bindings_(std::move(bindings)) {}

void Listings::load(std::span<const PackageName> names) {
    load_spread(names);
    std::vector<PackageName> open;
    std::set<PackageName> seen;
    for (const PackageName& name : names) {
        if (!listings_.contains(name) && seen.insert(name).second) {
            open.push_back(name);
        }
    }
    // One index after the other: what the first has is never asked of the second.
    for (std::size_t round = 0; !open.empty(); ++round) {
        open = load_round(open, round);
    }
}

/// Asks each project's index number `round`; returns the projects that it does not have.
std::vector<PackageName> Listings::load_round(const std::vector<PackageName>& names,
                                              std::size_t round) {
    std::vector<pypi::PageQuery> queries;
    for (const PackageName& name : names) {
        const std::vector<const pypi::Index*> indexes = indexes_for(name);
        if (round < indexes.size()) {
            queries.push_back({indexes[round], name});
        } else {
            listings_.emplace(name, Listing{});
        }
    }
    std::vector<PackageName> absent;
    std::vector<pypi::PageAnswer> answers = client_.pages(queries);
    for (std::size_t i = 0; i < queries.size(); ++i) {
        if (!take_page(queries[i], std::move(answers[i]))) {
            absent.push_back(queries[i].project);
        }
    }
    return absent;
}

/// All indexes of all these in one batch.
/// Of those that are new, which are known from now on.
std::vector<pypi::PageQuery> Listings::spread_queries(std::span<const PackageName> names) {
    std::vector<pypi::PageQuery> queries;
    for (const PackageName& name : names) {
        const auto wanted = bindings_.spread.find(name);
        if (wanted == bindings_.spread.end() || !listings_.emplace(name, Listing{}).second) {
            continue;
        }
        for (const pypi::Index& index : indexes_) {
            const std::vector<std::string>& all = wanted->second;
            if (std::find(all.begin(), all.end(), index.name) != all.end()) {
                queries.push_back({&index, name});
            }
        }
    }
    return queries;
}

void Listings::load_spread(std::span<const PackageName> names) {
    const std::vector<pypi::PageQuery> queries = spread_queries(names);
    if (queries.empty()) {
        return;
    }
    std::vector<pypi::PageAnswer> answers = client_.pages(queries);
    for (std::size_t i = 0; i < queries.size(); ++i) {
        consulted_.push_back({queries[i].index->name, queries[i].project, answers[i].mark});
        if (!answers[i].page) {
            continue;
        }
        Listing& listing = listings_.find(queries[i].project)->second;
        listing.index = listing.index == nullptr ? queries[i].index : listing.index;
        for (pypi::WheelFile& wheel : answers[i].page->wheels) {
            listing.page.wheels.push_back(std::move(wheel));
            listing.origins.push_back(queries[i].index);
        }
        std::vector<std::string>& unreadable = listing.page.unreadable;
        unreadable.insert(unreadable.end(), answers[i].page->unreadable.begin(),
                          answers[i].page->unreadable.end());
    }
}

const Listing& Listings::find(const PackageName& name) const {
    const auto found = listings_.find(name);
    ENVPM_ASSERT(found != listings_.end());
    return found->second;
}

std::vector<std::string> Listings::known_names() const {
    std::set<std::string> names;
    for (const auto& [name, listing] : listings_) {
        if (listing.index != nullptr) {
            names.insert(name.string());
        }
    }
    for (const pypi::Index& index : indexes_) {
        for (std::string& name : client_.cached_projects(index)) {
            names.insert(std::move(name));
        }
    }
    return {names.begin(), names.end()};
}

std::vector<const Listings::Description*>
Listings::describe(std::span<const pypi::WheelFile* const> wheels) {
    std::vector<pypi::WheelFile> open;
    std::set<WheelKey> seen;
    for (const pypi::WheelFile* wheel : wheels) {
        if (!is_described(*wheel) && seen.insert(key_of(*wheel)).second) {
            open.push_back(*wheel);
        }
    }
    const std::vector<pypi::MetadataAnswer> answers = client_.metadata(open);
    for (std::size_t i = 0; i < open.size(); ++i) {
        take_metadata(open[i], answers[i]);
    }
    std::vector<const Description*> out;
    out.reserve(wheels.size());
    for (const pypi::WheelFile* wheel : wheels) {
        out.push_back(&descriptions_.find(key_of(*wheel))->second);
    }
    return out;
}

void Listings::explore(const Leads& first, Guide& guide) {
    Exploration exploration(*this, guide);
    client_.explore(exploration.wanted(first), exploration);
}

/// False if the index has no such page.
bool Listings::take_page(const pypi::PageQuery& query, pypi::PageAnswer answer) {
    consulted_.push_back({query.index->name, query.project, answer.mark});
    if (answer.page) {
        listings_.emplace(query.project, Listing{query.index, std::move(*answer.page)});
    }
    return answer.mark.page.has_value();
}

void Listings::take_metadata(const pypi::WheelFile& wheel, const pypi::MetadataAnswer& answer) {
    is_repeatable_ = is_repeatable_ && wheel.sha256 && answer.error.empty();
    descriptions_.emplace(key_of(wheel), read_description(wheel, answer));
}

std::vector<const pypi::Index*> Listings::indexes_for(const PackageName& name) const {
    const auto bound = bindings_.bound.find(name);
    std::vector<const pypi::Index*> out;
    for (const pypi::Index& index : indexes_) {
        if (bound != bindings_.bound.end() ? index.name == bound->second : !index.is_explicit) {
            out.push_back(&index);
        }
    }
    return out;
}

pypi::Wanted Listings::Exploration::wanted(Leads leads) {
    pypi::Wanted wanted;
    for (const PackageName& name : leads.names) {
        const bool is_spread = listings_.bindings_.spread.contains(name); // loaded when needed
        if (listings_.is_loaded(name) || is_spread || rounds_.contains(name)) {
            continue;
        }
        if (const std::optional<pypi::PageQuery> query = next_index(name)) {
            wanted.pages.push_back(*query);
        }
    }
    for (pypi::WheelFile& wheel : leads.wheels) {
        if (!listings_.is_described(wheel) && wheels_.insert(key_of(wheel)).second) {
            wanted.wheels.push_back(std::move(wheel));
        }
    }
    return wanted;
}

pypi::Wanted Listings::Exploration::take_page(const pypi::PageQuery& query,
                                              pypi::PageAnswer answer) {
    if (listings_.take_page(query, std::move(answer))) {
        return wanted(guide_.after_page(query.project));
    }
    if (const std::optional<pypi::PageQuery> next = next_index(query.project)) {
        return {{*next}, {}};
    }
    listings_.listings_.emplace(query.project, Listing{});
    return wanted(guide_.after_page(query.project));
}

pypi::Wanted Listings::Exploration::take_metadata(const pypi::WheelFile& wheel,
                                                  const pypi::MetadataAnswer& answer) {
    listings_.take_metadata(wheel, answer);
    return wanted(guide_.after_metadata(wheel));
}

std::optional<pypi::PageQuery> Listings::Exploration::next_index(const PackageName& name) {
    const std::vector<const pypi::Index*> indexes = listings_.indexes_for(name);
    const std::size_t round = rounds_[name]++;
    return round < indexes.size() ? std::optional<pypi::PageQuery>({indexes[round], name})
                                  : std::nullopt;
}

namespace {

Listings::Description read_description(const pypi::WheelFile& wheel,
                                       const pypi::MetadataAnswer& answer) {
    Listings::Description description{
        std::nullopt, {}, answer.sha256, answer.size_bytes, answer.error};
    if (!answer.error.empty()) {
        return description;
    }
    // One package's bad metadata takes that candidate away, not the command down.
    try {
        pypi::Metadata metadata = pypi::Metadata::parse(answer.text, wheel.file_name);
        description.requires_python =
            pypi::SpecifierSet::of_requires_python(metadata.requires_python);
        description.metadata = std::move(metadata);
    } catch (const Error& error) {
        description.problem = error.text().what;
    }
    return description;
}

} // namespace

} // namespace envpm::universe
