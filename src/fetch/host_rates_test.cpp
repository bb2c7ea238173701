#include "fetch/host_rates.h"

#include "fetch/download_fixture.h"

namespace envpm::fetch {
namespace {

using std::chrono::days;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};

TEST(HostRates, AreReadAsTheyWereWritten) {
    const std::vector<HostRate> rates = {{"a.example.org", 12'000'000, now},
                                         {"127.0.0.1:8080", 0, now - days(3)}};
    EXPECT_EQ(decode_host_rates(encode_host_rates(rates)), rates);
    EXPECT_THAT(decode_host_rates(encode_host_rates({})), IsEmpty());
}

TEST(HostRates, OfADamagedTextAreNone) {
    const std::string good = encode_host_rates({{"a", 1, now}, {"b", 2, now}});
    ASSERT_EQ(decode_host_rates(good).size(), 2U);
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_THAT(decode_host_rates(good.substr(0, length)), IsEmpty()) << length;
    }
    for (const char* const text :
         {"envpm-host-rates 2\na 1 1\nend\n", "envpm-host-rates 1\na -1 1\nend\n",
          "envpm-host-rates 1\na 1\nend\n", "envpm-host-rates 1\n 1 1\nend\n",
          "envpm-host-rates 1\na 1 1 1\nend\n", "envpm-host-rates 1\na 1 1\nend\nmore\n",
          "envpm-host-rates 1\na 1 99999999999999999999\nend\n",
          "envpm-host-rates 1\na 1 9999999999999999\nend\n"}) {
        EXPECT_THAT(decode_host_rates(text), IsEmpty()) << text;
    }
}

TEST(HostRates, FadeAndAreForgottenAfterSevenDays) {
    EXPECT_EQ(faded({"a", 1000, now}, now), 1000);
    EXPECT_EQ(faded({"a", 1000, now - days(2)}, now), 500);
    EXPECT_GT(faded({"a", 1000, now - days(7)}, now), 0);
    EXPECT_EQ(faded({"a", 1000, now - days(7) - hours(1)}, now), 0);
    EXPECT_EQ(faded({"a", 1000, now + hours(1)}, now), 0) << "a clock that jumped";
}

TEST(HostRates, AreKeptBesideTheNewOnesAndADamagedFileIsReplaced) {
    const TemporaryFolder folder(::testing::TempDir());
    const std::filesystem::path file = folder.path() / "host-rates";
    remember_host_rates(file, {{"a", 1, now - days(6)}, {"b", 2, now - days(6)}}, now - days(6));
    remember_host_rates(file, {{"a", 3, now}}, now);
    EXPECT_THAT(load_host_rates(file),
                ElementsAre(HostRate{"a", 3, now}, HostRate{"b", 2, now - days(6)}));
    remember_host_rates(file, {{"c", 4, now + days(5)}}, now + days(5));
    EXPECT_THAT(load_host_rates(file),
                ElementsAre(HostRate{"c", 4, now + days(5)}, HostRate{"a", 3, now}));
    write_file(file, "damaged", Durability::cached);
    EXPECT_THAT(load_host_rates(file), IsEmpty());
    remember_host_rates(file, {{"a", 3, now}}, now);
    EXPECT_EQ(load_host_rates(file).size(), 1U);
    std::vector<HostRate> many;
    for (int i = 0; i < 1000; ++i) {
        many.push_back({std::to_string(i), 1, now});
    }
    remember_host_rates(file, many, now);
    EXPECT_EQ(load_host_rates(file).size(), most_remembered);
    remember_host_rates("/proc/none/host-rates", many, now);
}

class RememberedTest : public DownloadTest {};

TEST_F(RememberedTest, TheNextRunBeginsWithTheFasterMirror) {
    const std::string content = text_of(2'000'000);
    NetworkSettings settings = quick_settings();
    settings.rates_file = folder.path() / "host-rates";
    const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    remember_host_rates(settings.rates_file,
                        {{first.host(), 100'000, seconds}, {second.host(), 9'000'000, seconds}},
                        seconds);
    client.emplace(settings, std::stop_token());
    first.serve("/file", {with_body(content)});
    second.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file"), second.url("/file")}));
    EXPECT_EQ(first.count("/file"), 0U);
    EXPECT_EQ(load_host_rates(settings.rates_file).size(), 2U);
    EXPECT_GT(load_host_rates(settings.rates_file).front().measured_at, seconds - days(1));
}

TEST_F(RememberedTest, NothingIsWrittenWithoutAChoice) {
    const std::string content = text_of(2'000'000);
    NetworkSettings settings = quick_settings();
    settings.rates_file = folder.path() / "host-rates";
    client.emplace(settings, std::stop_token());
    first.serve("/file", {with_body(content)});
    expect_success(of(content, {first.url("/file")}));
    EXPECT_FALSE(std::filesystem::exists(settings.rates_file));
}

} // namespace
} // namespace envpm::fetch
