#pragma once

#include "base/variables.h"
#include "model/python.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::host {

/// What a program that may be an interpreter turned out to be: an interpreter of this host, a hint
/// at the one that stands behind it (a shim, a venv, a conda environment), or neither.
struct Answer {
    std::optional<Interpreter> interpreter; ///< `executable` is the path that was asked
    std::filesystem::path redirect;         ///< empty if there is none

    bool operator==(const Answer&) const = default;
};

/// Starts `program` once, with `-I -S` and a time limit. Nothing if it was the limit that ended it:
/// that says more about the machine's load than about the file.
std::optional<Answer> ask(const std::filesystem::path& program, const Variables& variables);

/// Judges what the program printed. Only CPython 3.8 and later, 64 bits, over glibc, is of use.
Answer judge(const std::filesystem::path& program, std::string_view output);

} // namespace envpm::host
