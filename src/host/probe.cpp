#include "host/probe.h"

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds time_limit{15'000}; // a slow disk is no reason to be left out
constexpr std::size_t limit_bytes = 1U << 16U;

/// Runs in any Python from 2.7 on, so that an old one answers too. It writes its JSON itself, as
/// the module `json` takes as long to import as all of Python takes to start. `sys.prefix` does not
/// show a venv under -S, and `sys._base_executable` only since 3.11, hence the look at pyvenv.cfg.
constexpr const char* question = R"(
import os, sys
e = sys.executable
up = os.path.dirname
isfile, isdir, join = os.path.isfile, os.path.isdir, os.path.join
flags = getattr(sys, "abiflags", "")
names = [os.path.basename(os.path.realpath(e)),
         "python%d.%d%s" % (sys.version_info[0], sys.version_info[1], flags), "python3"]

def first(folder):
    for name in names:
        if isfile(join(folder, name)):
            return join(folder, name)
    return ""

def venv_base(settings):
    base = getattr(sys, "_base_executable", None)
    if base and base != e and isfile(base):
        return base
    with open(settings) as lines:
        for line in lines:
            key, _, value = line.partition("=")
            if key.strip().lower() == "home":
                return first(value.strip())
    return ""

def conda_base(prefix):
    above = up(prefix)
    if os.path.basename(above) == "envs" and isdir(join(up(above), "conda-meta")):
        return first(join(up(above), "bin"))
    return ""

environment, base = False, ""
for folder in (up(e), up(up(e))):
    if isfile(join(folder, "pyvenv.cfg")):
        environment, base = True, venv_base(join(folder, "pyvenv.cfg"))
        break
else:
    prefix = up(up(e))
    if isdir(join(prefix, "conda-meta")) and not (
            isdir(join(prefix, "condabin")) or isfile(join(prefix, "bin", "conda"))):
        environment, base = True, conda_base(prefix)

try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (ValueError, AttributeError):
    libc = ""
def code(unit):
    return "\\u%04x" % unit

def quoted(text):
    out = ""
    for c in text:
        n = ord(c)
        if n > 0xffff:
            out += code(0xd7c0 + (n >> 10)) + code(0xdc00 + (n & 0x3ff))
        else:
            out += c if 0x20 <= n < 0x7f and c not in '"\\' else code(n)
    return '"%s"' % out

def member(name, value):
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return '"%s": %s' % (name, value if is_number else quoted(value) if isinstance(value, str)
                         else "true" if value else "false")

print("{%s}" % ", ".join(member(*fact) for fact in (
    ("executable", e), ("environment", environment), ("base", base), ("libc", libc),
    ("implementation", sys.implementation.name if hasattr(sys, "implementation") else ""),
    ("major", sys.version_info[0]), ("minor", sys.version_info[1]), ("flags", flags),
    ("version", sys.version.split()[0]), ("wide", sys.maxsize > 2 ** 32))))
)";

std::string failure_of(const ProcessResult& result);
std::string start_failure(int error);
bool is_same_file(const fs::path& a, const fs::path& b);
std::optional<Interpreter> interpreter_of(const fs::path& program, const Json& facts);
bool is_true(const Json& facts, std::string_view name);
bool is_word(const std::string& text);

} // namespace

Asked ask(const fs::path& program, const Variables& variables) {
    const ProcessResult result =
        run_process({.command = {program.string(), "-I", "-S", "-c", question},
                     .environment = variables.strings(),
                     .folder = "/",
                     .time_limit = time_limit,
                     .limit_bytes = limit_bytes});
    if (result.end == ProcessEnd::exited && result.exit_code == 0) {
        return {judge(program, result.output)};
    }
    constexpr int cannot_run = 126;
    constexpr int not_found = 127;
    if (result.end == ProcessEnd::overflowed || result.exit_code == cannot_run ||
        result.exit_code == not_found) {
        return {Answer()};
    }
    return {std::nullopt, failure_of(result),
            result.end == ProcessEnd::exited || result.end == ProcessEnd::timed_out};
}

Answer judge(const fs::path& program, std::string_view output) {
    try {
        const Json facts = parse_json(output, program.string());
        const fs::path executable = facts.text("executable");
        if (is_true(facts, "environment")) {
            return {std::nullopt, facts.text("base")};
        }
        if (!is_same_file(program, executable)) {
            return {std::nullopt, executable};
        }
        return {interpreter_of(program, facts), {}};
    } catch (const Error&) {
        return {}; // A program's nonsense is an answer: it is no interpreter.
    }
}

namespace {

std::optional<Interpreter> interpreter_of(const fs::path& program, const Json& facts) {
    constexpr int oldest_minor = 8;
    constexpr int newest_minor = 1000;
    const std::int64_t minor = facts.number("minor");
    if (facts.text("implementation") != "cpython" || facts.number("major") != 3 ||
        minor < oldest_minor || minor > newest_minor || !is_true(facts, "wide") ||
        !facts.text("libc").starts_with("glibc ")) {
        return std::nullopt;
    }
    PythonAbi abi{"cpython", 3, static_cast<int>(minor), {}};
    abi.abi = "cp3" + std::to_string(minor) + facts.text("flags");
    const std::string& version = facts.text("version");
    return is_word(abi.abi) && is_word(version) ? std::optional(Interpreter{program, abi, version})
                                                : std::nullopt;
}

std::string failure_of(const ProcessResult& result) {
    switch (result.end) {
    case ProcessEnd::not_started:
        return start_failure(result.error_number);
    case ProcessEnd::timed_out:
        return fmt::format("it did not answer within {} s",
                           std::chrono::duration_cast<std::chrono::seconds>(time_limit).count());
    case ProcessEnd::exited:
        return fmt::format("it ended with code {}", result.exit_code);
    case ProcessEnd::signalled:
    case ProcessEnd::overflowed:
        break;
    }
    return "it was ended by a signal";
}

/// A program is started with /dev/null in the place of its input and its complaints.
std::string start_failure(int error) {
    return fmt::format(
        "it cannot be started: {}{}", std::generic_category().message(error),
        ::access("/dev/null", R_OK | W_OK) == 0 ? "" : ", as /dev/null cannot be read and written");
}

/// What is shown and locked as it is: no blank and nothing that a terminal obeys.
bool is_word(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_same_file(const fs::path& a, const fs::path& b) {
    std::error_code failure;
    return fs::equivalent(a, b, failure) && !failure;
}

bool is_true(const Json& facts, std::string_view name) {
    const Json* value = facts.find(name);
    const bool* flag = value == nullptr ? nullptr : value->get_if<bool>();
    return flag != nullptr && *flag;
}

} // namespace

} // namespace envpm::host
