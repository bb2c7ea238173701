#include "locking/kept_wheels.h"

#include "base/error.h"
#include "base/files.h"
#include "base/free_space.h"
#include "base/url.h"
#include "fetch/url.h"
#include "project/room.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace envpm::locking {

namespace {

constexpr std::uint64_t least_kept_bytes = 1U << 20U; ///< less comes again at once

fetch::Download download_of(const pypi::WheelFile& wheel);

} // namespace

std::vector<KeptWheels::Kept> KeptWheels::fetch(std::span<const pypi::WheelFile> wheels) {
    std::vector<fetch::Download> downloads;
    for (const pypi::WheelFile& wheel : wheels) {
        downloads.push_back(download_of(wheel));
    }
    project::require_room_for(downloads, folder());
    for (const pypi::WheelFile& wheel : wheels) {
        services_.progress().note(fmt::format(
            "`{}` knows no ranges: {} ({}) is fetched whole for its metadata, and {}",
            fetch::place_name(wheel.url), wheel.file_name, bytes_in_words(*wheel.size_bytes),
            passing_ ? fmt::format("not kept, as {} cannot be written",
                                   services_.settings().cache_root.string())
                     : "kept for `install`"));
    }
    fetch::DownloadEvents events;
    events.complete = [](std::size_t /*index*/, const std::filesystem::path& /*file*/) {};
    std::vector<std::optional<Error>> errors =
        services_.network().download(downloads, folder(), services_.progress(), events);
    std::vector<Kept> kept;
    for (std::size_t i = 0; i < downloads.size(); ++i) {
        kept.push_back({file_url(folder() / downloads[i].sha256.hex()), std::move(errors[i])});
    }
    return kept;
}

void KeptWheels::keep(const Sha256& sha256, std::string_view bytes) noexcept {
    if (bytes.size() < least_kept_bytes) {
        return;
    }
    try {
        const std::filesystem::path& kept_in = folder();
        if (!passing_) {
            write_file(kept_in / sha256.hex(), bytes, Durability::cached);
        }
    } catch (const std::exception&) { // then `install` fetches it
        return;
    }
}

const std::filesystem::path& KeptWheels::folder() {
    const std::lock_guard lock(mutex_);
    if (!archives_ && !passing_) {
        open_folder();
    }
    return passing_ ? passing_->path() : archives_->folder();
}

/// Locks of someone else can be taken in a cache where only they may write.
void KeptWheels::open_folder() {
    try {
        archives_.emplace(services_.settings().cache_root);
        (void)TemporaryFolder(archives_->folder());
    } catch (const Error&) {
        archives_.reset();
        try {
            passing_.emplace(services_.variables().find("TMPDIR").value_or("/tmp"));
        } catch (const Error&) {
            // Nor there: the cache's own reason is the one to tell.
        }
        if (!passing_) {
            throw;
        }
    }
}

namespace {

fetch::Download download_of(const pypi::WheelFile& wheel) {
    return {wheel.file_name, {wheel.url}, *wheel.size_bytes, *wheel.sha256};
}

} // namespace

} // namespace envpm::locking
