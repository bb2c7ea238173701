#include "importers/pixi_tasks.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

namespace envpm::importers {

namespace {

/// A task as pixi writes it.
struct TaskParts {
    std::string command;
    std::string folder;
    std::string variables; ///< a command line that exports them
};

void read_task(const TomlValue::Member& task, const std::string& key, Imported& imported);
std::string_view why_not_a_command(const TomlValue& task);
TaskParts parts_of(const TomlValue& table, const std::string& key, Imported& imported);
std::string command_of(const TomlValue& value, const std::string& key);
std::string assignments_of(const TomlValue& value, const std::string& key);
std::string shell_quoted(const std::string& text);

} // namespace

void read_pixi_tasks(const TomlValue& table, const std::string& where, Imported& imported) {
    for (const TomlValue::Member& task : expect_table(table, where)) {
        read_task(task, where + "." + task.name, imported);
    }
}

std::string with_envpm_variables(std::string text, const SourceLocation& location,
                                 Imported& imported) {
    const std::string before = text;
    for (const char* pixi : {"PIXI_PROJECT_ROOT", "PIXI_WORKSPACE_ROOT"}) {
        const std::string name = pixi;
        for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
            text.replace(at, name.size(), "ENVPM_PROJECT_ROOT");
        }
    }
    if (text != before) {
        imported.change(location, "pixi's name for the project's folder",
                        "envpm calls it `ENVPM_PROJECT_ROOT`");
    }
    if (text.find("$PIXI_") != std::string::npos || text.find("${PIXI_") != std::string::npos) {
        imported.leave(location, "a variable that pixi sets", "envpm does not set it");
    }
    return text;
}

namespace {

void read_task(const TomlValue::Member& task, const std::string& key, Imported& imported) {
    if (const std::string_view why = why_not_a_command(task.value); !why.empty()) {
        imported.leave(task.location, fmt::format("`{}`", key), std::string(why));
        return;
    }
    TaskParts parts;
    if (const auto* const text = task.value.get_if<std::string>()) {
        parts.command = *text;
    } else {
        parts = parts_of(task.value, key, imported);
    }
    if (parts.command.find_first_not_of(" \t\r\n") == std::string::npos) {
        imported.leave(task.location, fmt::format("`{}`", key), "it has no command");
        return;
    }
    std::string command = parts.variables + parts.command;
    if (!parts.folder.empty()) {
        command = "cd " + shell_quoted(parts.folder) + " && " + command;
    }
    imported.tasks.push_back(
        {task.name, with_envpm_variables(command, task.location, imported), task.location});
}

/// Empty for a task that is one.
std::string_view why_not_a_command(const TomlValue& task) {
    if (task.get_if<TomlValue::Array>() != nullptr || task.find("depends-on") != nullptr ||
        task.find("depends_on") != nullptr) {
        return "it depends on other tasks";
    }
    return task.find("args") != nullptr ? "it takes arguments by name" : "";
}

TaskParts parts_of(const TomlValue& table, const std::string& key, Imported& imported) {
    TaskParts parts;
    for (const TomlValue::Member& field : expect_table(table, key)) {
        if (field.name == "cmd") {
            parts.command = command_of(field.value, key + ".cmd");
        } else if (field.name == "cwd") {
            parts.folder = expect_string(field.value, key + ".cwd");
        } else if (field.name == "env") {
            parts.variables = assignments_of(field.value, key + ".env");
        } else {
            imported.leave(field.location, fmt::format("`{}.{}`", key, field.name),
                           "a task of envpm is its command alone");
        }
    }
    return parts;
}

/// A text for the shell, or a list of words.
std::string command_of(const TomlValue& value, const std::string& key) {
    if (value.get_if<TomlValue::Array>() == nullptr) {
        return expect_string(value, key);
    }
    std::string command;
    for (const std::string& word : expect_strings(value, key)) {
        command += (command.empty() ? "" : " ") + shell_quoted(word);
    }
    return command;
}

/// What follows is a command line that may have several commands, so the variables are exported.
std::string assignments_of(const TomlValue& value, const std::string& key) {
    std::string out;
    for (const TomlValue::Member& variable : expect_table(value, key)) {
        out += fmt::format("export {}={}; ", variable.name,
                           shell_quoted(expect_string(variable.value, key)));
    }
    return out;
}

/// Plain words stay as they are.
std::string shell_quoted(const std::string& text) {
    const std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "_-./:=,+@%";
    if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) {
        return text;
    }
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? "'\\''" : std::string(1, c);
    }
    return out + "'";
}

} // namespace

} // namespace envpm::importers
