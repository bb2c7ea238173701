#include "fetch/local_page.h"

#include "base/error.h"
#include "base/files.h"
#include "base/local_folder.h"
#include "base/read_at.h"
#include "fetch/url.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace envpm::fetch {

namespace {

/// The bytes of the file that were asked for, with the status that goes with them.
HttpResponse read_bytes(const HttpRequest& request, const std::filesystem::path& file);
std::string entity_tag(const struct stat& status);
std::string fault_of_absence(const HttpRequest& request, const std::filesystem::path& file);
std::filesystem::path root(const HttpRequest& request, const std::filesystem::path& page);
bool is_known(const HttpRequest& request, const std::string& tag);

} // namespace

HttpResponse read_local_page(const HttpRequest& request, const std::filesystem::path& file) {
    HttpResponse response;
    response.url = request.url;
    std::error_code failure;
    const bool is_folder = std::filesystem::is_directory(file, failure);
    const std::filesystem::path page = is_folder ? file / "index.html" : file;
    const std::filesystem::file_type type = std::filesystem::status(page, failure).type();
    if (type == std::filesystem::file_type::none) {
        response.error = fmt::format("`{}` cannot be read: {}", page.string(), failure.message());
        return response;
    }
    if (type == std::filesystem::file_type::not_found) {
        response.error = fault_of_absence(request, file);
        response.status = response.error.empty() ? 404 : 0;
        return response;
    }
    // One mirror's unreadable file is not the end while another has it.
    try {
        return read_bytes(request, page);
    } catch (const Error& error) {
        response.error = error.what();
    }
    return response;
}

namespace {

HttpResponse read_bytes(const HttpRequest& request, const std::filesystem::path& file) {
    HttpResponse response;
    response.url = request.url;
    response.content_type = file.extension() == ".html" ? "text/html" : "";
    const Fd opened = open_to_read(file);
    if (!opened) {
        throw_system_error("cannot open a file", file.string(), errno);
    }

    struct stat status {};

    if (::fstat(opened.get(), &status) != 0) {
        throw_system_error("cannot read a file", file.string(), errno);
    }
    if (!S_ISREG(status.st_mode)) {
        throw Error(
            {fmt::format("it is {} and no file", kind_name(status.st_mode)), file.string(), {}});
    }
    const auto size = static_cast<std::uint64_t>(status.st_size);
    response.etag = entity_tag(status);
    if (!request.range && is_known(request, response.etag)) {
        response.status = 304;
        return response;
    }
    std::uint64_t first = 0;
    std::uint64_t count = size;
    if (request.range) {
        count = std::min(request.range->count, size);
        first = std::min(request.range->first.value_or(size - count), size);
        count = std::min(count, size - first);
        response.range_first = first;
    }
    if (count > request.limit_bytes) {
        throw Error({fmt::format("the file has more than {} bytes", request.limit_bytes),
                     file.string(),
                     {}});
    }
    response.total_bytes = size;
    response.body.resize(count);
    read_all_at(opened.get(), first, response.body, file.string());
    response.status = request.range ? 206 : 200;
    return response;
}

/// Other content under the same tag would need its inode, its size and two clock readings to be the
/// same.
std::string entity_tag(const struct stat& status) {
    const auto nanoseconds = [](const timespec& time) {
        return fmt::format("{}.{:09}", time.tv_sec, time.tv_nsec);
    };
    return fmt::format("\"{}-{}-{}-{}\"", status.st_size, status.st_ino,
                       nanoseconds(status.st_mtim), nanoseconds(status.st_ctim));
}

/// Why a page that is not there says nothing of what the index has; empty if it does.
std::string fault_of_absence(const HttpRequest& request, const std::filesystem::path& file) {
    const bool is_folder = !file.has_filename();
    std::error_code failure;
    const std::filesystem::path named = file.parent_path();
    if (is_folder && std::filesystem::exists(named, failure) &&
        !std::filesystem::is_directory(named, failure)) {
        return fault_of_folder(named);
    }
    const bool says_root = is_folder || !request.root_url.empty();
    return says_root ? fault_of_folder(root(request, file)) : std::string();
}

/// A project's page is asked for as a folder (PEP 503), and lies in the index.
std::filesystem::path root(const HttpRequest& request, const std::filesystem::path& page) {
    return file_of(request.root_url).value_or(page.parent_path().parent_path());
}

bool is_known(const HttpRequest& request, const std::string& tag) {
    return std::find(request.headers.begin(), request.headers.end(), "If-None-Match: " + tag) !=
           request.headers.end();
}

} // namespace

} // namespace envpm::fetch
