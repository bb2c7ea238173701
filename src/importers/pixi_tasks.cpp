#include "importers/pixi_tasks.h"

#include "base/toml_fields.h"

#include <fmt/format.h>

namespace envpm::importers {

namespace {

void read_task(const TomlValue::Member& task, const std::string& key, Imported& imported);
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
    std::string command;
    std::string folder;
    std::string variables;
    if (task.value.get_if<std::string>() != nullptr) {
        command = *task.value.get_if<std::string>();
    } else if (task.value.get_if<TomlValue::Array>() != nullptr) {
        imported.leave(task.location, fmt::format("`{}`", key), "it depends on other tasks");
        return;
    } else {
        for (const TomlValue::Member& field : expect_table(task.value, key)) {
            if (field.name == "cmd") {
                command = command_of(field.value, key + ".cmd");
            } else if (field.name == "cwd") {
                folder = expect_string(field.value, key + ".cwd");
            } else if (field.name == "env") {
                variables = assignments_of(field.value, key + ".env");
            } else if (field.name == "depends-on" || field.name == "depends_on" ||
                       field.name == "args") {
                imported.leave(task.location, fmt::format("`{}`", key),
                               field.name == "args" ? "it takes arguments by name"
                                                    : "it depends on other tasks");
                return;
            } else {
                imported.leave(field.location, fmt::format("`{}.{}`", key, field.name),
                               "a task of envpm is its command alone");
            }
        }
    }
    if (command.find_first_not_of(" \t\r\n") == std::string::npos) {
        imported.leave(task.location, fmt::format("`{}`", key), "it has no command");
        return;
    }
    command = variables + command;
    if (!folder.empty()) {
        command = "cd " + shell_quoted(folder) + " && " + command;
    }
    imported.tasks.push_back(
        {task.name, with_envpm_variables(command, task.location, imported), task.location});
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
