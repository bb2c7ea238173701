#include "fetch/part_file.h"

#include "base/assert.h"
#include "base/disk_fault.h"
#include "base/error.h"
#include "base/files.h"
#include "base/inflate.h"
#include "base/read_at.h"
#include "base/waiting.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace envpm::fetch {

namespace {

// A map of 1 GiB is 12 KiB, so writing it twice a second costs nothing. A kill loses what came
// since: at most a thirty-second part of the file.
constexpr std::chrono::milliseconds save_interval{500};
constexpr std::uint64_t save_fraction = 32;
constexpr std::uint64_t least_save_bytes = mebibyte;
constexpr std::uint64_t most_save_bytes = 64 * mebibyte;
constexpr std::size_t read_bytes = 256U << 10U;
constexpr std::size_t longest_map = 1U << 30U;

std::optional<Fd> open_locked(const std::filesystem::path& path);
bool is_same_file(int descriptor, const std::filesystem::path& path);
bool change_places(const std::filesystem::path& from, const std::filesystem::path& to);
std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix);

} // namespace

std::optional<PartFile> PartFile::open(const std::filesystem::path& folder, std::uint64_t size,
                                       const Sha256& sha256, HashPairs& pairs,
                                       const std::stop_token& stop) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        throw_system_error("cannot create a folder", folder.string(), failure.value());
    }
    const std::filesystem::path path = final_path(folder, sha256);
    std::filesystem::path part_file = part_path(folder, sha256);
    std::optional<Fd> file = open_locked(part_file);
    if (!file) {
        return std::nullopt;
    }
    PartFile part(std::move(part_file), with_suffix(path, ".map"), std::move(*file),
                  empty_part_map(size, sha256), pairs);
    part.load(stop);
    return part;
}

std::uint32_t PartFile::source_number(std::string_view name) {
    const std::size_t place = place_of(name);
    if (place == map_.sources.size() && place < most_sources) {
        map_.sources.push_back({std::string(name.substr(0, longest_source))});
    }
    return static_cast<std::uint32_t>(std::min(place, most_sources - 1));
}

/// The number of the sources if it is none of them.
std::size_t PartFile::place_of(std::string_view name) const {
    const auto found =
        std::find_if(map_.sources.begin(), map_.sources.end(), [name](const PartSource& source) {
            return source.name == name.substr(0, longest_source);
        });
    return static_cast<std::size_t>(found - map_.sources.begin());
}

std::string PartFile::entity_tag(std::string_view name) const {
    const std::size_t place = place_of(name);
    const bool has_bytes = place < map_.sources.size() && (sources() >> place & 1U) != 0;
    return has_bytes ? map_.sources[place].entity_tag : std::string();
}

void PartFile::keep_entity_tag(std::string_view name, std::string_view tag) {
    if (const std::size_t place = place_of(name); place < map_.sources.size()) {
        map_.sources[place].entity_tag = tag.size() <= longest_entity_tag ? tag : "";
    }
}

void PartFile::append(std::uint64_t offset, std::span<const std::byte> bytes,
                      std::uint32_t source) {
    const std::size_t index = offset / part_block_bytes;
    ENVPM_ASSERT(index < map_.blocks.size());
    PartBlock& block = map_.blocks[index];
    ENVPM_ASSERT(offset == index * part_block_bytes + block.filled);
    ENVPM_ASSERT(block.filled + bytes.size() <= block_length(map_, index));
    write_at(offset, bytes);
    block.crc32 = crc32_of(bytes, block.crc32);
    block.filled += static_cast<std::uint32_t>(bytes.size());
    block.sources |= 1U << source;
    unsaved_bytes_ += bytes.size();
    if (hashed_ == offset) {
        hasher_->update(bytes);
        hashed_ += bytes.size();
    } else {
        // Twice as fast as the writing, so that it catches up without stopping the writer.
        catch_up(2 * bytes.size());
    }
    const std::uint64_t due =
        std::clamp(map_.size / save_fraction, least_save_bytes, most_save_bytes);
    if (unsaved_bytes_ >= due || Clock::now() - saved_at_ >= save_interval) {
        save();
    }
}

