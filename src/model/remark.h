#pragma once

#include "base/source_location.h"

#include <string>
#include <vector>

namespace envpm {

/// Something that one file says and another has no place for.
struct Remark {
    SourceLocation location; ///< where it is said
    std::string what;        ///< "task `test`"
    std::string why;         ///< "it depends on other tasks"

    bool operator==(const Remark&) const = default;
};

/// What happened on the way from one file to the other; nothing gets lost without a remark.
struct Remarks {
    std::vector<Remark> left;    ///< not carried over
    std::vector<Remark> changed; ///< carried over as something else
};

} // namespace envpm
