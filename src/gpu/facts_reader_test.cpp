#include "base/error.h"
#include "gpu/facts.h"

namespace envpm::gpu {

namespace {

const std::string head = "[meta]\nformat = 1\ngenerated = \"2026-11-23\"\n";

/// The complaint about a file, or "none".
std::string complaint(const std::string& text) {
    try {
        Facts::parse(text, "facts.toml");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::failed);
        return error.text().subject + ": " + error.text().what +
               (error.text().hint.empty() ? "" : " | " + error.text().hint);
    }
    return "none";
}

std::string complaint_below_head(const std::string& text) {
    return complaint(head + text);
}

TEST(FactsReader, TakesAFileThatKnowsLittle) {
    const Facts facts = Facts::parse(head + "[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.4\"\n"
                                            "source = \"a page\"\n",
                                     "facts.toml");
    EXPECT_EQ(facts.generated(), "2026-11-23");
    EXPECT_EQ(facts.ptx_of({12, 4})->citation.location.text(), "facts.toml:4:1");
    EXPECT_EQ(facts.least_driver(12, DriverSystem::linux_kernel), std::nullopt);
}

TEST(FactsReader, TheFormatComesBeforeAllElse) {
    EXPECT_THAT(complaint(""), testing::StartsWith("facts.toml: this table of facts does not say"));
    EXPECT_THAT(complaint("[meta]\nformat = 2\nnew = 1\n[[newer]]\n"),
                testing::StartsWith("facts.toml:2:10: this table of facts has format 2, and envpm "
                                    "knows 1"));
    EXPECT_THAT(complaint("[meta]\nformat = \"1\"\n"), testing::HasSubstr("a whole number"));
    EXPECT_THAT(complaint("[meta]\nformat = 1\n"), testing::HasSubstr("`generated`"));
    EXPECT_THAT(complaint(head + "note = \"x\"\n"),
                testing::HasSubstr("unknown key `note` in `meta` | did you mean `notes`?"));
}

TEST(FactsReader, PointsAtWhatItDoesNotKnow) {
    EXPECT_THAT(complaint_below_head("[[cuda_toolkits]]\nversion = \"12.4.1\"\n"),
                testing::StartsWith("facts.toml:4:3: unknown table `cuda_toolkits` | did you mean "
                                    "`cuda_toolkit`?"));
    EXPECT_THAT(complaint_below_head("[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.4\"\nsource = \"a\"\n"
                                     "sourc = \"b\"\n"),
                testing::StartsWith("facts.toml:8:1: unknown key `sourc` in `ptx_isa` | did you "
                                    "mean `source`?"));
}

TEST(FactsReader, PointsAtWhatIsMissing) {
    EXPECT_EQ(complaint_below_head("[[ptx_isa]]\nptx = \"8.4\"\nsource = \"a\"\n"),
              "facts.toml:4:1: a row of `ptx_isa` has no `cuda`");
    EXPECT_EQ(complaint_below_head("[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.4\"\n"),
              "facts.toml:4:1: a row of `ptx_isa` has no `source`");
    EXPECT_EQ(complaint_below_head("[[ptx_isa]]\nptx = \"\"\ncuda = \"12.4\"\nsource = \"a\"\n"),
              "facts.toml:5:7: `ptx_isa.ptx` is empty");
}

TEST(FactsReader, PointsAtValuesOfTheWrongKind) {
    EXPECT_EQ(complaint_below_head("[ptx_isa]\nptx = \"8.4\"\n"),
              "facts.toml:4:1: `ptx_isa` must be an array, not a table");
    EXPECT_EQ(complaint_below_head("[[ptx_isa]]\nptx = 8.4\ncuda = \"12.4\"\nsource = \"a\"\n"),
              "facts.toml:5:7: `ptx_isa.ptx` must be a string, not a number");
    EXPECT_EQ(complaint_below_head("[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12\"\nsource = \"a\"\n"),
              "facts.toml:6:8: `ptx_isa.cuda` must be a CUDA version such as \"12.4\", not `12`");
    EXPECT_EQ(complaint_below_head("[[sm_support]]\nsm = 9\nfirst_cuda = \"\"\nlast_cuda = \"\"\n"
                                   "source = \"a\"\n"),
              "facts.toml:5:6: `sm_support.sm` must be from 20 to 999, not 9");
    EXPECT_EQ(
        complaint_below_head("[[torch_variant_aarch64]]\nvariant = \"cu126\"\n"
                             "sass = [\"sm_80\", \"sm80\"]\nreleases = \"2.9-2.14\"\n"
                             "source = \"a\"\n"),
        "facts.toml:6:18: `an item of torch_variant_aarch64.sass` must be a compute capability "
        "such as \"8.6\" or \"sm_86\", not `sm80`");
}

TEST(FactsReader, ContradictionsNameBothRows) {
    const std::string row = "[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.4\"\nsource = \"a\"\n";
    const std::string other = "[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.5\"\nsource = \"a\"\n";
    EXPECT_EQ(complaint_below_head(row + other),
              "facts.toml:8:1: two rows of `ptx_isa` differ on `8.4` | the other one is at "
              "facts.toml:4:1; keep the one that is right");
    EXPECT_EQ(complaint_below_head("[[gpu]]\ncc = \"8.6\"\nnames = [\"RTX 3090\"]\nsource = \"a\"\n"
                                   "[[gpu]]\ncc = \"8.9\"\nnames = [\"GeForce RTX3090\"]\n"
                                   "source = \"a\"\n"),
              "facts.toml:8:1: two rows of `gpu` differ on `GeForce RTX3090` | the other one is at "
              "facts.toml:4:1; keep the one that is right");
}

TEST(FactsReader, AProductMustHaveANameOfItsOwn) {
    EXPECT_THAT(complaint_below_head("[[gpu]]\ncc = \"8.6\"\nnames = [\"NVIDIA GeForce 12GB\"]\n"
                                     "source = \"a\"\n"),
                testing::StartsWith("facts.toml:4:1: `NVIDIA GeForce 12GB` names no product"));
}

TEST(FactsReader, TwoRowsThatAgreeMayHaveTwoSources) {
    const std::string row = "[[ptx_isa]]\nptx = \"8.4\"\ncuda = \"12.4\"\nsource = ";
    const Facts facts = Facts::parse(head + row + "\"a\"\n" + row + "\"b\"\n", "facts.toml");
    EXPECT_EQ(facts.rows().size(), 2U);
    EXPECT_EQ(facts.ptx_of({12, 4})->citation.source, "a");
}

TEST(FactsReader, AnEmptyValueIsUnknownAndNotZero) {
    const Facts facts = Facts::parse(head + "[[cuda_minor_compat]]\ncuda_major = 14\n"
                                            "min_driver_linux = \"\"\nsource = \"a\"\n"
                                            "[[sm_support]]\nsm = 130\nfirst_cuda = \"\"\n"
                                            "last_cuda = \"\"\nsource = \"a\"\n",
                                     "facts.toml");
    EXPECT_EQ(facts.least_driver(14, DriverSystem::linux_kernel), std::nullopt);
    EXPECT_EQ(facts.newest_cuda(DriverVersion{999}, DriverSystem::linux_kernel), std::nullopt);
    EXPECT_FALSE(facts.toolkits_for({13, 0}));
}

} // namespace

} // namespace envpm::gpu