void PartFile::hash_anew() {
    hasher_->finish(); // which begins anew
    hashed_ = 0;
}

void PartFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (written < 0 && errno != EINTR) {
            throw_system_error("cannot write a file", path_.string(), errno);
        }
        const auto count = static_cast<std::size_t>(std::max<ssize_t>(written, 0));
        bytes = bytes.subspan(count);
        offset += count;
    }
}

void PartFile::save() {
    const std::filesystem::path temporary = with_suffix(map_path_, ".new");
    const std::string text = encode(map_);
    // One fixed name is enough under the lock, and a crash leaves no second one. It may be the map
    // before the last one, which is not cut to nothing first: file systems take that, and a rename
    // over another file, for a wish to have the new one on the disk, and wait for it.
    Fd file = open_file(temporary, O_WRONLY | O_CREAT);
    write_all(file.get(), text, map_path_.string());
    if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0 ||
        ::close(file.release()) != 0 || !change_places(temporary, map_path_)) {
        throw_system_error("cannot write a file", map_path_.string(), errno);
    }
    unsaved_bytes_ = 0;
    saved_at_ = Clock::now();
}

std::uint32_t PartFile::sources() const {
    std::uint32_t all = 0;
    for (const PartBlock& block : map_.blocks) {
        all |= block.sources;
    }
    return all;
}

void PartFile::drop(std::uint32_t sources) {
    for (std::size_t i = 0; i < map_.blocks.size(); ++i) {
        PartBlock& block = map_.blocks[i];
        if ((block.sources & sources) != 0) {
            dropped_.emplace_back(i, block);
            block = PartBlock();
        }
    }
    hash_anew();
    save();
}

std::uint32_t PartFile::liars() const {
    std::uint32_t found = 0;
    std::vector<std::byte> buffer(part_block_bytes);
    for (const auto& [index, block] : dropped_) {
        const bool one_source = (block.sources & (block.sources - 1)) == 0;
        if (!one_source || (found & block.sources) != 0) {
            continue;
        }
        const std::span<std::byte> bytes = std::span(buffer).first(block.filled);
        read_all_at(file_.get(), index * part_block_bytes, bytes, path_.string());
        found |= crc32_of(bytes) != block.crc32 ? block.sources : 0;
    }
    return found;
}

bool PartFile::is_proven(const std::stop_token& stop) {
    while (hashed_ < map_.size) {
        throw_if_stopped(stop);
        const std::uint64_t before = hashed_;
        catch_up(64 * read_bytes);
        if (hashed_ == before) {
            return false;
        }
    }
    const Sha256 found = hasher_->finish();
    hashed_ = 0;
    return found == map_.sha256;
}

void PartFile::publish(const std::filesystem::path& target) {
    // An earlier run may have left the file longer, by a size that has since been corrected.
    if (::ftruncate(file_.get(), static_cast<off_t>(map_.size)) != 0 ||
        ::rename(path_.c_str(), target.c_str()) != 0) {
        throw_system_error("cannot write a file", target.string(), errno);
    }
    // After the rename: a crash between the two leaves a map that no part file matches, which the
    // next run finds out by its crc32s.
    remove_map();
}

void PartFile::discard() noexcept {
    remove_map();
    ::unlink(path_.c_str());
}

/// With the one that a crash or a full disk left unfinished.
void PartFile::remove_map() noexcept {
    ::unlink(map_path_.c_str());
    ::unlink(with_suffix(map_path_, ".new").c_str());
}

PartFile::PartFile(std::filesystem::path part, std::filesystem::path map_path, Fd file, PartMap map,
                   HashPairs& pairs)
    : path_(std::move(part)),
      map_path_(std::move(map_path)),
      file_(std::move(file)),
      map_(std::move(map)),
      hasher_(std::make_unique<PairedHasher>(pairs)),
      saved_at_(Clock::now()) {}

