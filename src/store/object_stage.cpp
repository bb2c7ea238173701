#include "store/object_stage.h"

#include "base/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>

namespace envpm::store {

namespace {

/// Files from this size on begin their way to the disk while they are written, so that the barrier
/// at the end finds little left and the system never has to slow the writers down.
constexpr std::uint64_t flush_bytes = 8U << 20U;
constexpr std::uint64_t early_bytes = 1U << 20U;

/// Up to so many files or folders are synced one by one, which leaves other programs' writing
/// alone; more of them by one call for the whole file system, which is far faster.
constexpr std::size_t most_single_syncs = 32;

Fd open_folder(int parent, const std::string& name, const std::filesystem::path& subject);
void sync(int descriptor, const std::filesystem::path& subject);
void sync_file_system(int descriptor, const std::filesystem::path& subject);
void sync_fan_outs(const std::filesystem::path& folder, const std::set<std::string>& fan_outs);

} // namespace

StagedFile::StagedFile(int folder, std::uint32_t number, Flusher& flusher)
    : number_(number),
      file_(::openat(folder, std::to_string(number).c_str(),
                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)),
      flusher_(&flusher) {
    if (!file_) {
        throw_system_error("cannot create a file", "the store's folder for temporary files", errno);
    }
}

void StagedFile::write(std::span<const std::byte> bytes) {
    write_all(file_.get(), bytes, "the store's folder for temporary files");
    size_bytes_ += bytes.size();
    if (size_bytes_ - flushed_bytes_ >= flush_bytes) {
        flusher_->begin(file_.get(), flushed_bytes_, size_bytes_ - flushed_bytes_);
        flushed_bytes_ = size_bytes_;
    }
}

void StagedFile::finish(mode_t mode) {
    if (size_bytes_ >= early_bytes) {
        flusher_->begin(file_.get(), flushed_bytes_, 0);
    }
    const struct timespec times[2] = {{object_time, 0}, {object_time, 0}};
    // The umask has no say in an object's mode.
    if (::fchmod(file_.get(), mode) != 0 || ::futimens(file_.get(), times) != 0 ||
        ::close(file_.release()) != 0) {
        throw_system_error("cannot write a file", "the store's folder for temporary files", errno);
    }
}

ObjectStage::ObjectStage(const StorePaths& paths)
    : paths_(paths),
      folder_(paths.temporary()),
      lock_(folder_.path() / "lock", LockKind::exclusive),
      folder_handle_(open_file(folder_.path(), O_RDONLY | O_DIRECTORY)),
      objects_handle_(open_file(paths.root() / "objects" / "sha256", O_RDONLY | O_DIRECTORY)) {}

bool ObjectStage::put(const ObjectName& name, std::span<const std::byte> content) {
    const bool is_there = is_in_store(name, content.size());
    const std::uint32_t number = next_number_++;
    const Needed needed{content.size(),
                        is_there ? std::nullopt : std::optional<std::uint32_t>(number)};
    if (!claim(name, needed) || is_there) {
        return false;
    }
    StagedFile file(folder_handle_.get(), number, flusher_);
    file.write(content);
    file.finish(name.mode());
    return true;
}

StagedFile ObjectStage::begin() {
    return {folder_handle_.get(), next_number_++, flusher_};
}

bool ObjectStage::adopt(StagedFile file, const ObjectName& name) {
    const bool is_there = is_in_store(name, file.size_bytes());
    const Needed needed{file.size_bytes(),
                        is_there ? std::nullopt : std::optional<std::uint32_t>(file.number())};
    if (!claim(name, needed) || is_there) {
        return false; // the stage's folder goes at the end, and the copy with it
    }
    file.finish(name.mode());
    return true;
}

void ObjectStage::put_tree(const Sha256& archive, std::string_view text) {
    StagedFile file(folder_handle_.get(), next_number_++, flusher_);
    file.write(std::as_bytes(std::span(text.data(), text.size())));
    file.finish(0444);
    trees_.insert_or_assign(archive, file.number());
}

void ObjectStage::make_durable() {
    if (staged_ + trees_.size() > most_single_syncs) {
        sync_file_system(folder_handle_.get(), folder_.path());
        return;
    }
    std::vector<std::uint32_t> numbers;
    needed_.with([&numbers](const std::map<ObjectName, Needed>& objects) {
        for (const auto& [name, needed] : objects) {
            if (needed.number) {
                numbers.push_back(*needed.number);
            }
        }
    });
    for (const auto& [archive, number] : trees_) {
        numbers.push_back(number);
    }
    for (const std::uint32_t number : numbers) {
        const std::filesystem::path path = folder_.path() / std::to_string(number);
        const Fd file = open_file(path, O_RDONLY | O_NOFOLLOW);
        sync(file.get(), path);
    }
}

void ObjectStage::publish() {
    publish_objects();
    publish_trees();
}

/// With the right size and looks; a damaged one is not there, and is replaced.
bool ObjectStage::is_in_store(const ObjectName& name, std::uint64_t size_bytes) const {
    struct stat status {};

    const std::string path = fan_out(name.digest) + "/" + name.file();
    return ::fstatat(objects_handle_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           static_cast<std::uint64_t>(status.st_size) == size_bytes &&
           !fault_of_object(status, name);
}

/// True for the first who asks.
bool ObjectStage::claim(const ObjectName& name, const Needed& needed) {
    const bool is_first = needed_.with([&](std::map<ObjectName, Needed>& objects) {
        return objects.try_emplace(name, needed).second;
    });
    if (is_first && needed.number) {
        ++staged_;
    }
    return is_first;
}

/// Folders of objects that were found in the store are synced too: who put them there may not have
/// come to that yet, and our trees will name them.
void ObjectStage::publish_objects() {
    std::set<std::string> fan_outs;
    needed_.with([this, &fan_outs](const std::map<ObjectName, Needed>& objects) {
        Fd folder;
        for (const auto& [name, needed] : objects) { // by digest, so folder by folder
            if (fan_outs.insert(fan_out(name.digest)).second) {
                folder = open_folder(objects_handle_.get(), fan_out(name.digest),
                                     paths_.root() / "objects" / "sha256");
            }
            if (needed.number) {
                publish_object(folder.get(), name, needed);
            }
        }
    });
    sync_fan_outs(paths_.root() / "objects" / "sha256", fan_outs);
}

void ObjectStage::publish_object(int folder, const ObjectName& name, const Needed& needed) const {
    const std::string from = std::to_string(*needed.number);
    const std::string to = name.file();
    if (::renameat2(folder_handle_.get(), from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) ==
        0) {
        return;
    }
    // Another process was first, a damaged one is in the way, or the file system cannot refuse to
    // replace. The same name is the same content, so replacing is right in the last two.
    const bool is_known = errno == EEXIST || errno == EINVAL || errno == ENOSYS;
    if (is_known && is_in_store(name, needed.size_bytes)) {
        return;
    }
    if (!is_known || ::renameat(folder_handle_.get(), from.c_str(), folder, to.c_str()) != 0) {
        throw_system_error("cannot publish an object",
                           paths_.object(name.digest, name.is_executable).string(), errno);
    }
}

void ObjectStage::publish_trees() {
    const std::filesystem::path trees = paths_.root() / "trees" / "sha256";
    const Fd trees_handle = open_file(trees, O_RDONLY | O_DIRECTORY);
    std::set<std::string> fan_outs;
    for (const auto& [archive, number] : trees_) {
        const Fd folder = open_folder(trees_handle.get(), fan_out(archive), trees);
        const std::string name = archive.hex() + ".json";
        // Replaces: a tree that is in the way is damaged, or says the same.
        if (::renameat(folder_handle_.get(), std::to_string(number).c_str(), folder.get(),
                       name.c_str()) != 0) {
            throw_system_error("cannot publish a tree", paths_.tree(archive).string(), errno);
        }
        fan_outs.insert(fan_out(archive));
    }
    sync_fan_outs(trees, fan_outs);
}

namespace {

Fd open_folder(int parent, const std::string& name, const std::filesystem::path& subject) {
    if (::mkdirat(parent, name.c_str(), 0777) != 0 && errno != EEXIST) {
        throw_system_error("cannot create a folder", (subject / name).string(), errno);
    }
    Fd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) {
        throw_system_error("cannot open a folder", (subject / name).string(), errno);
    }
    return folder;
}

void sync(int descriptor, const std::filesystem::path& subject) {
    if (::fsync(descriptor) != 0) {
        throw_system_error("cannot write to the disk", subject.string(), errno);
    }
}

void sync_file_system(int descriptor, const std::filesystem::path& subject) {
    if (::syncfs(descriptor) != 0) {
        throw_system_error("cannot write to the disk", subject.string(), errno);
    }
}

void sync_fan_outs(const std::filesystem::path& folder, const std::set<std::string>& fan_outs) {
    const Fd handle = open_file(folder, O_RDONLY | O_DIRECTORY);
    if (fan_outs.size() > most_single_syncs) {
        sync_file_system(handle.get(), folder);
        return;
    }
    for (const std::string& name : fan_outs) {
        sync_folder(folder / name);
    }
    sync(handle.get(), folder);
}

} // namespace

} // namespace envpm::store
