#include "pypi/wheel_record.h"

#include "base/error.h"

#include <gtest/gtest.h>

namespace envpm::pypi {
namespace {

Tree tree_of(const std::vector<std::pair<std::string, std::string>>& files) {
    Tree tree{sha256_of("archive"), {}};
    for (const auto& [path, content] : files) {
        tree.files.push_back(
            {RelativePath::parse(path), sha256_of(content), content.size(), false});
    }
    return tree;
}

/// What check_record says against `record`, or nothing.
std::string complaint(const std::string& record, const Tree& tree) {
    try {
        check_record(parse_record(record, "demo 1.0"), tree, "demo-1.0.dist-info", "demo 1.0");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::integrity);
        EXPECT_EQ(error.text().subject, "demo 1.0");
        return error.text().what;
    }
    return {};
}

// python3 -c 'import base64,hashlib;print(base64.urlsafe_b64encode(hashlib.sha256(b"x").digest()))'
constexpr std::string_view hash_of_x = "sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE";

TEST(Record, HashIsUrlSafeBase64WithoutPadding) {
    EXPECT_EQ(record_hash(sha256_of("x")), hash_of_x);
    EXPECT_EQ(record_hash(sha256_of("")), "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
}

TEST(Record, QuotesOnlyWhatNeedsIt) {
    EXPECT_EQ(record_text({{"b c", "", ""}, {"a,\"b\"", "h", "1"}}),
              "\"a,\"\"b\"\"\",h,1\nb c,,\n");
}

TEST(Record, ReadsWhatItWrites) {
    const std::vector<RecordRow> rows = {
        {"a \"quoted\", name", "sha256=x", "12"}, {"b", "", ""}, {"c/d", "sha256=y", ""}};
    EXPECT_EQ(parse_record(record_text(rows), "demo"), rows);
}

TEST(Record, AcceptsCarriageReturnsAndAMissingLastLineEnd) {
    const std::vector<RecordRow> rows = {{"a", "h", "1"}, {"b", "", ""}};
    EXPECT_EQ(parse_record("a,h,1\r\nb,,", "demo"), rows);
    EXPECT_TRUE(parse_record("", "demo").empty());
}

TEST(Record, RefusesRowsThatAreNotThreeFields) {
    for (const char* text : {"a\n", "a,b\n", "a,b,c,d\n", "a,,\n,\n", "\"a,b,c\n", "\"a\"b,,\n"}) {
        EXPECT_THROW(parse_record(text, "demo"), Error) << text;
    }
}

TEST(Record, RefusesMoreRowsThanThereCanBeFiles) {
    const std::string text(2'000'001, '\n');
    EXPECT_EQ(complaint(text, tree_of({})), "RECORD has more than 2,000,000 lines");
    EXPECT_EQ(complaint(std::string(1'000'000, ','), tree_of({})),
              "a line of RECORD has more than 100 fields");
}

TEST(Record, HoldsForTheTrueFiles) {
    const Tree tree = tree_of({{"a.py", "x"},
                               {"demo-1.0.dist-info/RECORD", "?"},
                               {"demo-1.0.dist-info/RECORD.jws", "?"}});
    const std::string hash(hash_of_x);
    EXPECT_EQ(complaint("a.py," + hash + ",1\ndemo-1.0.dist-info/RECORD,,\n", tree), "");
    EXPECT_EQ(complaint("a.py," + hash + "=,\n", tree), "") << "padding, and no size";
    EXPECT_EQ(complaint("a.py," + hash + ",1\na.py," + hash + ",1\n", tree), "") << "twice";
}

TEST(Record, NamesTheFileThatIsNotAsListed) {
    const Tree tree = tree_of({{"a.py", "x"}, {"demo-1.0.dist-info/RECORD", "?"}});
    const std::string hash(hash_of_x);
    const std::string row = "a.py," + hash + ",1\n";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "`a.py` is not listed in RECORD"},
        {row + "b.py," + hash + ",1\n", "RECORD lists `b.py`, which is not in the wheel"},
        {row + "/home/me/.bashrc,,\n",
         "RECORD lists `/home/me/.bashrc`, which is not in the wheel"},
        {row + "../a.py," + hash + ",1\n", "RECORD lists `../a.py`, which is not in the wheel"},
        {"a.py," + hash + ",2\n", "`a.py` has 1 bytes, but RECORD says `2`"},
        {"a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,1\n",
         "`a.py` is not the file that RECORD says it is"},
        {"a.py,,\n", "RECORD gives no sha256 of `a.py`"},
        {"a.py,md5=AAAA,1\n", "RECORD gives no sha256 of `a.py`"},
        {row + "a.py,,\n", "RECORD gives no sha256 of `a.py`"},
    };
    for (const auto& [record, expected] : cases) {
        EXPECT_EQ(complaint(record, tree), expected) << record;
    }
}

TEST(Record, OnlyItsOwnFolderIsExempt) {
    const Tree tree = tree_of({{"other.dist-info/RECORD", "x"}});
    EXPECT_EQ(complaint("", tree), "`other.dist-info/RECORD` is not listed in RECORD");
}

} // namespace
} // namespace envpm::pypi
