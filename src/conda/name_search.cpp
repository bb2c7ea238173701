#include "conda/name_search.h"

#include "base/error.h"
#include "base/url.h"
#include "base/zstd.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::uint64_t most_shard_bytes = 64U << 20U;
constexpr std::uint64_t most_inflated_bytes = 512U << 20U;

std::vector<std::string> shard_urls(const Channel& channel, const std::string& subdir,
                                    const SubdirPage& page, const ShardIndex& shards,
                                    const Sha256& sha256);
std::string index_of(const std::string& name, std::string_view block);

} // namespace

NameSearch::NameSearch(const ChannelCache& cache, const SubdirPage& page, Where where)
    : cache_(cache),
      page_(page),
      where_(std::move(where)),
      key_(without_credentials(page.mirror)) {
    if (const auto* const index = std::get_if<IndexFile>(&page.content)) {
        look_into(*index);
    } else {
        look_for(std::get<ShardIndex>(page.content));
    }
}

void NameSearch::stay_local() {
    std::erase_if(urls_, [](const std::string& url) { return !is_local_url(url); });
}

HttpRequest NameSearch::request() const {
    return {urls_[next_], {}, std::nullopt, most_shard_bytes};
}

void NameSearch::accept(const HttpResponse& response) {
    const std::string url = without_credentials(urls_[next_++]);
    // One mirror's bad shard is not the end while another has it.
    try {
        if (!response.error.empty() || response.status != 200) {
            throw Error({response.error.empty()
                             ? fmt::format("the server answered {}", response.status)
                             : response.error,
                         url,
                         {}},
                        ExitCode::network);
        }
        if (sha256_of(response.body) != *sha256_) {
            throw Error({response.body.starts_with('<')
                             ? "HTML came in place of the shard: a proxy or a login page may have "
                               "answered"
                             : "the shard has another sha256 than the index says",
                         url,
                         {}},
                        ExitCode::network);
        }
        const InflatedBytes shard = inflate_zstd(response.body, most_inflated_bytes, url);
        const std::string block = read_shard(shard.view(), {where_.name, where_.subdir, url});
        cache_.store_shard(key_, *sha256_, index_of(where_.name, block));
        const std::string_view one[] = {block};
        found_ = read_blocks(one, place());
        is_done_ = true;
    } catch (const Error& error) {
        if (error.code() == ExitCode::failed) {
            throw; // no fault of the shard: the disk is full
        }
        failures_ += fmt::format("{}{}: {}", failures_.empty() ? "" : "; ", url, error.text().what);
    }
}

std::optional<NameRecords> NameSearch::take() {
    if (is_done_ && !is_damaged_) {
        return std::move(found_);
    }
    if (is_damaged_) {
        throw Error({"what was written to the cache cannot be read back", key_,
                     "check the disk that the cache is on"});
    }
    const std::string what = fmt::format("`{}` of channel `{}`, `{}`, ", where_.name,
                                         where_.channel->name, where_.subdir);
    if (failures_.empty()) {
        throw Error({what + "is not in the cache", key_,
                     "envpm is offline; run it once without `--offline`"},
                    ExitCode::network);
    }
    throw Error(
        {what + "cannot be fetched", failures_,
         way_out_of(failures_).value_or("the channel may have changed meanwhile: try again with "
                                        "`--refresh`")},
        ExitCode::network);
}

void NameSearch::look_into(const IndexFile& index) {
    is_done_ = true;
    const IndexView::Range range = index.view().find(where_.name);
    std::vector<std::string_view> blocks;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        const std::optional<std::string_view> block = index.view().block(i);
        is_damaged_ = is_damaged_ || !block;
        blocks.push_back(block.value_or(""));
    }
    if (!blocks.empty() && !is_damaged_) {
        found_ = read_blocks(blocks, place());
        is_damaged_ = !found_;
    }
}

void NameSearch::look_for(const ShardIndex& shards) {
    const ShardIndex::Entry* const entry = shards.find(where_.name);
    if (entry == nullptr) {
        is_done_ = true;
        return;
    }
    sha256_ = entry->sha256;
    if (const std::optional<IndexFile> cached = cache_.shard(key_, *sha256_)) {
        look_into(*cached);
        is_done_ = found_.has_value();
        is_damaged_ = false; // a damaged shard is only fetched again
    }
    urls_ = shard_urls(*where_.channel, where_.subdir, page_, shards, *sha256_);
}

BlockPlace NameSearch::place() const {
    return {where_.name, where_.subdir, page_.base_url};
}

namespace {

/// The mirror that has the page is asked first.
std::vector<std::string> shard_urls(const Channel& channel, const std::string& subdir,
                                    const SubdirPage& page, const ShardIndex& shards,
                                    const Sha256& sha256) {
    std::vector<std::string> folders = {page.mirror};
    for (const std::string& mirror : channel.urls) {
        folders.push_back(subdir_url(mirror, subdir));
    }
    std::vector<std::string> urls;
    for (const std::string& folder : folders) {
        const std::optional<std::string> base = package_base(folder, shards.shards_base_url);
        if (!base) {
            continue;
        }
        const std::string url = with_credentials_of(*base + sha256.hex() + ".msgpack.zst", folder);
        if (std::find(urls.begin(), urls.end(), url) == urls.end()) {
            urls.push_back(url);
        }
    }
    return urls;
}

std::string index_of(const std::string& name, std::string_view block) {
    std::string bytes;
    IndexWriter writer([&bytes](std::string_view piece) { bytes += piece; });
    writer.add(name, block);
    writer.finish();
    return bytes;
}

} // namespace

} // namespace envpm::conda
