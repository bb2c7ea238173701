#pragma once

#include "base/source_location.h"
#include "model/cuda_version.h"
#include "model/remark.h"
#include "model/target.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace envpm::importers {

/// A match spec, in the words of its file: conda's language is not understood here.
struct ImportedSpec {
    std::string text;
    SourceLocation location;
    std::optional<Platform> platform = {}; ///< it counts there only
    bool is_pin = false; ///< a URL that stands for one exact build; its hash and place do not count
};

/// A requirement that wheels meet, in the language of PEP 508.
struct ImportedWheel {
    std::string text;
    SourceLocation location;
    std::optional<Platform> platform = {};
    std::string index_url = {}; ///< the only index that may serve it
    bool is_pin = false;        ///< `name==version`: the one that the file's tool installs
};

struct ImportedIndex {
    std::string url;
    SourceLocation location;
    bool is_default = false; ///< in place of PyPI
};

/// As the file calls it: a name, `defaults`, a URL, a path.
struct ImportedChannel {
    std::string text;
    SourceLocation location;
};

struct ImportedText {
    std::string name;
    std::string text;
    SourceLocation location;
};

/// What a file of another tool says, in its order, and what of it has no place in an envpm.toml.
struct Imported {
    std::optional<ImportedText> name;
    std::vector<ImportedChannel> channels;
    bool has_flexible_channels = false;
    std::vector<ImportedSpec> specs;
    std::vector<ImportedWheel> wheels;
    std::vector<ImportedIndex> indexes;
    std::vector<Target> targets;       ///< named like their platforms; none: the file does not say
    std::optional<GlibcVersion> glibc; ///< that every machine has at least
    std::optional<CudaVersion> driver_cuda; ///< that the driver of every machine runs
    std::vector<ImportedText> tasks;
    std::vector<ImportedText> variables; ///< in envpm's form, where `$NAME` is replaced
    std::optional<ImportedText> exclude_newer;
    bool allows_prereleases = false;
    Remarks remarks;

    void leave(const SourceLocation& location, std::string what, std::string why) {
        remarks.left.push_back({location, std::move(what), std::move(why)});
    }

    void change(const SourceLocation& location, std::string what, std::string why) {
        remarks.changed.push_back({location, std::move(what), std::move(why)});
    }
};

} // namespace envpm::importers
