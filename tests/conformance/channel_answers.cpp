// `channel_answers SUBDIR < repodata.json[.zst]`: what envpm makes of a page, one line an entry:
// "record", file name, sha256, size, number of dependencies, timestamp; or "unusable", file name,
// why; tabs between them.

#include "base/error.h"
#include "base/zstd.h"
#include "conda/block.h"
#include "conda/repodata.h"

#include <fmt/format.h>

#include <iostream>
#include <iterator>

namespace envpm::conda {
namespace {

void print(const NameRecords& found) {
    for (const Record& record : found.records) {
        fmt::print("record\t{}\t{}\t{}\t{}\t{}\n", record.file_name, record.sha256.hex(),
                   record.size_bytes, record.depends.size(), record.timestamp_ms.value_or(-1));
    }
    for (const Unusable& file : found.unusable) {
        fmt::print("unusable\t{}\t{}\n", file.file_name, file.why);
    }
}

void answer(const std::string& subdir, const std::string& page) {
    std::string index;
    ZstdStream stream(page, std::uint64_t{1} << 32U, "page");
    std::string_view rest = page;
    const bool is_compressed = is_zstd(page);
    read_repodata(PageWalk(
                      [&](std::span<char> bytes) {
                          if (is_compressed) {
                              return stream.read(bytes);
                          }
                          const std::size_t count = rest.copy(bytes.data(), bytes.size());
                          rest.remove_prefix(count);
                          return count;
                      },
                      "page"),
                  subdir, [&index](std::string_view piece) { index += piece; });
    const std::optional<IndexView> view = IndexView::open(index);
    for (std::size_t i = 0; i < view->size(); i = view->find(view->name(i)).end) {
        std::vector<std::string_view> blocks;
        for (std::size_t at = i; at < view->find(view->name(i)).end; ++at) {
            blocks.push_back(view->block(at).value());
        }
        print(read_blocks(blocks, {std::string(view->name(i)), subdir, "https://example.org/"})
                  .value());
    }
}

} // namespace
} // namespace envpm::conda

int main(int count, char** arguments) {
    if (count != 2) {
        fmt::print(stderr, "channel_answers SUBDIR < PAGE\n");
        return 2;
    }
    const std::string page{std::istreambuf_iterator<char>(std::cin), {}};
    try {
        envpm::conda::answer(arguments[1], page);
    } catch (const envpm::Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        return 1;
    }
    return 0;
}
