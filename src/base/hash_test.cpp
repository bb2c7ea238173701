#include "base/hash.h"

#include "base/error.h"
#include "base/files.h"

namespace envpm {

namespace {

// Published examples of FIPS 180-4.
constexpr std::string_view hash_of_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view hash_of_abc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view hash_of_million_a =
    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, AgreesWithThePublishedExamples) {
    EXPECT_EQ(sha256_of("").hex(), hash_of_nothing);
    EXPECT_EQ(sha256_of("abc").hex(), hash_of_abc);
    EXPECT_EQ(sha256_of(std::string(1'000'000, 'a')).hex(), hash_of_million_a);
}

TEST(Hex, ReadsDigitsOfEitherCaseAndNothingElse) {
    std::array<std::uint8_t, 3> bytes{};
    EXPECT_TRUE(read_hex("00aFb9", bytes));
    EXPECT_EQ(bytes, (std::array<std::uint8_t, 3>{0x00, 0xaf, 0xb9}));
    for (const char* text :
         {"", "00af", "00afb", "00afb9b9", "00afg9", "00af:9", "00af @", "00af\xff\xff"}) {
        EXPECT_FALSE(read_hex(text, bytes)) << text;
    }
}

TEST(Sha256, TextAndDigestConvertBothWays) {
    const std::optional<Sha256> digest = Sha256::parse(hash_of_abc);
    ASSERT_TRUE(digest);
    EXPECT_EQ(*digest, sha256_of("abc"));
    EXPECT_EQ(digest->bytes().front(), 0xba);
    EXPECT_EQ(digest->bytes().back(), 0xad);
}

TEST(Sha256, RefusesEveryOtherSpelling) {
    const std::string good(hash_of_abc);
    std::string upper = good;
    upper[0] = 'B';
    std::string foreign = good;
    foreign[63] = 'g';
    std::string zero = good;
    zero[10] = '\0';
    for (const std::string& text : {std::string(), good.substr(1), good + "0", upper, foreign, zero,
                                    "sha256:" + good.substr(7), " " + good.substr(1)}) {
        EXPECT_FALSE(Sha256::parse(text)) << text;
    }
}

TEST(Sha256, OrdersAsItsTextDoes) {
    EXPECT_LT(*Sha256::parse(hash_of_abc), *Sha256::parse(hash_of_nothing));
}

TEST(Sha256Hasher, PiecesHashAsTheWholeAndItStartsAnew) {
    Sha256Hasher hasher;
    for (int i = 0; i < 1000; ++i) {
        hasher.update(std::string(1000, 'a'));
    }
    EXPECT_EQ(hasher.finish().hex(), hash_of_million_a);
    hasher.update("ab");
    hasher.update("c");
    EXPECT_EQ(hasher.finish().hex(), hash_of_abc);
    EXPECT_EQ(hasher.finish().hex(), hash_of_nothing);
    Sha256Hasher moved(std::move(hasher));
    moved.update("abc");
    EXPECT_EQ(moved.finish().hex(), hash_of_abc);
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::string content(1'000'000, 'a');
    write_file(folder.path() / "f", content, Durability::cached);
    EXPECT_EQ(sha256_of_file(folder.path() / "f").hex(), hash_of_million_a);
    EXPECT_THROW(sha256_of_file(folder.path() / "absent"), Error);
    EXPECT_THROW(sha256_of_file(folder.path()), Error);
}

} // namespace

} // namespace envpm
