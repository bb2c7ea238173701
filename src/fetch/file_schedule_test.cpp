#include "fetch/file_schedule.h"

#include <cmath>

namespace envpm::fetch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double megabyte = 1e6;
constexpr std::uint64_t file_bytes = 1'500'000'000;
constexpr Clock::time_point start{seconds(1000)};

/// A server in a model of a network: what it can send is shared by its connections.
struct Server {
    double bytes_per_second = 10 * megabyte;
    double dies_at = 1e9;    ///< seconds; then connections break
    double falls_at = 1e9;   ///< then it has a hundredth of its rate
    double freezes_at = 1e9; ///< then nothing comes, and nothing breaks
    milliseconds answers_after{50};
    milliseconds pauses_for{0};         ///< at the beginning of each 2 s, with all its connections
    std::uint64_t stalls_after = ~0ULL; ///< bytes of one connection
};

struct Connection {
    std::size_t mirror = 0;
    std::vector<Piece> pieces;
    double credit = 0;
    std::uint64_t sent = 0;    ///< since it was opened
    std::uint64_t brought = 0; ///< of this request
    Clock::time_point first_byte_at{};
    Clock::time_point heard_at{};
};

/// One file of 1,500 MB from such servers, in steps of 10 ms.
class World {
  public:
    explicit World(std::vector<Server> servers, std::uint64_t size = file_bytes,
                   int most_per_host = 4)
        : servers_(std::move(servers)),
          size_(size),
          hosts_(most_per_host) {
        std::vector<Mirror> mirrors;
        for (std::size_t i = 0; i < servers_.size(); ++i) {
            Mirror mirror;
            mirror.url = "http://" + std::to_string(i);
            mirror.host = &hosts_.at(std::to_string(i));
            mirrors.push_back(mirror);
        }
        schedule_.emplace(size, std::move(mirrors));
        schedule_->begin({});
        brought_.resize(servers_.size());
        most_transfers_.resize(servers_.size());
    }

