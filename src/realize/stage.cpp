#include "realize/stage.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "base/free_space.h"
#include "base/progress_task.h"
#include "model/store_paths.h"
#include "realize/environment_files.h"
#include "realize/folder_plan.h"
#include "realize/placer.h"
#include "realize/prefix_manifest.h"
#include "realize/relocate.h"
#include "realize/relocated_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace envpm::realize {

namespace {

constexpr std::size_t least_files_of_a_task = 256;
constexpr mode_t folder_mode = 0755;

/// Of a file's whole path. Linux opens no path over 4,095 bytes, and where a prefix is made or put
/// aside its path is a little longer.
constexpr std::size_t longest_path = 4000;

constexpr const char* own_folder = ".envpm";

/// What is decided before anything is written.
struct Plan {
    std::map<std::size_t, RelocatedText> texts; ///< by entry, where it is not the layout's own text
    std::vector<PlannedFolder> folders;
    /// By entry, what is only known when it is placed: the relocated files of packages.
    std::map<std::size_t, std::optional<PlacedFile>> placed;
};

/// What the tasks share; each sets what its own entries came to be.
struct Work {
    const Placer& placer;
    const Layout& layout;
    const Places& places;
    Plan& plan;
};

/// Makes the folders, and places what lies in them. The system lets one thread at a time change a
/// folder, so a folder is one task, which makes those in it, leaves them to tasks of their own, and
/// sets its mode and time when all is placed. Those with the most below begin first.
class FolderTasks {
  public:
    FolderTasks(const Work& work, int root, ThreadPool& pool, ProgressTask& task);

    void run();

  private:
    void fill(std::size_t index);
    void place_rest(const PlannedFolder& folder);
    void place_all(std::span<const std::size_t> entries, int folder);

    const Work& work_;
    int root_;
    ProgressTask& task_;
    bool is_mode_right_;                             ///< that folders come to have by themselves
    std::size_t most_;                               ///< entries that one task places
    Guarded<std::vector<const PlannedFolder*>> cut_; ///< that several tasks fill
    TaskGroup tasks_;                                ///< ends before what its tasks refer to
};

/// What stands in its folder, and may not be on the disk yet.
struct Filled {
    Fd root;
    LinkMode mode;
};

/// Calls `make`, which fails for this site: then which disk it is shows, by this if not by the
/// failure's own path.
template <class Make> auto naming(const Site& site, const Make& make) {
    try {
        return make();
    } catch (Error& failure) {
        if (!failure.text().subject.starts_with('/')) {
            failure.add_context(fmt::format("while making `{}`", site.prefix.string()));
        }
        throw;
    }
}

Filled fill_folder(const Site& site, const PrefixRequest& request, ThreadPool& pool,
                   Progress& progress);
Plan plan_of(const Layout& layout, const Places& places);
bool is_sorted(const Layout& layout);
void require_openable(const LayoutEntry& entry, const std::string& prefix);
void plan_entry(Plan& plan, std::size_t index, const LayoutEntry& entry, const Places& places);
const std::string& text_of(const Layout& layout, const Plan& plan, std::size_t index);
RealisedFile realised_file(const Layout& layout, const Plan& plan, std::size_t index);
std::size_t most_of_a_task(const Plan& plan, std::size_t threads);
bool has_right_mode(int folder);
void make_folder(int parent, const char* name, const std::string& path);
void finish_folder(int root, const std::string& path);
void finish_open_folder(int folder, const std::string& path, bool is_mode_right);
Fd open_folder(int root, const std::string& path);
void place(const Work& work, std::size_t index, int folder);
void place_own_files(int root, const PrefixManifest& head, const Layout& layout, const Plan& plan);
void place_manifest(int folder, const PrefixManifest& head, const Layout& layout, const Plan& plan);
Space space_for(const Layout& layout, const Plan& plan, LinkMode mode);
Space space_of(const LayoutEntry& entry, LinkMode mode);
void begin_syncing(int root, const std::filesystem::path& folder, const PrefixRequest& request,
                   TaskGroup& syncing);
void sync_each(const std::filesystem::path& folder, TaskGroup& syncing);

} // namespace

