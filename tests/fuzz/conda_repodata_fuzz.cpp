#include "base/json.h"
#include "conda/repodata.h"
#include "conda_record_check.h"
#include "fuzz.h"

#include <span>
#include <string>
#include <vector>

namespace envpm::fuzz {

namespace {

/// The index of the page, read in windows that begin with that size.
std::string index_of(std::string_view page, std::size_t part_bytes);

} // namespace

/// A repodata.json: the size of the window makes no difference to what is read. Of what is no JSON,
/// how much is noticed depends on how much is looked at together.
void read(std::string_view input) {
    const auto whole = if_accepted([&] { return index_of(input, std::size_t{8} << 10U); });
    const auto parts = if_accepted([&] { return index_of(input, 16); });
    const bool is_json = if_accepted([&] { return parse_json(input, "page"); }).has_value();
    ENVPM_ASSERT(!is_json || whole.has_value() == parts.has_value());
    if (!whole || !parts) {
        return;
    }
    ENVPM_ASSERT(*whole == *parts);
    const auto view = conda::IndexView::open(*whole);
    ENVPM_ASSERT(view.has_value());
    for (std::size_t i = 0; i < view->size(); i = view->find(view->name(i)).end) {
        std::vector<std::string_view> blocks;
        for (std::size_t at = i; at < view->find(view->name(i)).end; ++at) {
            blocks.push_back(view->block(at).value());
        }
        const conda::BlockPlace place = {std::string(view->name(i)), "noarch", "https://e.org/"};
        const auto found = conda::read_blocks(blocks, place);
        ENVPM_ASSERT(found.has_value());
        check_records(*found, place);
    }
}

namespace {

std::string index_of(std::string_view page, std::size_t part_bytes) {
    std::string index;
    conda::read_repodata(conda::PageWalk(
                             [&page](std::span<char> bytes) {
                                 const std::size_t count = page.copy(bytes.data(), bytes.size());
                                 page.remove_prefix(count);
                                 return count;
                             },
                             "page", part_bytes),
                         "noarch", [&index](std::string_view piece) { index += piece; });
    return index;
}

} // namespace

} // namespace envpm::fuzz
