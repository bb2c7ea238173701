#include "pypi/wheel_record.h"

#include "base/error.h"
#include "base/sort_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace envpm::pypi {

namespace {

/// For four times as many files as a wheel may have: in memory a row is fifty times a short line.
constexpr std::ptrdiff_t most_line_ends = 2'000'000;
/// Of which three are right; the number is told.
constexpr std::size_t most_fields = 100;

/// Cuts a CSV text into fields. As Python's csv module, a quote counts at a field's beginning only.
class CsvReader {
  public:
    CsvReader(std::string_view text, const std::string& subject)
        : text_(text),
          subject_(subject) {}

    /// The next line that is not empty; no fields at the end.
    std::vector<std::string> row();

  private:
    std::string field();
    std::string quoted_field();
    void skip_line_ends();
    [[nodiscard]] bool at_line_end() const;

    std::string_view text_;
    const std::string& subject_;
    std::size_t position_ = 0;
};

bool is_exempt(std::string_view path, std::string_view dist_info);
void check_row(const RecordRow& row, const TreeFile& file, const std::string& subject);
std::string csv_field(const std::string& text);
[[noreturn]] void refuse(std::string what, const std::string& subject);

} // namespace

std::vector<RecordRow> parse_record(std::string_view text, const std::string& subject) {
    if (std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }) >
        most_line_ends) {
        refuse("RECORD has more than 2,000,000 lines", subject);
    }
    CsvReader reader(text, subject);
    std::vector<RecordRow> rows;
    for (std::vector<std::string> fields = reader.row(); !fields.empty(); fields = reader.row()) {
        if (fields.size() != 3) {
            refuse(fmt::format("line {} of RECORD has {} fields instead of three", rows.size() + 1,
                               fields.size()),
                   subject);
        }
        rows.push_back({std::move(fields[0]), std::move(fields[1]), std::move(fields[2])});
    }
    return rows;
}

std::string record_text(std::vector<RecordRow> rows) {
    sort_runs(rows, std::less<RecordRow>());
    std::string text;
    for (const RecordRow& row : rows) {
        text += csv_field(row.path) + ',' + csv_field(row.hash) + ',' + csv_field(row.size) + '\n';
    }
    return text;
}

std::string record_hash(const Sha256& digest) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string text = "sha256=";
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const std::uint8_t byte : digest.bytes()) {
        bits = (bits << 8U) | byte;
        for (held += 8; held >= 6; held -= 6) {
            text += alphabet[(bits >> (held - 6)) & 63U];
        }
    }
    text += alphabet[(bits << (6 - held)) & 63U];
    return text;
}

void check_record(const std::vector<RecordRow>& rows, const Tree& tree, std::string_view dist_info,
                  const std::string& subject) {
    std::vector<bool> listed(tree.files.size());
    for (const RecordRow& row : rows) {
        if (is_exempt(row.path, dist_info)) {
            continue;
        }
        const auto found = std::lower_bound(tree.files.begin(), tree.files.end(), row.path,
                                            [](const TreeFile& file, const std::string& path) {
                                                return file.path.string() < path;
                                            });
        if (found == tree.files.end() || found->path.string() != row.path) {
            refuse(fmt::format("RECORD lists `{}`, which is not in the wheel", row.path), subject);
        }
        check_row(row, *found, subject);
        listed[static_cast<std::size_t>(found - tree.files.begin())] = true;
    }
    for (std::size_t i = 0; i < listed.size(); ++i) {
        const std::string& path = tree.files[i].path.string();
        if (!listed[i] && !is_exempt(path, dist_info)) {
            refuse(fmt::format("`{}` is not listed in RECORD", path), subject);
        }
    }
}

namespace {

std::vector<std::string> CsvReader::row() {
    skip_line_ends();
    std::vector<std::string> fields;
    if (position_ == text_.size()) {
        return fields;
    }
    fields.push_back(field());
    while (!at_line_end()) {
        ++position_; // the comma that ended the field
        fields.push_back(field());
        if (fields.size() > most_fields) {
            refuse("a line of RECORD has more than 100 fields", subject_);
        }
    }
    return fields;
}

std::string CsvReader::field() {
    if (position_ < text_.size() && text_[position_] == '"') {
        return quoted_field();
    }
    // Not find_first_of, which searches its characters anew for each of the text.
    const char* const begin = text_.begin() + static_cast<std::ptrdiff_t>(position_);
    const char* const end =
        std::find_if(begin, text_.end(), [](char c) { return c == ',' || c == '\r' || c == '\n'; });
    position_ += static_cast<std::size_t>(end - begin);
    return {begin, end};
}

std::string CsvReader::quoted_field() {
    std::string value;
    ++position_;
    while (true) {
        const std::size_t quote = text_.find('"', position_);
        if (quote == std::string_view::npos) {
            refuse("RECORD ends within a quoted field", subject_);
        }
        value += text_.substr(position_, quote - position_);
        position_ = quote + 1;
        if (position_ == text_.size() || text_[position_] != '"') {
            break;
        }
        value += '"';
        ++position_;
    }
    if (!at_line_end() && text_[position_] != ',') {
        refuse("RECORD has text after a quoted field", subject_);
    }
    return value;
}

void CsvReader::skip_line_ends() {
    position_ = std::min(text_.find_first_not_of("\r\n", position_), text_.size());
}

bool CsvReader::at_line_end() const {
    return position_ == text_.size() || text_[position_] == '\r' || text_[position_] == '\n';
}

bool is_exempt(std::string_view path, std::string_view dist_info) {
    if (!path.starts_with(dist_info)) {
        return false;
    }
    const std::string_view rest = path.substr(dist_info.size());
    return rest == "/RECORD" || rest == "/RECORD.jws" || rest == "/RECORD.p7s";
}

void check_row(const RecordRow& row, const TreeFile& file, const std::string& subject) {
    std::string_view hash = row.hash;
    if (!hash.starts_with("sha256=")) {
        refuse(fmt::format("RECORD gives no sha256 of `{}`", row.path), subject);
    }
    while (hash.ends_with('=')) { // padding, which PEP 427 leaves out and old tools wrote
        hash.remove_suffix(1);
    }
    if (hash != record_hash(file.object)) {
        refuse(fmt::format("`{}` is not the file that RECORD says it is", row.path), subject);
    }
    // The digest has proved the bytes; a size that contradicts it is a lie all the same.
    if (!row.size.empty() && row.size != std::to_string(file.size_bytes)) {
        refuse(fmt::format("`{}` has {} bytes, but RECORD says `{}`", row.path, file.size_bytes,
                           row.size),
               subject);
    }
}

std::string csv_field(const std::string& text) {
    const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) {
        return c == ',' || c == '"' || c == '\r' || c == '\n';
    });
    if (is_plain) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c;
        if (c == '"') {
            quoted += c;
        }
    }
    return quoted + '"';
}

void refuse(std::string what, const std::string& subject) {
    throw Error({std::move(what), subject,
                 "the archive is as its index serves it; ask its publisher for a wheel that keeps "
                 "PEP 427"},
                ExitCode::integrity);
}

} // namespace

} // namespace envpm::pypi
