#pragma once

#include "gpu/audit.h"

#include <string>
#include <utility>
#include <vector>

namespace envpm::gpu {

/// A library at a path, its soname the file's name, with what it needs.
inline PrefixBinary library_at(std::string path, std::vector<std::string> needed = {}) {
    PrefixBinary binary;
    binary.facts.soname = path.substr(path.rfind('/') + 1);
    binary.facts.needed = std::move(needed);
    binary.path = std::move(path);
    return binary;
}

/// An extension module of Python, which has no soname.
inline PrefixBinary module_at(const std::string& folder, std::vector<std::string> needed = {}) {
    PrefixBinary binary =
        library_at(folder + "/_C.cpython-311-x86_64-linux-gnu.so", std::move(needed));
    binary.facts.soname = "";
    return binary;
}

inline PrefixBinary program_at(std::string path, std::vector<std::string> needed = {}) {
    PrefixBinary binary = library_at(std::move(path), std::move(needed));
    binary.facts.soname = "";
    binary.facts.is_executable = true;
    return binary;
}

} // namespace envpm::gpu
