#include "store/object_stage.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/remove_tree.h"
#include "model/store_paths.h"
#include "store/sharing.h"
#include "store/tree_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace envpm::store {

namespace {

/// Files from this size on begin their way to the disk while they are written, so that the barrier
/// at the end finds little left and the system never has to slow the writers down.
constexpr std::uint64_t flush_bytes = 8U << 20U;
constexpr std::uint64_t early_bytes = 1U << 20U;

/// Up to so many files or folders are synced one by one, which leaves other programs' writing
/// alone; more of them by one call for the whole file system, which is far faster.
constexpr std::size_t most_single_syncs = 32;

constexpr std::uint64_t read_bytes = 256U << 10U;

Fd open_folder(int parent, const std::string& name, const std::filesystem::path& subject);
void sync(int descriptor, const std::filesystem::path& subject);
void sync_fan_outs(const std::filesystem::path& folder, const std::set<std::string>& fan_outs,
                   Syncing syncing);
bool does_keep_modes(int folder);
bool means_no_link(int fault);
bool is_object(int folder, const std::string& file_name, const ObjectName& name,
               std::uint64_t size_bytes);

} // namespace

std::string staged_tree_file(const Sha256& archive) {
    return archive.hex() + ".json";
}

StagedFile::StagedFile(int folder, const std::filesystem::path& path, std::string name, mode_t mode,
                       Flusher& flusher)
    : path_(&path),
      name_(std::move(name)),
      file_(::openat(folder, name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                     mode)),
      flusher_(&flusher) {
    if (!file_) {
        throw_system_error("cannot create a file", subject(), errno);
    }
}

StagedFile::~StagedFile() {
    if (file_) {
        ::unlink(subject().c_str());
    }
}

void StagedFile::write(std::span<const std::byte> bytes) {
    write_all(file_.get(), bytes, subject());
    size_bytes_ += bytes.size();
    if (size_bytes_ - flushed_bytes_ >= flush_bytes) {
        flusher_->begin(file_.get(), flushed_bytes_, size_bytes_ - flushed_bytes_);
        flushed_bytes_ = size_bytes_;
    }
}

void StagedFile::finish(std::optional<mode_t> mode) {
    if (size_bytes_ >= early_bytes) {
        flusher_->begin(file_.get(), flushed_bytes_, 0);
    }
    const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
    // The umask has no say in an object's mode.
    if ((mode && ::fchmod(file_.get(), *mode) != 0) || ::futimens(file_.get(), times) != 0 ||
        ::close(file_.release()) != 0) {
        throw_system_error("cannot write a file", subject(), errno);
    }
}

ObjectStage::ObjectStage(const StorePaths& paths, Syncing syncing)
    : paths_(paths),
      syncing_(syncing),
      folder_(paths.temporary()),
      lock_(folder_.path() / "lock", LockKind::exclusive),
      folder_handle_(open_file(folder_.path(), O_RDONLY | O_DIRECTORY)),
      objects_handle_(open_file(paths.objects(), O_RDONLY | O_DIRECTORY)),
      keeps_modes_(does_keep_modes(folder_handle_.get())) {}

ObjectStage::~ObjectStage() {
    if (is_bequeathed_) {
        folder_.keep();
    } else {
        remove_tree(folder_.path()); // while it is locked: no one shall take over from it meanwhile
    }
}

void ObjectStage::replace(std::set<ObjectName> damaged, Quarantine& quarantine) {
    damaged_ = std::move(damaged);
    quarantine_ = &quarantine;
}

bool ObjectStage::put(const ObjectName& name, std::span<const std::byte> content) {
    Needed* const needed = claim(name, content.size());
    if (needed == nullptr) {
        return false;
    }
    // A kill leaves it cut off under this name, but no tree beside it that names it.
    StagedFile file(folder_handle_.get(), folder_.path(), name.file(),
                    keeps_modes_ ? name.mode() : 0600, flusher_);
    file.write(content);
    file.finish(keeps_modes_ ? std::nullopt : std::optional(name.mode()));
    needed->is_written = true;
    return true;
}

