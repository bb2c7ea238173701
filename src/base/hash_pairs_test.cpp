#include "base/hash_pairs.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash_two.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace envpm {

namespace {

std::string random_text(std::size_t size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::string text(size, '\0');
    std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
    return text;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

/// Hashes the text in pieces of growing size, each of which goes as soon as it may.
Sha256 hash_in_pieces(PairedHasher& hasher, std::string_view text, std::size_t piece) {
    std::array<std::string, PairedHasher::most_left + 1> rooms;
    for (std::size_t turn = 0; !text.empty(); ++turn) {
        std::string& room = rooms[turn % rooms.size()];
        room = text.substr(0, piece);
        hasher.leave(bytes_of(room));
        text.remove_prefix(room.size());
        rooms[(turn + 1) % rooms.size()].assign(piece, 'x'); // it is done with
        piece += 1013;
    }
    return hasher.finish();
}

TEST(UpdateTwo, HashesAsOneAfterTheOther) {
    std::mt19937_64 random(1);
    const auto any = [&](std::size_t most) { return static_cast<std::size_t>(random() % most); };
    for (int round = 0; round < 300; ++round) {
        const std::array<std::string, 2> texts{random_text(any(5000), random()),
                                               random_text(any(5000), random())};
        std::array<Sha256Hasher, 2> both;
        std::array<Sha256Hasher, 2> single;
        std::array<std::size_t, 2> done{};
        while (done[0] < texts[0].size() || done[1] < texts[1].size()) {
            std::array<std::string_view, 2> next;
            for (std::size_t i = 0; i < 2; ++i) {
                next[i] = std::string_view(texts[i]).substr(done[i], any(700));
                done[i] += next[i].size();
                single[i].update(next[i]);
            }
            update_two(both[0], bytes_of(next[0]), both[1], bytes_of(next[1]));
        }
        EXPECT_EQ(both[0].finish(), single[0].finish()) << round;
        EXPECT_EQ(both[1].finish(), single[1].finish()) << round;
    }
}

TEST(UpdateTwo, CountsMoreThanHalfAGibibyte) { // 2^32 bits
    const std::string text = random_text(16U << 20U, 2);
    std::array<Sha256Hasher, 2> both;
    Sha256Hasher single;
    for (int i = 0; i < 33; ++i) {
        update_two(both[0], bytes_of(text), both[1], bytes_of(text));
        single.update(text);
    }
    const Sha256 expected = single.finish();
    EXPECT_EQ(both[0].finish(), expected);
    EXPECT_EQ(both[1].finish(), expected);
}

TEST(UpdateTwo, HashesFilesOfAnySizes) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const std::vector<std::size_t> sizes{0, 1, 4095, 4096, 100'000, 262'143, 262'144, 700'001};
    for (const std::size_t size : sizes) {
        write_file(folder.path() / std::to_string(size), random_text(size, size),
                   Durability::cached);
    }
    for (const std::size_t a : sizes) {
        for (const std::size_t b : sizes) {
            const auto [first, second] = sha256_of_two_files(folder.path() / std::to_string(a),
                                                             folder.path() / std::to_string(b));
            EXPECT_EQ(first, sha256_of(random_text(a, a))) << a << " with " << b;
            EXPECT_EQ(second, sha256_of(random_text(b, b))) << b << " with " << a;
        }
    }
    EXPECT_THROW(sha256_of_two_files(folder.path() / "1", folder.path() / "absent"), Error);
}

TEST(PairedHasher, GivesTheDigestAndStartsAnew) {
    HashPairs pairs;
    PairedHasher hasher(pairs);
    const std::string text = random_text(300'000, 3);
    hasher.leave(bytes_of(text));
    hasher.update(bytes_of(text));
    hasher.leave(bytes_of(text));
    EXPECT_EQ(hasher.finish(), sha256_of(text + text + text));
    EXPECT_EQ(hasher.finish(), sha256_of(""));
}

TEST(PairedHasher, OneThatWaitsIsHashedByTheOther) {
    HashPairs pairs;
    PairedHasher waits(pairs);
    PairedHasher comes(pairs);
    std::string text = random_text(100'000, 4);
    const std::string other = random_text(70'000, 5);
    const Sha256 expected = sha256_of(text);
    waits.leave(bytes_of(text));
    comes.update(bytes_of(other));
    if (hashes_two_faster()) {
        std::fill(text.begin(), text.end(), 'x'); // nobody reads it any more
    }
    EXPECT_EQ(waits.finish(), expected);
    EXPECT_EQ(comes.finish(), sha256_of(other));
}

TEST(PairedHasher, OneThatGoesLeavesNothingBehind) {
    HashPairs pairs;
    const std::string text = random_text(100'000, 6);
    {
        const std::string gone = random_text(100'000, 7);
        PairedHasher hasher(pairs);
        hasher.leave(bytes_of(gone));
    }
    PairedHasher hasher(pairs);
    hasher.update(bytes_of(text));
    EXPECT_EQ(hasher.finish(), sha256_of(text));
}

TEST(PairedHasher, ManyThreadsEachGetTheirOwn) {
    HashPairs pairs;
    std::array<bool, 5> is_right{};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < is_right.size(); ++i) {
        threads.emplace_back([&pairs, &is_right, i] {
            PairedHasher hasher(pairs);
            bool is_all_right = true;
            for (std::uint64_t round = 0; round < 20; ++round) {
                const std::string text = random_text(400'000 + 12'345 * i, 10 * i + round);
                const std::size_t piece = (10U << 10U) + (7U << 10U) * i;
                is_all_right =
                    is_all_right && hash_in_pieces(hasher, text, piece) == sha256_of(text);
            }
            is_right[i] = is_all_right;
        });
    }
    threads.clear();
    EXPECT_EQ(is_right, (std::array{true, true, true, true, true}));
}

} // namespace

} // namespace envpm