    /// Seconds until the file is there; 10,000 if it never is.
    double run() {
        while (now_ < start + seconds(10'000)) {
            while (const std::optional<FileSchedule::Order> order =
                       running_.size() < 8 ? schedule_->next(now_) : std::nullopt) {
                carry_out(*order);
            }
            if (running_.empty() && !schedule_->has_gaps()) {
                break;
            }
            now_ += tick;
            step();
        }
        EXPECT_EQ(received_, size_) << "every byte, and none twice";
        return seconds_of(now_ - start);
    }

    [[nodiscard]] std::uint64_t brought(std::size_t server) const { return brought_[server]; }

    /// So many transfers ran at once with the server, at the most.
    [[nodiscard]] int most_transfers(std::size_t server) const { return most_transfers_[server]; }

    [[nodiscard]] int cuts() const { return cuts_; }

    [[nodiscard]] int failures() const { return failures_; }

    [[nodiscard]] double longest_wait_for_the_front() const { return longest_wait_; }

  private:
    static constexpr milliseconds tick{10};
    static constexpr milliseconds first_byte_timeout{60'000};

    void carry_out(const FileSchedule::Order& order) {
        if (order.cut) {
            ++cuts_;
            const auto victim = running_.find(order.cut->victim);
            ASSERT_NE(victim, running_.end());
            std::vector<Piece>& pieces = victim->second.pieces;
            if (!order.cut->at) {
                running_.erase(victim);
            } else {
                while (!pieces.empty() && pieces.back().end() > *order.cut->at) {
                    Piece& last = pieces.back();
                    last.count = std::max(last.first, *order.cut->at) - last.first;
                    if (last.count == 0) {
                        pieces.pop_back();
                    }
                }
            }
        }
        Connection connection;
        connection.mirror = order.mirror;
        connection.pieces = order.pieces;
        std::vector<std::uint64_t>& kept = kept_[order.mirror];
        if (!kept.empty()) {
            connection.sent = kept.back();
            kept.pop_back();
        }
        connection.heard_at = now_;
        connection.first_byte_at = now_ + servers_[order.mirror].answers_after;
        running_.emplace(order.id, std::move(connection));
        most_transfers_[order.mirror] = std::max(most_transfers_[order.mirror],
                                                 hosts_.at(std::to_string(order.mirror)).in_flight);
    }

    void step() {
        const double second = seconds_of(now_ - start);
        std::vector<int> sharers(servers_.size());
        for (const auto& [id, connection] : running_) {
            const bool sends = connection.sent < servers_[connection.mirror].stalls_after;
            sharers[connection.mirror] += sends ? 1 : 0;
        }
        std::vector<FileSchedule::Id> ids;
        for (const auto& [id, connection] : running_) {
            ids.push_back(id);
        }
        for (const FileSchedule::Id id : ids) {
            Connection& connection = running_.at(id);
            const Server& server = servers_[connection.mirror];
            const milliseconds patience =
                connection.brought == 0
                    ? first_byte_timeout
                    : stall_limit(*schedule_->mirrors()[connection.mirror].host, seconds(10));
            if (second >= server.dies_at || now_ - connection.heard_at >= patience) {
                end(id, Failure{FailureClass::transient, "broke", std::nullopt});
            } else if (second < server.freezes_at && connection.sent < server.stalls_after &&
                       now_ >= connection.first_byte_at &&
                       (now_ - start) % seconds(2) >= server.pauses_for) {
                const double rate = server.bytes_per_second / (second >= server.falls_at ? 100 : 1);
                send(id, connection, rate / sharers[connection.mirror] * seconds_of(tick));
            }
        }
        watch_front();
    }

    void send(FileSchedule::Id id, Connection& connection, double bytes) {
        connection.credit += bytes;
        const double whole = std::floor(connection.credit);
        connection.credit -= whole;
        auto left = static_cast<std::uint64_t>(whole);
        while (left > 0 && !connection.pieces.empty()) {
            Piece& piece = connection.pieces.front();
            const std::uint64_t count = std::min(left, piece.count);
            schedule_->received(id, {count, count}, now_);
            there_.give_back({piece.first, count});
            piece = {piece.first + count, piece.count - count};
            left -= count;
            received_ += count;
            brought_[connection.mirror] += count;
            connection.sent += count;
            connection.brought += count;
            connection.heard_at = now_;
            if (piece.count == 0) {
                connection.pieces.erase(connection.pieces.begin());
            }
        }
        if (connection.pieces.empty()) {
            end(id, std::nullopt);
        }
    }

    void end(FileSchedule::Id id, std::optional<Failure> failure) {
        const Connection connection = running_.at(id);
        running_.erase(id);
        failures_ += failure ? 1 : 0;
        FileSchedule::End end;
        end.rest = connection.pieces;
        end.failure = std::move(failure);
        const int failures = schedule_->mirrors()[connection.mirror].failures;
        end.pause = seconds(connection.brought >= mebibyte ? 1 : 1 << std::min(5, failures));
        if (!end.failure) {
            kept_[connection.mirror].push_back(connection.sent);
        }
        schedule_->ended(id, end, now_);
    }

    /// How long whoever reads in file order gets nothing.
    void watch_front() {
        const std::uint64_t front =
            there_.empty() || there_.pieces().front().first > 0 ? 0 : there_.pieces().front().count;
        if (front > front_) {
            front_ = front;
            front_at_ = now_;
        }
        longest_wait_ = std::max(longest_wait_, seconds_of(now_ - front_at_));
    }

    std::vector<Server> servers_;
    std::uint64_t size_;
    Hosts hosts_;
    std::optional<FileSchedule> schedule_;
    Clock::time_point now_ = start;
    std::map<FileSchedule::Id, Connection> running_;
    std::map<std::size_t, std::vector<std::uint64_t>> kept_; ///< connections without a request
    Gaps there_;
    std::uint64_t received_ = 0;
    std::vector<std::uint64_t> brought_;
    std::vector<int> most_transfers_;
    int cuts_ = 0;
    int failures_ = 0;
    std::uint64_t front_ = 0;
    Clock::time_point front_at_ = start;
    double longest_wait_ = 0;
};

Server with_rate(double megabytes) {
    Server server;
    server.bytes_per_second = megabytes * megabyte;
    return server;
}

TEST(FileSchedule, ThreeEqualMirrorsShareTheFile) {
    World world({with_rate(10), with_rate(10), with_rate(10)});
    EXPECT_LT(world.run(), 50 * 1.05);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_NEAR(static_cast<double>(world.brought(i)), file_bytes / 3.0, file_bytes / 20.0);
    }
    EXPECT_LT(world.longest_wait_for_the_front(), 8);
}

TEST(FileSchedule, UnequalMirrorsEndTogether) {
    World world({with_rate(20), with_rate(5), with_rate(0.5)});
    EXPECT_LT(world.run(), 59 * 1.08);
}

TEST(FileSchedule, TheOrderOfTheListDoesNotMatter) {
    World world({with_rate(0.5), with_rate(5), with_rate(20)});
    EXPECT_LT(world.run(), 59 * 1.08);
    EXPECT_LT(world.longest_wait_for_the_front(), 12);
}

TEST(FileSchedule, TheBestOneMayDie) {
    std::vector<Server> servers = {with_rate(20), with_rate(5), with_rate(3)};
    servers[0].dies_at = 15;
    World world(servers);
    EXPECT_LT(world.run(), (15 + (1500 - 15 * 28) / 8.0) * 1.08);
}

TEST(FileSchedule, TheBestOneMayFallToAHundredth) {
    std::vector<Server> servers = {with_rate(20), with_rate(10)};
    servers[0].falls_at = 15;
    World world(servers);
    EXPECT_LT(world.run(), (15 + (1500 - 15 * 30) / 10.2) * 1.1);
    EXPECT_LT(world.longest_wait_for_the_front(), 12);
}

TEST(FileSchedule, OneThatFreezesAtTheEndIsLeftToTheOther) {
    std::vector<Server> servers = {with_rate(10), with_rate(10)};
    servers[0].freezes_at = 0.6;
    World world(servers, 10 * mebibyte);
    EXPECT_LT(world.run(), 10);
}

TEST(FileSchedule, WhoeverAnswersLateIsWaitedForLongerEachTime) {
    std::vector<Server> servers = {with_rate(10), with_rate(10)};
    servers[0].answers_after = servers[1].answers_after = seconds(40);
    World world(servers, 10 * mebibyte);
    EXPECT_LT(world.run(), 200);
    EXPECT_EQ(world.failures(), 0);
    EXPECT_LT(world.cuts(), 10);
}

TEST(FileSchedule, ConnectionsThatStallAreReplaced) {
    for (const auto& [stalls_after, most_seconds] :
         {std::pair(200 * megabyte, 75 * 1.15), std::pair(5 * megabyte, 75 * 6.0)}) {
        std::vector<Server> servers = {with_rate(10), with_rate(10)};
        for (Server& server : servers) {
            server.stalls_after = static_cast<std::uint64_t>(stalls_after);
        }
        World world(servers);
        EXPECT_LT(world.run(), most_seconds) << "stalling after " << stalls_after;
        EXPECT_GT(world.failures() + world.cuts(), 3);
    }
}

TEST(FileSchedule, StallsNearTheEndCostLittle) {
    for (const int stalls_after : {25, 30, 37}) {
        std::vector<Server> servers = {with_rate(10), with_rate(10)};
        for (Server& server : servers) {
            server.stalls_after = static_cast<std::uint64_t>(stalls_after * megabyte);
        }
        World world(servers, 150'000'000);
        EXPECT_LT(world.run(), 7.5 * 1.25) << "stalling after " << stalls_after << " MB";
    }
}

TEST(FileSchedule, ServersThatPauseAMomentAreNotHammered) {
    for (const int pause : {200, 400, 600, 900}) {
        std::vector<Server> servers = {with_rate(10), with_rate(10)};
        servers[0].pauses_for = servers[1].pauses_for = milliseconds(pause);
        constexpr int most_per_host = 2; // so that four of a file have no room beside the doubtful
        World world(servers, file_bytes, most_per_host);
        EXPECT_LT(world.run(), 75 * 2000.0 / (2000 - pause) * 1.2) << "pausing for " << pause;
        EXPECT_LT(world.cuts(), 8) << "pausing for " << pause;
        EXPECT_EQ(world.failures(), 0);
        EXPECT_EQ(world.most_transfers(0), most_per_host) << "pausing for " << pause;
    }
}

TEST(FileSchedule, DrippingMirrorsHoldNothingUp) {
    World world(
        {with_rate(0.05), with_rate(0.05), with_rate(20), with_rate(0.05), with_rate(0.05)});
    EXPECT_LT(world.run(), 75 * 1.08);
    EXPECT_LT(world.longest_wait_for_the_front(), 6);
    EXPECT_LT(world.cuts(), 60);
}

TEST(FileSchedule, OneMirrorAloneIsNeitherProbedNorCut) {
    World world({with_rate(20)});
    EXPECT_LT(world.run(), 75 * 1.02);
    EXPECT_EQ(world.cuts(), 0);
}

TEST(FileSchedule, ASmallFileIsLeftToOneUnlessThatIsSlow) {
    World fast({with_rate(20), with_rate(20)}, 10 * mebibyte);
    EXPECT_LT(fast.run(), 0.7);
    EXPECT_EQ(fast.brought(1), 0U);
    World slow({with_rate(0.1), with_rate(20)}, 10 * mebibyte);
    EXPECT_LT(slow.run(), 2);
}

/// Two measured mirrors, each with two connections that have brought some of a file of 1,500 MB.
class Doubt : public ::testing::Test {
  protected:
    Doubt()
        : schedule(file_bytes, mirrors()) {
        schedule.begin({});
        for (int i = 0; i < 4; ++i) {
            orders.push_back(schedule.next(start).value());
        }
        now += milliseconds(50);
        for (int i = 0; i < 4; ++i) {
            hear(orders);
            now += milliseconds(10);
        }
    }

