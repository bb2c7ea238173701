#include "base/rewrite_file.h"

#include "base/error.h"
#include "base/files.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

namespace envpm {

namespace {

std::filesystem::path end_of_links(std::filesystem::path place);
void give_rights(int file, const struct stat& before);

constexpr mode_t rights = S_IRWXU | S_IRWXG | S_IRWXO;

} // namespace

void check_may_rewrite(const std::filesystem::path& path) {
    const std::filesystem::path end = end_of_links(path);
    if (end.filename() != path.filename()) {
        throw Error({fmt::format("this is a link to a file of another name, `{}`, which envpm does "
                                 "not follow when it writes",
                                 end.string()),
                     path.string(),
                     fmt::format("let it lead to a file called `{}`, or put the file itself here",
                                 path.filename().string())});
    }
}

void rewrite_file(const std::filesystem::path& path, std::string_view content) {
    check_may_rewrite(path);

    struct stat before {};

    if (::stat(path.c_str(), &before) != 0) {
        write_file(path, content); // it is new, or says itself what is wrong with it
        return;
    }
    // A group that it would have for a moment only gets no rights, nor does a reader who had none.
    write_file(path, content, Durability::durable, S_IRUSR | S_IWUSR,
               [&before](int file) { give_rights(file, before); });
}

namespace {

/// As far as the system follows; then writing fails.
std::filesystem::path end_of_links(std::filesystem::path place) {
    constexpr int most_links = 40;
    for (int links = 0; links < most_links; ++links) {
        std::error_code failure;
        const std::filesystem::path target = std::filesystem::read_symlink(place, failure);
        if (failure) {
            break;
        }
        place = place.parent_path() / target;
    }
    return place;
}

/// Before anybody sees it by its name. A file system without modes or groups refuses, and then has
/// nothing to keep.
void give_rights(int file, const struct stat& before) {
    struct stat now {};

    if (::fstat(file, &now) != 0) {
        return;
    }
    const bool has_group =
        now.st_gid == before.st_gid || ::fchown(file, now.st_uid, before.st_gid) == 0;
    const mode_t mode = before.st_mode & rights;
    ::fchmod(file, has_group ? mode : mode & ~mode_t{S_IRWXG});
}

} // namespace

} // namespace envpm