StagedFile ObjectStage::begin() {
    return {folder_handle_.get(), folder_.path(), std::to_string(next_number_++), 0600, flusher_};
}

bool ObjectStage::adopt(StagedFile file, const ObjectName& name) {
    Needed* const needed = claim(name, file.size_bytes());
    if (needed == nullptr) {
        return false;
    }
    file.finish(name.mode());
    rename_within(file.name(), name.file());
    needed->is_written = true;
    return true;
}

bool ObjectStage::take_over(int folder, const std::string& file, const ObjectName& name,
                            std::uint64_t size_bytes) {
    const std::string linked = std::to_string(next_number_++);
    if (!is_in_store(name, size_bytes)) {
        // Linked before it is hashed, so that what was hashed is what stays, and before it is
        // claimed, since others rely on what is claimed here. By a second name: a kill in the
        // middle leaves the other stage whole.
        const bool is_brought = bring(folder, file, linked, name);
        if (!is_brought && !is_in_store(name, size_bytes)) { // nor published meanwhile
            return false;
        }
        if (is_brought && !is_object(folder_handle_.get(), linked, name, size_bytes)) {
            ::unlinkat(folder_handle_.get(), linked.c_str(), 0);
            return false;
        }
    }
    if (Needed* const needed = claim(name, size_bytes)) {
        rename_within(linked, name.file());
        needed->is_written = true;
    } else {
        ::unlinkat(folder_handle_.get(), linked.c_str(), 0);
    }
    return true;
}

