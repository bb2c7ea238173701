#include "base/zstd.h"

#include "base/assert.h"
#include "base/error.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace envpm {

namespace {

constexpr std::uint64_t least_bytes = 64U << 10U;
constexpr std::uint64_t usual_ratio = 4;
constexpr std::uint64_t believed_ratio = 200;

using Buffer = std::unique_ptr<char, Deleter<std::free>>;
using Context = std::unique_ptr<ZSTD_DCtx, Deleter<ZSTD_freeDCtx>>;

std::uint64_t first_capacity(std::string_view compressed, std::uint64_t limit_bytes);
void resize(Buffer& buffer, std::uint64_t size_bytes);
[[noreturn]] void refuse(std::string what, const std::string& subject);

} // namespace

bool is_zstd(std::string_view bytes) {
    return bytes.starts_with("\x28\xb5\x2f\xfd");
}

InflatedBytes inflate_zstd(std::string_view compressed, std::uint64_t limit_bytes,
                           const std::string& subject) {
    const Context context(ZSTD_createDCtx());
    ENVPM_ASSERT(context);
    std::uint64_t capacity = first_capacity(compressed, limit_bytes);
    Buffer buffer;
    resize(buffer, capacity);
    ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
    std::size_t done = 0;
    std::size_t expected = 1; // of the frame, in zstd's own terms; 0 at its end
    while (in.pos < in.size || expected != 0) {
        if (done == capacity) {
            // One byte more than is allowed tells a content that is too large from one that is not.
            capacity = std::min(2 * capacity, limit_bytes + 1);
            resize(buffer, capacity);
        }
        ZSTD_outBuffer out{buffer.get(), capacity, done};
        const std::size_t read_before = in.pos;
        expected = ZSTD_decompressStream(context.get(), &out, &in);
        if (ZSTD_isError(expected) != 0) {
            refuse(fmt::format("the data is damaged: {}", ZSTD_getErrorName(expected)), subject);
        }
        if (out.pos > limit_bytes) {
            refuse(fmt::format("the data inflates to more than {} bytes", limit_bytes), subject);
        }
        if (out.pos == done && in.pos == read_before && out.pos < capacity && expected != 0) {
            refuse("the data is cut short", subject);
        }
        done = out.pos;
    }
    std::memset(buffer.get() + done, 0, InflatedBytes::padding);
    return {std::move(buffer), done};
}

struct ZstdStream::State {
    Context context;
    ZSTD_inBuffer in;
    std::uint64_t left_bytes;
    std::string subject;
    std::size_t expected = 1; ///< of the frame, in zstd's own terms; 0 at its end
};

ZstdStream::ZstdStream(std::string_view compressed, std::uint64_t limit_bytes, std::string subject)
    : state_(std::make_unique<State>(State{Context(ZSTD_createDCtx()),
                                           {compressed.data(), compressed.size(), 0},
                                           limit_bytes,
                                           std::move(subject)})) {
    ENVPM_ASSERT(state_->context);
}

ZstdStream::ZstdStream(ZstdStream&&) noexcept = default;
ZstdStream& ZstdStream::operator=(ZstdStream&&) noexcept = default;
ZstdStream::~ZstdStream() = default;

std::size_t ZstdStream::read(std::span<char> bytes) {
    ZSTD_outBuffer out{bytes.data(), bytes.size(), 0};
    while (out.pos < out.size && (state_->in.pos < state_->in.size || state_->expected != 0)) {
        const std::size_t written_before = out.pos;
        const std::size_t read_before = state_->in.pos;
        state_->expected = ZSTD_decompressStream(state_->context.get(), &out, &state_->in);
        if (ZSTD_isError(state_->expected) != 0) {
            refuse(fmt::format("the data is damaged: {}", ZSTD_getErrorName(state_->expected)),
                   state_->subject);
        }
        if (out.pos == written_before && state_->in.pos == read_before && state_->expected != 0) {
            refuse("the data is cut short", state_->subject);
        }
    }
    if (out.pos > state_->left_bytes) {
        refuse("the data inflates to more than is allowed", state_->subject);
    }
    state_->left_bytes -= out.pos;
    return out.pos;
}

namespace {

/// All of it at once, if the frame says how much that is: then nothing is copied on the way.
std::uint64_t first_capacity(std::string_view compressed, std::uint64_t limit_bytes) {
    const unsigned long long told = ZSTD_getFrameContentSize(compressed.data(), compressed.size());
    const bool is_told = told != ZSTD_CONTENTSIZE_UNKNOWN && told != ZSTD_CONTENTSIZE_ERROR &&
                         told <= limit_bytes &&
                         told <= least_bytes + believed_ratio * compressed.size();
    const std::uint64_t guess = std::max(least_bytes, usual_ratio * compressed.size());
    return std::min(is_told ? std::max<std::uint64_t>(told, 1) : guess, limit_bytes + 1);
}

void resize(Buffer& buffer, std::uint64_t size_bytes) {
    void* const larger = std::realloc(buffer.get(), size_bytes + InflatedBytes::padding);
    if (larger == nullptr) {
        throw std::bad_alloc();
    }
    static_cast<void>(buffer.release()); // realloc has freed it
    buffer.reset(static_cast<char*>(larger));
}

void refuse(std::string what, const std::string& subject) {
    throw Error({std::move(what), subject, {}}, ExitCode::integrity);
}

} // namespace

} // namespace envpm
