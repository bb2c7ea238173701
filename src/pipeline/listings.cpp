#include "pipeline/listings.h"

#include "base/assert.h"
#include "base/error.h"

#include <set>

namespace envpm::pipeline {

namespace {

Listings::Description read_description(const pypi::WheelFile& wheel,
                                       const pypi::MetadataAnswer& answer);

} // namespace

Listings::Listings(pypi::IndexClient& client, std::vector<pypi::Index> indexes,
                   std::map<PackageName, std::string> bound)
    : client_(client),
      indexes_(std::move(indexes)),
      bound_(std::move(bound)) {}

void Listings::load(std::span<const PackageName> names) {
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
        consulted_.push_back({queries[i].index->name, queries[i].project, answers[i].mark});
        if (answers[i].page) {
            listings_.emplace(queries[i].project,
                              Listing{queries[i].index, std::move(*answers[i].page)});
        } else {
            absent.push_back(queries[i].project);
        }
    }
    return absent;
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
    std::set<std::string_view> seen;
    for (const pypi::WheelFile* wheel : wheels) {
        if (!descriptions_.contains(wheel->url) && seen.insert(wheel->url).second) {
            open.push_back(*wheel);
        }
    }
    const std::vector<pypi::MetadataAnswer> answers = client_.metadata(open);
    for (std::size_t i = 0; i < open.size(); ++i) {
        is_repeatable_ = is_repeatable_ && open[i].sha256 && answers[i].error.empty();
        descriptions_.emplace(open[i].url, read_description(open[i], answers[i]));
    }
    std::vector<const Description*> out;
    out.reserve(wheels.size());
    for (const pypi::WheelFile* wheel : wheels) {
        out.push_back(&descriptions_.find(wheel->url)->second);
    }
    return out;
}

std::vector<const pypi::Index*> Listings::indexes_for(const PackageName& name) const {
    const auto bound = bound_.find(name);
    std::vector<const pypi::Index*> out;
    for (const pypi::Index& index : indexes_) {
        if (bound != bound_.end() ? index.name == bound->second : !index.is_explicit) {
            out.push_back(&index);
        }
    }
    return out;
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
        description.requires_python = pypi::SpecifierSet::parse(metadata.requires_python);
        description.metadata = std::move(metadata);
    } catch (const Error& error) {
        description.problem = error.text().what;
    }
    return description;
}

} // namespace

} // namespace envpm::pipeline
