#include "conda/shard.h"

#include "base/error.h"
#include "conda/archive_name.h"
#include "conda/block_builder.h"
#include "conda/msgpack.h"
#include "conda/raw_record.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace envpm::conda {

namespace {

using Kind = PackedValue::Kind;

/// Values of a wrong kind spoil their entry only, and are skipped.
class ShardReader {
  public:
    ShardReader(std::string_view bytes, const ShardPlace& place)
        : place_(place),
          reader_(bytes, place.url),
          builder_(place.subdir) {
        builder_.begin(place.name);
    }

    std::string read();

  private:
    void read_packages();
    void read_removed();
    void read_record();
    void read_field(std::string_view key);
    bool read_number_or_flag(std::string_view key, const PackedValue& value);
    void read_digest(std::string_view key, const PackedValue& value);
    void read_text_or_list(std::string_view key, const PackedValue& value);
    void read_list(const PackedValue& head, std::vector<std::string_view>& list,
                   std::string_view fault);
    void read_features(const PackedValue& value);
    void read_noarch(const PackedValue& value);
    std::string_view text_of(const PackedValue& value, std::string_view fault);
    void spoil(std::string_view fault);

    const ShardPlace& place_;
    MsgpackReader reader_;
    BlockBuilder builder_;
    RawRecord record_;
};

void read_info(MsgpackReader& reader, const std::string& subdir, ShardIndex& index);
void read_entries(MsgpackReader& reader, ShardIndex& index);
std::uint64_t pairs_of(MsgpackReader& reader, const char* complaint);
std::string_view key_of(MsgpackReader& reader);

} // namespace

const ShardIndex::Entry* ShardIndex::find(std::string_view name) const {
    const auto found =
        std::lower_bound(entries.begin(), entries.end(), name,
                         [](const Entry& entry, std::string_view to) { return entry.name < to; });
    return found != entries.end() && found->name == name ? &*found : nullptr;
}

ShardIndex read_shard_index(std::string_view page, const std::string& subdir,
                            const std::string& url) {
    constexpr const char* other_page = "the answer is MessagePack, but no index of shards";
    MsgpackReader reader(page, url);
    ShardIndex index;
    bool has_shards = false;
    for (std::uint64_t left = pairs_of(reader, other_page); left > 0; --left) {
        const std::string_view key = key_of(reader);
        if (key == "info") {
            read_info(reader, subdir, index);
        } else if (key == "shards") {
            read_entries(reader, index);
            has_shards = true;
        } else {
            const PackedValue value = reader.next();
            if (key == "version" && !(value.is(Kind::number) && value.number == 1)) {
                reader.refuse("the index of shards is of a version that envpm does not know");
            }
            reader.skip_content(value);
        }
    }
    if (!has_shards) {
        reader.refuse(other_page);
    }
    if (!reader.is_at_end()) {
        reader.refuse("the index of shards is damaged: something follows its end");
    }
    std::sort(index.entries.begin(), index.entries.end(),
              [](const auto& one, const auto& other) { return one.name < other.name; });
    return index;
}

std::string read_shard(std::string_view shard, const ShardPlace& place) {
    return ShardReader(shard, place).read();
}

