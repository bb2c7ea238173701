#include "host/interpreters.h"

#include "base/error.h"
#include "base/files.h"
#include "base/thread_pool.h"
#include "base/waiting.h"
#include "host/interpreter_cache.h"
#include "host/probe.h"
#include "host/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;

/// Answers by Program::key. A shim leads to a venv, that to the interpreter it was made from: what
/// needs more steps than this is a ring.
using Answers = std::map<std::string, Answer>;
constexpr int most_steps = 4;

/// What is known of the programs, some of it from this run.
struct Knowledge {
    const Search& search;
    const Inquiry& inquiry;
    InterpreterCache& cache;
    Answers answers{};
    std::vector<SilentProgram> silent{};
};

/// Who asks a dozen programs uses a third of a second of the processor, so that of several
/// processes one asks and the others find its answers. After this time they ask all the same.
constexpr std::chrono::seconds longest_wait{5};
constexpr std::chrono::seconds silent_wait{1}; // more than who asks takes by itself

std::optional<FileLock> turn_to_ask(const Inquiry& inquiry);
const std::string* known_failure(const Program& program, const Inquiry& inquiry,
                                 const InterpreterCache& cache);
void ask_with_redirects(std::vector<Program> programs, Knowledge& known);
void ask_all(const std::vector<Program>& programs, Knowledge& known);
std::vector<Program> unanswered_redirects(const std::vector<Program>& programs,
                                          const Search& search, const Answers& answers);
std::optional<Interpreter> follow(Program program, const Search& search, const Answers& answers);
Interpreter with_lasting_name(Interpreter interpreter);
std::optional<int> named_minor(std::string_view file_name);

} // namespace

HostInterpreters find_interpreters(const Inquiry& inquiry) {
    const Search search(inquiry.variables);
    InterpreterCache cache(inquiry.cache_file);
    std::vector<Program> programs = search.programs();
    if (inquiry.is_wanted) {
        std::erase_if(programs, [&](const Program& program) {
            const std::optional<int> minor = named_minor(program.path.filename().string());
            return minor && !inquiry.is_wanted(3, *minor);
        });
    }
    std::optional<FileLock> turn; // until the answers are kept
    if (std::any_of(programs.begin(), programs.end(), [&](const Program& program) {
            return cache.find(program) == nullptr &&
                   known_failure(program, inquiry, cache) == nullptr;
        })) {
        turn = turn_to_ask(inquiry);
        cache = InterpreterCache(inquiry.cache_file);
    }
    Knowledge known{search, inquiry, cache};
    ask_with_redirects(programs, known);
    cache.save();

    std::vector<Interpreter> found;
    for (const Program& program : programs) {
        std::optional<Interpreter> interpreter = follow(program, search, known.answers);
        const auto is_the_same = [&](const Interpreter& other) {
            std::error_code failure;
            return fs::equivalent(other.executable, interpreter->executable, failure);
        };
        if (interpreter && std::none_of(found.begin(), found.end(), is_the_same)) {
            found.push_back(with_lasting_name(std::move(*interpreter)));
        }
    }
    return {std::move(found), std::move(known.silent)};
}

std::string words_of(const std::vector<SilentProgram>& silent) {
    std::string out;
    for (const SilentProgram& one : silent) {
        out += fmt::format("; `{}` might be one, but {}", one.program.string(), one.reason);
    }
    return out;
}

const Interpreter* choose_interpreter(const std::vector<Interpreter>& found, const PythonAbi& abi,
                                      const std::string& version) {
    const Interpreter* chosen = nullptr;
    for (const Interpreter& interpreter : found) {
        if (interpreter.abi == abi && interpreter.version == version) {
            return &interpreter;
        }
        if (interpreter.abi == abi && chosen == nullptr) {
            chosen = &interpreter;
        }
    }
    return chosen;
}

