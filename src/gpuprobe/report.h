#pragma once

#include <cstddef>

namespace gpuprobe {

/// Keeps standard output for the lines alone: what the driver prints goes nowhere, and what it
/// starts does not inherit it. Before the first line.
void take_output();

/// One line of the answer: a JSON object of texts and whole numbers (docs/selftest.md). What does
/// not fit is cut; a line goes out in one write, so that a crash never leaves half of one.
class Line {
  public:
    /// `{"stage": name`: what comes next may hang or crash, and this is the last word before it.
    static Line stage(const char* name) { return {"stage", name}; }

    /// `{"fact": name`.
    static Line fact(const char* name) { return {"fact", name}; }

    /// `{"verdict": name`: nothing comes after it of what it is about.
    static Line verdict(const char* name) { return {"verdict", name}; }

    Line& text(const char* name, const char* value);
    Line& number(const char* name, long long value);
    void send();

  private:
    Line(const char* kind, const char* name);

    [[nodiscard]] bool has_room(const char* name) const;
    void put(char c);
    void put_plain(const char* text);
    void put_quoted(const char* text);

    static constexpr std::size_t capacity = 2048;
    static constexpr std::size_t ending = 2; ///< the brace and the end of the line

    char buffer_[capacity] = {};
    std::size_t length_ = 0;
};

} // namespace gpuprobe
