#pragma once

#include "base/hash.h"
#include "base/json.h"
#include "base/zstd_writer.h"
#include "conda/block.h"
#include "conda/index_file.h"
#include "conda/repodata.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// For tests only: pages of channels, made up.

namespace envpm::conda::test {

/// An entry that is in order, and the name of its file.
struct Entry {
    std::string file_name;
    Json::Object record;
};

inline Entry entry(const std::string& name, const std::string& version = "1.0",
                   const std::string& build = "h1_0", const std::string& suffix = ".conda") {
    const std::string file_name = name + "-" + version + "-" + build + suffix;
    return {file_name,
            {{"name", name},
             {"version", version},
             {"build", build},
             {"build_number", 0},
             {"depends", Json::Array{}},
             {"md5", std::string(32, 'a')},
             {"sha256", sha256_of(file_name).hex()},
             {"size", 1000},
             {"subdir", "linux-64"}}};
}

/// The same entry with other members; those that are null are left out.
inline Entry with(Entry one, const Json::Object& changes) {
    for (const auto& [key, value] : changes) {
        if (value.is_null()) {
            one.record.erase(key);
        } else {
            one.record[key] = value;
        }
    }
    return one;
}

/// A repodata.json, or the same content of a shard, as a value; the `.conda` entries by themselves.
inline Json::Object page(const std::vector<Entry>& entries, const Json::Object& more = {}) {
    Json::Object packages;
    Json::Object conda;
    for (const Entry& one : entries) {
        (one.file_name.ends_with(".conda") ? conda : packages)[one.file_name] = one.record;
    }
    Json::Object out{{"packages", packages}, {"packages.conda", conda}};
    for (const auto& [key, value] : more) {
        out[key] = value;
    }
    return out;
}

inline std::string repodata(const std::vector<Entry>& entries, const Json::Object& more = {}) {
    return to_text(Json(page(entries, more)));
}

/// MessagePack of the value, digests as bytes where `sha256` and `md5` say so (CEP 16).
std::string packed(const Json& value, std::string_view key = {});

/// What an index of shards has: the shards' compressed bytes by name.
std::string packed_shards(const std::map<std::string, std::string>& shards, const Json& info);

/// Reads a page as it is, into what `name` has in it.
inline std::string index_of(const std::string& text, const std::string& subdir = "linux-64",
                            Repodata* out = nullptr) {
    std::string index;
    std::string_view rest = text;
    PageWalk walk(
        [&rest](std::span<char> bytes) {
            const std::size_t count = rest.copy(bytes.data(), bytes.size());
            rest.remove_prefix(count);
            return count;
        },
        "https://example.org/page");
    Repodata read = read_repodata(std::move(walk), subdir,
                                  [&index](std::string_view piece) { index += piece; });
    if (out != nullptr) {
        *out = std::move(read);
    }
    return index;
}

inline NameRecords records_of(const std::string& index, const std::string& name,
                              const std::string& subdir = "linux-64") {
    const std::optional<IndexView> view = IndexView::open(index);
    EXPECT_TRUE(view.has_value());
    const IndexView::Range range = view->find(name);
    std::vector<std::string_view> blocks;
    for (std::size_t i = range.begin; i < range.end; ++i) {
        blocks.push_back(view->block(i).value());
    }
    return read_blocks(blocks, {name, subdir, "https://example.org/c/" + subdir + "/"}).value();
}

} // namespace envpm::conda::test