/// False if it is not there.
bool ObjectStage::bring(int folder, const std::string& file, const std::string& to,
                        const ObjectName& name) {
    if (::linkat(folder, file.c_str(), folder_handle_.get(), to.c_str(), 0) == 0) {
        return true;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return false;
    }
    if (!means_no_link(errno)) {
        throw_system_error("cannot link an object", (folder_.path() / to).string(), errno);
    }
    const Fd from(::openat(folder, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!from) {
        return false;
    }
    StagedFile copied(folder_handle_.get(), folder_.path(), to, 0600, flusher_);
    std::vector<std::byte> room(read_bytes);
    ssize_t got = 0;
    while ((got = ::read(from.get(), room.data(), room.size())) != 0) {
        if (got > 0) {
            copied.write(std::span(room).first(static_cast<std::size_t>(got)));
        } else if (errno != EINTR) {
            throw_system_error("cannot read an object of another store", file, errno);
        }
    }
    copied.finish(name.mode());
    return true;
}

bool ObjectStage::put_tree(const Tree& tree) {
    if (!name_objects(tree)) {
        return false;
    }
    const std::string text = to_text(tree);
    StagedFile file = begin();
    file.write(std::as_bytes(std::span(text)));
    file.finish(0444);
    rename_within(file.name(), staged_tree_file(tree.archive));
    trees_.with([&tree](std::set<Sha256>& trees) { trees.insert(tree.archive); });
    return true;
}

void ObjectStage::make_durable() {
    if (syncing_ == Syncing::off) {
        return;
    }
    const bool is_bequeathed = is_bequeathed_.exchange(false);
    std::vector<std::string> files;
    needed_.with([&files](const std::map<ObjectName, Needed>& objects) {
        for (const auto& [name, needed] : objects) {
            if (needed.is_named && needed.where == Where::stage) {
                files.push_back(name.file());
            }
        }
    });
    trees_.with([&files](const std::set<Sha256>& trees) {
        for (const Sha256& archive : trees) {
            files.push_back(staged_tree_file(archive));
        }
    });
    if (files.size() > most_single_syncs && syncing_ == Syncing::batch) {
        sync_file_system(folder_handle_.get(), folder_.path());
    } else {
        for (const std::string& name : files) {
            const std::filesystem::path path = folder_.path() / name;
            const Fd file = open_file(path, O_RDONLY | O_NOFOLLOW);
            sync(file.get(), path);
        }
    }
    is_bequeathed_ = is_bequeathed;
}

void ObjectStage::publish() {
    publish_objects();
    publish_trees();
    is_bequeathed_ = false;
}

/// With the right size and looks; a damaged one is not there, and is replaced.
bool ObjectStage::is_in_store(const ObjectName& name, std::uint64_t size_bytes) const {
    if (damaged_.contains(name)) {
        return false;
    }

    struct stat status {};

    const std::string path = fan_out(name.digest) + "/" + name.file();
    return ::fstatat(objects_handle_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           static_cast<std::uint64_t>(status.st_size) == size_bytes &&
           !fault_of_object(status, name);
}

/// For the first who asks, and who therefore writes it; nothing if there is nothing to write.
ObjectStage::Needed* ObjectStage::claim(const ObjectName& name, std::uint64_t size_bytes) {
    const Where where = is_in_store(name, size_bytes) ? Where::store : Where::stage;
    Needed* const claimed = needed_.with([&](std::map<ObjectName, Needed>& objects) -> Needed* {
        const auto [place, is_first] = objects.try_emplace(name, size_bytes, where);
        return is_first && where == Where::stage ? &place->second : nullptr;
    });
    staged_ += claimed != nullptr ? 1U : 0U;
    return claimed;
}

/// True, and they are named, if all have been written.
bool ObjectStage::name_objects(const Tree& tree) {
    return needed_.with([&tree](std::map<ObjectName, Needed>& objects) {
        std::vector<Needed*> named;
        named.reserve(tree.files.size());
        for (const TreeFile& file : tree.files) {
            const auto found = objects.find({file.object, file.is_executable});
            if (found == objects.end() || !found->second.is_written) {
                return false;
            }
            named.push_back(&found->second);
        }
        for (Needed* const needed : named) {
            needed->is_named = true;
        }
        return true;
    });
}

void ObjectStage::rename_within(const std::string& from, const std::string& to) const {
    if (::renameat(folder_handle_.get(), from.c_str(), folder_handle_.get(), to.c_str()) != 0) {
        throw_system_error("cannot rename a file", (folder_.path() / from).string(), errno);
    }
}

/// Folders of objects that were found in the store are synced too: who put them there may not have
/// come to that yet, and our trees will name them.
void ObjectStage::publish_objects() {
    std::set<std::string> fan_outs;
    needed_.with([this, &fan_outs](const std::map<ObjectName, Needed>& objects) {
        Fd folder;
        for (const auto& [name, needed] : objects) { // by digest, so folder by folder
            if (!needed.is_named) {
                continue;
            }
            if (fan_outs.insert(fan_out(name.digest)).second) {
                folder = open_folder(objects_handle_.get(), fan_out(name.digest), paths_.objects());
            }
            if (needed.where == Where::stage) {
                publish_object(folder.get(), name, needed);
            }
        }
    });
    sync_fan_outs(paths_.objects(), fan_outs, syncing_);
}

void ObjectStage::publish_object(int folder, const ObjectName& name, const Needed& needed) const {
    const std::string file = name.file();
    if (::renameat2(folder_handle_.get(), file.c_str(), folder, file.c_str(), RENAME_NOREPLACE) ==
        0) {
        return;
    }
    // Another process was first, a damaged one is in the way, or the file system cannot refuse to
    // replace. The same name is the same content, so replacing is right in the last two.
    const bool is_known = errno == EEXIST || errno == EINVAL || errno == ENOSYS;
    if (is_known && is_in_store(name, needed.size_bytes)) {
        return;
    }
    if (quarantine_ != nullptr && is_known) {
        quarantine_->keep(paths_.object(name.digest, name.is_executable));
    }
    if (!is_known || ::renameat(folder_handle_.get(), file.c_str(), folder, file.c_str()) != 0) {
        throw_system_error("cannot publish an object",
                           paths_.object(name.digest, name.is_executable).string(), errno);
    }
}

void ObjectStage::publish_trees() {
    const std::filesystem::path trees = paths_.root() / "trees" / "sha256";
    const Fd trees_handle = open_file(trees, O_RDONLY | O_DIRECTORY);
    std::set<std::string> fan_outs;
    trees_.with([&](const std::set<Sha256>& archives) {
        for (const Sha256& archive : archives) {
            const Fd folder = open_folder(trees_handle.get(), fan_out(archive), trees);
            const std::string name = staged_tree_file(archive);
            // Replaces: a tree that is in the way is damaged, or says the same.
            if (::renameat(folder_handle_.get(), name.c_str(), folder.get(), name.c_str()) != 0) {
                throw_system_error("cannot publish a tree", paths_.tree(archive).string(), errno);
            }
            fan_outs.insert(fan_out(archive));
        }
    });
    sync_fan_outs(trees, fan_outs, syncing_);
}

namespace {

Fd open_folder(int parent, const std::string& name, const std::filesystem::path& subject) {
    const bool is_new = ::mkdirat(parent, name.c_str(), 0775) == 0;
    if (!is_new && errno != EEXIST) {
        throw_system_error("cannot create a folder", (subject / name).string(), errno);
    }
    Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", (subject / name).string(), errno);
    }
    if (is_new) {
        share_with_group(folder.get(), parent);
    }
    return folder;
}

void sync(int descriptor, const std::filesystem::path& subject) {
    if (::fsync(descriptor) != 0) {
        throw_system_error("cannot write to the disk", subject.string(), errno);
    }
}

void sync_fan_outs(const std::filesystem::path& folder, const std::set<std::string>& fan_outs,
                   Syncing syncing) {
    if (syncing == Syncing::off) {
        return;
    }
    const Fd handle = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (fan_outs.size() > most_single_syncs && syncing == Syncing::batch) {
        sync_file_system(handle.get(), folder);
        return;
    }
    for (const std::string& name : fan_outs) {
        sync_folder(folder / name);
    }
    sync(handle.get(), folder);
}

/// Tried out, which needs no change of the process's umask: one call less for each object.
bool does_keep_modes(int folder) {
    constexpr mode_t wanted = 0555;
    constexpr const char* name = "modes";
    const Fd file(::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, wanted));

    struct stat status {};

    return file && ::fstat(file.get(), &status) == 0 && ::unlinkat(folder, name, 0) == 0 &&
           (status.st_mode & 07777U) == wanted;
}

/// Of a hard link: another file system, another's file, too many links, or a system without them.
bool means_no_link(int fault) {
    return fault == EXDEV || fault == EPERM || fault == EACCES || fault == EMLINK ||
           fault == EOPNOTSUPP || fault == ENOSYS;
}

/// With the looks, the size and the bytes of that object.
bool is_object(int folder, const std::string& file_name, const ObjectName& name,
               std::uint64_t size_bytes) {
    const Fd file(
        ::openat(folder, file_name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));

    struct stat status {};

    if (!file || ::fstat(file.get(), &status) != 0 || fault_of_object(status, name) ||
        static_cast<std::uint64_t>(status.st_size) != size_bytes) {
        return false;
    }
    Sha256Hasher hasher;
    std::vector<std::byte> room(std::min(size_bytes, read_bytes));
    while (size_bytes > 0) {
        const ssize_t got = ::read(file.get(), room.data(), std::min(size_bytes, read_bytes));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        hasher.update(std::span(room).first(static_cast<std::size_t>(got)));
        size_bytes -= static_cast<std::uint64_t>(got);
    }
    return hasher.finish() == name.digest;
}

} // namespace

} // namespace envpm::store
