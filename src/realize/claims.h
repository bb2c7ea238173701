#pragma once

#include "model/layout.h"
#include "realize/compose.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::realize {

/// Who stands where several packages have files of one path, as the manifest settles it. Keeps in
/// mind which claims counted.
class Claims {
  public:
    explicit Claims(const std::vector<FileClaim>& claims);

    /// The package whose file stands at `path`, one of `owners`; nothing if nobody claims it. What
    /// is written out counts more than a pattern. An Error (code 1) if two claim it alike. Nobody
    /// takes a path from the environment's own files.
    std::optional<std::string> winner(const std::string& path,
                                      const std::vector<std::string>& owners);

    /// The owner of the first claim to `path`, whether it has a file there or not.
    [[nodiscard]] std::optional<std::string> claimant(const std::string& path) const;

    /// Those that no winner had, in their order.
    [[nodiscard]] std::vector<FileClaim> idle() const;

  private:
    const std::vector<FileClaim>& claims_;
    std::vector<bool> has_counted_;
};

} // namespace envpm::realize
