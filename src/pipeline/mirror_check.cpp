#include "pipeline/mirror_check.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/local_folder.h"
#include "base/near_miss.h"
#include "base/url.h"
#include "conda/subdir_search.h"
#include "fetch/url.h"
#include "installing/locate.h"
#include "manifest/index_url.h"
#include "project/ignored_indexes.h"
#include "project/torch_variants.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>

namespace envpm::pipeline {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t most_piece_bytes = 4U << 20U;   ///< enough for a rate, little for a mirror
constexpr std::uint64_t least_piece_bytes = 64U << 10U; ///< of less a rate says nothing
constexpr int status_absent = 404;

/// One place under trial.
class Trial {
  public:
    Trial(const project::Source& source, const project::Mirror& place, const LockedPackage* package,
          HttpTransport& transport)
        : source_(source),
          place_(place),
          package_(package),
          transport_(transport) {}

    MirrorTrial run();

  private:
    void ask_index();
    void ask_page(const PackageName& project);
    [[nodiscard]] bool may_lack(const HttpResponse& page) const;
    [[nodiscard]] std::string root_url() const;
    void ask_channel();
    void ask_blobs();
    void ask_piece(const std::string& url);
    void measure(const std::string& url);
    HttpResponse ask(const HttpRequest& request);
    void fail(const HttpResponse& response);

    const project::Source& source_;
    const project::Mirror& place_; ///< with credentials
    const LockedPackage* package_;
    HttpTransport& transport_;
    MirrorTrial trial_ = {};
    double spent_seconds_ = 0; ///< by the last question
};

project::Mirror shown(project::Mirror place);
std::vector<project::Source> sources_of(const Manifest& manifest, project::Services& services);
std::vector<project::Source> configured_sources(const project::Settings& settings);
const LockedPackage* largest_of(const project::Source& source, const std::optional<Lock>& lock);
std::optional<PackageName> some_project_in(const std::filesystem::path& folder);
std::string folder_of(const std::string& url);

} // namespace

bool SourceTrial::has_working_place() const {
    return std::any_of(trials.begin(), trials.end(),
                       [](const MirrorTrial& trial) { return trial.works(); });
}

std::vector<project::Source> list_sources(const std::optional<project::Project>& project,
                                          project::Services& services) {
    const std::optional<Manifest> manifest =
        project ? std::optional(project::read_manifest(*project)) : std::nullopt;
    std::vector<project::Source> sources =
        manifest ? sources_of(*manifest, services) : configured_sources(services.settings());
    for (const IdleMirrors& idle :
         manifest ? idle_mirrors(*manifest, services) : std::vector<IdleMirrors>()) {
        services.progress().note(fmt::format(
            "{}: {}{}", idle.origin, idle.what,
            idle.meant ? fmt::format("; did you mean `{}`?", *idle.meant) : std::string()));
    }
    for (const project::IgnoredIndex& ignored : project::ignored_indexes(manifest, services)) {
        services.progress().note(
            fmt::format("{}: {}; {}", ignored.origin, ignored.what, ignored.instead));
    }
    for (project::Source& source : sources) {
        std::transform(source.places.begin(), source.places.end(), source.places.begin(), shown);
    }
    return sources;
}

std::vector<IdleMirrors> idle_mirrors(const Manifest& manifest, project::Services& services) {
    std::vector<std::string> known = {"pypi", "pytorch"};
    for (const ChannelEntry& channel : manifest.channels) {
        known.push_back(channel.name);
    }
    for (const IndexEntry& index : manifest.indexes) {
        known.push_back(index.name);
    }
    std::vector<IdleMirrors> idle;
    for (const auto& [name, mirrors] : services.settings().mirrors) {
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            idle.push_back({name, mirrors.empty() ? "" : mirrors.front().origin,
                            fmt::format("no source of this project is called `{}`", name),
                            near_miss(name, known)});
        }
    }
    return idle;
}