namespace {

/// Nothing if the other one takes too long, or no lock can be had: then some are asked twice.
std::optional<FileLock> turn_to_ask(const Inquiry& inquiry) {
    using Clock = std::chrono::steady_clock;
    const fs::path lock = inquiry.cache_file.parent_path() / "asking.lock";
    const Clock::time_point begin = Clock::now();
    std::optional<FileLock> turn;
    bool is_told = !inquiry.on_wait;
    try {
        wait_until(
            [&] {
                turn = FileLock::try_take(lock, LockKind::exclusive);
                const Clock::duration waited = Clock::now() - begin;
                if (!turn && waited >= silent_wait && !std::exchange(is_told, true)) {
                    inquiry.on_wait();
                }
                return turn || waited >= longest_wait;
            },
            {});
    } catch (const Error&) {
        return std::nullopt; // a cache that cannot be written costs time only
    }
    return turn;
}

const std::string* known_failure(const Program& program, const Inquiry& inquiry,
                                 const InterpreterCache& cache) {
    return inquiry.failures == Inquiry::Failures::believed
               ? cache.find_failure(program, inquiry.now)
               : nullptr;
}

void ask_with_redirects(std::vector<Program> programs, Knowledge& known) {
    for (int step = 0; step < most_steps && !programs.empty(); ++step) {
        ask_all(programs, known);
        programs = unanswered_redirects(programs, known.search, known.answers);
    }
}

void ask_all(const std::vector<Program>& programs, Knowledge& known) {
    std::vector<const Program*> unknown;
    for (const Program& program : programs) {
        if (const Answer* answer = known.cache.find(program)) {
            known.answers.insert_or_assign(program.key, *answer);
        } else if (const std::string* failure =
                       known_failure(program, known.inquiry, known.cache)) {
            known.answers.insert_or_assign(program.key, Answer());
            known.silent.push_back({program.path, *failure, true});
        } else {
            unknown.push_back(&program);
        }
    }
    if (unknown.empty()) {
        return;
    }
    std::vector<Asked> fresh(unknown.size());
    ThreadPool pool;
    parallel_for(pool, unknown.size(),
                 [&](std::size_t i) { fresh[i] = ask(unknown[i]->path, known.inquiry.variables); });
    for (std::size_t i = 0; i < unknown.size(); ++i) {
        const Asked& asked = fresh[i];
        known.answers.insert_or_assign(unknown[i]->key, asked.answer.value_or(Answer()));
        if (asked.answer) {
            known.cache.put(*unknown[i], *asked.answer);
            continue;
        }
        known.silent.push_back({unknown[i]->path, asked.failure});
        if (asked.failed_by_itself) {
            known.cache.put_failure(*unknown[i], asked.failure, known.inquiry.now);
        }
    }
}

std::vector<Program> unanswered_redirects(const std::vector<Program>& programs,
                                          const Search& search, const Answers& answers) {
    std::vector<Program> out;
    std::set<std::string> keys;
    for (const Program& program : programs) {
        const auto answer = answers.find(program.key);
        if (answer == answers.end() || answer->second.redirect.empty()) {
            continue;
        }
        std::optional<Program> next = search.examine(answer->second.redirect);
        if (next && !answers.contains(next->key) && keys.insert(next->key).second) {
            out.push_back(std::move(*next));
        }
    }
    return out;
}

std::optional<Interpreter> follow(Program program, const Search& search, const Answers& answers) {
    for (int step = 0; step <= most_steps; ++step) {
        const auto answer = answers.find(program.key);
        if (answer == answers.end()) {
            return std::nullopt;
        }
        if (answer->second.interpreter) {
            Interpreter interpreter = *answer->second.interpreter;
            interpreter.executable = program.path;
            return interpreter;
        }
        std::optional<Program> next = search.examine(answer->second.redirect);
        if (!next) {
            return std::nullopt;
        }
        program = std::move(*next);
    }
    return std::nullopt;
}

/// Prefixes link to the interpreter, and `python3` becomes another version when the system is
/// upgraded: where `python3.11` beside it is the same file, that is its name.
Interpreter with_lasting_name(Interpreter interpreter) {
    const PythonAbi& abi = interpreter.abi;
    const fs::path folder = interpreter.executable.parent_path();
    for (const std::string& name : {abi.library_folder(), "python" + abi.feature_version()}) {
        std::error_code failure;
        if (fs::equivalent(folder / name, interpreter.executable, failure) && !failure) {
            interpreter.executable = folder / name;
            break;
        }
    }
    return interpreter;
}

/// 11 of "python3.11"; nothing for a name that does not say it.
std::optional<int> named_minor(std::string_view file_name) {
    constexpr std::string_view stem = "python3.";
    int minor = 0;
    if (!file_name.starts_with(stem)) {
        return std::nullopt;
    }
    file_name.remove_prefix(stem.size());
    const char* const end = file_name.data() + file_name.size();
    const auto [rest, failure] = std::from_chars(file_name.data(), end, minor);
    return failure == std::errc() && rest == end ? std::optional(minor) : std::nullopt;
}

} // namespace

} // namespace envpm::host
