#include "conda/block.h"

#include "conda/block_layout.h"

#include <cstring>
#include <set>
#include <unordered_map>
#include <utility>

namespace envpm::conda {

namespace {

constexpr std::string_view conda_suffix = ".conda";
constexpr std::string_view tar_suffix = ".tar.bz2";

/// Reads one block; what goes beyond its end, or makes no sense, spoils it.
class BlockReader {
  public:
    BlockReader(std::string_view block, const BlockPlace& place)
        : rest_(block),
          place_(place) {}

    /// Adds to what earlier blocks gave; false if this one is damaged.
    bool read(NameRecords& out, std::set<std::string>& removed);

  private:
    bool divide();
    std::optional<Record> record(std::size_t index);
    std::vector<std::string> list(std::uint32_t count);
    std::string text(std::uint32_t number);
    const Version* version(std::uint32_t number);
    std::string_view take(std::uint64_t count, std::size_t size_bytes);
    std::uint32_t number_at(std::string_view numbers, std::size_t index);

    std::string_view rest_;
    const BlockPlace& place_;
    BlockHead head_;
    std::string_view records_;
    std::string_view numbers_;
    std::string_view ends_;
    std::string_view unusable_;
    std::string_view removed_;
    std::string_view texts_;
    std::size_t next_number_ = 0;
    std::unordered_map<std::uint32_t, Version> versions_;
    bool is_good_ = true;
};

std::string hex_of(const std::array<std::uint8_t, 16>& bytes);
void leave_best(NameRecords& found, const std::set<std::string>& removed);
bool is_conda(const Record& record);

} // namespace

std::optional<NameRecords> read_blocks(std::span<const std::string_view> blocks,
                                       const BlockPlace& place) {
    NameRecords out;
    std::set<std::string> removed;
    for (const std::string_view block : blocks) {
        if (!BlockReader(block, place).read(out, removed)) {
            return std::nullopt;
        }
    }
    leave_best(out, removed);
    return out;
}

namespace {

bool BlockReader::read(NameRecords& out, std::set<std::string>& removed) {
    if (!divide()) {
        return false;
    }
    out.records.reserve(out.records.size() + head_.records);
    for (std::size_t i = 0; i < head_.records; ++i) {
        std::optional<Record> one = record(i);
        if (!one || !is_good_) {
            return false;
        }
        out.records.push_back(std::move(*one));
    }
    for (std::size_t i = 0; i < head_.unusable && out.unusable.size() < most_unusable; ++i) {
        out.unusable.push_back(
            {text(number_at(unusable_, 2 * i)), text(number_at(unusable_, 2 * i + 1))});
    }
    for (std::size_t i = 0; i < head_.removed; ++i) {
        removed.insert(text(number_at(removed_, i)));
    }
    return is_good_ && next_number_ == head_.numbers;
}

/// Cuts the block into its parts.
bool BlockReader::divide() {
    const std::string_view head = take(1, sizeof(BlockHead));
    if (!is_good_) {
        return false;
    }
    std::memcpy(&head_, head.data(), sizeof(head_));
    records_ = take(head_.records, sizeof(PackedRecord));
    numbers_ = take(head_.numbers, sizeof(std::uint32_t));
    ends_ = take(head_.texts, sizeof(std::uint32_t));
    unusable_ = take(head_.unusable, 2 * sizeof(std::uint32_t));
    removed_ = take(head_.removed, sizeof(std::uint32_t));
    texts_ = rest_;
    return is_good_;
}

std::string_view BlockReader::take(std::uint64_t count, std::size_t size_bytes) {
    const std::uint64_t bytes = count * size_bytes; // of 32 bits by at most 104: no overflow
    is_good_ = is_good_ && bytes <= rest_.size();
    if (!is_good_) {
        return {};
    }
    const std::string_view part = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return part;
}

std::optional<Record> BlockReader::record(std::size_t index) {
    PackedRecord packed;
    std::memcpy(&packed, records_.data() + index * sizeof(packed), sizeof(packed));
    const Version* const parsed = version(packed.version);
    if (parsed == nullptr || packed.noarch > static_cast<std::uint8_t>(Noarch::python) ||
        packed.flags > PackedRecord::all) {
        return std::nullopt;
    }
    Record out{.name = place_.name,
               .version_text = text(packed.version),
               .build = text(packed.build),
               .version = *parsed,
               .build_number = packed.build_number,
               .subdir = place_.subdir,
               .file_name = {},
               .url = {},
               .depends = list(packed.depends),
               .constrains = list(packed.constrains),
               .track_features = packed.track_features,
               .timestamp_ms = std::nullopt,
               .size_bytes = packed.size_bytes,
               .sha256 = Sha256(packed.sha256),
               .md5 = {},
               .noarch = static_cast<Noarch>(packed.noarch),
               .python_site_packages_path = text(packed.python_site_packages_path),
               .pypi_names = list(packed.pypi_names),
               .license = text(packed.license)};
    if ((packed.flags & PackedRecord::has_timestamp) != 0) {
        out.timestamp_ms = packed.timestamp_ms;
    }
    if ((packed.flags & PackedRecord::has_md5) != 0) {
        out.md5 = hex_of(packed.md5);
    }
    const std::string_view suffix =
        (packed.flags & PackedRecord::is_conda) != 0 ? conda_suffix : tar_suffix;
    out.file_name.reserve(out.name.size() + out.version_text.size() + out.build.size() + 10);
    out.file_name.append(out.name).append("-").append(out.version_text).append("-");
    out.file_name.append(out.build).append(suffix);
    out.url.reserve(place_.base_url.size() + out.file_name.size());
    out.url.append(place_.base_url).append(out.file_name);
    return out;
}

/// The next texts of the current record.
std::vector<std::string> BlockReader::list(std::uint32_t count) {
    std::vector<std::string> out;
    is_good_ = is_good_ && count <= head_.numbers - next_number_;
    if (!is_good_) {
        return out;
    }
    out.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        out.push_back(text(number_at(numbers_, next_number_++)));
    }
    return out;
}

std::string BlockReader::text(std::uint32_t number) {
    if (number >= head_.texts) {
        is_good_ = false;
        return {};
    }
    const std::uint32_t begin = number == 0 ? 0 : number_at(ends_, number - 1);
    const std::uint32_t end = number_at(ends_, number);
    if (begin > end || end > texts_.size()) {
        is_good_ = false;
        return {};
    }
    return std::string(texts_.substr(begin, end - begin));
}

/// Each text is parsed once; null if it is no version.
const Version* BlockReader::version(std::uint32_t number) {
    const auto known = versions_.find(number);
    if (known != versions_.end()) {
        return &known->second;
    }
    std::optional<Version> parsed = Version::parse(text(number));
    return parsed ? &versions_.emplace(number, std::move(*parsed)).first->second : nullptr;
}

std::uint32_t BlockReader::number_at(std::string_view numbers, std::size_t index) {
    std::uint32_t number = 0;
    std::memcpy(&number, numbers.data() + index * sizeof(number), sizeof(number));
    return number;
}

std::string hex_of(const std::array<std::uint8_t, 16>& bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const unsigned byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

void leave_best(NameRecords& found, const std::set<std::string>& removed) {
    const auto stem = [](const Record& record) {
        const std::size_t suffix = is_conda(record) ? conda_suffix.size() : tar_suffix.size();
        return std::string_view(record.file_name).substr(0, record.file_name.size() - suffix);
    };
    std::unordered_map<std::string_view, std::size_t> best;
    best.reserve(found.records.size());
    std::vector<bool> is_left(found.records.size());
    for (std::size_t i = 0; i < found.records.size(); ++i) {
        const Record& record = found.records[i];
        if (removed.contains(record.file_name)) {
            continue;
        }
        const auto [known, is_new] = best.try_emplace(stem(record), i);
        if (is_new || is_conda(record) || !is_conda(found.records[known->second])) {
            is_left[known->second] = false;
            is_left[i] = true;
            known->second = i;
        }
    }
    // Most have no record any more, so what is wrong with a record stands behind them.
    const std::size_t room = most_unusable - std::min(found.unusable.size(), most_unusable);
    std::vector<Unusable> taken_back;
    for (const std::string& file_name : removed) {
        if (taken_back.size() < room) {
            taken_back.push_back({file_name, "the channel has removed it"});
        }
    }
    found.unusable.insert(found.unusable.begin(), taken_back.begin(), taken_back.end());
    std::vector<Record> left;
    left.reserve(best.size());
    for (std::size_t i = 0; i < found.records.size(); ++i) {
        if (is_left[i]) {
            left.push_back(std::move(found.records[i]));
        }
    }
    found.records = std::move(left);
}

bool is_conda(const Record& record) {
    return record.file_name.ends_with(conda_suffix);
}

} // namespace

} // namespace envpm::conda
