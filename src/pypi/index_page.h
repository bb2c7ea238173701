#pragma once

#include "base/hash.h"
#include "model/package_name.h"
#include "pypi/wheel_name.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// One wheel that an index offers.
struct WheelFile {
    std::string file_name;
    WheelName wheel;
    std::string url;                         ///< absolute, without fragment
    std::optional<Sha256> sha256;            ///< HTML pages may have none
    std::optional<std::uint64_t> size_bytes; ///< PEP 700; HTML pages have none
    std::string requires_python;             ///< as written; may be empty
    std::optional<std::string> upload_time;  ///< RFC 3339, UTC (PEP 700)
    bool is_yanked = false;                  ///< PEP 592
    bool has_metadata_file = false;          ///< PEP 658/714: `url` + ".metadata" exists
    std::optional<Sha256> metadata_sha256;
};

/// A project's page of the simple API (PEP 503 HTML, PEP 691 JSON, PEP 700 fields).
struct ProjectPage {
    std::vector<WheelFile> wheels;           ///< in the page's order; those with wheel names only
    std::vector<std::string> sdist_versions; ///< those with an sdist, but for the ones whose wheels
                                             ///< write them alike; normalised, sorted
    std::vector<std::string> unreadable{};   ///< wheels whose entries cannot be read, a few of
                                             ///< them: "demo-2.0-py3-none-any.whl: its size …"
};

enum class Wheels {
    all,
    /// Without those that no Target can ever run (other systems and processors): three quarters of
    /// a large page. Of a version that has no other, one is kept, behind the native ones, to say
    /// that it has wheels.
    native,
};

/// What a request for a page says that `parse_page` reads, the best first.
constexpr std::string_view accept_header = "Accept: application/vnd.pypi.simple.v1+json, "
                                           "application/vnd.pypi.simple.v1+html;q=0.2, "
                                           "text/html;q=0.01";

/// Reads whichever of the two forms the bytes are: the content type is a hint that mirrors get
/// wrong. `url` is the page's own, to resolve relative links against. Throws an Error (code 5) that
/// says what came instead (HTML that is no index page, a truncated page …). A file that cannot be
/// read (no version, bad hash) is left out; one bad entry does not spoil a page, but is told. JSON
/// with memory behind its end (`gunzip_room` is enough) is read where it lies, else copied.
ProjectPage parse_page(const std::string& bytes, std::string_view content_type,
                       const std::string& url, const PackageName& project,
                       Wheels which = Wheels::all);

} // namespace envpm::pypi
