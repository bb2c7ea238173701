#pragma once

#include <cstdint>
#include <string_view>

namespace envpm {

enum class ProgressUnit { items, bytes };

/// Where stages report what they are doing; `cli` draws it. One task is open at a time. All members
/// may be called from any thread.
class Progress {
  public:
    Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    virtual ~Progress() = default;

    /// `total` 0 means unknown.
    virtual void begin(std::string_view task, std::uint64_t total, ProgressUnit unit) = 0;
    virtual void advance(std::uint64_t amount) = 0;
    virtual void end() = 0;

    /// A decision worth a line: "mirror X stalled: moved to Y". Who shows it marks it as a note.
    virtual void note(std::string_view line) = 0;

    /// One line per step under --verbose: step, counts, bytes, milliseconds.
    virtual void trace(std::string_view line) = 0;
};

/// For callers that show nothing.
class SilentProgress final : public Progress {
  public:
    void begin(std::string_view /*task*/, std::uint64_t /*total*/, ProgressUnit /*unit*/) override {
    }

    void advance(std::uint64_t /*amount*/) override {}

    void end() override {}

    void note(std::string_view /*line*/) override {}

    void trace(std::string_view /*line*/) override {}
};

} // namespace envpm
