#include "gpuprobe/report.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace gpuprobe {

namespace {

int output = STDOUT_FILENO; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

} // namespace

void take_output() {
    const int own = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (own >= 0 && nowhere >= 0 && ::dup2(nowhere, STDOUT_FILENO) >= 0) {
        output = own;
    }
}

Line::Line(const char* kind, const char* name) {
    put('{');
    put_quoted(kind);
    put(':');
    put_quoted(name);
}

Line& Line::text(const char* name, const char* value) {
    if (!has_room(name)) {
        return *this;
    }
    put(',');
    put_quoted(name);
    put(':');
    put_quoted(value);
    return *this;
}

Line& Line::number(const char* name, long long value) {
    char digits[32] = {};
    std::snprintf(digits, sizeof digits, "%lld", value);
    if (!has_room(name)) {
        return *this;
    }
    put(',');
    put_quoted(name);
    put(':');
    put_plain(digits);
    return *this;
}

void Line::send() {
    buffer_[length_++] = '}';
    buffer_[length_++] = '\n';
    // Nobody listens any more if this fails, and then nothing is left to be said.
    [[maybe_unused]] const ssize_t written = ::write(output, buffer_, length_);
}

/// For a member of that name and the shortest value: one that finds none is left out.
bool Line::has_room(const char* name) const {
    constexpr std::size_t least = 64;
    return length_ + std::strlen(name) + least < capacity - ending;
}

void Line::put(char c) {
    if (length_ < capacity - ending) {
        buffer_[length_++] = c;
    }
}

void Line::put_plain(const char* text) {
    for (; *text != '\0'; ++text) {
        put(*text);
    }
}

/// A text that is too long loses its end, never its closing quote.
void Line::put_quoted(const char* text) {
    constexpr const char* hex = "0123456789abcdef";
    constexpr std::size_t longest_escape = 6;
    put('"');
    for (; *text != '\0' && length_ + longest_escape < capacity - ending; ++text) {
        const auto c = static_cast<unsigned char>(*text);
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f) {
            put_plain("\\u00");
            put(hex[c >> 4U]);
            put(hex[c & 15U]);
        } else {
            put(*text);
        }
    }
    put('"');
}

} // namespace gpuprobe
