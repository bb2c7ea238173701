#include "model/cuda_version.h"

#include <algorithm>

namespace envpm {

namespace {

TEST(CudaVersion, ReadsTwoNumbersAndNothingElse) {
    EXPECT_EQ(CudaVersion::parse("12.4"), (CudaVersion{12, 4}));
    EXPECT_EQ((CudaVersion{12, 4}).text(), "12.4");
    for (const std::string& text : std::vector<std::string>{
             "", "12", "12.", ".4", "12.4.1", "-12.4", "12.x", "12.4 ", "9999999.0"}) {
        EXPECT_EQ(CudaVersion::parse(text), std::nullopt) << text;
    }
}

TEST(CudaVersion, IsMadeFromTheNumberThatADriverGives) {
    EXPECT_EQ(CudaVersion::from_driver_number(12080), (CudaVersion{12, 8}));
    EXPECT_EQ(CudaVersion::from_driver_number(13000), (CudaVersion{13, 0}));
}

TEST(ToolkitVersion, MayNameItsPatch) {
    EXPECT_EQ(ToolkitVersion::parse("10.2.89"), (ToolkitVersion{{10, 2}, 89}));
    EXPECT_EQ(ToolkitVersion::parse("12.4"), (ToolkitVersion{{12, 4}, -1}));
    EXPECT_EQ(ToolkitVersion::parse("12"), std::nullopt);
    EXPECT_EQ(ToolkitVersion::parse("12.4.1.0"), std::nullopt);
    EXPECT_EQ((ToolkitVersion{{12, 4}, 1}).text(), "12.4.1");
    EXPECT_EQ((ToolkitVersion{{12, 4}, -1}).text(), "12.4");
    EXPECT_LT((ToolkitVersion{{12, 9}, 1}), (ToolkitVersion{{13, 0}, 0}));
}

TEST(PtxVersion, ReadsTwoNumbersAndNothingElse) {
    EXPECT_EQ(PtxVersion::parse("8.4"), (PtxVersion{8, 4}));
    EXPECT_EQ(PtxVersion::parse("8"), std::nullopt);
    EXPECT_EQ((PtxVersion{8, 4}).text(), "8.4");
}

TEST(DriverVersion, HasOneToThreeParts) {
    EXPECT_EQ(DriverVersion::parse("535.104.05"), (DriverVersion{535, 104, 5}));
    EXPECT_EQ(DriverVersion::parse("528.33"), (DriverVersion{528, 33}));
    EXPECT_EQ(DriverVersion::parse("580"), (DriverVersion{580}));
    for (const std::string& text : std::vector<std::string>{"", "r580", "535.104.05.1", "535.",
                                                            "535..5", "535.104.05 ", "-535"}) {
        EXPECT_EQ(DriverVersion::parse(text), std::nullopt) << text;
    }
}

TEST(CudaVersion, AnyFromTheOldestToOnesToComeIsConceivable) {
    const std::vector<CudaVersion> versions = conceivable_cuda_versions();
    EXPECT_EQ(versions.front(), (CudaVersion{15, 15}));
    EXPECT_EQ(versions.back(), (CudaVersion{9, 0}));
    EXPECT_TRUE(std::is_sorted(versions.rbegin(), versions.rend()));
    EXPECT_EQ(versions.size(), 7U * 16U);
}

TEST(DriverVersion, IsWrittenAsNvidiaWritesIt) {
    for (const std::string& text :
         std::vector<std::string>{"535.104.05", "576.02", "580", "570.124.06", "450.80.02"}) {
        EXPECT_EQ(DriverVersion::parse(text)->text(), text);
    }
}

TEST(DriverVersion, OrdersByNumberAndWhatIsLeftOutComesFirst) {
    EXPECT_LT((DriverVersion{535, 54, 3}), (DriverVersion{535, 104, 5}));
    EXPECT_LT((DriverVersion{580}), (DriverVersion{580, 65, 6}));
    EXPECT_LT((DriverVersion{580, 65}), (DriverVersion{580, 65, 6}));
    EXPECT_LT((DriverVersion{570, 124, 6}), (DriverVersion{580}));
}

} // namespace

} // namespace envpm