namespace {

std::string ShardReader::read() {
    for (std::uint64_t left = pairs_of(reader_, "the answer is MessagePack, but no shard");
         left > 0; --left) {
        const std::string_view key = key_of(reader_);
        if (key == "packages" || key == "packages.conda") {
            read_packages();
        } else if (key == "removed") {
            read_removed();
        } else {
            reader_.skip_content(reader_.next());
        }
    }
    if (!reader_.is_at_end()) {
        reader_.refuse("the shard is damaged: something follows its end");
    }
    return std::string(builder_.finish());
}

void ShardReader::read_packages() {
    for (std::uint64_t left = pairs_of(reader_, "the answer is MessagePack, but no shard");
         left > 0; --left) {
        const std::string_view file_name = key_of(reader_);
        record_.clear();
        read_record();
        const std::optional<ArchiveName> parts = ArchiveName::parse(file_name);
        if (parts && parts->name == place_.name) {
            builder_.add(*parts, record_);
        } else if (parts) {
            builder_.add_unusable(file_name, "it lies among the files of another name");
        }
    }
}

void ShardReader::read_removed() {
    const PackedValue head = reader_.next();
    if (!head.is(Kind::list)) {
        reader_.skip_content(head);
        return;
    }
    for (std::uint64_t left = head.number; left > 0; --left) {
        const PackedValue value = reader_.next();
        reader_.skip_content(value);
        const std::optional<ArchiveName> parts =
            value.is(Kind::text) ? ArchiveName::parse(value.bytes) : std::nullopt;
        if (parts && parts->name == place_.name) {
            builder_.remove(value.bytes);
        }
    }
}

void ShardReader::read_record() {
    const PackedValue head = reader_.next();
    if (!head.is(Kind::map)) {
        spoil("its entry is no map");
        reader_.skip_content(head);
        return;
    }
    for (std::uint64_t left = head.number; left > 0; --left) {
        read_field(key_of(reader_));
    }
}

void ShardReader::read_field(std::string_view key) {
    const PackedValue value = reader_.next();
    if (key == "depends") {
        read_list(value, record_.depends, "its `depends` is no list of texts");
    } else if (key == "constrains") {
        read_list(value, record_.constrains, "its `constrains` is no list of texts");
    } else if (key == "purls") {
        read_list(value, record_.purls, {});
    } else if (key == "track_features") {
        read_features(value);
    } else {
        if (key == "sha256" || key == "md5") {
            read_digest(key, value);
        } else if (!read_number_or_flag(key, value)) {
            read_text_or_list(key, value);
        }
        reader_.skip_content(value);
    }
}

/// False if the key is none of these.
bool ShardReader::read_number_or_flag(std::string_view key, const PackedValue& value) {
    if (key == "size") {
        record_.size_bytes = value.is(Kind::number) ? std::optional(value.number) : std::nullopt;
    } else if (key == "build_number") {
        record_.build_number = value.number;
        if (!value.is(Kind::number)) {
            spoil("its build number is no number");
        }
    } else if (key == "timestamp") {
        if (value.is(Kind::number) && value.number <= INT64_MAX) {
            record_.timestamp = static_cast<std::int64_t>(value.number);
        }
    } else if (key == "revoked") {
        record_.is_revoked = value.is(Kind::flag) && value.number != 0;
    } else {
        return false;
    }
    return true;
}

/// Bytes, says CEP 16; digits are understood too.
void ShardReader::read_digest(std::string_view key, const PackedValue& value) {
    const bool is_sha256 = key == "sha256";
    if (value.is(Kind::text)) {
        is_sha256 ? record_.set_sha256(value.bytes) : record_.set_md5(value.bytes);
        return;
    }
    std::array<std::uint8_t, 32> sha256{};
    std::array<std::uint8_t, 16> md5{};
    if (value.is(Kind::bytes) && is_sha256 && value.bytes.size() == sha256.size()) {
        std::memcpy(sha256.data(), value.bytes.data(), sha256.size());
        record_.sha256 = Sha256(sha256);
    } else if (value.is(Kind::bytes) && !is_sha256 && value.bytes.size() == md5.size()) {
        std::memcpy(md5.data(), value.bytes.data(), md5.size());
        record_.md5 = md5;
    } else if (is_sha256 && !value.is(Kind::nil)) {
        spoil("its sha256 is malformed");
    }
}

void ShardReader::read_text_or_list(std::string_view key, const PackedValue& value) {
    if (key == "name") {
        record_.name = text_of(value, "its name is no text");
    } else if (key == "version") {
        record_.version = text_of(value, "its version is no text");
    } else if (key == "build") {
        record_.build = text_of(value, "its build is no text");
    } else if (key == "subdir") {
        record_.subdir = text_of(value, "its subdir is no text");
    } else if (key == "license") {
        record_.license = text_of(value, {});
    } else if (key == "python_site_packages_path") {
        record_.python_site_packages_path = text_of(value, {});
    } else if (key == "noarch") {
        read_noarch(value);
    }
}

void ShardReader::read_list(const PackedValue& head, std::vector<std::string_view>& list,
                            std::string_view fault) {
    list.clear();
    if (!head.is(Kind::list)) {
        spoil(fault);
        reader_.skip_content(head);
        return;
    }
    for (std::uint64_t left = head.number; left > 0; --left) {
        const PackedValue value = reader_.next();
        reader_.skip_content(value);
        if (value.is(Kind::text)) {
            list.push_back(value.bytes);
        } else {
            spoil(fault);
        }
    }
}

void ShardReader::read_features(const PackedValue& value) {
    record_.track_features = 0;
    if (value.is(Kind::text)) {
        record_.track_features = count_features(value.bytes);
        return;
    }
    std::vector<std::string_view> features;
    read_list(value, features, {});
    for (const std::string_view feature : features) {
        record_.track_features += count_features(feature);
    }
}

void ShardReader::read_noarch(const PackedValue& value) {
    if (value.is(Kind::flag)) {
        record_.noarch = value.number != 0 ? Noarch::generic : Noarch::none;
        return;
    }
    const std::string_view text = text_of(value, {});
    if (const std::optional<Noarch> noarch = parse_noarch(text)) {
        record_.noarch = *noarch;
    } else if (!text.empty()) {
        spoil("its `noarch` is neither `python` nor `generic`");
    }
}

std::string_view ShardReader::text_of(const PackedValue& value, std::string_view fault) {
    if (!value.is(Kind::text)) {
        spoil(fault);
        return {};
    }
    return value.bytes;
}

/// An empty fault is none.
void ShardReader::spoil(std::string_view fault) {
    if (!fault.empty()) {
        record_.fault = fault;
    }
}

void read_info(MsgpackReader& reader, const std::string& subdir, ShardIndex& index) {
    const PackedValue head = reader.next();
    if (!head.is(Kind::map)) {
        reader.skip_content(head);
        return;
    }
    for (std::uint64_t left = head.number; left > 0; --left) {
        const std::string_view key = key_of(reader);
        const PackedValue value = reader.next();
        reader.skip_content(value);
        if (!value.is(Kind::text)) {
            continue;
        }
        if (key == "base_url") {
            index.base_url = value.bytes;
        } else if (key == "shards_base_url") {
            index.shards_base_url = value.bytes;
        } else if (key == "subdir" && value.bytes != subdir) {
            reader.refuse("the page says that it is of another subdir");
        }
    }
}

void read_entries(MsgpackReader& reader, ShardIndex& index) {
    std::array<std::uint8_t, 32> digest{};
    for (std::uint64_t left = pairs_of(reader, "the answer is MessagePack, but no index of shards");
         left > 0; --left) {
        const std::string_view name = key_of(reader);
        const PackedValue value = reader.next();
        const bool is_digest = (value.is(Kind::bytes) && value.bytes.size() == digest.size()) ||
                               (value.is(Kind::text) && read_hex(value.bytes, digest));
        if (!is_digest) {
            reader.refuse("the index of shards is damaged: a name has no sha256");
        }
        if (value.is(Kind::bytes)) {
            std::memcpy(digest.data(), value.bytes.data(), digest.size());
        }
        index.entries.push_back({std::string(name), Sha256(digest)});
    }
}

std::uint64_t pairs_of(MsgpackReader& reader, const char* complaint) {
    const PackedValue head = reader.next();
    if (!head.is(Kind::map)) {
        reader.refuse(complaint);
    }
    return head.number;
}

/// Empty for a key that is no text, which then is none of ours.
std::string_view key_of(MsgpackReader& reader) {
    const PackedValue key = reader.next();
    reader.skip_content(key);
    return key.is(Kind::text) ? key.bytes : std::string_view();
}

} // namespace

} // namespace envpm::conda
