#pragma once

#include "base/variables.h"
#include "model/python.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace envpm::host {

/// A program that may be an interpreter, and why it did not say so.
struct SilentProgram {
    std::filesystem::path program;
    std::string reason;         ///< "it cannot be started: …"
    bool is_remembered = false; ///< it was not asked now

    bool operator==(const SilentProgram&) const = default;
};

struct HostInterpreters {
    std::vector<Interpreter> found;
    std::vector<SilentProgram> silent;
};

/// Whom to ask, and what of the answers there are to believe.
struct Inquiry {
    const Variables& variables;
    std::filesystem::path cache_file;
    std::chrono::system_clock::time_point now;
    /// If given, spares asking those whose file name says that they are another Python
    /// ("python3.9"); those that are called `python3` are asked all the same.
    std::function<bool(int major, int minor)> is_wanted = {};
    enum class Failures { believed, tried_again } failures = Failures::believed;
    /// Called once if another process has been asking for a second, and is waited for.
    std::function<void()> on_wait = {};
};

/// The CPython interpreters (3.8 and later) of this machine: those on PATH, then those in the usual
/// places (/usr/bin, /usr/local/bin, pyenv, uv's and conda's folders), each once even if several
/// links lead to it, in that order. Each is asked once, with `-I -S`, in a process with a time
/// limit; answers are kept in `cache_file` by path, inode, size and mtime, and for an hour which of
/// them failed by themselves. What answers that it is something else is left out. An environment
/// that envpm, venv or conda made is not a host interpreter, the one that it was made from is.
/// Throws only if `cache_file` cannot be read for a reason other than its absence; a damaged one is
/// ignored. Of several processes one asks, with a flock on `asking.lock` beside `cache_file`; the
/// others wait for its answers, 5 s at most.
HostInterpreters find_interpreters(const Inquiry& inquiry);

/// For the end of a message that none was found: "; `/x/python3` might be one, but it …" of each.
std::string words_of(const std::vector<SilentProgram>& silent);

/// Of those, one that serves a lock made for `abi`: the same version if there is one, else the
/// first of the same ABI.
const Interpreter* choose_interpreter(const std::vector<Interpreter>& found, const PythonAbi& abi,
                                      const std::string& version);

} // namespace envpm::host
