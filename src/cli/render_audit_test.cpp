#include "cli/render_audit.h"

#include "cli/render_doctor.h"
#include "cli/render_selftest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace envpm::cli {
namespace {

using testing::HasSubstr;

bool has_control_character(const std::string& text) {
    return std::any_of(text.begin(), text.end(), [](char each) {
        return (static_cast<unsigned char>(each) < 0x20 && each != '\n') || each == 0x7f;
    });
}

installing::AuditReport report_of_a_package_that_draws() {
    installing::AuditReport report;
    report.binaries = 1;
    report.findings = {{gpu::Severity::error, gpu::Rule::damaged_binary, "lib/\x1b[2Ja.so",
                        "a\r 1.0", "it needs `lib\x1b]0;title\x07.so`", "remove `\x7f`"}};
    return report;
}

TEST(WordsOfAudit, HaveNoControlCharactersOfAPackage) {
    const std::string words = words_of(report_of_a_package_that_draws(), Terminal());
    EXPECT_THAT(words, HasSubstr("error: it needs `lib\\x1b]0;title\\x07.so`\n"
                                 "  at: lib/\\x1b[2Ja.so (a\\x0d 1.0)\n"
                                 "  hint: remove `\\x7f`\n"));
    EXPECT_FALSE(has_control_character(words));
}

TEST(WordsOfAudit, SayOnceWhatIsTheMatterWithManyFiles) {
    const auto finding = [](const char* file, const char* text) {
        return gpu::Finding{gpu::Severity::error, gpu::Rule::no_code_for_gpu, file, "p 1.0", text,
                            "lock another"};
    };
    installing::AuditReport report;
    report.findings = {finding("lib/a.so", "nothing for 5.0"), finding("lib/b.so", "it is damaged"),
                       finding("lib/c.so", "nothing for 5.0")};
    EXPECT_THAT(words_of(report, Terminal()), HasSubstr("error: nothing for 5.0\n"
                                                        "  at: lib/a.so (p 1.0)\n"
                                                        "  at: lib/c.so (p 1.0)\n"
                                                        "  hint: lock another\n"
                                                        "error: it is damaged\n"
                                                        "  at: lib/b.so (p 1.0)\n"));
    EXPECT_THAT(words_of(report, Terminal()), HasSubstr("3 errors"));
}

TEST(WordsOfAudit, HaveNoneAfterAnInstall) {
    const std::string words = error_words(report_of_a_package_that_draws(), Terminal());
    EXPECT_THAT(words, HasSubstr("✗ audit: 1 error in 1 binary\n"));
    EXPECT_FALSE(has_control_character(words));
}

TEST(WordsOfDoctor, HaveNoneOfWhatHidesALibrary) {
    const pipeline::DoctorReport report{{{"libraries", pipeline::Condition::warning,
                                          "`\x1b[2Ja` hides it", "/\x1b[31m", "remove `\x07`"}}};
    const std::string words = words_of(report, Terminal());
    EXPECT_THAT(words, HasSubstr("`\\x1b[2Ja` hides it   from /\\x1b[31m\n"));
    EXPECT_FALSE(has_control_character(words));
}

TEST(WordsOfDeepTest, HaveNoneOfALibraryOrOfPython) {
    pipeline::DeepReport report{
        {sha256_of("env"), sha256_of("manifest"), "default", "", "", ""}, {}, {}, {}, {}};
    report.libraries = {
        {{"libnccl", "/p/libnccl.so.2", "nvidia-nccl 2.0", "2.0"},
         {selftest::Outcome::no_library, "load", 0, "\x1b[2J: no such file"},
         "",
         {},
         0},
        {{"libcudnn", "/p/libcudnn.so.9", "", ""}, {}, "9\x07", {"/opt/\x1b[31mlib.so"}, 0}};
    selftest::TorchStep failed;
    failed.name = "gemm";
    failed.ending = {selftest::Outcome::failed, "gemm", 0, "RuntimeError: \x1b[31m"};
    selftest::TorchStep skipped;
    skipped.name = "fft";
    skipped.is_skipped = true;
    skipped.note = "because\r";
    selftest::TorchStep noted;
    noted.name = "ranks";
    noted.note = "on\x1b the processor";
    report.torch = {failed, skipped, noted};
    selftest::ComputeStep compute;
    compute.name = "fft";
    compute.library = "/p/lib\x1b.so.12";
    compute.ending = {selftest::Outcome::failed, "cufft\r", 6, "CUFFT\x07"};
    compute.gpu = 1;
    compute.note = "a\x1b note";
    report.compute = {compute};
    const std::string words = words_of(report, Terminal());
    EXPECT_THAT(words, HasSubstr("it loaded `/opt/\\x1b[31mlib.so`, which is not"));
    EXPECT_THAT(words, HasSubstr("RuntimeError: \\x1b[31m\n"));
    EXPECT_THAT(words, HasSubstr("fft by lib\\x1b.so.12: failed at `cufft\\x0d` on GPU 1 (6): "
                                 "CUFFT\\x07 (a\\x1b note)\n  at: /p/lib\\x1b.so.12\n"));
    EXPECT_THAT(words, HasSubstr("skipped: because\\x0d\n"));
    EXPECT_FALSE(has_control_character(words));
}

} // namespace
} // namespace envpm::cli
