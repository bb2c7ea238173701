#pragma once

#include "base/boxed.h"
#include "base/hash.h"
#include "base/relative_path.h"
#include "model/shared_text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace envpm {

/// Rises when the same packages come to be other bytes in a prefix; part of the env digest.
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
    bool is_always_copied = false;   ///< its package wants it so (`no_link` of conda)

    bool operator==(const ObjectFile&) const = default;
};

/// A file that envpm writes. Tokens in it are replaced when it is realised, and only then.
struct GeneratedFile {
    std::string content;

    bool operator==(const GeneratedFile&) const = default;
};

/// How a prefix is put in place of a package's placeholder.
enum class PlaceholderMode {
    text,   ///< every occurrence, whatever its length
    binary, ///< within strings that end with a zero byte, filled up with zeros to the old length
};

/// A file of the store that names the prefix which its package was built in. Digested as it is in
/// the store; realised with the new prefix in place of that one.
struct RelocatedFile {
    ObjectFile object;
    std::string placeholder; ///< two bytes at least
    PlaceholderMode mode = PlaceholderMode::text;

    bool operator==(const RelocatedFile&) const = default;
};

/// A folder that nothing else would bring about.
struct EmptyFolder {
    bool operator==(const EmptyFolder&) const = default;
};

/// A symbolic link: relative and within the prefix, or beginning with a token. Of a package the
/// target is as the archive has it.
struct SymbolicLink {
    std::string target;

    bool operator==(const SymbolicLink&) const = default;
};

/// An environment has tens of thousands of these, most of them objects.
struct LayoutEntry {
    RelativePath path;
    std::variant<ObjectFile, GeneratedFile, SymbolicLink, Boxed<RelocatedFile>, EmptyFolder>
        content;
    bool is_executable = false;
    SharedText owner; ///< the package, for messages: "numpy 2.1.0"

    bool operator==(const LayoutEntry&) const = default;
};

/// Everything that a prefix, or one package's part of it, consists of. Folders that hold
/// something follow from paths.
struct Layout {
    std::vector<LayoutEntry> entries;
};

} // namespace envpm
