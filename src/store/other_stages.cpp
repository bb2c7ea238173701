#include "store/other_stages.h"

#include "base/files.h"
#include "base/remove_tree.h"
#include "base/waiting.h"
#include "store/object_name.h"
#include "store/tree_file.h"
#include "store/walk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace envpm::store {

namespace {

struct Object {
    ObjectName name;
    std::uint64_t size_bytes = 0;
};

bool is_ours(const std::filesystem::path& folder);
Fd lock_if_free(const std::filesystem::path& file);
std::set<Sha256> archives_in(const std::filesystem::path& folder);
std::set<ObjectName> take_objects(int folder, const std::vector<Tree>& trees, ObjectStage& stage,
                                  ThreadPool& pool, const std::stop_token& stop);
std::vector<Object> objects_of(const std::vector<Tree>& trees);

} // namespace

OtherStages::OtherStages(const std::filesystem::path& temporary, const std::filesystem::path& own) {
    for (const std::string& name : names_in(temporary)) {
        const std::filesystem::path path = temporary / name;
        if (path == own || !is_ours(path)) {
            continue;
        }
        // The handle first: a folder may go at any time while it is not locked.
        Fd handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        Fd lock = lock_if_free(path / "lock");
        std::set<Sha256> archives = archives_in(path);
        if (handle && !archives.empty()) {
            folders_.push_back({path, std::move(lock), std::move(handle), std::move(archives)});
        }
    }
}

std::set<Sha256> OtherStages::hand_over(const std::set<Sha256>& wanted, ObjectStage& stage,
                                        ThreadPool& pool, const std::stop_token& stop) {
    std::set<Sha256> had;
    for (const Folder& folder : folders_) {
        std::set<Sha256> here;
        for (const Sha256& archive : folder.archives) {
            if (wanted.contains(archive) && !had.contains(archive)) {
                here.insert(archive);
            }
        }
        const std::vector<Tree> trees = read_trees(here, [&folder](const Sha256& archive) {
            return folder.path / staged_tree_file(archive);
        });
        const std::set<ObjectName> objects =
            take_objects(folder.handle.get(), trees, stage, pool, stop);
        for (const Tree& tree : trees) {
            const bool is_whole =
                std::all_of(tree.files.begin(), tree.files.end(), [&](const TreeFile& file) {
                    return objects.contains({file.object, file.is_executable});
                });
            if (is_whole && stage.put_tree(tree)) {
                had.insert(tree.archive);
            }
        }
    }
    return had;
}

void OtherStages::forget(const std::set<Sha256>& archives) noexcept {
    for (Folder& folder : folders_) {
        if (!folder.lock) {
            continue;
        }
        for (const Sha256& archive : archives) {
            if (folder.archives.erase(archive) != 0) {
                ::unlinkat(folder.handle.get(), staged_tree_file(archive).c_str(), 0);
            }
        }
        if (folder.archives.empty()) {
            remove_tree(folder.path);
        }
    }
}

namespace {

/// Made by this user, who alone may write there.
bool is_ours(const std::filesystem::path& folder) {
    struct stat status {};

    return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// No descriptor if someone holds it, or there is none. It is not made here, as a FileLock would
/// be: its owner may just be removing the folder.
Fd lock_if_free(const std::filesystem::path& file) {
    Fd lock(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        lock.reset();
    }
    return lock;
}

std::set<Sha256> archives_in(const std::filesystem::path& folder) {
    std::set<Sha256> archives;
    for (const std::string& name : names_in(folder)) {
        const std::optional<Sha256> archive = Sha256::parse(name.substr(0, name.find('.')));
        if (archive && name == staged_tree_file(*archive)) {
            archives.insert(*archive);
        }
    }
    return archives;
}

/// Those of the trees' objects that are in the stage or the store afterwards.
std::set<ObjectName> take_objects(int folder, const std::vector<Tree>& trees, ObjectStage& stage,
                                  ThreadPool& pool, const std::stop_token& stop) {
    const std::vector<Object> objects = objects_of(trees);
    std::vector<std::atomic<bool>> is_taken(objects.size());
    parallel_for(pool, objects.size(), [&](std::size_t i) {
        throw_if_stopped(stop);
        is_taken[i] =
            stage.take_over(folder, objects[i].name.file(), objects[i].name, objects[i].size_bytes);
    });
    std::set<ObjectName> taken;
    for (std::size_t i = 0; i < objects.size(); ++i) {
        if (is_taken[i]) {
            taken.insert(objects[i].name);
        }
    }
    return taken;
}

/// Each once, the largest first: the last one shall not keep one thread busy and the others idle.
std::vector<Object> objects_of(const std::vector<Tree>& trees) {
    std::map<ObjectName, std::uint64_t> sizes;
    for (const Tree& tree : trees) {
        for (const TreeFile& file : tree.files) {
            sizes.try_emplace({file.object, file.is_executable}, file.size_bytes);
        }
    }
    std::vector<Object> objects;
    objects.reserve(sizes.size());
    for (const auto& [name, size_bytes] : sizes) {
        objects.push_back({name, size_bytes});
    }
    std::stable_sort(objects.begin(), objects.end(),
                     [](const Object& a, const Object& b) { return a.size_bytes > b.size_bytes; });
    return objects;
}

} // namespace

} // namespace envpm::store
