#include "conda/block_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <set>
#include <tuple>

namespace envpm::conda {

namespace {

constexpr std::int64_t last_second = 253402300799; // of the year 9999; larger is milliseconds
constexpr std::size_t longest_shown = 60;
constexpr std::string_view pypi_purl = "pkg:pypi/";

std::string file_name_of(std::string_view name, std::string_view version, std::string_view build,
                         ArchiveName::Container container);
std::string shown(std::string_view text);
template <class T> void append(std::string& out, const std::vector<T>& items);

} // namespace

void BlockBuilder::add(const ArchiveName& parts, const RawRecord& raw) {
    if (const std::string why = judge(parts, raw); !why.empty()) {
        add_unusable(file_name_of(name_, parts.version, parts.build, parts.container), why);
        return;
    }
    pack(parts, raw);
}

void BlockBuilder::remove(const ArchiveName& parts) {
    removed_.push_back({{std::string(parts.version), std::string(parts.build)}, parts.container});
}

void BlockBuilder::add_unusable(std::string_view file_name, std::string_view why) {
    if (unusable_.size() < 2 * most_unusable) {
        unusable_.push_back(texts_.add(file_name));
        unusable_.push_back(texts_.add(why));
    }
}

std::string BlockBuilder::finish() {
    drop_removed();
    drop_doubles();
    const BlockHead head{static_cast<std::uint32_t>(records_.size()),
                         static_cast<std::uint32_t>(numbers_.size()),
                         static_cast<std::uint32_t>(texts_.ends().size()),
                         static_cast<std::uint32_t>(unusable_.size() / 2)};
    std::string out;
    out.reserve(sizeof(head) + records_.size() * sizeof(PackedRecord) +
                (numbers_.size() + texts_.ends().size() + unusable_.size()) *
                    sizeof(std::uint32_t) +
                texts_.text().size());
    out.append(reinterpret_cast<const char*>(&head), sizeof(head));
    append(out, records_);
    append(out, numbers_);
    append(out, texts_.ends());
    append(out, unusable_);
    out += texts_.text();
    return out;
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

void BlockBuilder::drop_removed() {
    std::set<std::tuple<std::uint32_t, std::uint32_t, bool>> gone;
    for (const auto& [texts, container] : removed_) {
        const auto version = texts_.find(texts.first);
        const auto build = texts_.find(texts.second);
        if (version && build) {
            gone.emplace(*version, *build, container == ArchiveName::Container::conda);
        }
    }
    if (gone.empty()) {
        return;
    }
    std::vector<bool> is_dropped(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const PackedRecord& record = records_[i];
        const bool is_conda = (record.flags & PackedRecord::is_conda) != 0;
        if (gone.contains({record.version, record.build, is_conda})) {
            is_dropped[i] = true;
            const auto container =
                is_conda ? ArchiveName::Container::conda : ArchiveName::Container::tar_bz2;
            const std::string file_name =
                file_name_of(name_, std::string(texts_[record.version]),
                             std::string(texts_[record.build]), container);
            add_unusable(file_name, "the channel has removed it");
        }
    }
    drop(is_dropped);
}

/// Leaves one file of each version and build.
void BlockBuilder::drop_doubles() {
    struct Place {
        std::uint64_t version_and_build;
        std::uint64_t preference; ///< the container, then the later one

        auto operator<=>(const Place&) const = default;
    };

    std::vector<Place> places;
    places.reserve(records_.size());
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const PackedRecord& record = records_[i];
        const std::uint64_t is_conda = record.flags & PackedRecord::is_conda;
        places.push_back(
            {std::uint64_t{record.version} << 32U | record.build, is_conda << 32U | i});
    }
    std::sort(places.begin(), places.end());
    std::vector<bool> is_dropped(records_.size());
    bool drops_any = false;
    for (std::size_t i = 1; i < places.size(); ++i) {
        if (places[i - 1].version_and_build == places[i].version_and_build) {
            is_dropped[places[i - 1].preference & UINT32_MAX] = true;
            drops_any = true;
        }
    }
    if (drops_any) {
        drop(is_dropped);
    }
}

void BlockBuilder::drop(const std::vector<bool>& is_dropped) {
    std::vector<PackedRecord> records;
    std::vector<std::uint32_t> numbers;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const PackedRecord& record = records_[i];
        const std::size_t end = begin + record.depends + record.constrains + record.pypi_names;
        if (!is_dropped[i]) {
            records.push_back(record);
            numbers.insert(numbers.end(), numbers_.begin() + static_cast<std::ptrdiff_t>(begin),
                           numbers_.begin() + static_cast<std::ptrdiff_t>(end));
        }
        begin = end;
    }
    records_ = std::move(records);
    numbers_ = std::move(numbers);
}

namespace {

std::string file_name_of(std::string_view name, std::string_view version, std::string_view build,
                         ArchiveName::Container container) {
    return fmt::format("{}-{}-{}{}", name, version, build,
                       container == ArchiveName::Container::conda ? ".conda" : ".tar.bz2");
}

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
