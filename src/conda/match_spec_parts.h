#pragma once

#include "conda/version_spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// A match spec cut into its parts, none of them understood yet. What is empty was not given. Views
/// are into the text that was cut.
struct MatchSpecParts {
    struct Field {
        std::string_view key;
        std::string value; ///< without quotes
    };

    std::string_view channel; ///< perhaps with `/subdir`
    std::string_view name;
    std::string_view version; ///< in the language of VersionSpec
    std::string_view build;
    std::vector<Field> fields; ///< of the brackets, in their order

    /// Throws an Error whose `what` is the fault alone.
    static MatchSpecParts cut(std::string_view text, Form form);
};

} // namespace envpm::conda
