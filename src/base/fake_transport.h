#pragma once

#include "base/http.h"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

// For tests only: an HTTP server without a network.

namespace envpm::test {

/// How a server treats ranges.
enum class Ranges { honoured, ignored, no_suffixes, refused };

/// Serves files from memory and remembers what it was asked for.
class FakeTransport : public HttpTransport {
  public:
    std::map<std::string, std::string> files;
    std::map<std::string, int> statuses; ///< of URLs that answer with nothing else
    std::map<std::string, std::string> failures;
    std::map<std::string, std::string> etags; ///< who asks for one it has gets a 304
    std::map<std::string, std::string> cache_controls;
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
        if (const auto control = cache_controls.find(request.url);
            control != cache_controls.end()) {
            response.cache_control = control->second;
        }
        if (const auto etag = etags.find(request.url); etag != etags.end()) {
            response.etag = etag->second;
            const auto& headers = request.headers;
            if (std::find(headers.begin(), headers.end(), "If-None-Match: " + etag->second) !=
                headers.end()) {
                response.status = 304;
                return response;
            }
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

} // namespace envpm::test
