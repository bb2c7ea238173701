#pragma once

#include "base/http.h"
#include "fetch/retry.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace envpm::fetch {

/// The head of the last response of a transfer, after redirects. Fields that were absent are empty.
struct ResponseHead {
    int status = 0;
    std::string url;
    std::string content_type;
    std::string content_encoding;
    std::string content_range;
    std::string retry_after;
    std::string etag;
    std::string last_modified;
    std::string cache_control;
    std::string server;
    std::string artifactory_id; ///< of X-Artifactory-Id or X-JFrog-Version
    std::optional<std::uint64_t> content_length;
    bool is_redirected = false;  ///< from the URL that was asked for
    bool is_multiplexed = false; ///< by HTTP/2: many answers share a connection
};

/// Content-Range (RFC 9110, section 14.4): "bytes 0-9/100", "bytes 0-9/*" or "bytes */100".
struct ContentRange {
    struct Span {
        std::uint64_t first;
        std::uint64_t last; ///< inclusive
    };

    std::optional<Span> span;
    std::optional<std::uint64_t> total;
};

/// Nothing for what is not exactly that, or contradicts itself.
std::optional<ContentRange> parse_content_range(std::string_view field);

/// Bytes [first, first + count) of a file of `size` bytes, asked for with a Range field or, for a
/// whole file, without.
struct AskedBytes {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
    std::uint64_t size = 0;
    enum class How { ranged, whole } how = How::whole;
};

/// The body that follows is good as far as the head can tell; it begins at this byte of the file.
struct GoodHead {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
};

/// Whether a response can be what a download asked for. Nothing that a server says is believed
/// beyond what was expected: a 200 to a range is the whole file from its start, a 206 must give
/// exactly the bytes asked for, or fewer from the same start, but not so few that the file would
/// come in ever so many.
std::variant<GoodHead, Failure> judge_download(const AskedBytes& asked, const ResponseHead& head);

/// The same for a `get`: fills range_first and total_bytes, or answers in words what is wrong. The
/// body of a 206 must then have the length returned.
struct JudgedRange {
    std::string error;
    std::optional<std::uint64_t> first;
    std::optional<std::uint64_t> total;
    std::optional<std::uint64_t> body_bytes;
};

JudgedRange judge_get(const std::optional<ByteRange>& asked, const ResponseHead& head);

/// "12-99" or "-500" for a Range field; nothing if the range is empty or overflows.
std::optional<std::string> range_field(const ByteRange& range);

/// How the body is compressed, in lower case; empty if it is not, which a server may also call
/// `identity` (RFC 9110, section 8.4.1: in any case) or, as some do, `none`.
std::string encoding_of(const ResponseHead& head);

/// Whether it names itself as a proxy of packages (Artifactory, Nexus), which fetches a file whole
/// before it sends the first byte.
bool is_fetching_proxy(const ResponseHead& head);

bool looks_like_html(std::string_view content_type, std::string_view body);

} // namespace envpm::fetch
