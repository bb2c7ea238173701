#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace envpm {

/// The process's environment as `main` found it, handed down as a value so that tests can choose
/// it.
class Variables {
  public:
    Variables() = default;

    explicit Variables(std::map<std::string, std::string, std::less<>> values)
        : values_(std::move(values)) {}

    /// From `environ`: "NAME=value" strings.
    static Variables from_strings(const char* const* strings);

    /// Unset and empty are the same: nothing.
    [[nodiscard]] std::optional<std::string> find(std::string_view name) const;

    [[nodiscard]] const std::map<std::string, std::string, std::less<>>& all() const {
        return values_;
    }

    void set(std::string name, std::string value) {
        values_.insert_or_assign(std::move(name), std::move(value));
    }

    void unset(std::string_view name);

    /// "NAME=value" strings in order of name, for execve.
    [[nodiscard]] std::vector<std::string> strings() const;

  private:
    std::map<std::string, std::string, std::less<>> values_;
};

} // namespace envpm
