#include "store/leases.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "store/sharing.h"
#include "store/walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

namespace envpm::store {

namespace {

constexpr std::string_view first_line = "envpm-lease 1";
constexpr std::size_t tag_characters = 16;

/// The lines of a lease after the first one.
struct LeaseText {
    LeaseHolder holder;
    std::filesystem::path environment;
};

std::string text_of(const LeaseText& words);
std::optional<LeaseText> parse(std::string_view text);
std::string one_line(std::string text);
bool is_name(std::string_view name);
void make_folder(const std::filesystem::path& folder);
std::optional<std::string> text_if_readable(const std::filesystem::path& path);
Lease read_lease(const std::filesystem::path& path, const LeaseHolder& reader,
                 std::chrono::system_clock::time_point now);

} // namespace

LeaseHolder this_holder() {
    struct utsname names {};

    LeaseHolder holder;
    holder.host = ::uname(&names) == 0 ? one_line(names.nodename) : std::string();
    std::error_code failure;
    const std::string processes =
        std::filesystem::read_symlink("/proc/self/ns/pid", failure).string();
    std::string machine;
    try {
        machine = read_file_if_present("/etc/machine-id").value_or(std::string());
    } catch (const Error&) {
        machine.clear(); // the name must do
    }
    holder.inside = one_line(fmt::format("{} {}", machine, failure ? std::string() : processes));
    return holder;
}

void renew_lease(const StorePaths& paths, const std::string& prefix,
                 const std::filesystem::path& environment, const LeaseHolder& holder) {
    const std::string text = text_of({holder, environment});
    // Each user has one of its own, or nobody could renew what another one made.
    const std::string tag = sha256_of(fmt::format("{}{}", text, ::geteuid())).hex();
    const std::filesystem::path path =
        paths.leases() / fmt::format("{}.{}", prefix, tag.substr(0, tag_characters));
    if (::utimensat(AT_FDCWD, path.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) {
        return;
    }
    if (errno != ENOENT) {
        throw_system_error("cannot renew a lease", path.string(), errno);
    }
    make_folder(paths.leases());
    write_file(path, text, Durability::durable, 0644);
    ::chmod(path.c_str(), 0644); // the umask has no say: others' collectors read it
}

std::vector<Lease> read_leases(const StorePaths& paths, const LeaseHolder& reader,
                               std::chrono::system_clock::time_point now) {
    std::vector<Lease> leases;
    for (const std::string& name : names_in(paths.leases())) {
        if (is_name(name)) {
            leases.push_back(read_lease(paths.leases() / name, reader, now));
        }
    }
    return leases;
}

namespace {

std::string text_of(const LeaseText& words) {
    return fmt::format("{}\n{}\n{}\n{}\n", first_line, words.holder.host, words.holder.inside,
                       one_line(words.environment.string()));
}

std::optional<LeaseText> parse(std::string_view text) {
    std::array<std::string, 4> lines;
    for (std::string& line : lines) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        line = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    if (lines[0] != first_line || !text.empty()) {
        return std::nullopt;
    }
    return LeaseText{{lines[1], lines[2]}, lines[3]};
}

/// A path may hold any byte; a lease has one line for it.
std::string one_line(std::string text) {
    std::erase(text, '\n');
    return text;
}

bool is_name(std::string_view name) {
    const std::size_t dot = name.find('.');
    return dot != 0 && dot != std::string_view::npos && name.size() == dot + 1 + tag_characters &&
           name.find_first_not_of("0123456789abcdef", dot + 1) == std::string_view::npos;
}

void make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0775) == 0) {
        share_with_group(folder);
    } else if (errno != EEXIST) {
        throw_system_error("cannot create a folder of the store", folder.string(), errno);
    }
}

/// What cannot be read is as good as what cannot be understood.
std::optional<std::string> text_if_readable(const std::filesystem::path& path) {
    try {
        return read_file_if_present(path);
    } catch (const Error&) {
        return std::nullopt;
    }
}

Lease read_lease(const std::filesystem::path& path, const LeaseHolder& reader,
                 std::chrono::system_clock::time_point now) {
    Lease lease{path, path.stem().string(), "an unknown host", {}};

    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        throw_system_error("cannot look at a lease of the store", path.string(), errno);
    }
    lease.is_over =
        std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec) < now - lease_duration;
    const std::optional<std::string> text =
        S_ISREG(status.st_mode) ? text_if_readable(path) : std::nullopt;
    if (const std::optional<LeaseText> words = text ? parse(*text) : std::nullopt) {
        const bool is_here =
            words->holder.host == reader.host && words->holder.inside == reader.inside;
        const uid_t user = ::geteuid();
        lease.host = words->holder.host;
        lease.environment = words->environment;
        lease.is_another = !is_here || (user != 0 && user != status.st_uid);
    }
    return lease;
}

} // namespace

} // namespace envpm::store
