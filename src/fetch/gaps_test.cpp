#include "fetch/gaps.h"

#include <random>

namespace envpm::fetch {
namespace {

using ::testing::ElementsAre;

TEST(Gaps, AreWhatIsNotPresent) {
    EXPECT_THAT(Gaps(100, {}).pieces(), ElementsAre(Piece{0, 100}));
    EXPECT_THAT(Gaps(100, std::vector<Piece>{{0, 10}, {20, 30}}).pieces(),
                ElementsAre(Piece{10, 10}, Piece{50, 50}));
    EXPECT_TRUE(Gaps(100, std::vector<Piece>{{0, 100}}).empty());
    EXPECT_TRUE(Gaps(0, {}).empty());
}

TEST(Gaps, AreTakenInFileOrderUpToBlockEnds) {
    Gaps gaps(10 * mebibyte, std::vector<Piece>{{0, mebibyte / 2}});
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{mebibyte / 2, 7 * mebibyte / 2}));
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{4 * mebibyte, 4 * mebibyte}));
    EXPECT_EQ(gaps.take(4 * mebibyte), (Piece{8 * mebibyte, 2 * mebibyte}));
    EXPECT_TRUE(gaps.empty());
}

TEST(Gaps, WhatComesBackJoinsItsNeighbours) {
    Gaps gaps(8 * mebibyte, {});
    const Piece first = gaps.take(2 * mebibyte);
    const Piece second = gaps.take(2 * mebibyte);
    gaps.give_back(first);
    EXPECT_THAT(gaps.pieces(),
                ElementsAre(Piece{0, 2 * mebibyte}, Piece{4 * mebibyte, 4 * mebibyte}));
    gaps.give_back({second.first + 5, second.count - 5});
    gaps.give_back({second.first, 5});
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 8 * mebibyte}));
    gaps.give_back({3, 0});
    EXPECT_THAT(gaps.take_all(), ElementsAre(Piece{0, 8 * mebibyte}));
    EXPECT_TRUE(gaps.empty());
}

TEST(Gaps, TakingAndGivingBackLosesNothing) {
    std::mt19937_64 random(7);
    Gaps gaps(64 * mebibyte + 17, {});
    std::vector<Piece> taken;
    for (int i = 0; i < 2000; ++i) {
        if (!gaps.empty() && random() % 2 == 0) {
            taken.push_back(gaps.take((1 + random() % 8) * mebibyte));
        } else if (!taken.empty()) {
            std::swap(taken[random() % taken.size()], taken.back());
            gaps.give_back(taken.back());
            taken.pop_back();
        }
    }
    for (const Piece& piece : taken) {
        gaps.give_back(piece);
    }
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 64 * mebibyte + 17}));
}

TEST(Gaps, TheEndIsTakenFromAMultipleOnWhenAllOfItIsMissing) {
    const std::uint64_t size = 100 * mebibyte + 7;
    Gaps gaps(size, {});
    EXPECT_EQ(gaps.take_end(size, 3 * mebibyte), (Piece{97 * mebibyte, 3 * mebibyte + 7}));
    EXPECT_THAT(gaps.pieces(), ElementsAre(Piece{0, 97 * mebibyte}));
    EXPECT_EQ(gaps.take_end(size, 3 * mebibyte), std::nullopt);
    Gaps all(mebibyte, {});
    EXPECT_EQ(all.take_end(mebibyte, 3 * mebibyte), (Piece{0, mebibyte}));
    EXPECT_TRUE(all.empty());
    EXPECT_EQ(all.take_end(mebibyte, 1), std::nullopt);
    const std::vector<Piece> present = {{98 * mebibyte, mebibyte}};
    Gaps some(size, present);
    EXPECT_EQ(some.take_end(size, 3 * mebibyte), std::nullopt);
    EXPECT_EQ(some.take_end(size, mebibyte), (Piece{99 * mebibyte, mebibyte + 7}));
}

TEST(Pieces, AreForgottenFromTheFrontAndCutFromTheEnd) {
    std::vector<Piece> pieces = {{0, 10}, {20, 10}, {2 * mebibyte, 3 * mebibyte}};
    forget_front(pieces, 13);
    EXPECT_THAT(pieces, ElementsAre(Piece{23, 7}, Piece{2 * mebibyte, 3 * mebibyte}));
    EXPECT_EQ(tail_of(pieces, mebibyte + 1), (Piece{4 * mebibyte, mebibyte}));
    EXPECT_EQ(tail_of(pieces, 9 * mebibyte), (Piece{2 * mebibyte, 3 * mebibyte}));
    EXPECT_THAT(cut_tail(pieces, 25), ElementsAre(Piece{2 * mebibyte, 3 * mebibyte}, Piece{25, 5}));
    EXPECT_THAT(pieces, ElementsAre(Piece{23, 2}));
    EXPECT_EQ(tail_of(pieces, 2), Piece{}) << "something has to be left";
}

} // namespace
} // namespace envpm::fetch
