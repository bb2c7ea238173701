#include "store/leases.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/unfinished_file.h"
#include "store/sharing.h"
#include "store/walk.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
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
std::filesystem::path path_of(const StorePaths& paths, const std::string& prefix,
                              const LeaseText& words);
std::vector<std::string_view> words_of(std::string_view line);
std::string one_word(std::string text);
std::optional<LeaseText> parse(std::string_view text);
std::string one_line(std::string text);
bool is_name(std::string_view name);
std::optional<std::string> text_if_readable(const std::filesystem::path& path);
bool touch(const std::filesystem::path& lease);
bool is_here(const LeaseHolder& holder, const LeaseHolder& reader);
bool is_gone(const LeaseHolder& holder, const LeaseReader& reader);
std::string first_process_began();
void remove_gone(const StorePaths& paths, const std::string& prefix, const LeaseText& renewed);
Lease read_lease(const std::filesystem::path& path, const LeaseReader& reader,
                 std::chrono::system_clock::time_point now);

} // namespace

LeaseHolder this_holder() {
    struct utsname names {};

    LeaseHolder holder;
    holder.host = ::uname(&names) == 0 ? one_line(names.nodename) : std::string();
    std::error_code failure;
    holder.processes =
        one_word(std::filesystem::read_symlink("/proc/self/ns/pid", failure).string());
    holder.machine = one_word(text_if_readable("/etc/machine-id").value_or(std::string()));
    holder.boot =
        one_word(text_if_readable("/proc/sys/kernel/random/boot_id").value_or(std::string()));
    holder.began = first_process_began();
    return holder;
}

void renew_lease(const StorePaths& paths, const std::string& prefix,
                 const std::filesystem::path& environment, const LeaseHolder& holder) {
    const std::string text = text_of({holder, environment});
    const std::filesystem::path path = path_of(paths, prefix, {holder, environment});
    const std::optional<std::string> before = text_if_readable(path);
    if (before == text && touch(path)) {
        return;
    }
    make_shared_folder(paths.leases());
    write_file(path, text, Durability::durable, 0644);
    ::chmod(path.c_str(), 0644); // the umask has no say: others' collectors read it
    if (!before) {
        remove_gone(paths, prefix, {holder, environment});
    }
}

bool renew_known_lease(const StorePaths& paths, const std::string& prefix,
                       const std::filesystem::path& environment, const LeaseHolder& holder) {
    const std::filesystem::path path = path_of(paths, prefix, {holder, environment});
    return text_if_readable(path) == text_of({holder, environment}) && touch(path);
}

std::vector<Lease> read_leases(const StorePaths& paths, const LeaseReader& reader,
                               std::chrono::system_clock::time_point now) {
    std::vector<Lease> leases;
    for (const std::string& name : names_in(paths.leases())) {
        if (is_name(name)) {
            leases.push_back(read_lease(paths.leases() / name, reader, now));
        }
    }
    return leases;
}

void remove_unfinished_leases(const StorePaths& paths) {
    for (const std::string& name : names_in(paths.leases())) {
        const std::optional<std::string_view> lease = name_when_finished(name);
        if (!lease || !is_name(*lease)) {
            continue;
        }
        const std::filesystem::path path = paths.leases() / name;
        if (const Fd lock = lock_if_abandoned(path)) {
            ::unlink(path.c_str());
        }
    }
}

namespace {

std::string text_of(const LeaseText& words) {
    const LeaseHolder& holder = words.holder;
    return fmt::format("{}\n{}\n{} {} {} {}\n{}\n", first_line, holder.host, holder.machine,
                       holder.processes, holder.boot, holder.began,
                       one_line(words.environment.string()));
}

/// Each user has one of its own, or nobody could renew what another one made. Boot and begin are
/// not part of the name: who comes after takes the place.
std::filesystem::path path_of(const StorePaths& paths, const std::string& prefix,
                              const LeaseText& words) {
    const std::string key =
        fmt::format("{}\n{}\n{} {}\n{}\n{}", first_line, words.holder.host, words.holder.machine,
                    words.holder.processes, one_line(words.environment.string()), ::geteuid());
    return paths.leases() /
           fmt::format("{}.{}", prefix, sha256_of(key).hex().substr(0, tag_characters));
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
    std::vector<std::string_view> words = words_of(lines[2]);
    words.resize(4);
    return LeaseText{{lines[1], std::string(words[0]), std::string(words[1]), std::string(words[2]),
                      std::string(words[3])},
                     lines[3]};
}

/// One may be empty.
std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    for (std::size_t end = 0; end != std::string_view::npos;) {
        end = line.find(' ');
        words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(line.size(), words.back().size() + 1));
    }
    return words;
}