void PartFile::load(const std::stop_token& stop) {
    std::error_code ignored;
    if (std::filesystem::file_size(map_path_, ignored) > longest_map || ignored) {
        return;
    }
    const std::optional<std::string> text = read_file_if_present(map_path_);
    std::optional<PartMap> map =
        text ? decode_part_map(*text, map_.size, map_.sha256) : std::nullopt;
    if (!map) {
        return;
    }
    map_ = std::move(*map);
    std::vector<std::byte> buffer(part_block_bytes);
    for (std::size_t i = 0; i < map_.blocks.size(); ++i) {
        throw_if_stopped(stop);
        check_block(i, buffer);
    }
}

/// Forgets a block whose bytes are not those that the map speaks of.
void PartFile::check_block(std::size_t index, std::vector<std::byte>& buffer) {
    PartBlock& block = map_.blocks[index];
    const std::span<std::byte> bytes = std::span(buffer).first(block.filled);

    struct stat status {};

    const bool is_there =
        ::fstat(file_.get(), &status) == 0 && status.st_size >= 0 &&
        static_cast<std::uint64_t>(status.st_size) >= index * part_block_bytes + block.filled;
    if (is_there) {
        read_all_at(file_.get(), index * part_block_bytes, bytes, path_.string());
    }
    if (!is_there || crc32_of(bytes) != block.crc32) {
        block = PartBlock();
    }
}

/// Hashes bytes that arrived before their turn, from the page cache.
void PartFile::catch_up(std::uint64_t budget_bytes) {
    buffer_.resize(read_bytes);
    while (budget_bytes > 0 && hashed_ < map_.size) {
        const PartBlock& block = map_.blocks[hashed_ / part_block_bytes];
        const std::uint64_t filled =
            block.filled - std::min<std::uint64_t>(block.filled, hashed_ % part_block_bytes);
        const std::uint64_t count = std::min({filled, budget_bytes, std::uint64_t{read_bytes}});
        if (count == 0) {
            return;
        }
        const std::span<std::byte> bytes = std::span(buffer_).first(count);
        read_all_at(file_.get(), hashed_, bytes, path_.string());
        hasher_->update(bytes);
        hashed_ += count;
        budget_bytes -= count;
    }
}

bool is_whole(const std::filesystem::path& path, std::uint64_t size, const Sha256& sha256) {
    std::error_code absent;
    if (std::filesystem::file_size(path, absent) != size || absent) {
        return false;
    }
    try {
        return sha256_unless_lost(path) == sha256;
    } catch (const Error&) {
        if (std::filesystem::exists(path, absent)) {
            throw;
        }
        return false; // another process has unpacked and removed it
    }
}

std::filesystem::path part_path(const std::filesystem::path& folder, const Sha256& sha256) {
    return with_suffix(final_path(folder, sha256), ".part");
}

std::filesystem::path final_path(const std::filesystem::path& folder, const Sha256& sha256) {
    return folder / sha256.hex();
}

namespace {

/// Nothing if another process holds the lock. Between opening and locking, the one that held it may
/// have given the file its final name or removed it; then the path stands for another file, and
/// the lock for one that must not be touched.
std::optional<Fd> open_locked(const std::filesystem::path& path) {
    while (true) {
        Fd file = open_file(path, O_RDWR | O_CREAT);
        while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return std::nullopt;
            }
            if (errno != EINTR) {
                throw_system_error("cannot lock a file", path.string(), errno);
            }
        }
        if (is_same_file(file.get(), path)) {
            return file;
        }
    }
}

bool is_same_file(int descriptor, const std::filesystem::path& path) {
    struct stat opened {};

    struct stat named {};

    return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// The other file, if there is one, keeps `from` as its name; where the file system cannot do that
/// it goes.
bool change_places(const std::filesystem::path& from, const std::filesystem::path& to) {
    return ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0 ||
           ::rename(from.c_str(), to.c_str()) == 0;
}

std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix) {
    path += suffix;
    return path;
}

} // namespace

} // namespace envpm::fetch
