#pragma once

#include "base/hash.h"
#include "base/relative_path.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm {

/// Changes whenever the same packages would be laid out differently; part of the env digest.
inline constexpr int layout_version = 1;

/// Stands for the prefix's own path in generated text, and in the contents digest.
inline constexpr std::string_view prefix_token = "/@ENVPM_PREFIX@";

/// Stands for the folder of the host's interpreter, which differs from machine to machine.
inline constexpr std::string_view python_home_token = "/@ENVPM_PYTHON_HOME@";

/// A file of the store, as it is.
struct ObjectFile {
    Sha256 object;
    std::uint64_t size_bytes = 0;
    bool becomes_executable = false; ///< the store has it without the bit: it cannot be linked

    bool operator==(const ObjectFile&) const = default;
};

/// A file that envpm writes. Tokens in it are replaced when it is realised, and only then.
struct GeneratedFile {
    std::string content;

    bool operator==(const GeneratedFile&) const = default;
};

/// A symbolic link: relative within the prefix, or beginning with a token.
struct SymbolicLink {
    std::string target;

    bool operator==(const SymbolicLink&) const = default;
};

struct LayoutEntry {
    RelativePath path;
    std::variant<ObjectFile, GeneratedFile, SymbolicLink> content;
    bool is_executable = false;
    std::string owner; ///< the package, for messages: "numpy 2.1.0"

    bool operator==(const LayoutEntry&) const = default;
};

/// Everything that a prefix, or one package's part of it, consists of. Folders follow from paths.
struct Layout {
    std::vector<LayoutEntry> entries;
};

} // namespace envpm
