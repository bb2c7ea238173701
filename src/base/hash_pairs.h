#pragma once

#include "base/hash.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <span>
#include <vector>

namespace envpm {

class PairedHasher;

/// Where threads that hash different streams meet, so that one of them hashes for two
/// (`update_two`) while the other does something else. Any thread; outlives its hashers.
class HashPairs {
  private:
    friend class PairedHasher;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<PairedHasher*> waiting_; ///< have bytes that nobody is hashing
};

/// A stream that is hashed with others'. One thread at a time.
class PairedHasher {
  public:
    explicit PairedHasher(HashPairs& pairs)
        : pairs_(pairs) {}

    PairedHasher(const PairedHasher&) = delete;
    PairedHasher& operator=(const PairedHasher&) = delete;
    PairedHasher(PairedHasher&&) = delete;
    PairedHasher& operator=(PairedHasher&&) = delete;
    ~PairedHasher(); ///< waits for who is hashing its bytes; the others are forgotten

    /// Hashes these bytes now, together with some of a stream that has left any.
    void update(std::span<const std::byte> bytes);

    /// So many pieces wait for others to come by; they stay in the processor's cache meanwhile.
    static constexpr std::size_t most_left = 2;

    /// Hashes these bytes later, or lets another thread do it: they are there, unchanged, until
    /// `most_left` more calls have returned, or one of the other functions.
    void leave(std::span<const std::byte> bytes);

    /// When it returns, all bytes have been hashed.
    void settle();

    /// Of all bytes; then it is ready for the next stream.
    Sha256 finish();

  private:
    using Lock = std::unique_lock<std::mutex>;

    void hash_down_to(Lock& lock, std::size_t most);
    [[nodiscard]] PairedHasher* partner() const;
    void hash_with(PairedHasher& partner, Lock& lock);
    void hash_alone(Lock& lock);
    void wait_for_partner();
    void take();
    void give_back();

    HashPairs& pairs_;
    Sha256Hasher hasher_;
    // Under the lock of the pairs:
    std::deque<std::span<const std::byte>> left_;
    bool is_taken_ = false; ///< somebody is hashing the first of them
};

/// While this lives a hasher may be left with bytes; afterwards these may go.
class SettledAtEnd {
  public:
    explicit SettledAtEnd(PairedHasher& hasher)
        : hasher_(hasher) {}

    SettledAtEnd(const SettledAtEnd&) = delete;
    SettledAtEnd& operator=(const SettledAtEnd&) = delete;

    ~SettledAtEnd() { hasher_.settle(); }

  private:
    PairedHasher& hasher_;
};

} // namespace envpm
