#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// One file as a page names it, in either form, before it is judged.
struct PageEntry {
    std::string file_name;
    std::string url; ///< as written, without fragment
    std::string sha256;
    std::optional<std::uint64_t> size_bytes;
    std::string requires_python;
    std::string upload_time;
    bool is_yanked = false;
    bool has_metadata_file = false;
    std::string metadata_sha256;
};

/// What a page says, before it is judged.
struct RawPage {
    std::string base; ///< of relative links
    std::vector<PageEntry> entries;
};

/// PEP 691. An entry whose fields have the wrong kinds is left out. Throws an Error (code 5) for
/// what is no JSON to its end, or no index page. `url`: the page's own, without credentials.
RawPage read_json_page(std::string_view bytes, const std::string& url);

/// PEP 503. Throws an Error (code 5) for HTML that is no index page.
RawPage read_html_page(std::string_view bytes, const std::string& url);

} // namespace envpm::pypi
