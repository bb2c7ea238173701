#include "conda/channel_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <set>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::int64_t state_version = 2;
constexpr std::string_view index_suffix = ".index";
constexpr std::string_view shards_suffix = ".shards";
constexpr std::array<std::string_view, 3> form_names = {"shards", "zst", "json"};

Json to_json(const std::string& url, const CachedSubdir& state);
std::optional<CachedSubdir> from_json(const std::string& url, const Json& json);
std::optional<PageForm> parse_form(std::string_view text);

} // namespace

std::optional<CachedSubdir> ChannelCache::state(const std::string& url) const {
    const std::filesystem::path path = folder_of(url) / "state.json";
    const std::optional<std::string> text = read_file_if_present(path);
    if (!text) {
        return std::nullopt;
    }
    // A damaged file is an absent one: the page is fetched again.
    try {
        return from_json(url, parse_json(*text, path.string()));
    } catch (const Error&) {
        return std::nullopt;
    }
}

void ChannelCache::store_state(const std::string& url, const CachedSubdir& state) const {
    write_file(folder_of(url) / "state.json", to_text(to_json(url, state), 1) + "\n",
               Durability::cached);
}

std::string
ChannelCache::store_index(const std::string& url,
                          const std::function<std::string(const IndexWriter::Sink&)>& write) const {
    const std::filesystem::path folder = folder_of(url);
    std::filesystem::create_directories(folder);
    // One process writes at a time, so that what a crash leaves is written over by the next.
    const FileLock lock(folder / "lock", LockKind::exclusive);
    const std::filesystem::path draft = folder / "draft";
    try {
        Fd file = open_file(draft, O_WRONLY | O_CREAT | O_TRUNC);
        std::string content =
            write([&](std::string_view bytes) { write_all(file.get(), bytes, draft.string()); });
        const std::filesystem::path place = folder / (content + std::string(index_suffix));
        if (::close(file.release()) != 0 || ::rename(draft.c_str(), place.c_str()) != 0) {
            throw_system_error("cannot write a file", place.string(), errno);
        }
        return content;
    } catch (...) {
        ::unlink(draft.c_str());
        throw;
    }
}

std::string ChannelCache::store_shard_page(const std::string& url, std::string_view bytes) const {
    std::string content = sha256_of(bytes).hex();
    write_file(folder_of(url) / (content + std::string(shards_suffix)), bytes, Durability::cached);
    return content;
}

std::optional<IndexFile> ChannelCache::index(const std::string& url,
                                             const std::string& content) const {
    return IndexFile::open(folder_of(url) / (content + std::string(index_suffix)));
}

std::optional<std::string> ChannelCache::shard_page(const std::string& url,
                                                    const std::string& content) const {
    std::optional<std::string> bytes =
        read_file_if_present(folder_of(url) / (content + std::string(shards_suffix)));
    return bytes && sha256_of(*bytes).hex() == content ? std::move(bytes) : std::nullopt;
}

std::optional<IndexFile> ChannelCache::shard(const std::string& url, const Sha256& sha256) const {
    return IndexFile::open(folder_of(url) / "shards" / sha256.hex());
}

void ChannelCache::store_shard(const std::string& url, const Sha256& sha256,
                               std::string_view bytes) const {
    write_file(folder_of(url) / "shards" / sha256.hex(), bytes, Durability::cached);
}

void ChannelCache::remove_old(const std::string& url, const std::string& content,
                              const ShardIndex* shards) const {
    std::set<std::string> kept;
    if (shards != nullptr) {
        for (const ShardIndex::Entry& entry : shards->entries) {
            kept.insert(entry.sha256.hex());
        }
    }
    const auto remove_others = [](const std::filesystem::path& folder, const auto& is_old) {
        std::error_code failure; // what cannot be removed is in nobody's way
        for (std::filesystem::directory_iterator entry(folder, failure), end;
             !failure && entry != end; entry.increment(failure)) {
            std::error_code ignored;
            if (is_old(entry->path().filename().string())) {
                std::filesystem::remove(entry->path(), ignored);
            }
        }
    };
    const std::filesystem::path folder = folder_of(url);
    remove_others(folder, [&content](const std::string& name) {
        return (name.ends_with(index_suffix) || name.ends_with(shards_suffix)) &&
               !name.starts_with(content + ".");
    });
    remove_others(folder / "shards", [&kept](const std::string& name) {
        return Sha256::parse(name) && !kept.contains(name); // never what another one is writing
    });
}

void ChannelCache::forget(const std::string& url) const {
    std::error_code ignored;
    std::filesystem::remove(folder_of(url) / "state.json", ignored);
}

/// Named by the URL's digest, which is a file name whatever the URL holds. The state repeats the
/// URL, so that no clash of shortened names goes unseen.
std::filesystem::path ChannelCache::folder_of(const std::string& url) const {
    return folder_ / sha256_of(url).hex().substr(0, 16);
}

namespace {

Json to_json(const std::string& url, const CachedSubdir& state) {
    Json::Object out{{"version", state_version},
                     {"url", url},
                     {"fetched", state.fetched_nanoseconds},
                     {"fresh-until", state.fresh_until_nanoseconds},
                     {"searched", state.searched_nanoseconds},
                     {"etag", state.etag},
                     {"last-modified", state.last_modified},
                     {"content", state.content},
                     {"base-url", state.base_url}};
    if (state.form) {
        out.emplace("form", form_names[static_cast<std::size_t>(*state.form)]);
    }
    return out;
}

std::optional<CachedSubdir> from_json(const std::string& url, const Json& json) {
    const Json* const version = json.find("version");
    if (version == nullptr || *version != Json(state_version) || json.text("url") != url) {
        return std::nullopt;
    }
    CachedSubdir state{.form = std::nullopt,
                       .fetched_nanoseconds = json.number("fetched"),
                       .fresh_until_nanoseconds = json.number("fresh-until"),
                       .searched_nanoseconds = json.number("searched"),
                       .etag = json.text("etag"),
                       .last_modified = json.text("last-modified"),
                       .content = json.text("content"),
                       .base_url = json.text("base-url")};
    if (std::min({state.fetched_nanoseconds, state.fresh_until_nanoseconds,
                  state.searched_nanoseconds}) < 0) {
        return std::nullopt;
    }
    if (json.find("form") == nullptr) {
        return state;
    }
    state.form = parse_form(json.text("form"));
    const bool is_sound = state.form && Sha256::parse(state.content);
    return is_sound ? std::optional(std::move(state)) : std::nullopt;
}

std::optional<PageForm> parse_form(std::string_view text) {
    const auto* const found = std::find(form_names.begin(), form_names.end(), text);
    return found == form_names.end()
               ? std::nullopt
               : std::optional(static_cast<PageForm>(found - form_names.begin()));
}

} // namespace

} // namespace envpm::conda