LinkMode fill(const Site& site, const PrefixRequest& request, ThreadPool& pool,
              Progress& progress) {
    const Filled filled = naming(site, [&] { return fill_folder(site, request, pool, progress); });
    TaskGroup syncing(pool); // ends before the folder is closed
    naming(site, [&] { begin_syncing(filled.root.get(), site.folder, request, syncing); });
    if (request.before_visible) { // the disk may take its time
        request.before_visible(site.folder);
    }
    naming(site, [&] { syncing.wait(); });
    return filled.mode;
}

namespace {

Filled fill_folder(const Site& site, const PrefixRequest& request, ThreadPool& pool,
                   Progress& progress) {
    const Places places = places_of(site.prefix, request.interpreter);
    Plan plan;
    TaskGroup planning(pool);
    planning.run([&] { plan = plan_of(request.layout, places); });
    const Placer placer(site.store, request.link_mode, request.object_check,
                        site.folder.parent_path());
    planning.wait();
    require_space(space_for(request.layout, plan, placer.mode()),
                  space_left(site.folder.parent_path()), site.folder.parent_path());
    PrefixManifest head{request.env, site.prefix, request.interpreter, request.archives, {}};
    std::sort(head.archives.begin(), head.archives.end());
    make_folder(AT_FDCWD, site.folder.c_str(), site.folder.string());
    Fd root = open_file(site.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    make_folder(root.get(), own_folder, own_folder);
    {
        TaskGroup beside(pool);
        if (plan.placed.empty()) {
            beside.run([&] { place_own_files(root.get(), head, request.layout, plan); });
        }
        ProgressTask task(progress, "linking files", request.layout.entries.size(),
                          ProgressUnit::items);
        const Work work{placer, request.layout, places, plan};
        FolderTasks(work, root.get(), pool, task).run();
        beside.wait();
    }
    if (!plan.placed.empty()) {
        place_own_files(root.get(), head, request.layout, plan);
    }
    finish_folder(root.get(), own_folder);
    finish_folder(root.get(), ".");
    return {std::move(root), placer.mode()};
}

Plan plan_of(const Layout& layout, const Places& places) {
    ENVPM_ASSERT(is_sorted(layout));
    Plan plan;
    plan.folders = plan_folders(layout);
    for (std::size_t i = 0; i < layout.entries.size(); ++i) {
        require_openable(layout.entries[i], places.prefix);
        plan_entry(plan, i, layout.entries[i], places);
    }
    return plan;
}

bool is_sorted(const Layout& layout) {
    return std::is_sorted(layout.entries.begin(), layout.entries.end(),
                          [](const LayoutEntry& a, const LayoutEntry& b) {
                              return a.path.string() < b.path.string();
                          });
}

void require_openable(const LayoutEntry& entry, const std::string& prefix) {
    const std::string& path = entry.path.string();
    if (prefix.size() + 1 + path.size() > longest_path) {
        throw Error(
            {fmt::format("a path of {} would have {} bytes there, and {} are the limit",
                         entry.owner.string(), prefix.size() + 1 + path.size(), longest_path),
             prefix + "/" + path,
             "choose a folder with a shorter path for the store (ENVPM_ROOT) or, with "
             "--prefix, for the environment"});
    }
}

void plan_entry(Plan& plan, std::size_t index, const LayoutEntry& entry, const Places& places) {
    if (const auto* link = std::get_if<SymbolicLink>(&entry.content)) {
        plan.texts[index] = {relocate_link(link->target, places), {}};
    } else if (const auto* generated = std::get_if<GeneratedFile>(&entry.content)) {
        if (may_have_tokens(generated->content)) {
            plan.texts[index] = relocate(generated->content, places);
        }
    } else if (std::holds_alternative<Boxed<RelocatedFile>>(entry.content)) {
        plan.placed[index] = std::nullopt;
    }
}

/// What is written, or linked to.
const std::string& text_of(const Layout& layout, const Plan& plan, std::size_t index) {
    const auto found = plan.texts.find(index);
    return found != plan.texts.end()
               ? found->second.text
               : std::get<GeneratedFile>(layout.entries[index].content).content;
}

RealisedFile realised_file(const Layout& layout, const Plan& plan, std::size_t index) {
    const LayoutEntry& entry = layout.entries[index];
    const std::string& path = entry.path.string();
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        return {path, kind_of(entry), object->object, object->size_bytes, {}};
    }
    if (std::holds_alternative<EmptyFolder>(entry.content)) {
        return {path, kind_of(entry), digest_of(entry), 0, {}};
    }
    if (std::holds_alternative<Boxed<RelocatedFile>>(entry.content)) {
        const PlacedFile& placed = plan.placed.at(index).value();
        RealisedFile file{path, kind_of(entry), placed.sha256, placed.size_bytes, {}};
        if (!placed.use.is_none()) {
            file.relocation.placeholder = placed.use;
        }
        return file;
    }
    const std::string& text = text_of(layout, plan, index);
    const auto found = plan.texts.find(index);
    return {path, kind_of(entry), sha256_of(text), text.size(),
            found != plan.texts.end() ? found->second.relocation : Relocation()};
}

FolderTasks::FolderTasks(const Work& work, int root, ThreadPool& pool, ProgressTask& task)
    : work_(work),
      root_(root),
      task_(task),
      is_mode_right_(has_right_mode(root)),
      most_(most_of_a_task(work.plan, pool.size())),
      tasks_(pool) {}

void FolderTasks::run() {
    tasks_.run([this] { fill(0); });
    tasks_.wait();
    for (const PlannedFolder* folder : cut_.with([](const auto& cut) { return cut; })) {
        finish_folder(root_, folder->path);
    }
}

void FolderTasks::fill(std::size_t index) {
    const PlannedFolder& planned = work_.plan.folders[index];
    const Fd folder = open_folder(root_, planned.path);
    for (const std::size_t i : planned.children) {
        const PlannedFolder& child = work_.plan.folders[i];
        make_folder(folder.get(), child.name(), child.path);
        tasks_.run([this, i] { fill(i); }, child.weight);
    }
    const std::span<const std::size_t> entries = planned.entries;
    if (entries.size() > most_) {
        place_rest(planned);
    }
    place_all(entries.first(std::min(most_, entries.size())), folder.get());
    if (entries.size() <= most_ && index != 0) { // the prefix itself is finished last
        finish_open_folder(folder.get(), planned.path, is_mode_right_);
    }
}

/// Cut is only what one core would be busy with when the others are done.
void FolderTasks::place_rest(const PlannedFolder& folder) {
    cut_.with([&folder](auto& cut) { cut.push_back(&folder); });
    for (std::size_t begin = most_; begin < folder.entries.size(); begin += most_) {
        std::span<const std::size_t> part = std::span(folder.entries).subspan(begin);
        part = part.first(std::min(most_, part.size()));
        tasks_.run(
            [this, &folder, part] { place_all(part, open_folder(root_, folder.path).get()); });
    }
}

void FolderTasks::place_all(std::span<const std::size_t> entries, int folder) {
    for (const std::size_t entry : entries) {
        place(work_, entry, folder);
    }
    task_.advance(entries.size());
}

std::size_t most_of_a_task(const Plan& plan, std::size_t threads) {
    std::size_t entries = 0;
    for (const PlannedFolder& folder : plan.folders) {
        entries += folder.entries.size();
    }
    return std::max(least_files_of_a_task, entries / threads);
}

/// What a folder is made with, unless the umask takes from it, or its parent has a set-group-id bit
/// or a default ACL; all folders of a prefix share these with the first.
bool has_right_mode(int folder) {
    struct stat status {};

    constexpr mode_t bits = 07777;
    return ::fstat(folder, &status) == 0 && (status.st_mode & bits) == folder_mode;
}

/// `path` is within the prefix, for the error.
void make_folder(int parent, const char* name, const std::string& path) {
    if (::mkdirat(parent, name, folder_mode) != 0) {
        throw_not_placed("cannot create a folder", path, errno);
    }
}

/// Mode whatever the umask or a set-group-id parent say; time after the last change.
void finish_folder(int root, const std::string& path) {
    finish_open_folder(open_folder(root, path).get(), path, false);
}

void finish_open_folder(int folder, const std::string& path, bool is_mode_right) {
    if (!is_mode_right && ::fchmod(folder, folder_mode) != 0) {
        throw_system_error("cannot set the mode of a folder", path, errno);
    }
    const timespec time{store_time, 0};
    const std::array<timespec, 2> times = {time, time};
    if (::futimens(folder, times.data()) != 0) {
        throw_system_error("cannot set the time of a folder", path, errno);
    }
}

Fd open_folder(int root, const std::string& path) {
    Fd folder(::openat(root, path.empty() ? "." : path.c_str(),
                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", path, errno);
    }
    return folder;
}

void place(const Work& work, std::size_t index, int folder) {
    const LayoutEntry& entry = work.layout.entries[index];
    const std::string name(entry.path.filename());
    if (std::holds_alternative<ObjectFile>(entry.content)) {
        work.placer.place_object(entry, folder, name);
    } else if (std::holds_alternative<Boxed<RelocatedFile>>(entry.content)) {
        work.plan.placed.at(index) =
            place_relocated(work.placer, entry, folder, work.places.prefix);
    } else if (std::holds_alternative<GeneratedFile>(entry.content)) {
        Placer::place_text(text_of(work.layout, work.plan, index), entry, folder, name);
    } else {
        Placer::place_link(text_of(work.layout, work.plan, index), folder, name);
    }
}

void place_own_files(int root, const PrefixManifest& head, const Layout& layout, const Plan& plan) {
    const Fd folder = open_folder(root, own_folder);
    place_manifest(folder.get(), head, layout, plan);
    Placer::place_link(short_name(head.env), folder.get(), std::string(bytecode_key));
}

void place_manifest(int folder, const PrefixManifest& head, const Layout& layout,
                    const Plan& plan) {
    constexpr std::size_t part_bytes = 64U << 10U;
    const RelativePath path = RelativePath::parse(".envpm/manifest.json");
    ManifestText text(head);
    std::size_t next = 0;
    std::string part;
    const auto next_part = [&]() -> std::string_view {
        const std::size_t last = layout.entries.size();
        for (; next < last && text.size_bytes() < part_bytes; ++next) {
            text.add(realised_file(layout, plan, next));
        }
        if (next == last) {
            text.end();
            ++next;
        }
        part = text.take();
        return part;
    };
    Placer::place_parts(next_part, {path, GeneratedFile{}, false, {}}, folder,
                        std::string(path.filename()));
}

/// Of copies all, of links nothing, of clones the inode.
Space space_for(const Layout& layout, const Plan& plan, LinkMode mode) {
    Space space{0, plan.folders.size()};
    for (const LayoutEntry& entry : layout.entries) {
        const Space more = space_of(entry, mode);
        space.bytes += more.bytes;
        space.files += more.files;
    }
    return space;
}

Space space_of(const LayoutEntry& entry, LinkMode mode) {
    if (const auto* object = std::get_if<ObjectFile>(&entry.content)) {
        if (mode == LinkMode::copy || object->becomes_executable || object->is_always_copied) {
            return space_of_file(object->size_bytes);
        }
        return {0, mode == LinkMode::reflink ? 1U : 0U};
    }
    if (const auto* relocated = std::get_if<Boxed<RelocatedFile>>(&entry.content)) {
        return space_of_file((*relocated)->object.size_bytes);
    }
    if (const auto* generated = std::get_if<GeneratedFile>(&entry.content)) {
        return space_of_file(generated->content.size());
    }
    return {0, 1};
}

void begin_syncing(int root, const std::filesystem::path& folder, const PrefixRequest& request,
                   TaskGroup& syncing) {
    if (request.syncing == Syncing::file) {
        sync_each(folder, syncing);
    } else if (request.syncing == Syncing::batch) {
        syncing.run([root, folder] { sync_file_system(root, folder); });
    }
}

/// Links need none: they are in their folders.
void sync_each(const std::filesystem::path& folder, TaskGroup& syncing) {
    const auto sync = [&syncing](const std::filesystem::path& path) {
        syncing.run([path] {
            const Fd file = open_file(path, O_RDONLY | O_NOFOLLOW);
            if (::fsync(file.get()) != 0) {
                throw_system_error("cannot write an environment to disk", path.string(), errno);
            }
        });
    };
    sync(folder);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_symlink()) {
            sync(entry.path());
        }
    }
}

} // namespace

} // namespace envpm::realize
