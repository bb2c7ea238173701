#pragma once

#include "base/http.h"
#include "base/zip_writer.h"
#include "pypi/index_page.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

// For tests only: an index without a network.

namespace envpm::pypi::test {

/// How a server treats ranges.
enum class Ranges { honoured, ignored, no_suffixes, refused };

/// Serves files from memory and remembers what it was asked for.
class FakeTransport : public HttpTransport {
  public:
    std::map<std::string, std::string> files;
    std::map<std::string, int> statuses; ///< of URLs that answer with nothing else
    std::map<std::string, std::string> failures;
    std::function<void(HttpResponse&)> distort; ///< applied to every answer
    Ranges ranges = Ranges::honoured;
    std::vector<std::vector<HttpRequest>> batches;

    std::vector<HttpResponse> get(std::span<const HttpRequest> requests) override {
        batches.emplace_back(requests.begin(), requests.end());
        std::vector<HttpResponse> responses;
        for (const HttpRequest& request : requests) {
            responses.push_back(answer(request));
            if (distort) {
                distort(responses.back());
            }
        }
        return responses;
    }

    /// What was asked for so far, one line a batch: "url[range] url…".
    [[nodiscard]] std::vector<std::string> log() const {
        std::vector<std::string> lines;
        for (const std::vector<HttpRequest>& batch : batches) {
            std::string line;
            for (const HttpRequest& request : batch) {
                line += (line.empty() ? "" : " ") + request.url;
                if (request.range) {
                    line += request.range->first ? "[part]" : "[tail]";
                }
            }
            lines.push_back(line);
        }
        return lines;
    }

  private:
    HttpResponse answer(const HttpRequest& request) const {
        HttpResponse response;
        response.url = request.url;
        if (const auto failure = failures.find(request.url); failure != failures.end()) {
            response.error = failure->second;
            return response;
        }
        const auto status = statuses.find(request.url);
        const auto file = files.find(request.url);
        if (status != statuses.end() || file == files.end()) {
            response.status = status != statuses.end() ? status->second : 404;
            return response;
        }
        return serve(file->second, request, std::move(response));
    }

    [[nodiscard]] HttpResponse serve(const std::string& file, const HttpRequest& request,
                                     HttpResponse response) const {
        const bool is_suffix = request.range && !request.range->first;
        if (request.range &&
            (ranges == Ranges::refused || (ranges == Ranges::no_suffixes && is_suffix))) {
            response.status = 416;
            return response;
        }
        response.status = 200;
        response.body = file;
        response.total_bytes = file.size();
        if (request.range && ranges != Ranges::ignored) {
            const std::uint64_t count = std::min<std::uint64_t>(request.range->count, file.size());
            const std::uint64_t first = request.range->first.value_or(file.size() - count);
            response.status = 206;
            response.body = file.substr(first, count);
            response.range_first = first;
        }
        if (response.body.size() > request.limit_bytes) {
            response.body.clear();
            response.error = "more than was allowed";
        }
        return response;
    }
};

/// A page's entry, with the digest and size of `content`.
inline WheelFile wheel_file(const std::string& file_name, const std::string& content,
                            const std::string& url = {}) {
    return {.file_name = file_name,
            .wheel = WheelName::parse(file_name).value(),
            .url = url.empty() ? "https://files.example.org/" + file_name : url,
            .sha256 = sha256_of(content),
            .size_bytes = content.size(),
            .requires_python = "",
            .upload_time = std::nullopt,
            .is_yanked = false,
            .has_metadata_file = false,
            .metadata_sha256 = std::nullopt};
}

} // namespace envpm::pypi::test
