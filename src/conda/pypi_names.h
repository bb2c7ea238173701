#pragma once

#include "model/package_name.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace envpm::conda {

/// Which Python project a conda package is, and the reverse: numpy is numpy in both worlds, pytorch
/// is torch, and graphviz is the program, not the project of that name. Where a record says it
/// itself (`purls`), that comes first. Views into a text that was parsed, which must outlive this.
class PypiNames {
  public:
    static constexpr std::size_t largest_bytes = std::size_t{64} << 20U;

    /// The table that ships with envpm (src/conda/data/README.md).
    static PypiNames shipped();

    /// One of the same form: lines of a conda name and a project's, or `-` for none. An Error
    /// (code 1) names `origin` and the line that is neither. Of lines of one conda name the first
    /// counts.
    static PypiNames parse(std::string_view text, const std::string& origin);

    /// `text` is such lines, or the JSON that they are made from, `{"pytorch": ["torch"], …}` with
    /// all the projects that a package holds, or null; this holds it. An Error as of `parse`, and
    /// for a table with nothing in it.
    static PypiNames hold(std::string text, const std::string& origin);

    /// A file of either form. An Error (code 1) for one that cannot be read; else as `hold`.
    static PypiNames read(const std::filesystem::path& file);

    /// What `hold` holds, as lines.
    [[nodiscard]] const std::string& text() const { return *text_; }

    /// The project that the package is. A package that the table does not list is the project of
    /// its own name.
    [[nodiscard]] std::optional<PackageName> project_of(std::string_view conda_name) const;

    /// The conda name to look a project up under. Of several packages that are the project, the one
    /// of its own name, else the shortest, else the first.
    [[nodiscard]] std::string package_of(const PackageName& project) const;

  private:
    std::unique_ptr<const std::string> text_;                         ///< what was held
    std::unordered_map<std::string_view, std::string_view> projects_; ///< "-" for none
    std::unordered_map<std::string_view, std::string_view> packages_;
};

} // namespace envpm::conda
