#include "conda/block_builder.h"

#include "conda/block.h"
#include "model/lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace envpm::conda {

namespace {

constexpr std::int64_t last_second = 253402300799; // of the year 9999; larger is milliseconds
constexpr std::size_t longest_shown = 60;
constexpr std::string_view pypi_purl = "pkg:pypi/";

std::string shown(std::string_view text);
template <class T> void append(std::string& out, const std::vector<T>& items);

} // namespace

void BlockBuilder::begin(std::string_view name) {
    name_ = name;
    texts_.clear();
    records_.clear();
    numbers_.clear();
    unusable_.clear();
    removed_.clear();
}

void BlockBuilder::add(const ArchiveName& parts, const RawRecord& raw) {
    if (const std::string why = judge(parts, raw); !why.empty()) {
        const bool is_conda = parts.container == ArchiveName::Container::conda;
        add_unusable(fmt::format("{}-{}-{}{}", name_, parts.version, parts.build,
                                 is_conda ? ".conda" : ".tar.bz2"),
                     why);
        return;
    }
    pack(parts, raw);
}

void BlockBuilder::remove(std::string_view file_name) {
    removed_.push_back(texts_.add(file_name));
}

void BlockBuilder::add_unusable(std::string_view file_name, std::string_view why) {
    if (unusable_.size() < 2 * most_unusable) {
        unusable_.push_back(texts_.add(file_name));
        unusable_.push_back(texts_.add(why));
    }
}

std::string_view BlockBuilder::finish() {
    const auto count = [](const auto& items) { return static_cast<std::uint32_t>(items.size()); };
    const BlockHead head{count(records_), count(numbers_), count(texts_.ends()),
                         count(unusable_) / 2, count(removed_)};
    block_.assign(reinterpret_cast<const char*>(&head), sizeof(head));
    append(block_, records_);
    append(block_, numbers_);
    append(block_, texts_.ends());
    append(block_, unusable_);
    append(block_, removed_);
    block_ += texts_.text();
    return block_;
}

std::string BlockBuilder::judge(const ArchiveName& parts, const RawRecord& raw) {
    const auto differs = [](std::string_view what, std::string_view said) {
        return fmt::format("it says that its {} is `{}`, its file name says otherwise", what,
                           shown(said));
    };
    if (raw.is_revoked) {
        return "the channel has revoked it";
    }
    if (!raw.fault.empty()) {
        return std::string(raw.fault);
    }
    if (raw.name != name_) {
        return differs("name", raw.name);
    }
    if (raw.version != parts.version) {
        return differs("version", raw.version);
    }
    if (raw.build != parts.build) {
        return differs("build", raw.build);
    }
    if (!raw.subdir.empty() && raw.subdir != subdir_) {
        return fmt::format("it says that it belongs to `{}`, but lies in `{}`", shown(raw.subdir),
                           subdir_);
    }
    if (!is_version(raw.version)) {
        return fmt::format("`{}` is no version", shown(raw.version));
    }
    if (!raw.sha256) {
        return "it has no sha256";
    }
    if (!raw.size_bytes) {
        return "it has no size";
    }
    if (*raw.size_bytes == 0 || *raw.size_bytes > largest_archive_bytes) {
        return "it has a size that no archive has";
    }
    return {};
}

bool BlockBuilder::is_version(std::string_view text) {
    if (text != last_version_) {
        last_version_ = text;
        is_last_version_good_ = Version::parse(text).has_value();
    }
    return is_last_version_good_;
}

void BlockBuilder::pack(const ArchiveName& parts, const RawRecord& raw) {
    PackedRecord packed;
    packed.sha256 = raw.sha256->bytes();
    packed.size_bytes = *raw.size_bytes;
    packed.build_number = raw.build_number.value_or(0);
    packed.version = texts_.add(raw.version);
    packed.build = texts_.add(raw.build);
    packed.license = texts_.add(raw.license);
    packed.python_site_packages_path = texts_.add(raw.python_site_packages_path);
    packed.track_features = raw.track_features;
    packed.noarch = static_cast<std::uint8_t>(raw.noarch);
    if (parts.container == ArchiveName::Container::conda) {
        packed.flags |= PackedRecord::is_conda;
    }
    if (raw.md5) {
        packed.flags |= PackedRecord::has_md5;
        packed.md5 = *raw.md5;
    }
    if (raw.timestamp && *raw.timestamp >= 0) {
        packed.flags |= PackedRecord::has_timestamp;
        packed.timestamp_ms = *raw.timestamp > last_second ? *raw.timestamp : *raw.timestamp * 1000;
    }
    packed.depends = static_cast<std::uint32_t>(raw.depends.size());
    packed.constrains = static_cast<std::uint32_t>(raw.constrains.size());
    add_list(raw.depends);
    add_list(raw.constrains);
    packed.pypi_names = add_pypi_names(raw);
    records_.push_back(packed);
}

void BlockBuilder::add_list(const std::vector<std::string_view>& texts) {
    for (const std::string_view text : texts) {
        numbers_.push_back(texts_.add(text));
    }
}

/// "pkg:pypi/NAME@VERSION?…" (the package URL specification).
std::uint16_t BlockBuilder::add_pypi_names(const RawRecord& raw) {
    std::size_t count = 0;
    for (std::string_view purl : raw.purls) {
        if (!purl.starts_with(pypi_purl) || count == std::numeric_limits<std::uint16_t>::max()) {
            continue;
        }
        purl.remove_prefix(pypi_purl.size());
        purl = purl.substr(0, purl.find_first_of("@?#/%"));
        if (!purl.empty()) {
            numbers_.push_back(texts_.add(purl));
            ++count;
        }
    }
    return static_cast<std::uint16_t>(count);
}

namespace {

/// A channel's text within a message: printable and short.
std::string shown(std::string_view text) {
    std::string out(text.substr(0, longest_shown));
    std::replace_if(
        out.begin(), out.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '`'; }, '?');
    return text.size() > longest_shown ? out + "..." : out;
}

template <class T> void append(std::string& out, const std::vector<T>& items) {
    if (!items.empty()) {
        out.append(reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T));
    }
}

} // namespace

} // namespace envpm::conda
