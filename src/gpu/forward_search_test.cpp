#include "gpu/forward_search.h"

#include <gtest/gtest.h>

#include <string>

namespace envpm::gpu {

namespace {

TEST(ForwardSearch, FindsWhatStandsAcrossTwoSteps) {
    constexpr std::size_t step = ForwardSearch::step_bytes;
    std::string data(2 * step + 10, '.');
    const std::string wanted = "here";
    const Passed nobody;
    for (const std::size_t place : {std::size_t{0}, step - 3, step - 1, step, data.size() - 4}) {
        std::string with = data;
        with.replace(place, wanted.size(), wanted);
        EXPECT_EQ(ForwardSearch(with, nobody).find(0, wanted), place);
        EXPECT_EQ(ForwardSearch(with, nobody).find(place + 1, wanted), std::nullopt);
    }
    EXPECT_EQ(ForwardSearch("her", nobody).find(0, wanted), std::nullopt);
    EXPECT_EQ(ForwardSearch("", nobody).find(0, wanted), std::nullopt);
}

TEST(ForwardSearch, TellsOfWhatLiesBehindOnceAndOfNothingAhead) {
    const std::string data(5 * ForwardSearch::step_bytes, '.');
    std::size_t told = 0;
    const Passed passed = [&](std::string_view part) {
        EXPECT_EQ(part.data(), data.data() + told);
        told += part.size();
    };
    ForwardSearch search(data, passed);
    search.pass(ForwardSearch::step_bytes / 2);
    EXPECT_EQ(told, 0U) << "too little to be worth it";
    search.pass(ForwardSearch::step_bytes + 1);
    EXPECT_EQ(told, ForwardSearch::step_bytes + 1);
    EXPECT_EQ(search.find(told, "x"), std::nullopt);
    EXPECT_GT(told, data.size() - ForwardSearch::step_bytes);
    EXPECT_LE(told, data.size());
}

} // namespace

} // namespace envpm::gpu
