#pragma once

#include "conda/channel.h"
#include "model/manifest.h"
#include "project/services.h"
#include "project/settings.h"
#include "pypi/index_client.h"
#include "universe/listings.h"
#include "universe/requests.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::project {

/// What the lock calls by one name, and the places that stand for it on this machine.
struct Source {
    enum class Kind { index, channel };

    std::optional<Kind> kind = Kind::index; ///< none: only settings name it
    std::string name;
    bool is_explicit = false;   ///< an index that serves only what names it
    std::vector<Mirror> places; ///< in order of preference; none is "default"
    std::string own_url{};      ///< of the place that is an index itself, if it is among them
    std::string below{};        ///< as pypi::Index has it
};

/// The manifest's channels in its order. One whose public place is that of a name, as a label's is
/// too (`…/pytorch/label/nightly`), lies where the user's conda would look for it, else at that
/// place.
std::vector<Source> channel_sources(const Manifest& manifest, const Settings& settings);

/// The manifest's indexes and `pypi`: those in the manifest's order first, then the default, then
/// those of PyTorch's builds if the manifest leaves their choice to the solve. An Error if no
/// Python index is configured at all.
std::vector<Source> index_sources(const Manifest& manifest, const universe::Requests& requests,
                                  Services& services);

/// The same for those who ask for pages, which a mirror of blobs has not.
std::vector<conda::Channel> channels_of(const Manifest& manifest, const Settings& settings);
std::vector<pypi::Index> indexes_of(const Manifest& manifest, const universe::Requests& requests,
                                    Services& services);

/// Which projects do not come from the first index that has them.
universe::Bindings bindings_of(const Manifest& manifest, const universe::Requests& requests,
                               Services& services);

/// What stands for a source: the mirrors that are configured under `name`, in which "default" means
/// `own`, or that alone. A list without "default" replaces it: sites without a way out rely on it.
std::vector<Mirror> places_of(const Settings& settings, const std::string& name, const Mirror& own);

} // namespace envpm::project
