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

/// What came of asking. A program that did not answer may do so another time: it could not be
/// started, was ended by a signal or by the time limit, or failed.
struct Asked {
    std::optional<Answer> answer;
    std::string failure = {}; ///< in words, without an answer: "it cannot be started: …"
    /// It failed by itself or took too long; else that says more about the machine.
    bool failed_by_itself = false;
};

/// Starts `program` once, with `-I -S` and a time limit. The codes 126 and 127 are answers: with
/// them a shim says that it stands for no program. So is more output than any answer has.
Asked ask(const std::filesystem::path& program, const Variables& variables);

/// Judges what the program printed. Only CPython 3.8 and later, 64 bits, over glibc, is of use.
Answer judge(const std::filesystem::path& program, std::string_view output);

} // namespace envpm::host
