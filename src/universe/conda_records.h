#pragma once

#include "conda/channels.h"
#include "conda/match_spec.h"
#include "conda/pypi_names.h"
#include "conda/record.h"
#include "model/manifest.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace envpm::universe {

/// A record as a candidate.
struct CondaCandidate {
    const conda::Record* record = nullptr;
    const conda::Channel* channel = nullptr;
    std::uint32_t release = 0; ///< 0: the name's most preferred version

    [[nodiscard]] bool matches(const conda::MatchSpec& spec) const;
};

/// What the channels have of one name.
struct CondaListing {
    std::vector<CondaCandidate> candidates; ///< ascending by preference
    std::vector<conda::Unusable> unusable;  ///< of the channels that serve it
    std::vector<std::string> too_new;       ///< versions that exclude-newer leaves out
    std::optional<PackageName> project;     ///< the Python project that it is
    bool is_python_distribution = false;    ///< some record is for Python, be it too new

    /// The name is there, and what it is cannot be read.
    [[nodiscard]] bool has_only_unusable() const {
        return candidates.empty() && too_new.empty() && !unusable.empty();
    }
};

struct CondaRecordsRequest {
    std::vector<conda::Channel> listed;
    std::vector<conda::Channel> declared; ///< serve only what names them
    ChannelPriority priority = ChannelPriority::strict;
    std::map<std::string, std::string> bound; ///< conda name to the only channel that may serve it
    std::optional<std::string> exclude_newer; ///< RFC 3339
};

/// The conda packages of one run and one platform, each name asked for once. In ascending order of
/// preference: channels from the last to the first (with strict priority the first that has the
/// name serves it alone), more tracked features before fewer, then by version, build number and
/// time of the build. A pointer to a candidate's record stays valid as long as this.
class CondaRecords {
  public:
    /// How the channels are reached; one of these for each set of channels.
    using Opener = std::function<std::unique_ptr<conda::Channels>(std::vector<conda::Channel>)>;

    /// `names` must outlive it.
    CondaRecords(CondaRecordsRequest request, const conda::PypiNames& names, Opener opener);

    /// Makes these names known: one batch.
    void load(std::span<const std::string> names);

    /// Loaded before.
    [[nodiscard]] const CondaListing& find(const std::string& name) const;

    /// The name to look a Python project up under.
    [[nodiscard]] std::string package_of(const PackageName& project) const {
        return names_.package_of(project);
    }

    /// Every name that the channels are known to have, sorted: what a misspelt one may have meant.
    [[nodiscard]] std::vector<std::string> known_names() const;

  private:
    [[nodiscard]] conda::Channels& channels_for(const std::string& name);
    [[nodiscard]] CondaListing listing_of(const std::string& name,
                                          const std::vector<conda::Channels::Found>& found) const;
    [[nodiscard]] std::optional<PackageName> project_of(const std::string& name,
                                                        const CondaListing& listing) const;
    [[nodiscard]] bool is_too_new(const conda::Record& record) const;

    CondaRecordsRequest request_;
    const conda::PypiNames& names_;
    Opener opener_;
    std::optional<std::int64_t> last_moment_ms_;
    std::unique_ptr<conda::Channels> listed_;
    std::map<std::string, std::unique_ptr<conda::Channels>> bound_; ///< by channel
    std::map<std::string, CondaListing> listings_;
};

} // namespace envpm::universe
