#include "fetch/local_page.h"

#include "base/error.h"
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace envpm::fetch {

namespace {

/// The bytes of the file that were asked for, into `response`.
void read_bytes(const HttpRequest& request, const std::filesystem::path& file,
                HttpResponse& response);

} // namespace

HttpResponse read_local_page(const HttpRequest& request, const std::filesystem::path& file) {
    HttpResponse response;
    response.url = request.url;
    std::error_code failure;
    const bool is_folder = std::filesystem::is_directory(file, failure);
    const std::filesystem::path page = is_folder ? file / "index.html" : file;
    if (!std::filesystem::exists(page, failure)) {
        response.status = 404;
        return response;
    }
    // One mirror's unreadable file is not the end while another has it.
    try {
        response.content_type = page.extension() == ".html" ? "text/html" : "";
        read_bytes(request, page, response);
        response.status = request.range ? 206 : 200;
    } catch (const Error& error) {
        response.error = error.what();
    }
    return response;
}

namespace {

void read_bytes(const HttpRequest& request, const std::filesystem::path& file,
                HttpResponse& response) {
    const Fd opened = open_file(file, O_RDONLY);
    const std::uint64_t size = std::filesystem::file_size(file);
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
    std::uint64_t done = 0;
    while (done < count) {
        const ssize_t got = ::pread(opened.get(), response.body.data() + done, count - done,
                                    static_cast<off_t>(first + done));
        if (got <= 0) {
            throw Error({"the file ended early", file.string(), {}});
        }
        done += static_cast<std::uint64_t>(got);
    }
}

} // namespace

} // namespace envpm::fetch
