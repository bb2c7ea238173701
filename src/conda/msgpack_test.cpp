#include "conda/msgpack.h"

#include "base/error.h"

namespace envpm::conda {
namespace {

using Kind = PackedValue::Kind;

std::string bytes(std::initializer_list<unsigned> values) {
    std::string out;
    for (const unsigned value : values) {
        out += static_cast<char>(value);
    }
    return out;
}

PackedValue value_of(const std::string& text) {
    MsgpackReader reader(text, "shard");
    const PackedValue value = reader.next();
    reader.skip_content(value);
    EXPECT_TRUE(reader.is_at_end());
    return value;
}

std::string value_complaint(const std::string& text) {
    try {
        value_of(text);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::network);
        EXPECT_EQ(error.text().subject, "shard");
        return error.text().what;
    }
    return {};
}

TEST(Msgpack, ReadsNumbersOfEverySize) {
    EXPECT_EQ(value_of(bytes({0x00})).number, 0U);
    EXPECT_EQ(value_of(bytes({0x7f})).number, 127U);
    EXPECT_EQ(value_of(bytes({0xcc, 0xff})).number, 255U);
    EXPECT_EQ(value_of(bytes({0xcd, 0x01, 0x02})).number, 258U);
    EXPECT_EQ(value_of(bytes({0xce, 0x01, 0, 0, 0})).number, 1U << 24U);
    EXPECT_EQ(value_of(bytes({0xcf, 0, 0, 0, 1, 0, 0, 0, 0})).number, 1ULL << 32U);
    EXPECT_EQ(value_of(bytes({0xd0, 0x05})).number, 5U);
    EXPECT_TRUE(value_of(bytes({0xd3, 0, 0, 0, 0, 0, 0, 0, 5})).is(Kind::number));
    for (const std::string& minus_two :
         {bytes({0xfe}), bytes({0xd0, 0xfe}), bytes({0xd1, 0xff, 0xfe}),
          bytes({0xd2, 0xff, 0xff, 0xff, 0xfe}),
          bytes({0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe})}) {
        EXPECT_TRUE(value_of(minus_two).is(Kind::negative));
        EXPECT_EQ(static_cast<std::int64_t>(value_of(minus_two).number), -2);
    }
    EXPECT_TRUE(value_of(bytes({0xca, 0, 0, 0, 0})).is(Kind::real));
    EXPECT_TRUE(value_of(bytes({0xcb, 0, 0, 0, 0, 0, 0, 0, 0})).is(Kind::real));
}

TEST(Msgpack, ReadsTextsBytesFlagsAndNothing) {
    EXPECT_EQ(value_of(bytes({0xa2, 'o', 'k'})).bytes, "ok");
    EXPECT_EQ(value_of(bytes({0xd9, 2, 'o', 'k'})).bytes, "ok");
    EXPECT_EQ(value_of(bytes({0xda, 0, 2, 'o', 'k'})).bytes, "ok");
    EXPECT_EQ(value_of(bytes({0xdb, 0, 0, 0, 2, 'o', 'k'})).bytes, "ok");
    EXPECT_EQ(value_of(bytes({0xc4, 2, 'o', 'k'})).bytes, "ok");
    EXPECT_TRUE(value_of(bytes({0xc5, 0, 2, 'o', 'k'})).is(Kind::bytes));
    EXPECT_TRUE(value_of(bytes({0xc6, 0, 0, 0, 2, 'o', 'k'})).is(Kind::bytes));
    EXPECT_TRUE(value_of(bytes({0xd4, 1, 0})).is(Kind::extension));
    EXPECT_TRUE(value_of(bytes({0xd6, 1, 0, 0, 0, 0})).is(Kind::extension));
    EXPECT_TRUE(value_of(bytes({0xc7, 3, 1, 0, 0, 0})).is(Kind::extension));
    EXPECT_TRUE(value_of(bytes({0xc0})).is(Kind::nil));
    EXPECT_EQ(value_of(bytes({0xc2})).number, 0U);
    EXPECT_EQ(value_of(bytes({0xc3})).number, 1U);
}

TEST(Msgpack, SkipsWhatIsWithin) {
    EXPECT_EQ(value_of(bytes({0x92, 0x01, 0x82, 0xa1, 'a', 0x90, 0xa1, 'b', 0x91, 0xc0})).number,
              2U);
    EXPECT_EQ(
        value_of(bytes({0xdc, 0, 1, 0xdd, 0, 0, 0, 1, 0xde, 0, 1, 1, 0xdf, 0, 0, 0, 0})).number,
        1U);
}

TEST(Msgpack, BelievesNoLength) {
    for (const std::string& text :
         {bytes({}), bytes({0xa2, 'o'}), bytes({0xd9}), bytes({0xc6, 0xff, 0xff, 0xff, 0xff}),
          bytes({0xdd, 0xff, 0xff, 0xff, 0xff}), bytes({0xdf, 0xff, 0xff, 0xff, 0xff}),
          bytes({0x91}), bytes({0x81, 0x01}), bytes({0x92, 0x91, 0x01}), bytes({0xcf, 0, 0}),
          bytes({0xc9, 0xff, 0xff, 0xff, 0xff})}) {
        EXPECT_EQ(value_complaint(text), "the data is cut short");
    }
    EXPECT_EQ(value_complaint(bytes({0xc1})),
              "the data is damaged: it has a byte that begins no value");
}

TEST(Msgpack, NestsAsDeepAsTheBytesGo) {
    EXPECT_EQ(value_of(std::string(1'000'000, '\x91') + "\xc0").number, 1U);
    EXPECT_EQ(value_complaint(std::string(1'000'000, '\x91')), "the data is cut short");
}

} // namespace
} // namespace envpm::conda
