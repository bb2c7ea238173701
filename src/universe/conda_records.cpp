#include "universe/conda_records.h"

#include "base/assert.h"
#include "base/moment.h"

#include <algorithm>
#include <tuple>

namespace envpm::universe {

namespace {

bool is_for_python(const conda::Record& record);
bool is_less_preferred(const conda::Record& one, const conda::Record& other);
void count_releases(std::vector<CondaCandidate>& candidates);

} // namespace

bool CondaCandidate::matches(const conda::MatchSpec& spec) const {
    conda::RecordFields fields;
    fields.name = record->name;
    fields.version = &record->version;
    fields.build = record->build;
    fields.build_number = record->build_number;
    fields.channel = channel->name;
    fields.channel_url = channel->urls.front();
    fields.subdir = record->subdir;
    fields.file_name = record->file_name;
    fields.url = record->url;
    fields.md5 = record->md5;
    fields.license = record->license;
    std::string sha256;
    if (spec.field(conda::FieldMatch::Field::sha256) != nullptr) {
        sha256 = record->sha256.hex();
        fields.sha256 = sha256;
    }
    return spec.matches(fields);
}

CondaRecords::CondaRecords(CondaRecordsRequest request, const conda::PypiNames& names,
                           Opener opener)
    : request_(std::move(request)),
      names_(names),
      opener_(std::move(opener)) {
    if (request_.exclude_newer) {
        const auto moment = last_moment(*request_.exclude_newer);
        ENVPM_ASSERT(moment.has_value()); // the manifest's reader and the command line saw to it
        last_moment_ms_ =
            std::chrono::floor<std::chrono::milliseconds>(*moment).time_since_epoch().count();
    }
}

void CondaRecords::load(std::span<const std::string> names) {
    std::map<conda::Channels*, std::vector<std::string>> open;
    for (const std::string& name : names) {
        if (!listings_.contains(name)) {
            open[&channels_for(name)].push_back(name);
        }
    }
    for (const auto& [channels, wanted] : open) {
        channels->load(wanted);
        for (const std::string& name : wanted) {
            if (!listings_.contains(name)) {
                listings_.emplace(name, listing_of(name, channels->find(name)));
            }
        }
    }
}

const CondaListing& CondaRecords::find(const std::string& name) const {
    const auto found = listings_.find(name);
    ENVPM_ASSERT(found != listings_.end());
    return found->second;
}

std::vector<std::string> CondaRecords::known_names() const {
    return listed_ ? listed_->known_names() : std::vector<std::string>();
}

conda::Channels& CondaRecords::channels_for(const std::string& name) {
    const auto bound = request_.bound.find(name);
    if (bound == request_.bound.end()) {
        if (!listed_) {
            listed_ = opener_(request_.listed);
        }
        return *listed_;
    }
    std::unique_ptr<conda::Channels>& channels = bound_[bound->second];
    if (!channels) {
        std::vector<conda::Channel> one;
        for (const auto* list : {&request_.listed, &request_.declared}) {
            std::copy_if(list->begin(), list->end(), std::back_inserter(one),
                         [&](const auto& channel) { return channel.name == bound->second; });
        }
        ENVPM_ASSERT(one.size() == 1); // the manifest's reader saw to it
        channels = opener_(std::move(one));
    }
    return *channels;
}

CondaListing CondaRecords::listing_of(const std::string& name,
                                      const std::vector<conda::Channels::Found>& found) const {
    CondaListing listing;
    const bool is_strict = request_.priority == ChannelPriority::strict;
    const std::size_t count = is_strict ? std::min<std::size_t>(found.size(), 1) : found.size();
    for (std::size_t i = count; i-- > 0;) {
        const std::size_t first = listing.candidates.size();
        for (const conda::Record& record : found[i].records) {
            listing.is_python_distribution |= is_for_python(record);
            if (is_too_new(record)) {
                listing.too_new.push_back(record.version_text);
            } else {
                listing.candidates.push_back({&record, found[i].channel, 0});
            }
        }
        std::sort(listing.candidates.begin() + static_cast<std::ptrdiff_t>(first),
                  listing.candidates.end(), [](const CondaCandidate& a, const CondaCandidate& b) {
                      return is_less_preferred(*a.record, *b.record);
                  });
        listing.unusable.insert(listing.unusable.end(), found[i].unusable.begin(),
                                found[i].unusable.end());
    }
    count_releases(listing.candidates);
    listing.project = project_of(name, listing);
    return listing;
}

/// What the most preferred record says of itself, else what the table says.
std::optional<PackageName> CondaRecords::project_of(const std::string& name,
                                                    const CondaListing& listing) const {
    if (!listing.candidates.empty()) {
        const std::vector<std::string>& own = listing.candidates.back().record->pypi_names;
        if (own.size() == 1) {
            return PackageName::parse(own.front());
        }
    }
    return names_.project_of(name);
}

/// A record without a time is taken for older than any.
bool CondaRecords::is_too_new(const conda::Record& record) const {
    return last_moment_ms_ && record.timestamp_ms && *record.timestamp_ms > *last_moment_ms_;
}

namespace {

bool is_for_python(const conda::Record& record) {
    const auto is_python = [](const std::string& text) {
        return text == "python" || text.starts_with("python ") || text.starts_with("python>") ||
               text.starts_with("python=") || text.starts_with("python_abi");
    };
    return record.noarch == conda::Noarch::python || !record.pypi_names.empty() ||
           std::any_of(record.depends.begin(), record.depends.end(), is_python);
}

bool is_less_preferred(const conda::Record& one, const conda::Record& other) {
    if (one.track_features != other.track_features) {
        return one.track_features > other.track_features;
    }
    if (const auto order = one.version <=> other.version; order != 0) {
        return order < 0;
    }
    const auto place = [](const conda::Record& record) {
        return std::tuple<std::uint64_t, std::int64_t, std::string_view>(
            record.build_number, record.timestamp_ms.value_or(0), record.file_name);
    };
    return place(one) < place(other);
}

void count_releases(std::vector<CondaCandidate>& candidates) {
    std::uint32_t release = 0;
    for (std::size_t i = candidates.size(); i-- > 0;) {
        const bool is_next = i + 1 < candidates.size() &&
                             candidates[i].record->version != candidates[i + 1].record->version;
        release += is_next ? 1U : 0U;
        candidates[i].release = release;
    }
}

} // namespace

} // namespace envpm::universe
