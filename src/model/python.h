#pragma once

#include <compare>
#include <filesystem>
#include <string>

namespace envpm {

/// What of a Python interpreter decides which wheels fit and where their files go.
struct PythonAbi {
    std::string implementation = "cpython"; ///< as sys.implementation.name
    int major = 3;
    int minor = 11;
    std::string abi = "cp311"; ///< the ABI tag: "cp313t" is the free-threaded one

    /// "3.11"
    [[nodiscard]] std::string feature_version() const {
        return std::to_string(major) + "." + std::to_string(minor);
    }

    /// The folder under `lib/` of a prefix: "python3.11", "python3.13t".
    [[nodiscard]] std::string library_folder() const {
        return "python" + feature_version() + (abi.ends_with('t') ? "t" : "");
    }

    auto operator<=>(const PythonAbi&) const = default;
};

/// A Python interpreter found on this machine.
struct Interpreter {
    std::filesystem::path executable; ///< absolute, links not resolved
    PythonAbi abi;
    std::string version; ///< "3.11.7", as platform.python_version() says it

    bool operator==(const Interpreter&) const = default;
};

} // namespace envpm
