#include "cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace envpm::cli {
namespace {

TEST(Counted, HasThePlural) {
    EXPECT_EQ(counted(0, "file"), "0 files");
    EXPECT_EQ(counted(1, "binary"), "1 binary");
    EXPECT_EQ(counted(2, "binary"), "2 binaries");
}

TEST(HumanBytes, UsesDecimalUnits) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(999), "999 B");
    EXPECT_EQ(human_bytes(1000), "1.0 kB");
    EXPECT_EQ(human_bytes(9949), "9.9 kB");
    EXPECT_EQ(human_bytes(12'345), "12 kB");
    EXPECT_EQ(human_bytes(999'499), "999 kB");
    EXPECT_EQ(human_bytes(999'500), "1.0 MB");
    EXPECT_EQ(human_bytes(2'800'000'000), "2.8 GB");
    EXPECT_EQ(human_bytes(5'000'000'000'000'000), "5000 TB");
}

TEST(HumanSeconds, ChangesUnitsWherePeopleDo) {
    EXPECT_EQ(human_seconds(0), "0 ms");
    EXPECT_EQ(human_seconds(0.23), "230 ms");
    EXPECT_EQ(human_seconds(0.9996), "1.0 s");
    EXPECT_EQ(human_seconds(1.44), "1.4 s");
    EXPECT_EQ(human_seconds(99.9), "99.9 s");
    EXPECT_EQ(human_seconds(125), "2 min 5 s");
    EXPECT_EQ(human_remainder(0.4), "<1 s");
    EXPECT_EQ(human_remainder(37.6), "38 s");
    EXPECT_EQ(human_remainder(97.4), "1 min 37 s");
    EXPECT_EQ(human_remainder(7530), "2 h 5 min");
    EXPECT_EQ(human_remainder(1e12), "100 h 0 min");
}

TEST(Styled, AddsCodesOnlyWithColour) {
    Terminal terminal;
    EXPECT_EQ(styled(terminal, Style::bad, "error:"), "error:");
    terminal.has_color = true;
    EXPECT_EQ(styled(terminal, Style::bad, "error:"), "\x1b[1;31merror:\x1b[0m");
    EXPECT_EQ(styled(terminal, Style::plain, "text"), "text");
}

TEST(DescribeTerminal, NeverWinsOverEverythingAndAlwaysOverNoColor) {
    Variables variables;
    variables.set("TERM", "xterm");
    GlobalOptions options;
    options.color = ColorMode::never;
    EXPECT_FALSE(describe_terminal(options, variables).has_color);
    variables.set("NO_COLOR", "1");
    options.color = ColorMode::automatic;
    EXPECT_FALSE(describe_terminal(options, variables).has_color);
    options.color = ColorMode::always;
    EXPECT_TRUE(describe_terminal(options, variables).has_color);
}

TEST(DescribeTerminal, NoProgressAndDumbTerminalsRedrawNoLine) {
    Variables variables;
    variables.set("TERM", "xterm");
    GlobalOptions options;
    options.has_no_progress = true;
    EXPECT_FALSE(describe_terminal(options, variables).is_interactive);
    options.has_no_progress = false;
    variables.set("TERM", "dumb");
    EXPECT_FALSE(describe_terminal(options, variables).is_interactive);
}

/// What the progress writes to standard error.
std::string written_by(const Terminal& terminal, void (*report)(Progress&)) {
    testing::internal::CaptureStderr();
    {
        TerminalProgress progress(terminal);
        report(progress);
    }
    return testing::internal::GetCapturedStderr();
}

TEST(TerminalProgress, SaysNothingOfShortTasks) {
    EXPECT_EQ(written_by({},
                         [](Progress& progress) {
                             progress.begin("fetching", 10, ProgressUnit::bytes);
                             progress.advance(10);
                             progress.end();
                         }),
              "");
}

TEST(TerminalProgress, NotesAreToldUnlessQuietAndTracesIfVerbose) {
    const auto report = [](Progress& progress) {
        progress.note("moved on");
        progress.trace("step");
    };
    Terminal terminal;
    EXPECT_EQ(written_by(terminal, report), "note: moved on\n");
    terminal.is_verbose = true;
    EXPECT_EQ(written_by(terminal, report), "note: moved on\nstep\n");
    terminal.is_quiet = true;
    EXPECT_EQ(written_by(terminal, report), "");
}

TEST(TerminalProgress, WhatWasThereBeforeCountsForNoRate) {
    Terminal terminal;
    terminal.is_interactive = true;
    terminal.width = 120;
    TerminalProgress::Clock::time_point now{std::chrono::hours(1)};
    testing::internal::CaptureStderr();
    {
        TerminalProgress progress(terminal, [&now] { return now; });
        progress.begin("fetching", 2'000'000'000, ProgressUnit::bytes);
        progress.advance(1'900'000'000);
        now += std::chrono::milliseconds(99);
        progress.advance(500'000); // too early for another line
        now += std::chrono::milliseconds(101);
        progress.advance(500'000);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "\r\x1b[Kfetching  ███████████████████░  1.9 GB/2.0 GB  5.0 MB/s  eta 20 s\r\x1b[K");
}

TEST(TerminalProgress, ANoteLeavesTheBarInSight) {
    Terminal terminal;
    terminal.is_interactive = true;
    const std::string text = written_by(terminal, [](Progress& progress) {
        progress.begin("fetching", 10, ProgressUnit::bytes);
        progress.note("waiting for `a`");
    });
    EXPECT_THAT(text, testing::HasSubstr("waiting for `a`\n\r\x1b[Kfetching"));
}

} // namespace
} // namespace envpm::cli
