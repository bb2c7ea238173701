#include "pypi/tags.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::pypi {

namespace {

constexpr int oldest_stable_abi_minor = 2; // PEP 384 came with Python 3.2
constexpr int most_minors = 1000;          // a bound for numbers read from elsewhere

/// The tags that name this interpreter itself: its own ABI, the stable one, none.
struct Cpython {
    std::string tag;               ///< "cp311"
    std::vector<std::string> abis; ///< "cp311"; a debug build also loads what the plain one does
    std::string stable_abi;        ///< "abi3", of a free-threaded build "abi3t" (PEP 803)
};

Cpython cpython_of(const PythonAbi& abi);
std::vector<std::string> platforms_of(const Target& target);
void append(std::vector<Tag>& tags, const std::string& python, const std::string& abi,
            const std::vector<std::string>& platforms);
std::vector<std::string> generic_pythons(const PythonAbi& abi);

} // namespace

std::vector<Tag> compatible_tags(const PythonAbi& abi, const Target& target) {
    const std::vector<std::string> platforms = platforms_of(target);
    const Cpython cpython = cpython_of(abi);
    std::vector<Tag> tags;
    for (const std::string& own_abi : cpython.abis) {
        append(tags, cpython.tag, own_abi, platforms);
    }
    append(tags, cpython.tag, cpython.stable_abi, platforms);
    append(tags, cpython.tag, "none", platforms);
    for (int minor = std::min(abi.minor, most_minors) - 1; minor >= oldest_stable_abi_minor;
         --minor) {
        append(tags, fmt::format("cp{}{}", abi.major, minor), cpython.stable_abi, platforms);
    }
    const std::vector<std::string> generic = generic_pythons(abi);
    for (const std::string& python : generic) {
        append(tags, python, "none", platforms);
    }
    append(tags, cpython.tag, "none", {"any"});
    for (const std::string& python : generic) {
        append(tags, python, "none", {"any"});
    }
    return tags;
}

namespace {

Cpython cpython_of(const PythonAbi& abi) {
    Cpython cpython;
    cpython.tag = fmt::format("cp{}{}", abi.major, abi.minor);
    cpython.abis.push_back(abi.abi);
    const bool has_flags = abi.abi.starts_with(cpython.tag);
    const std::string flags = has_flags ? abi.abi.substr(cpython.tag.size()) : "";
    const bool is_free_threaded = flags.find('t') != std::string::npos;
    if (flags.ends_with('d')) {
        cpython.abis.push_back(abi.abi.substr(0, abi.abi.size() - 1));
    }
    cpython.stable_abi = is_free_threaded ? "abi3t" : "abi3";
    return cpython;
}

/// Every glibc from the target's down to the oldest that a manylinux wheel was ever built for:
/// 2.5 on x86_64, 2.17 elsewhere. Plain linux, which promises nothing, comes last.
std::vector<std::string> platforms_of(const Target& target) {
    const std::string_view machine = machine_of(target.platform);
    const int oldest_minor = target.platform == Platform::linux_64 ? 5 : 17;
    std::vector<std::string> platforms;
    const int newest_minor =
        target.glibc.major == 2 ? std::min(target.glibc.minor, most_minors) : -1;
    for (int minor = newest_minor; minor >= oldest_minor; --minor) {
        platforms.push_back(fmt::format("manylinux_2_{}_{}", minor, machine));
        if (minor == 17) {
            platforms.push_back(fmt::format("manylinux2014_{}", machine));
        } else if (minor == 12) {
            platforms.push_back(fmt::format("manylinux2010_{}", machine));
        } else if (minor == 5) {
            platforms.push_back(fmt::format("manylinux1_{}", machine));
        }
    }
    platforms.push_back(fmt::format("linux_{}", machine));
    return platforms;
}

void append(std::vector<Tag>& tags, const std::string& python, const std::string& abi,
            const std::vector<std::string>& platforms) {
    for (const std::string& platform : platforms) {
        tags.push_back({python, abi, platform});
    }
}

/// "py311", "py3", then "py310" down to "py30".
std::vector<std::string> generic_pythons(const PythonAbi& abi) {
    std::vector<std::string> pythons{fmt::format("py{}{}", abi.major, abi.minor),
                                     fmt::format("py{}", abi.major)};
    for (int minor = std::min(abi.minor, most_minors) - 1; minor >= 0; --minor) {
        pythons.push_back(fmt::format("py{}{}", abi.major, minor));
    }
    return pythons;
}

} // namespace

} // namespace envpm::pypi