std::string one_word(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
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

bool is_here(const LeaseHolder& holder, const LeaseHolder& reader) {
    return holder.host == reader.host && holder.machine == reader.machine &&
           holder.processes == reader.processes;
}

/// Of the kernel that runs here it is known which namespaces there are: of one number at most one
/// at a time, whose first process never changes.
bool is_gone(const LeaseHolder& holder, const LeaseReader& reader) {
    const LeaseHolder& own = reader.holder;
    if (holder.boot.empty() || holder.boot != own.boot || holder.processes.empty()) {
        return false;
    }
    if (holder.processes == own.processes) {
        return !holder.began.empty() && !own.began.empty() && holder.began != own.began;
    }
    return reader.namespaces && !reader.namespaces->contains(holder.processes);
}

/// In ticks since the boot: the 22nd field of proc_pid_stat(5), the 20th after the name, which may
/// hold anything.
std::string first_process_began() {
    constexpr std::size_t after_name = 20;
    const std::string text = text_if_readable("/proc/1/stat").value_or(std::string());
    const std::size_t name_end = text.rfind(") ");
    if (name_end == std::string::npos) {
        return {};
    }
    const std::vector<std::string_view> fields =
        words_of(std::string_view(text).substr(name_end + 2));
    return fields.size() < after_name ? std::string() : std::string(fields[after_name - 1]);
}

/// Those of this user for the same project; what cannot be removed goes when it is over.
void remove_gone(const StorePaths& paths, const std::string& prefix, const LeaseText& renewed) {
    for (const std::string& name : names_in(paths.leases())) {
        const std::filesystem::path path = paths.leases() / name;
        if (!is_name(name) || path.stem() != prefix) {
            continue;
        }

        struct stat status {};

        const std::optional<std::string> text = text_if_readable(path);
        const std::optional<LeaseText> words = text ? parse(*text) : std::nullopt;
        if (words && words->environment == one_line(renewed.environment) &&
            is_gone(words->holder, {renewed.holder}) && ::lstat(path.c_str(), &status) == 0 &&
            status.st_uid == ::geteuid()) {
            ::unlink(path.c_str());
        }
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

/// False if it is gone.
bool touch(const std::filesystem::path& lease) {
    if (::utimensat(AT_FDCWD, lease.c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0) {
        return true;
    }
    if (errno != ENOENT) {
        throw_system_error("cannot renew a lease", lease.string(), errno);
    }
    return false;
}

Lease read_lease(const std::filesystem::path& path, const LeaseReader& reader,
                 std::chrono::system_clock::time_point now) {
    Lease lease{path, path.stem().string(), "an unknown host", {}};

    struct stat status {};

    if (::lstat(path.c_str(), &status) != 0) {
        throw_system_error("cannot look at a lease of the store", path.string(), errno);
    }
    const auto age = now - std::chrono::system_clock::from_time_t(status.st_mtim.tv_sec);
    lease.is_over = age > lease_duration;
    const std::optional<std::string> text =
        S_ISREG(status.st_mode) ? text_if_readable(path) : std::nullopt;
    if (const std::optional<LeaseText> words = text ? parse(*text) : std::nullopt) {
        const uid_t user = ::geteuid();
        lease.host = words->holder.host;
        lease.environment = words->environment;
        lease.is_out_of_sight =
            !is_here(words->holder, reader.holder) || (user != 0 && user != status.st_uid);
        lease.is_over =
            lease.is_over || (age > gone_lease_duration && is_gone(words->holder, reader));
    }
    return lease;
}

} // namespace

} // namespace envpm::store
