#include "installing/locate.h"

#include "base/error.h"
#include "base/url.h"
#include "conda/channels.h"
#include "project/project.h"
#include "project/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>

namespace envpm::installing {

namespace {

using Urls = std::vector<std::string>;

/// The places of one package while they are gathered.
struct Search {
    const LockedPackage& package;
    const project::Source& source;
    Urls pages = {}; ///< URLs that the source's own places give
};

/// What all searches of a kind share.
struct Context {
    const Manifest& manifest;
    project::Services& services;
    std::optional<Error> failure = {}; ///< of a place; told if another one has the file
};

std::vector<project::Source> sources_for(const std::vector<LockedPackage>& packages,
                                         const Manifest& manifest, project::Services& services);
std::vector<Search> searches_for(const std::vector<LockedPackage>& packages,
                                 const std::vector<project::Source>& sources);
void ask_channels(const std::vector<Search*>& searches, Context& context);
void ask_indexes(const std::vector<Search*>& searches, const std::vector<project::Source>& sources,
                 Context& context);
void ask_round(const std::vector<Search*>& searches, const project::Source& source,
               std::size_t round, Context& context);
void take_urls(const pypi::ProjectPage& page, Search& search);
void note_failure(const Error& error, Context& context);
Urls all_urls(const Search& search);
void check(const std::vector<Search>& searches, const Context& context);
[[noreturn]] void throw_no_source(const LockedPackage& package);
[[noreturn]] void throw_not_located(const LockedPackage& package);
Urls pages_of(const project::Source& source, bool is_offline);

} // namespace

std::vector<Urls> locate(const std::vector<LockedPackage>& packages, const Manifest& manifest,
                         project::Services& services) {
    const std::vector<project::Source> sources = sources_for(packages, manifest, services);
    std::vector<Search> searches = searches_for(packages, sources);
    std::vector<Search*> wheels;
    std::vector<Search*> conda_packages;
    for (Search& search : searches) {
        (search.package.is_conda() ? conda_packages : wheels).push_back(&search);
    }
    Context context{manifest, services};
    ask_channels(conda_packages, context);
    ask_indexes(wheels, sources, context);
    if (!services.is_offline()) {
        check(searches, context);
    }
    std::vector<Urls> out;
    for (const Search& search : searches) {
        out.push_back(all_urls(search));
        if (services.is_offline()) {
            std::erase_if(out.back(), [](const std::string& url) { return !is_local_url(url); });
        }
    }
    return out;
}

std::string blob_url(const std::string& base, const Sha256& archive) {
    const std::string digest = archive.hex();
    const std::string folder = base.substr(0, base.find_last_not_of('/') + 1);
    return fmt::format("{}/sha256/{}/{}", folder, digest.substr(0, 2), digest);
}

namespace {

/// Those of a kind that no package is of are not asked for: there may be none.
std::vector<project::Source> sources_for(const std::vector<LockedPackage>& packages,
                                         const Manifest& manifest, project::Services& services) {
    const auto is_conda = [](const LockedPackage& package) { return package.is_conda(); };
    std::vector<project::Source> sources;
    if (std::any_of(packages.begin(), packages.end(), is_conda)) {
        sources = project::channel_sources(manifest, services.settings());
    }
    if (!std::all_of(packages.begin(), packages.end(), is_conda)) {
        std::vector<project::Source> indexes =
            project::index_sources(manifest, universe::read_requests(manifest), services);
        std::move(indexes.begin(), indexes.end(), std::back_inserter(sources));
    }
    return sources;
}

std::vector<Search> searches_for(const std::vector<LockedPackage>& packages,
                                 const std::vector<project::Source>& sources) {
    std::vector<Search> searches;
    for (const LockedPackage& package : packages) {
        const auto kind =
            package.is_conda() ? project::Source::Kind::channel : project::Source::Kind::index;
        const auto source =
            std::find_if(sources.begin(), sources.end(), [&](const project::Source& each) {
                return each.kind == kind && each.name == package.source;
            });
        if (source == sources.end()) {
            throw_no_source(package);
        }
        searches.push_back({package, *source});
    }
    return searches;
}

void ask_channels(const std::vector<Search*>& searches, Context& context) {
    project::Services& services = context.services;
    std::map<std::string, std::unique_ptr<conda::Channels>> channels; // by subdir
    for (Search* const search : searches) {
        const LockedPackage& package = search->package;
        std::unique_ptr<conda::Channels>& here = channels[package.subdir];
        if (!here) {
            here = std::make_unique<conda::Channels>(
                services.network(), services.cache("channels"),
                project::cache_policy(services, false),
                project::channels_of(context.manifest, services.settings()),
                parse_platform(package.subdir).value_or(Platform::linux_64));
        }
        if (pages_of(search->source, services.is_offline()).empty()) {
            continue;
        }
        try {
            auto urls = here->urls_of(package.source, package.subdir, package.file);
            if (!urls) {
                throw_no_source(package);
            }
            search->pages = std::move(*urls);
        } catch (const Error& error) {
            note_failure(error, context);
        }
    }
}

/// Where a wheel is stands on its project's page; each mirror says it for itself. Indexes are asked
/// one by one, as what fails at one of them must not cost the answers of the others.
void ask_indexes(const std::vector<Search*>& searches, const std::vector<project::Source>& sources,
                 Context& context) {
    std::size_t most = 0;
    for (const Search* const search : searches) {
        most = std::max(most, pages_of(search->source, context.services.is_offline()).size());
    }
    for (std::size_t round = 0; round < most; ++round) {
        for (const project::Source& source : sources) {
            try {
                ask_round(searches, source, round, context);
            } catch (const Error& error) {
                note_failure(error, context);
            }
        }
    }
}

/// Asks the n-th mirror of an index, if it has one and something is to come from it.
void ask_round(const std::vector<Search*>& searches, const project::Source& source,
               std::size_t round, Context& context) {
    project::Services& services = context.services;
    const Urls urls = pages_of(source, services.is_offline());
    if (source.kind != project::Source::Kind::index || round >= urls.size()) {
        return;
    }
    const pypi::Index index{source.name, {urls[round]}, source.is_explicit, {}, source.below};
    std::vector<pypi::PageQuery> queries;
    std::vector<Search*> asking;
    for (Search* const search : searches) {
        if (&search->source == &source) {
            queries.push_back({&index, search->package.name});
            asking.push_back(search);
        }
    }
    if (queries.empty()) {
        return;
    }
    pypi::IndexClient client(services.network(), services.cache("index"),
                             project::cache_policy(services, false));
    const std::vector<pypi::PageAnswer> answers = client.pages(queries);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (answers[i].page) {
            take_urls(*answers[i].page, *asking[i]);
        }
    }
}

void take_urls(const pypi::ProjectPage& page, Search& search) {
    for (const pypi::WheelFile& wheel : page.wheels) {
        if (wheel.file_name == search.package.file &&
            (!wheel.sha256 || *wheel.sha256 == search.package.sha256)) {
            search.pages.push_back(wheel.url);
        }
    }
}

/// One place's failure is not the end while another has the file.
void note_failure(const Error& error, Context& context) {
    if (error.code() == ExitCode::interrupted) {
        throw Error(error);
    }
    if (!context.failure) {
        context.failure = error;
    }
}

/// Blobs that stand before all other places first, those after them last.
Urls all_urls(const Search& search) {
    Urls before;
    Urls after;
    bool has_passed_pages = false;
    for (const project::Mirror& place : search.source.places) {
        if (place.form == project::MirrorForm::blobs) {
            (has_passed_pages ? after : before)
                .push_back(blob_url(place.url, search.package.sha256));
        } else {
            has_passed_pages = true;
        }
    }
    before.insert(before.end(), search.pages.begin(), search.pages.end());
    before.insert(before.end(), after.begin(), after.end());
    return before;
}

void check(const std::vector<Search>& searches, const Context& context) {
    for (const Search& search : searches) {
        if (!all_urls(search).empty()) {
            continue;
        }
        if (context.failure) {
            throw Error(*context.failure);
        }
        throw_not_located(search.package);
    }
    if (context.failure) {
        context.services.progress().note(context.failure->what());
    }
}

void throw_no_source(const LockedPackage& package) {
    const bool is_conda = package.is_conda();
    throw Error({fmt::format("the lock takes {} {} from `{}`, and no {} has that name",
                             package.name.string(), package.version, package.source,
                             is_conda ? "channel" : "index"),
                 "envpm.lock",
                 fmt::format("name the {} under `[{}]`, or run `envpm lock`",
                             is_conda ? "channel" : "index", is_conda ? "channels" : "indexes")});
}

void throw_not_located(const LockedPackage& package) {
    throw Error({fmt::format("index `{}` does not have {} with the locked sha256", package.source,
                             package.file),
                 "envpm.lock",
                 "`envpm lock --refresh` finds what the index has now; a mirror may also be "
                 "behind"},
                ExitCode::network);
}

Urls pages_of(const project::Source& source, bool is_offline) {
    Urls urls;
    for (const project::Mirror& place : source.places) {
        if (place.form == project::MirrorForm::pages && (!is_offline || is_local_url(place.url))) {
            urls.push_back(place.url);
        }
    }
    return urls;
}

} // namespace

} // namespace envpm::installing
