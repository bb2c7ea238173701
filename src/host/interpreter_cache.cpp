#include "host/interpreter_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <optional>
#include <utility>

namespace envpm::host {

namespace {

constexpr std::int64_t format = 2;
constexpr std::size_t most_entries = 512;

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
    const auto found = entries_.find(program.path.string());
    const bool is_good = found != entries_.end() && found->second.stamp == program.stamp;
    return is_good ? &found->second.answer : nullptr;
}

void InterpreterCache::put(const Program& program, Answer answer) {
    if (entries_.size() >= most_entries) {
        entries_.clear(); // asking them all again once is cheaper than keeping track of their use
    }
    entries_.insert_or_assign(program.path.string(), Entry{program.stamp, std::move(answer)});
    is_changed_ = true;
}

void InterpreterCache::save() const {
    if (!is_changed_) {
        return;
    }
    Json::Array programs;
    for (const auto& [path, entry] : entries_) {
        programs.emplace_back(Json::Object{
            {"answer", to_json(entry.answer)}, {"path", path}, {"stamp", entry.stamp}});
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
            entries_.insert_or_assign(
                path, Entry{program.text("stamp"), answer_of(path, answer ? *answer : Json())});
        }
    } catch (const Error&) {
        entries_.clear(); // Damaged: as if there were none. It is overwritten by the next save.
    }
}

namespace {

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
