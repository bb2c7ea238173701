#pragma once

#include "base/exit_code.h"

#include <exception>
#include <string>
#include <vector>

namespace envpm {

/// What a user is told of a failure. One sentence each, lower case, no full stop, values in
/// backticks.
struct ErrorText {
    std::string what;    ///< what happened
    std::string subject; ///< with which input: file:line:column, package, URL; may be empty, or
                         ///< several lines, of which people are told the first ones
    std::string hint;    ///< what to do next; may be empty
};

/// The one exception of envpm: a failure that ends the command. What a caller is expected to
/// branch on is a value instead (optional, variant), never an Error.
class Error : public std::exception {
  public:
    explicit Error(ErrorText text, ExitCode code = ExitCode::failed);

    /// Text and contexts in one line, for tests and traces.
    [[nodiscard]] const char* what() const noexcept override { return line_.c_str(); }

    [[nodiscard]] const ErrorText& text() const { return text_; }

    [[nodiscard]] ExitCode code() const { return code_; }

    /// "while …" lines, innermost first.
    [[nodiscard]] const std::vector<std::string>& contexts() const { return contexts_; }

    /// For a `catch (Error&)` on the way up that knows more and rethrows.
    void add_context(std::string line);

  private:
    ErrorText text_;
    ExitCode code_;
    std::vector<std::string> contexts_;
    std::string line_;
};

/// Throws what a system call left in `error_number`, in the system's words, naming `subject`.
/// A full disk or a read-only file system gets a hint of its own.
[[noreturn]] void throw_system_error(std::string what, std::string subject, int error_number);

} // namespace envpm
