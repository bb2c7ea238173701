#include "host/interpreter_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <optional>
#include <utility>

namespace envpm::host {

namespace {

constexpr std::int64_t format = 3;
constexpr std::int64_t failure_seconds = 3'600;
constexpr std::size_t most_entries = 512;

std::int64_t seconds_of(InterpreterCache::Time time);
Json to_json(const Answer& answer);
Answer answer_of(const std::filesystem::path& path, const Json& value);

} // namespace

InterpreterCache::InterpreterCache(const std::filesystem::path& file)
    : file_(file) {
    if (const std::optional<std::string> text = read_file_if_present(file)) {
        read(*text);
    }
}

const Answer* InterpreterCache::find(const Program& program) const {
    const Entry* const entry = entry_of(program);
    return entry != nullptr && entry->failure.empty() ? &entry->answer : nullptr;
}

const std::string* InterpreterCache::find_failure(const Program& program, Time now) const {
    const Entry* const entry = entry_of(program);
    if (entry == nullptr || entry->failure.empty()) {
        return nullptr;
    }
    const std::int64_t time = seconds_of(now);
    const bool is_recent = entry->asked_seconds <= time && // clocks are set back, too
                           entry->asked_seconds > time - failure_seconds;
    return is_recent ? &entry->failure : nullptr;
}

void InterpreterCache::put(const Program& program, Answer answer) {
    keep(program, Entry{program.stamp, std::move(answer)});
}

void InterpreterCache::put_failure(const Program& program, const std::string& failure, Time now) {
    keep(program, Entry{program.stamp, {}, failure, seconds_of(now)});
}

void InterpreterCache::save() const {
    if (!is_changed_) {
        return;
    }
    Json::Array programs;
    for (const auto& [path, entry] : entries_) {
        Json::Object program{{"path", path}, {"stamp", entry.stamp}};
        if (entry.failure.empty()) {
            program.emplace("answer", to_json(entry.answer));
        } else {
            program.emplace("failure", entry.failure);
            program.emplace("asked", entry.asked_seconds);
        }
        programs.emplace_back(std::move(program));
    }
    const Json document(Json::Object{{"format", format}, {"programs", std::move(programs)}});
    try {
        write_file(file_, to_text(document, 1) + "\n", Durability::cached);
    } catch (const Error&) {
        // A read-only or full cache folder: the next run asks again.
    }
}

void InterpreterCache::read(const std::string& text) {
    try {
        const Json document = parse_json(text, file_.string());
        if (document.number("format") != format) {
            return;
        }
        for (const Json& program : document.array("programs")) {
            const std::string& path = program.text("path");
            const Json* answer = program.find("answer");
            Entry entry{program.text("stamp"), answer ? answer_of(path, *answer) : Answer()};
            if (answer == nullptr) {
                entry.failure = program.text("failure");
                entry.asked_seconds = program.number("asked");
            }
            entries_.insert_or_assign(path, std::move(entry));
        }
    } catch (const Error&) {
        entries_.clear(); // Damaged: as if there were none. It is overwritten by the next save.
    }
}

void InterpreterCache::keep(const Program& program, Entry entry) {
    if (entries_.size() >= most_entries) {
        entries_.clear(); // asking them all again once is cheaper than keeping track of their use
    }
    entries_.insert_or_assign(program.path.string(), std::move(entry));
    is_changed_ = true;
}

const InterpreterCache::Entry* InterpreterCache::entry_of(const Program& program) const {
    const auto found = entries_.find(program.path.string());
    const bool is_it = found != entries_.end() && found->second.stamp == program.stamp;
    return is_it ? &found->second : nullptr;
}

namespace {

std::int64_t seconds_of(InterpreterCache::Time time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

Json to_json(const Answer& answer) {
    if (answer.interpreter) {
        const PythonAbi& abi = answer.interpreter->abi;
        return Json::Object{{"abi", abi.abi},
                            {"implementation", abi.implementation},
                            {"major", abi.major},
                            {"minor", abi.minor},
                            {"version", answer.interpreter->version}};
    }
    return answer.redirect.empty() ? Json() : Json(answer.redirect.string());
}

Answer answer_of(const std::filesystem::path& path, const Json& value) {
    if (const auto* redirect = value.get_if<std::string>()) {
        return {std::nullopt, *redirect};
    }
    if (value.is_null()) {
        return {};
    }
    const PythonAbi abi{value.text("implementation"), static_cast<int>(value.number("major")),
                        static_cast<int>(value.number("minor")), value.text("abi")};
    return {Interpreter{path, abi, value.text("version")}, {}};
}

} // namespace

} // namespace envpm::host
