#pragma once

#include "base/thread_pool.h"
#include "conda/page_walk.h"

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// The bytes of a large page on a second thread: it reads, or inflates, what comes next while its
/// owner parses what it has, and writes what the owner hands on.
///
/// One thread is the owner's; `source` and `sink` are called on the other, one at a time and each
/// in order. What they throw is thrown to the owner: by `read` when it comes to these bytes, by the
/// next `write` or by `finish`. The destructor waits for a call that has begun.
class PageThread {
  public:
    using Sink = std::function<void(std::string_view)>;

    PageThread(PageWalk::Source source, Sink sink);
    PageThread(const PageThread&) = delete;
    PageThread(PageThread&&) = delete;
    PageThread& operator=(const PageThread&) = delete;
    PageThread& operator=(PageThread&&) = delete;
    ~PageThread() = default;

    /// As a PageWalk::Source.
    std::size_t read(std::span<char> bytes);

    /// As a sink. Takes a copy.
    void write(std::string_view bytes);

    /// Until all is written.
    void finish();

  private:
    struct Buffer {
        std::vector<char> bytes;
        std::string_view left;           ///< of what was read into it
        std::future<std::size_t> filled; ///< valid while a call is open
    };

    void fill(Buffer& buffer);
    void finish_first();

    PageWalk::Source source_;
    Sink sink_;
    std::array<Buffer, 3> buffers_;
    std::size_t current_ = 0;
    std::deque<std::future<void>> writes_;
    ThreadPool thread_{1}; ///< the last, so that it ends before what it works on
};

} // namespace envpm::conda
