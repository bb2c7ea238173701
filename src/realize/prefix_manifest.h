#pragma once

#include "base/hash.h"
#include "model/python.h"
#include "realize/relocate.h"
#include "realize/tree_digest.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm::realize {

/// A file or link as it was realised.
struct RealisedFile {
    std::string path; ///< within the prefix
    EntryKind kind = EntryKind::file;
    Sha256 sha256; ///< of the bytes in the prefix; of a link's target
    std::uint64_t size_bytes = 0;
    Relocation relocation;

    bool operator==(const RealisedFile&) const = default;
};

/// What a prefix is: its file list, the content of its `manifest_path`.
struct PrefixManifest {
    Sha256 env;
    std::filesystem::path prefix;           ///< the path that its texts name
    std::optional<Interpreter> interpreter; ///< of the host, if it has the Python
    std::vector<Sha256> archives;           ///< sorted
    std::vector<RealisedFile> files;

    bool operator==(const PrefixManifest&) const = default;
};

/// Writes a file list: JSON, version first, a line a file. The files come one by one, in order of
/// their paths, and the text can be taken part by part, so that nobody has to hold it all.
class ManifestText {
  public:
    /// The files of `head` are not among them.
    explicit ManifestText(const PrefixManifest& head);

    void add(const RealisedFile& file);
    void end();

    /// What came since the last call.
    std::string take() { return std::exchange(text_, {}); }

    [[nodiscard]] std::size_t size_bytes() const { return text_.size(); }

  private:
    std::string text_;
    bool is_empty_ = true;
};

std::string to_text(const PrefixManifest& manifest);

/// An Error of code 6 names `subject`.
PrefixManifest parse_manifest(std::string_view text, const std::string& subject);

/// Nothing if there is none.
std::optional<PrefixManifest> read_manifest(const std::filesystem::path& prefix);

/// The path that its texts name; nothing if there is no file list, or none that can be read.
std::optional<std::filesystem::path> path_in_manifest(const std::filesystem::path& prefix);

/// Only the files that `wanted` picks, in order of their paths, in a fraction of the time: the
/// lines of others are not parsed. Nothing if there is no list; fails as `parse_manifest` does.
std::optional<std::vector<RealisedFile>>
read_manifest_files(const std::filesystem::path& prefix,
                    const std::function<bool(std::string_view path, EntryKind kind)>& wanted);

/// Whether one of `paths`, all of them below `bin`, is among the files; nothing if the list
/// cannot tell. The lines behind those of `bin` are not read.
std::optional<bool> has_any_of(const std::filesystem::path& prefix,
                               const std::vector<std::string_view>& paths);

} // namespace envpm::realize
