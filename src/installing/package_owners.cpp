#include "installing/package_owners.h"

#include "base/error.h"
#include "base/files.h"
#include "base/handle.h"
#include "base/read_at.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>

namespace envpm::installing {

namespace {

constexpr std::string_view wheel_record = ".dist-info/RECORD";
constexpr std::string_view conda_folder = "conda-meta/";

/// Of a RECORD that are held at a time; a longer line has no path in it.
constexpr std::size_t piece_bytes = 64U << 10U;

/// A path within the prefix, valid during the call: there are tens of thousands of them.
using OnPath = std::function<void(std::string_view)>;

std::string wheel_name(std::string_view record);
std::string conda_name(std::string_view record);
void each_wheel_file(const std::filesystem::path& prefix, std::string_view record,
                     const OnPath& on_path);
void each_line(const std::filesystem::path& file, const OnPath& on_line);
void each_conda_file(const std::filesystem::path& record, const OnPath& on_path);
std::optional<std::string> text_of(const std::filesystem::path& record);

} // namespace

bool is_package_record(std::string_view path) {
    return path.ends_with(wheel_record) ||
           (path.starts_with(conda_folder) && path.ends_with(".json"));
}

std::map<std::string, std::string, std::less<>>
package_owners(const std::filesystem::path& prefix, const std::vector<std::string>& records,
               const std::set<std::string, std::less<>>& files) {
    std::map<std::string, std::string, std::less<>> owners;
    for (const std::string& record : records) {
        const bool is_wheel = record.ends_with(wheel_record);
        const std::string package = is_wheel ? wheel_name(record) : conda_name(record);
        const auto take = [&](std::string_view path) {
            if (const auto file = files.find(path); file != files.end()) {
                owners.emplace(*file, package);
            }
        };
        if (is_wheel) {
            each_wheel_file(prefix, record, take);
        } else {
            each_conda_file(prefix / record, take);
        }
    }
    return owners;
}

namespace {

/// "…/nvidia_nccl_cu13-2.30.7.dist-info/RECORD" → "nvidia-nccl-cu13 2.30.7"
std::string wheel_name(std::string_view record) {
    record.remove_suffix(wheel_record.size());
    std::string name(record.substr(record.rfind('/') + 1));
    const std::size_t dash = std::min(name.rfind('-'), name.size());
    std::replace(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dash), '_', '-');
    return name.replace(dash, dash < name.size() ? 1 : 0, " ");
}

/// "conda-meta/libcudnn-9.10.0-h1234_0.json" → "libcudnn 9.10.0"
std::string conda_name(std::string_view record) {
    std::string name(record.substr(conda_folder.size()));
    name.resize(std::min(name.rfind('-'), name.size()));
    const std::size_t dash = std::min(name.rfind('-'), name.size());
    return name.replace(dash, dash < name.size() ? 1 : 0, " ");
}

/// The paths are relative to the folder that the wheel's own folder is in; few of them are quoted.
void each_wheel_file(const std::filesystem::path& prefix, std::string_view record,
                     const OnPath& on_path) {
    const std::string_view info = record.substr(0, record.rfind('/'));
    const std::string_view site = info.substr(0, info.rfind('/') + 1);
    std::string whole;
    each_line(prefix / record, [&](std::string_view line) {
        const std::string_view path = line.starts_with('"') ? line.substr(1, line.find('"', 1) - 1)
                                                            : line.substr(0, line.find(','));
        whole.assign(site).append(path);
        if (path.starts_with("..")) {
            whole = std::filesystem::path(whole).lexically_normal().string();
        }
        on_path(whole);
    });
}

/// Piece by piece: torch's RECORD has a megabyte and more. As far as it can be read: it may be the
/// damage that someone looks for.
void each_line(const std::filesystem::path& file, const OnPath& on_line) {
    const Fd record(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));

    struct stat status {};

    if (!record || ::fstat(record.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
        return;
    }
    std::string piece(piece_bytes, '\0');
    std::uint64_t offset = 0;
    while (true) {
        const std::size_t bytes =
            read_at(record.get(), offset, std::as_writable_bytes(std::span(piece))).count;
        const std::string_view text = std::string_view(piece).substr(0, bytes);
        const bool is_last = bytes < piece_bytes;
        const std::size_t end = is_last ? bytes : text.rfind('\n') + 1; // 0 without one
        for (std::size_t begin = 0; begin < end;) {
            const std::size_t stop = std::min(text.find('\n', begin), end);
            on_line(text.substr(begin, stop - begin));
            begin = stop + 1;
        }
        if (is_last || end == 0) {
            return;
        }
        offset += end;
    }
}

/// As envpm writes them, and conda: the array of texts under `files`.
void each_conda_file(const std::filesystem::path& record, const OnPath& on_path) {
    constexpr std::string_view member = "\"files\":";
    const std::optional<std::string> content = text_of(record);
    std::string_view text = content ? std::string_view(*content) : std::string_view();
    const std::size_t begin = text.find(member);
    if (begin == std::string_view::npos) {
        return;
    }
    text.remove_prefix(begin + member.size());
    text = text.substr(0, text.find(']'));
    std::size_t at = text.find('"');
    while (at != std::string_view::npos) {
        const std::size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos) {
            break;
        }
        on_path(text.substr(at + 1, end - at - 1));
        at = text.find('"', end + 1);
    }
}

/// Nothing if it cannot be read: it may be the damage that someone looks for.
std::optional<std::string> text_of(const std::filesystem::path& record) {
    try {
        return read_file_if_present(record);
    } catch (const Error&) {
        return std::nullopt;
    }
}

} // namespace

} // namespace envpm::installing
