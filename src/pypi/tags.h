#pragma once

#include "model/python.h"
#include "model/target.h"

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::pypi {

/// A compatibility tag (PEP 425): "cp311-cp311-manylinux_2_28_x86_64".
struct Tag {
    std::string python;
    std::string abi;
    std::string platform;

    auto operator<=>(const Tag&) const = default;
};

/// Every tag that a Python of that ABI on that target runs, best first: the order of PEP 425 as
/// `packaging.tags.sys_tags` gives it, with manylinux from the target's glibc down (PEP 600),
/// legacy manylinux2014/2010/1 names, and plain linux. (Targets have glibc, so no musllinux, PEP
/// 656.)
std::vector<Tag> compatible_tags(const PythonAbi& abi, const Target& target);

} // namespace envpm::pypi
