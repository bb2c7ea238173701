#pragma once

#include "gpu/facts.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace envpm::universe {

/// The facts table in use: the configured file's, or the one that envpm ships with. Read when it is
/// first asked for, since most environments have nothing to do with GPUs. Of one thread.
class FactsTable {
  public:
    /// `file`: nothing for the table that ships.
    explicit FactsTable(std::optional<std::filesystem::path> file)
        : file_(std::move(file)) {}

    /// Throws an Error (code 1) naming file and line for a configured table that cannot be read.
    const gpu::Facts& get();

    [[nodiscard]] const std::optional<std::filesystem::path>& file() const { return file_; }

  private:
    std::optional<std::filesystem::path> file_;
    std::unique_ptr<gpu::Facts> facts_;
};

} // namespace envpm::universe
