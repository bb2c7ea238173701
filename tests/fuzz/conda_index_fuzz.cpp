#include "base/assert.h"
#include "base/hash.h"
#include "conda/block.h"
#include "conda/index_file.h"
#include "fuzz.h"

#include <vector>

namespace envpm::fuzz {

namespace {

void read_all(const conda::IndexView& view);

} // namespace

/// An index file of the cache as it is, and its content as a block of one with right checksums.
void read(std::string_view input) {
    if (const auto view = conda::IndexView::open(input)) {
        read_all(*view);
    }
    std::string bytes;
    conda::IndexWriter writer([&bytes](std::string_view piece) { bytes += piece; });
    writer.add("demo", input);
    const std::string digest = writer.finish();
    const auto view = conda::IndexView::open(bytes);
    ENVPM_ASSERT(view && view->digest() == digest && view->block(0) == input);
    read_all(*view);
}

namespace {

void read_all(const conda::IndexView& view) {
    for (std::size_t i = 0; i < view.size(); ++i) {
        const std::string_view name = view.name(i);
        const conda::IndexView::Range range = view.find(name);
        ENVPM_ASSERT(range.begin <= i && i < range.end);
        std::vector<std::string_view> blocks;
        for (std::size_t at = range.begin; at < range.end; ++at) {
            blocks.push_back(view.block(at).value_or(""));
        }
        const auto found =
            conda::read_blocks(blocks, {std::string(name), "noarch", "https://example.org/"});
        if (found) {
            for (const conda::Record& record : found->records) {
                ENVPM_ASSERT(record.version.text() == record.version_text ||
                             conda::Version::parse(record.version_text));
                ENVPM_ASSERT(record.url == "https://example.org/" + record.file_name);
            }
        }
    }
}

} // namespace

} // namespace envpm::fuzz
