#include "store/arriving_wheel.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace envpm::store {

namespace {

/// A large file goes on when so many more bytes are there: beside them a task costs nothing.
constexpr std::uint64_t turn_bytes = 1U << 20U;

} // namespace

void ByteRanges::add(std::uint64_t first, std::uint64_t end) {
    auto next = ends_.upper_bound(first);
    if (next != ends_.begin() && std::prev(next)->second >= first) {
        next = std::prev(next);
        first = next->first;
    }
    while (next != ends_.end() && next->first <= end) {
        end = std::max(end, next->second);
        next = ends_.erase(next);
    }
    ends_.emplace(first, end);
}

bool ByteRanges::has(std::uint64_t first, std::uint64_t end) const {
    const auto next = ends_.upper_bound(first);
    return first >= end || (next != ends_.begin() && std::prev(next)->second >= end);
}

std::uint64_t ByteRanges::end_from(std::uint64_t first) const {
    const auto next = ends_.upper_bound(first);
    return next == ends_.begin() ? first : std::max(first, std::prev(next)->second);
}

ArrivingWheel::ArrivingWheel(Archive archive, std::uint64_t size_bytes)
    : archive_(std::move(archive)),
      size_bytes_(size_bytes),
      needed_from_(size_bytes - std::min<std::uint64_t>(size_bytes, OpenArchive::tail_bytes)) {}

ArrivingWheel::Step ArrivingWheel::arrived(std::uint64_t first, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    bytes_.add(first, first + count);
    Step step;
    if (state_ == State::closed && bytes_.has(needed_from_, size_bytes_)) {
        state_ = State::opening;
        step.can_open = true;
    }
    if (state_ == State::open) {
        step.unpacking = unpacking_;
        // Those that have some of these bytes; the ends are in the order of the beginnings.
        auto file = std::partition_point(by_offset_.begin(), by_offset_.end(), [&](std::size_t i) {
            return unpacking_->files()[i].end_offset <= first;
        });
        for (; file != by_offset_.end() &&
               unpacking_->files()[*file].member.header_offset < first + count;
             ++file) {
            take_if_there(*file, step.files);
        }
    }
    return step;
}

bool ArrivingWheel::note_directory(std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    needed_from_ = std::min(needed_from_, offset);
    const bool has = bytes_.has(needed_from_, size_bytes_);
    if (!has && state_ == State::opening) {
        state_ = State::closed;
    }
    return has;
}

ArrivingWheel::Step ArrivingWheel::opened(std::shared_ptr<WheelUnpacking> unpacking) {
    const std::lock_guard lock(mutex_);
    Step step;
    if (state_ != State::opening) {
        return step;
    }
    state_ = State::open;
    unpacking_ = std::move(unpacking);
    const std::vector<ArchiveFile>& files = unpacking_->files();
    by_offset_.resize(files.size());
    is_announced_.resize(files.size());
    std::iota(by_offset_.begin(), by_offset_.end(), 0U);
    std::sort(by_offset_.begin(), by_offset_.end(), [&](std::size_t a, std::size_t b) {
        return files[a].member.header_offset < files[b].member.header_offset;
    });
    step.unpacking = unpacking_;
    for (const std::size_t file : by_offset_) {
        take_if_there(file, step.files);
    }
    return step;
}

ArrivingWheel::Step ArrivingWheel::prove() {
    const std::lock_guard lock(mutex_);
    Step step;
    if (state_ != State::open) {
        state_ = State::given_up;
        return step;
    }
    state_ = State::proven;
    bytes_.add(0, size_bytes_);
    for (std::size_t file = 0; file < is_announced_.size(); ++file) {
        take_if_there(file, step.files);
    }
    step.unpacking = std::move(unpacking_);
    return step;
}

bool ArrivingWheel::give_up() {
    const std::lock_guard lock(mutex_);
    if (state_ == State::proven) {
        return false;
    }
    state_ = State::given_up;
    unpacking_.reset();
    return true;
}

bool ArrivingWheel::is_given_up() const {
    const std::lock_guard lock(mutex_);
    return state_ == State::given_up;
}

std::uint64_t ArrivingWheel::take_showable(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    unshown_bytes_ += bytes;
    return state_ == State::proven ? std::exchange(unshown_bytes_, 0) : 0;
}

void ArrivingWheel::take_if_there(std::size_t file, std::vector<std::size_t>& files) {
    if (const auto waiting = waiting_.find(file); waiting != waiting_.end()) {
        if (is_worth_it(file, waiting->second)) {
            waiting_.erase(waiting);
            files.push_back(file);
        }
        return;
    }
    const ArchiveFile& wanted = unpacking_->files()[file];
    const std::uint64_t begin = wanted.member.header_offset;
    const std::uint64_t enough = unpacking_->is_large(file)
                                     ? std::min(begin + turn_bytes, wanted.end_offset)
                                     : wanted.end_offset;
    if (!is_announced_[file] && bytes_.has(begin, enough)) {
        is_announced_[file] = true;
        files.push_back(file);
    }
}

std::optional<std::uint64_t> ArrivingWheel::available_or_wait(std::size_t file,
                                                              std::uint64_t position) {
    const std::lock_guard lock(mutex_);
    if (state_ == State::given_up) {
        return std::nullopt;
    }
    if (state_ != State::proven && !is_worth_it(file, position)) {
        waiting_.emplace(file, position);
        return std::nullopt;
    }
    return bytes_.end_from(position);
}

/// Whether to go on with a large file: enough bytes are there, or all that are left of it.
bool ArrivingWheel::is_worth_it(std::size_t file, std::uint64_t position) const {
    const std::uint64_t end = unpacking_->files()[file].end_offset;
    return bytes_.has(position, std::min(position + turn_bytes, end));
}

} // namespace envpm::store