    void hear(const std::vector<FileSchedule::Order>& from) {
        for (const FileSchedule::Order& order : from) {
            schedule.received(order.id, {mebibyte / 2, mebibyte / 2}, now);
        }
    }

    /// All but the first send for so long.
    void hear_others(milliseconds time) {
        const Clock::time_point until = now + time;
        while (now < until) {
            hear({orders.begin() + 1, orders.end()});
            now += milliseconds(10);
        }
    }

    std::vector<Mirror> mirrors() {
        std::vector<Mirror> two(2);
        for (std::size_t i = 0; i < 2; ++i) {
            two[i].host = &hosts.at(std::to_string(i));
            two[i].url = "http://" + two[i].host->name;
            two[i].host->received_bytes = file_bytes;
            take_rate(*two[i].host, 30 * megabyte, start);
        }
        return two;
    }

    [[nodiscard]] const Mirror& mirror_of(const FileSchedule::Order& order) const {
        return schedule.mirrors()[order.mirror];
    }

    Hosts hosts{4};
    FileSchedule schedule;
    std::vector<FileSchedule::Order> orders;
    Clock::time_point now = start;
};

TEST_F(Doubt, LetsAnotherConnectionGoOnBesideASilentOne) {
    hear_others(milliseconds(200));
    EXPECT_FALSE(schedule.next(now)) << "a pause of 0.2 s is nothing";
    EXPECT_LE(schedule.wake_at().value(), now + milliseconds(50));
    hear_others(milliseconds(50));
    const std::optional<FileSchedule::Order> more = schedule.next(now);
    ASSERT_TRUE(more);
    EXPECT_FALSE(more->cut) << "the silent one keeps what it was asked for";
    EXPECT_FALSE(schedule.next(now)) << "and it is one more, not two";
    schedule.received(orders.front().id, {1, 1}, now);
    EXPECT_EQ(mirror_of(orders.front()).failures, 0);
}

TEST_F(Doubt, WaitsLongerForAHostThatHasPausedBefore) {
    mirror_of(orders.front()).host->worst_gap = milliseconds(60);
    hear_others(milliseconds(550));
    EXPECT_FALSE(schedule.next(now));
    hear_others(milliseconds(50));
    EXPECT_TRUE(schedule.next(now));
}

TEST_F(Doubt, KeepsTheLimitOfAHost) {
    for (std::size_t i = 0; i < 2; ++i) {
        hosts.at(std::to_string(i)).most = 2;
    }
    now += milliseconds(900);
    EXPECT_FALSE(schedule.next(now));
}

TEST_F(Doubt, IsNotAboutAHostThatSendsOnAnotherConnection) {
    hear_others(milliseconds(1'100));
    const std::optional<FileSchedule::Order> order = schedule.next(now);
    ASSERT_TRUE(order && order->cut);
    EXPECT_EQ(order->cut->victim, orders.front().id);
    EXPECT_FALSE(order->cut->at);
    EXPECT_LE(mirror_of(orders.front()).retry_at, now);
    EXPECT_EQ(mirror_of(orders.front()).failures, 0);
}

TEST_F(Doubt, IsAboutAHostThatIsSilentAltogether) {
    const std::size_t silent = orders.front().mirror;
    std::vector<FileSchedule::Order> others;
    std::copy_if(orders.begin(), orders.end(), std::back_inserter(others),
                 [&](const FileSchedule::Order& order) { return order.mirror != silent; });
    for (int i = 0; i < 110; ++i) {
        hear(others);
        now += milliseconds(10);
    }
    const std::optional<FileSchedule::Order> order = schedule.next(now);
    ASSERT_TRUE(order && order->cut);
    EXPECT_GT(mirror_of(orders.front()).retry_at, now);
}

class ASuspect : public ::testing::Test {
  protected:
    FileSchedule schedule_of(std::uint64_t size) {
        std::vector<Mirror> mirrors(2);
        mirrors[0].host = &hosts.at("trusted");
        mirrors[1].host = &hosts.at("suspect");
        mirrors[1].trust = Trust::suspect;
        for (Mirror& mirror : mirrors) {
            mirror.url = "http://" + mirror.host->name;
            mirror.host->received_bytes = file_bytes;
        }
        take_rate(*mirrors[0].host, 0.1 * megabyte, start);
        take_rate(*mirrors[1].host, 20 * megabyte, start);
        FileSchedule schedule(size, std::move(mirrors));
        schedule.begin({});
        return schedule;
    }

    Hosts hosts{4};
};

TEST_F(ASuspect, IsNotAskedBecauseATrustedMirrorIsSlow) {
    FileSchedule schedule = schedule_of(file_bytes);
    const std::optional<FileSchedule::Order> order = schedule.next(start);
    ASSERT_TRUE(order);
    EXPECT_EQ(order->mirror, 0U);
}

TEST_F(ASuspect, TakesTheWholeFileOnlyWhileNobodyElseBringsSomeOfIt) {
    FileSchedule schedule = schedule_of(file_bytes);
    const std::optional<FileSchedule::Order> first = schedule.next(start);
    const std::optional<FileSchedule::Order> second = schedule.next(start);
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(schedule.take_everything(first->id)) << "or bytes would come twice";
    schedule.cancelled(second->id);
    EXPECT_TRUE(schedule.take_everything(first->id));
}

TEST_F(ASuspect, TakesNothingOverFromATrustedMirror) {
    FileSchedule schedule = schedule_of(mebibyte);
    ASSERT_TRUE(schedule.next(start));
    EXPECT_FALSE(schedule.next(start + seconds(20)));
    schedule.mirrors()[1].trust = Trust::full;
    EXPECT_TRUE(schedule.next(start + seconds(20)));
}

} // namespace
} // namespace envpm::fetch
