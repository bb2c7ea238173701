#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// One file as a page names it, in either form, before it is judged: most are not kept, so their
/// texts are those of the page.
struct PageEntry {
    std::string_view file_name;
    std::string_view url; ///< as written, without fragment
    std::string_view sha256;
    std::optional<std::uint64_t> size_bytes;
    std::string_view requires_python;
    std::string_view upload_time;
    bool is_yanked = false;
    bool has_metadata_file = false;
    std::string_view metadata_sha256;
};

/// What a page's entries point into.
class PageText {
  public:
    PageText() = default;
    PageText(const PageText&) = delete;
    PageText& operator=(const PageText&) = delete;
    virtual ~PageText() = default;
};

/// What a page says, before it is judged.
struct RawPage {
    std::string base; ///< of relative links
    std::unique_ptr<PageText> text;
    std::vector<PageEntry> entries;
};

/// PEP 691. An entry whose fields have the wrong kinds is left out. Throws an Error (code 5) for
/// what is no JSON to its end, or no index page. `url`: the page's own, without credentials.
RawPage read_json_page(std::string_view bytes, const std::string& url);

/// PEP 503. Throws an Error (code 5) for HTML that is no index page.
RawPage read_html_page(std::string_view bytes, const std::string& url);

} // namespace envpm::pypi
