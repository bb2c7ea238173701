#include "installing/layout_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/handle.h"
#include "base/read_at.h"
#include "installing/layout_text.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>
#include <vector>

namespace envpm::installing {

namespace {

/// Enough that a task costs nothing beside them.
constexpr std::size_t entries_of_a_task = 512;

/// A larger file is not one of ours; nothing is made room for by what it says.
constexpr off_t longest_text = 1 << 30;

bool are_there(std::span<const LayoutEntry> entries, const store::Store& store);

} // namespace

std::optional<Layout> LayoutCache::find(const Sha256& env, const std::vector<Sha256>& archives,
                                        const store::Store& store, ThreadPool& pool) const {
    if (!std::all_of(archives.begin(), archives.end(),
                     [&store](const Sha256& archive) { return store.has_tree(archive); })) {
        return std::nullopt;
    }
    const Fd file(::open(path_of(env).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));

    struct stat status {};

    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > longest_text) {
        return std::nullopt;
    }
    const auto read = [&file](std::uint64_t begin, std::span<char> room) {
        return read_at(file.get(), begin, std::as_writable_bytes(room)).count == room.size();
    };
    return read_layout({static_cast<std::uint64_t>(status.st_size), read}, env, pool);
}

void LayoutCache::put(const Sha256& env, const Layout& layout) const {
    const std::optional<std::string> text = to_text(layout, env);
    if (!text) {
        return;
    }
    try {
        write_file(path_of(env), *text, Durability::cached);
        forget_oldest();
    } catch (const Error&) {
        return; // a read-only or full cache folder
    }
}

std::filesystem::path LayoutCache::path_of(const Sha256& env) const {
    return folder_ / env.hex();
}

void LayoutCache::forget_oldest() const {
    std::error_code failed;
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    std::filesystem::directory_iterator entries(folder_, failed);
    for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
        std::error_code unknown;
        files.emplace_back(entries->last_write_time(unknown), entries->path());
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + most_kept < files.size(); ++i) {
        std::filesystem::remove(files[i].second, failed);
    }
}

bool has_all(const store::Store& store, const Layout& layout, ThreadPool& pool) {
    const std::size_t tasks = (layout.entries.size() + entries_of_a_task - 1) / entries_of_a_task;
    std::atomic<bool> is_whole = true;
    parallel_for(pool, tasks, [&](std::size_t i) {
        const std::span<const LayoutEntry> rest =
            std::span(layout.entries).subspan(i * entries_of_a_task);
        if (is_whole && !are_there(rest.first(std::min(rest.size(), entries_of_a_task)), store)) {
            is_whole = false;
        }
    });
    return is_whole;
}

namespace {

bool are_there(std::span<const LayoutEntry> entries, const store::Store& store) {
    return std::all_of(entries.begin(), entries.end(), [&store](const LayoutEntry& entry) {
        const auto* const object = std::get_if<ObjectFile>(&entry.content);
        const auto name = [&] {
            return store::ObjectName{object->object,
                                     entry.is_executable && !object->becomes_executable};
        };
        return object == nullptr || store.has_object(name(), object->size_bytes);
    });
}

} // namespace

} // namespace envpm::installing
