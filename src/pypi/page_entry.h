#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// One file as a page names it, in either form, before it is judged: not all are kept, so their
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

/// Takes a page's entries as they are read.
class EntryTaker {
  public:
    EntryTaker() = default;
    EntryTaker(const EntryTaker&) = delete;
    EntryTaker& operator=(const EntryTaker&) = delete;
    virtual ~EntryTaker() = default;

    /// Whether more than its name is wanted of a file. Most are for other systems, and what is not
    /// read costs next to nothing.
    virtual bool wants(std::string_view file_name) = 0;

    /// All of one that is wanted.
    virtual void add(const PageEntry& entry) = 0;

    /// One that has this name and cannot be read.
    virtual void leave_out(std::string_view file_name, std::string_view why) = 0;
};

/// What a page's entries, and the names of those that are not wanted, point into.
class PageText {
  public:
    PageText() = default;
    PageText(const PageText&) = delete;
    PageText& operator=(const PageText&) = delete;
    virtual ~PageText() = default;
};

/// PEP 691. An entry whose fields have the wrong kinds is left out. Throws an
/// Error (code 5) for what is no JSON to its end, or no index page; the taker has a part then.
/// `room`: how many bytes may be read from where `bytes` begins; with enough behind its end it is
/// not copied, and must live as long as the answer. `url`: the page's own, without credentials.
std::unique_ptr<PageText> read_json_page(std::string_view bytes, std::size_t room,
                                         const std::string& url, EntryTaker& taker);

/// What a page in HTML says, before it is judged.
struct HtmlPage {
    std::string base; ///< of relative links
    std::unique_ptr<PageText> text;
    std::vector<PageEntry> entries;
};

/// PEP 503. Throws an Error (code 5) for HTML that is no index page.
HtmlPage read_html_page(std::string_view bytes, const std::string& url);

} // namespace envpm::pypi
