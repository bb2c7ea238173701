#include "fetch/mirror_words.h"

#include "base/http.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace envpm::fetch {

namespace {

constexpr double megabyte = 1e6;

} // namespace

std::string source_name(const Mirror& mirror) {
    return file_of(mirror.url) ? shown_url(mirror.url) : mirror.host->name;
}

std::string words_of_cut(const std::string& label, const Mirror& slow, double bytes_per_second,
                         const Mirror& other) {
    const double rate = bytes_per_second / megabyte;
    const bool is_tiny = rate > 0 && rate < 1e-3; // which would be given with an exponent
    return fmt::format("{}: `{}` at {} MB/s: moved to `{}`", label, place_name(slow.url),
                       is_tiny ? fmt::format("{:.5f}", rate) : fmt::format("{:.2g}", rate),
                       place_name(other.url));
}

std::string words_of_host(const Host& host) {
    if (host.received_bytes == 0 && host.failed_transfers == 0) {
        return {};
    }
    const double rate = host.bytes_per_second / megabyte;
    return fmt::format("`{}` sent {:.1f} MB{}, {} failed", host.name,
                       static_cast<double>(host.received_bytes) / megabyte,
                       rate > 0 ? fmt::format(" at {:.1f} MB/s a transfer", rate) : "",
                       host.failed_transfers);
}

std::string words_of_silence(const std::string& url, Clock::duration silent_for) {
    return fmt::format("waiting for `{}`, which has sent nothing for {} s", place_name(url),
                       std::chrono::duration_cast<std::chrono::seconds>(silent_for).count());
}

Error error_of(const std::string& label, std::span<const Mirror> mirrors) {
    const bool lied = std::any_of(mirrors.begin(), mirrors.end(), [](const Mirror& mirror) {
        return mirror.last_failure == FailureClass::poison;
    });
    std::vector<std::string> reasons;
    std::optional<std::string> way_out;
    for (const Mirror& mirror : mirrors) {
        std::string reason = mirror.reason.empty() ? mirror.host->refusal : mirror.reason;
        if (reason.empty()) {
            reason = is_barred(mirror) ? fmt::format("`{}` sent wrong bytes of other files",
                                                     place_name(mirror.url))
                                       : "not asked";
        }
        way_out = way_out ? way_out : way_out_of(reason);
        reasons.push_back(fmt::format("`{}`: {}", shown_url(mirror.url), reason));
    }
    Error error({mirrors.empty() ? "there is no URL to fetch a file from"
                 : lied          ? "no mirror gave the right bytes of a file"
                                 : "no mirror gave a file",
                 label,
                 way_out.value_or("what came is kept: run the same command again later, or name "
                                  "another mirror in `[mirrors]`")},
                lied ? ExitCode::integrity : ExitCode::network);
    for (std::string& reason : reasons) {
        error.add_context(std::move(reason));
    }
    return error;
}

} // namespace envpm::fetch