std::vector<SourceTrial> try_sources(const project::Project& project, project::Services& services) {
    const std::optional<Lock> lock = project::read_lock(project);
    // A dead mirror is to be told of soon, and needs no second chance after a long pause.
    fetch::NetworkSettings network = services.settings().network;
    network.connect_timeout = std::min(network.connect_timeout, std::chrono::milliseconds(5'000));
    network.first_retry_pause = std::chrono::milliseconds(100);
    std::vector<SourceTrial> trials;
    for (project::Source& source : sources_of(project::read_manifest(project), services)) {
        const LockedPackage* const package = largest_of(source, lock);
        if (source.is_explicit && lock && package == nullptr) {
            continue;
        }
        SourceTrial trial;
        trial.package = package == nullptr ? "" : package->name.string() + " " + package->version;
        for (project::Mirror& place : source.places) {
            services.throw_if_stopped();
            if (services.is_offline() && !is_local_url(place.url)) {
                trial.trials.push_back({shown(place), 0, "not asked: this run is offline"});
            } else {
                // Its own connections, so that a mirror is not measured on those of another.
                fetch::Client client(network, services.stop());
                trial.trials.push_back(Trial(source, place, package, client).run());
            }
        }
        trial.source = std::move(source);
        std::transform(trial.source.places.begin(), trial.source.places.end(),
                       trial.source.places.begin(), shown);
        trials.push_back(std::move(trial));
    }
    return trials;
}

namespace {

MirrorTrial Trial::run() {
    trial_.place = shown(place_);
    if (place_.form == project::MirrorForm::blobs) {
        ask_blobs();
    } else if (source_.kind == project::Source::Kind::channel) {
        ask_channel();
    } else {
        ask_index();
    }
    return std::move(trial_);
}

/// The page of the locked package says where its file is. Without one any page will do: that a
/// server has not that of pip is an answer too, and of a folder it is one that is there.
void Trial::ask_index() {
    std::optional<PackageName> project = PackageName::parse("pip");
    const std::optional<std::filesystem::path> folder = fetch::file_of(place_.url);
    if (package_ != nullptr) {
        project = package_->name;
    } else if (folder) {
        project = some_project_in(*folder);
    }
    std::error_code failure;
    const std::optional<std::filesystem::path> root = fetch::file_of(root_url());
    if (!project && root && std::filesystem::is_directory(*root, failure) &&
        !std::filesystem::exists(*folder, failure)) {
        trial_.status = status_absent; // its page would be, too
        return;
    }
    if (!project) {
        const std::string fault = fault_of_folder(root ? *root : *folder);
        trial_.problem =
            fault.empty() ? "nothing is locked, and the folder has no page of a project" : fault;
        return;
    }
    ask_page(*project);
}

void Trial::ask_page(const PackageName& project) {
    const std::string url = folder_of(place_.url) + project.string() + "/";
    HttpRequest request{url, {std::string(pypi::accept_header)}, std::nullopt};
    request.root_url = root_url();
    const HttpResponse page = ask(request);
    trial_.status = page.status;
    if (may_lack(page)) {
        trial_.lacks = package_ != nullptr ? std::optional(package_->file) : std::nullopt;
        return;
    }
    if (!page.error.empty() || page.status != 200) {
        fail(page);
        return;
    }
    try {
        for (const pypi::WheelFile& wheel :
             pypi::parse_page(page.body, page.content_type, page.url, project).wheels) {
            if (package_ != nullptr && wheel.file_name == package_->file &&
                (!wheel.sha256 || *wheel.sha256 == package_->sha256)) {
                measure(with_credentials_of(wheel.url, place_.url));
                return;
            }
        }
    } catch (const Error& error) { // what came is no page
        trial_.problem = error.text().what;
        return;
    }
    trial_.lacks = package_ != nullptr ? std::optional(package_->file) : std::nullopt;
}

/// That it has no such page is an answer too where nothing is locked, and of a place that need not
/// have all indexes.
bool Trial::may_lack(const HttpResponse& page) const {
    const bool is_any = package_ == nullptr && !is_local_url(place_.url);
    return (is_any || !source_.below.empty()) &&
           (page.status == status_absent || page.status == 410);
}

/// Of a place of several indexes, which need not have all of them; else empty.
std::string Trial::root_url() const {
    const std::string base = pypi::base_url(place_.url);
    return !source_.below.empty() && base.ends_with(source_.below)
               ? base.substr(0, base.size() - source_.below.size())
               : std::string();
}

/// A channel without `noarch` is none. One that gives no answer at all is not asked again.
void Trial::ask_channel() {
    HttpResponse page;
    for (const std::string_view name :
         {"repodata.json.zst", "repodata.json", "repodata_shards.msgpack.zst"}) {
        page = ask({fmt::format("{}/{}", conda::subdir_url(place_.url, "noarch"), name),
                    {},
                    ByteRange{0, 1},
                    1,
                    place_.url});
        if (page.status == 200 || page.status == 206 || page.status == 0) {
            break;
        }
    }
    trial_.status = page.status;
    if (page.status != 200 && page.status != 206) {
        fail(page);
    } else if (page.body.starts_with('<')) {
        trial_.problem =
            "HTML came in place of the page: a proxy or a login page may have answered";
    } else if (package_ != nullptr) {
        measure(
            fmt::format("{}/{}", conda::subdir_url(place_.url, package_->subdir), package_->file));
    }
}

void Trial::ask_blobs() {
    const auto folder = fetch::file_of(place_.url);
    trial_.problem = folder ? fault_of_folder(*folder) : std::string();
    if (trial_.problem.empty() && package_ == nullptr) {
        trial_.problem = "nothing is locked that it could be asked for";
    }
    if (!trial_.problem.empty()) {
        return;
    }
    measure(installing::blob_url(place_.url, package_->sha256));
}

/// A byte for the time to the first one, then a piece for the rate. A server that sends all of a
/// file instead is stopped.
void Trial::measure(const std::string& url) {
    const HttpResponse byte = ask({url, {}, ByteRange{0, 1}, 1});
    trial_.status = trial_.status == 0 ? byte.status : trial_.status;
    if (byte.status == 404 || byte.status == 410) {
        trial_.lacks = package_->file;
        return;
    }
    if (byte.status != 200 && byte.status != 206) {
        fail(byte);
        return;
    }
    trial_.first_byte_seconds = spent_seconds_;
    trial_.has_ranges = byte.status == 206;
    if (byte.total_bytes && *byte.total_bytes != package_->size_bytes) {
        trial_.lacks = package_->file;
        return;
    }
    ask_piece(url);
}

void Trial::ask_piece(const std::string& url) {
    const std::uint64_t count = std::min(package_->size_bytes, most_piece_bytes);
    if (trial_.has_ranges != true || count < least_piece_bytes) {
        return;
    }
    const HttpResponse piece = ask({url, {}, ByteRange{0, count}, count});
    if (!piece.error.empty() || piece.status != 206) { // a page that says no has bytes too
        fail(piece);
    } else if (spent_seconds_ > 0) {
        trial_.bytes_per_second = static_cast<double>(piece.body.size()) / spent_seconds_;
    }
}

HttpResponse Trial::ask(const HttpRequest& request) {
    const Clock::time_point start = Clock::now();
    std::vector<HttpResponse> responses = transport_.get({&request, 1});
    spent_seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(responses.front());
}

void Trial::fail(const HttpResponse& response) {
    trial_.problem =
        response.error.empty() ? fmt::format("answered {}", response.status) : response.error;
}

project::Mirror shown(project::Mirror place) {
    place.url = without_credentials(place.url);
    return place;
}

std::vector<project::Source> sources_of(const Manifest& manifest, project::Services& services) {
    std::vector<project::Source> sources = project::channel_sources(manifest, services.settings());
    std::vector<project::Source> indexes =
        project::index_sources(manifest, universe::read_requests(manifest), services);
    std::move(indexes.begin(), indexes.end(), std::back_inserter(sources));
    return sources;
}

/// Of which kind they are a manifest would say, but for the default index.
std::vector<project::Source> configured_sources(const project::Settings& settings) {
    std::vector<project::Source> sources;
    for (const auto& [name, mirrors] : settings.mirrors) {
        const auto kind =
            name == "pypi" ? std::optional(project::Source::Kind::index) : std::nullopt;
        sources.push_back({kind, name, false, mirrors});
    }
    return sources;
}

const LockedPackage* largest_of(const project::Source& source, const std::optional<Lock>& lock) {
    const LockedPackage* largest = nullptr;
    if (!lock) {
        return nullptr;
    }
    for (const LockedPackage& package : lock->packages) {
        const bool is_of_it = package.source == source.name &&
                              package.is_conda() == (source.kind == project::Source::Kind::channel);
        if (is_of_it && (largest == nullptr || package.size_bytes > largest->size_bytes)) {
            largest = &package;
        }
    }
    return largest;
}

/// The first that is found: a whole index has half a million.
std::optional<PackageName> some_project_in(const std::filesystem::path& folder) {
    std::error_code failure;
    std::filesystem::directory_iterator entry(folder, failure);
    while (!failure && entry != std::filesystem::directory_iterator()) {
        const std::string name = entry->path().filename().string();
        std::optional<PackageName> project = PackageName::parse(name);
        std::error_code unknown;
        if (project && project->string() == name &&
            std::filesystem::is_regular_file(entry->path() / "index.html", unknown)) {
            return project;
        }
        entry.increment(failure);
    }
    return std::nullopt;
}

std::string folder_of(const std::string& url) {
    return url.substr(0, url.find_last_not_of('/') + 1) + "/";
}

} // namespace

} // namespace envpm::pipeline
