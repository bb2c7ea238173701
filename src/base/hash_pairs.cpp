#include "base/hash_pairs.h"

#include "base/hash_two.h"

#include <algorithm>

namespace envpm {

namespace {

/// Fewer bytes are hashed sooner than they are handed over.
constexpr std::size_t least_bytes = 16U << 10U;

} // namespace

PairedHasher::~PairedHasher() {
    Lock lock(pairs_.mutex_);
    pairs_.changed_.wait(lock, [this] { return !is_taken_; });
    std::erase(pairs_.waiting_, this);
}

void PairedHasher::update(std::span<const std::byte> bytes) {
    settle();
    if (bytes.size() < least_bytes || !hashes_two_faster()) {
        hasher_.update(bytes);
        return;
    }
    Lock lock(pairs_.mutex_);
    left_.push_back(bytes);
    hash_down_to(lock, 0);
}

void PairedHasher::leave(std::span<const std::byte> bytes) {
    if (bytes.size() < least_bytes || !hashes_two_faster()) {
        update(bytes);
        return;
    }
    Lock lock(pairs_.mutex_);
    left_.push_back(bytes);
    if (!is_taken_) {
        wait_for_partner();
    }
    hash_down_to(lock, most_left);
}

void PairedHasher::settle() {
    Lock lock(pairs_.mutex_);
    hash_down_to(lock, 0);
}

Sha256 PairedHasher::finish() {
    settle();
    return hasher_.finish();
}

/// Until no more than so many are left, of which one may be taken.
void PairedHasher::hash_down_to(Lock& lock, std::size_t most) {
    while (left_.size() > most) {
        if (is_taken_) {
            pairs_.changed_.wait(lock, [this] { return !is_taken_; });
        } else if (PairedHasher* const other = partner()) {
            hash_with(*other, lock);
        } else {
            hash_alone(lock);
        }
    }
}

/// Another that waits, if any does.
PairedHasher* PairedHasher::partner() const {
    const auto found =
        std::find_if(pairs_.waiting_.begin(), pairs_.waiting_.end(),
                     [this](const PairedHasher* waiting) { return waiting != this; });
    return found == pairs_.waiting_.end() ? nullptr : *found;
}

void PairedHasher::hash_with(PairedHasher& partner, Lock& lock) {
    take();
    partner.take();
    const std::span<const std::byte> bytes = left_.front();
    const std::span<const std::byte> others = partner.left_.front();
    lock.unlock();
    update_two(hasher_, bytes, partner.hasher_, others);
    lock.lock();
    give_back();
    partner.give_back(); // which may end as soon as the lock is free
    pairs_.changed_.notify_all();
}

void PairedHasher::hash_alone(Lock& lock) {
    take();
    const std::span<const std::byte> bytes = left_.front();
    lock.unlock();
    hasher_.update(bytes);
    lock.lock();
    give_back();
}

void PairedHasher::wait_for_partner() {
    if (std::find(pairs_.waiting_.begin(), pairs_.waiting_.end(), this) == pairs_.waiting_.end()) {
        pairs_.waiting_.push_back(this);
    }
}

void PairedHasher::take() {
    std::erase(pairs_.waiting_, this);
    is_taken_ = true;
}

/// The first piece has been hashed.
void PairedHasher::give_back() {
    is_taken_ = false;
    left_.pop_front();
    if (!left_.empty()) {
        wait_for_partner();
    }
}

} // namespace envpm
