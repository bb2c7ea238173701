#pragma once

#include "base/variables.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::host {

/// A file that may be a Python interpreter; nobody has asked it yet.
struct Program {
    std::filesystem::path path; ///< absolute, links not resolved
    std::string key;            ///< equal for two paths that must give the same answer
    std::string stamp;          ///< changes when the answer may: file, environment, pyenv's choice

    bool operator==(const Program&) const = default;
};

/// Reads the disk and runs nothing. Made once for a set of variables, whose pyenv settings decide
/// what a shim answers.
class Search {
  public:
    explicit Search(const Variables& variables);

    /// On PATH, then in the usual places, each key once, in that order; within a folder `python3`,
    /// `python`, then the newest version first. Relative entries of PATH are left out: they would
    /// run what a project's folder holds. So are the folders and files of Windows under WSL.
    [[nodiscard]] std::vector<Program> programs() const;

    /// Nothing if `path` is no file that can be run here.
    [[nodiscard]] std::optional<Program> examine(const std::filesystem::path& path) const;

  private:
    [[nodiscard]] std::vector<std::filesystem::path> folders() const;

    Variables variables_;
    std::filesystem::path pyenv_root_;
    std::string pyenv_choice_;
};

} // namespace envpm::host
