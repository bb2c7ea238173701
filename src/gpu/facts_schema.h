#pragma once

#include "gpu/facts_rows.h"

#include <string>
#include <vector>

namespace envpm::gpu {

/// How a value is written.
enum class FactKind {
    text,
    texts,
    number,
    numbers,
    texts_by_key, ///< a table of texts
    driver,       ///< "535.104.05"
    cuda,         ///< "12.4"
    toolkit,      ///< "12.4" or "12.4.1"
    ptx,          ///< "8.4"
    capability,   ///< "8.6"
    capabilities, ///< ["sm_86", "compute_90"]
    architecture, ///< 86
    release,      ///< "2.9"
    releases,     ///< "2.9-2.14"
    pythons,      ///< ">=3.10,<=3.14"
};

/// A text may be empty where it is no key: that means unknown, never zero.
enum class FactNeed { key, required, optional };

struct FactColumn {
    std::string name;
    FactKind kind = FactKind::text;
    FactNeed need = FactNeed::required;
};

/// One `[[table]]` of the file. Every row has a `source` besides.
struct FactSchema {
    std::string table;
    std::string about; ///< one line: what its rows say
    Standing standing = Standing::rule;
    std::vector<FactColumn> columns;
};

/// Every table that may stand in the file, besides `[meta]`.
std::vector<FactSchema> fact_schemas();

/// Throws an Error (code 1) that names the place if `value` is not written as `kind` asks. `name`
/// is for the message.
void check_fact(const TomlValue& value, FactKind kind, const std::string& name);

} // namespace envpm::gpu
