#include "conda/page_thread.h"

#include <utility>

namespace envpm::conda {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{512} << 10U;
constexpr std::size_t most_writes = 16; ///< that wait: more would only be memory

} // namespace

PageThread::PageThread(PageWalk::Source source, Sink sink)
    : source_(std::move(source)),
      sink_(std::move(sink)) {
    for (Buffer& buffer : buffers_) {
        buffer.bytes.resize(buffer_bytes);
        fill(buffer);
    }
}

std::size_t PageThread::read(std::span<char> bytes) {
    Buffer& buffer = buffers_[current_];
    if (buffer.filled.valid()) {
        buffer.left = {buffer.bytes.data(), buffer.filled.get()};
    }
    const std::size_t count = buffer.left.copy(bytes.data(), bytes.size());
    buffer.left.remove_prefix(count);
    if (count > 0 && buffer.left.empty()) { // at the end of the page no buffer has anything
        fill(buffer);
        current_ = (current_ + 1) % buffers_.size();
    }
    return count;
}

void PageThread::write(std::string_view bytes) {
    if (writes_.size() == most_writes) {
        finish_first();
    }
    writes_.push_back(post_for_answer(thread_, [this, copy = std::string(bytes)] { sink_(copy); }));
}

void PageThread::finish() {
    while (!writes_.empty()) {
        finish_first();
    }
}

/// Taken out before: one that failed is not asked again.
void PageThread::finish_first() {
    std::future<void> first = std::move(writes_.front());
    writes_.pop_front();
    first.get();
}

void PageThread::fill(Buffer& buffer) {
    buffer.filled = post_for_answer(thread_, [this, &buffer] { return source_(buffer.bytes); });
}

} // namespace envpm::conda
