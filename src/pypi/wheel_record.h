#pragma once

#include "base/hash.h"
#include "model/tree.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// One line of a RECORD (PEP 376, PEP 427): a path below site-packages, "sha256=…" and a size. Hash
/// and size are empty for what cannot have them.
struct RecordRow {
    std::string path;
    std::string hash;
    std::string size;

    auto operator<=>(const RecordRow&) const = default;
};

/// Reads RECORD's CSV (quotes as Python's csv module writes them, LF or CRLF). Throws an Error
/// (code 6) with `subject` for a row that has not three fields, or an open quote.
std::vector<RecordRow> parse_record(std::string_view text, const std::string& subject);

/// Sorted by path, LF, quoted only where needed: one text for one set of rows.
std::string record_text(std::vector<RecordRow> rows);

/// "sha256=" and the digest in URL-safe base64 without padding.
std::string record_hash(const Sha256& digest);

/// Every file of the tree is listed with its true sha256 and size, and nothing else is; only RECORD
/// and its signatures (`<dist_info>/RECORD`, `.jws`, `.p7s`) need not be. Throws an Error (code 6)
/// naming the first file that is not so.
void check_record(const std::vector<RecordRow>& rows, const Tree& tree, std::string_view dist_info,
                  const std::string& subject);

} // namespace envpm::pypi
