#include "fetch/range_transfer.h"

#include "base/assert.h"
#include "fetch/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

namespace envpm::fetch {

namespace {

constexpr std::size_t beginning_bytes = 64;

} // namespace

Buffers::Buffers(std::size_t count)
    : memory_(std::make_unique_for_overwrite<std::byte[]>(count * buffer_bytes)) {
    for (std::size_t i = 0; i < count; ++i) {
        free_.emplace_back(memory_.get() + i * buffer_bytes, buffer_bytes);
    }
}

std::span<std::byte> Buffers::take() {
    ENVPM_ASSERT(!free_.empty());
    const std::span<std::byte> buffer = free_.back();
    free_.pop_back();
    return buffer;
}

RangeTransfer::RangeTransfer(Request request, CurlLoop& loop, Buffers& buffers, TransferHooks hooks)
    : request_(std::move(request)),
      loop_(loop),
      buffers_(buffers),
      hooks_(std::move(hooks)),
      host_(place_name(request_.url)) {}

void RangeTransfer::start() {
    Transfer transfer;
    transfer.url = request_.url;
    transfer.headers = {"Accept-Encoding: identity"};
    if (request_.how == AskedBytes::How::ranged) {
        const Piece& piece = request_.wanted.front();
        transfer.range = fmt::format("{}-{}", piece.first, piece.end() - 1);
        if (!request_.entity_tag.empty()) {
            transfer.headers.push_back("If-Range: " + request_.entity_tag);
        }
    }
    transfer.stall_after = request_.stall_after;
    transfer.protocol = request_.may_share ? Transfer::Protocol::any : Transfer::Protocol::http1;
    id_ = loop_.start(transfer, *this);
}

void RangeTransfer::resume_if_paused() {
    if (std::exchange(paused_, false)) {
        loop_.resume(id_);
    }
}

void RangeTransfer::end_at(std::uint64_t offset) {
    std::vector<Piece>& wanted = request_.wanted;
    while (!wanted.empty() && wanted.back().first >= offset) {
        wanted.pop_back();
    }
    ENVPM_ASSERT(piece_ < wanted.size());
    wanted.back().count = std::min(wanted.back().count, offset - wanted.back().first);
}

TransferReport RangeTransfer::cancel() {
    loop_.cancel(id_);
    flush();
    return {rest(), brought_, request_.how, can_ranges_, std::nullopt};
}

Flow RangeTransfer::head(const ResponseHead& head) {
    head_seen_ = true;
    host_ = place_name(head.url);
    const AskedBytes asked{request_.wanted.front().first, request_.wanted.front().count,
                           request_.size, request_.how};
    std::variant<GoodHead, Failure> verdict = judge_download(asked, head);
    if (auto* const failure = std::get_if<Failure>(&verdict)) {
        return refuse(std::move(*failure));
    }
    hooks_.answered(head);
    const bool is_ranged = request_.how == AskedBytes::How::ranged;
    if (is_ranged && head.status == 200 && !request_.entity_tag.empty()) {
        return refuse({FailureClass::changed,
                       fmt::format("`{}` has another version of the file than before", host_),
                       std::nullopt});
    }
    const GoodHead good = std::get<GoodHead>(verdict);
    begin_ = position_ = good.first;
    end_ = good.first + good.count;
    if (is_ranged && head.status == 200) {
        can_ranges_ = false;
        std::optional<std::vector<Piece>> more = hooks_.take_everything();
        if (!more) {
            return refuse({FailureClass::no_ranges,
                           fmt::format("`{}` sends the whole file instead of a part", host_),
                           std::nullopt});
        }
        more->push_back(request_.wanted.front());
        std::sort(more->begin(), more->end(),
                  [](const Piece& a, const Piece& b) { return a.first < b.first; });
        request_.wanted = std::move(*more);
    }
    return Flow::go_on;
}

Flow RangeTransfer::body(std::span<const std::byte> bytes) {
    if (bytes.size() > end_ - position_) {
        return refuse({FailureClass::poison, fmt::format("`{}` sent more than the file", host_),
                       std::nullopt});
    }
    if (!has_room(bytes.size())) {
        paused_ = true;
        return Flow::pause;
    }
    if (position_ == 0) {
        const std::size_t count = std::min(bytes.size(), beginning_bytes);
        beginning_.assign(reinterpret_cast<const char*>(bytes.data()), count);
    }
    hooks_.received(bytes.size(), take_in(bytes));
    // A server without ranges would go on with what is there already.
    const bool has_all = piece_ == request_.wanted.size() && position_ < end_;
    return has_all ? Flow::stop : Flow::go_on;
}

void RangeTransfer::done(const TransferEnd& end) {
    if (!head_seen_ && !end.failure && head(end.head) == Flow::go_on) {
        end_ = position_; // no body came, not even an empty one's announcement
    }
    flush();
    const TransferReport report{rest(), brought_, request_.how, can_ranges_, judge_end(end)};
    // Moved out, because the call destroys this object.
    const auto ended = std::move(hooks_.ended);
    ended(*this, report);
}

Flow RangeTransfer::refuse(Failure failure) {
    failure_ = std::move(failure);
    return Flow::stop;
}

bool RangeTransfer::has_room(std::size_t bytes) const {
    const std::size_t in_block = position_ % Buffers::buffer_bytes;
    const std::size_t needed =
        (filled_.buffer.empty() ? 1U : 0U) + (in_block + bytes > Buffers::buffer_bytes ? 1U : 0U);
    return buffers_.available() >= needed;
}

std::uint64_t RangeTransfer::take_in(std::span<const std::byte> bytes) {
    std::uint64_t taken = 0;
    while (!bytes.empty() && piece_ < request_.wanted.size()) {
        const Piece& piece = request_.wanted[piece_];
        if (position_ < piece.first) {
            const std::uint64_t skipped =
                std::min<std::uint64_t>(piece.first - position_, bytes.size());
            position_ += skipped;
            bytes = bytes.subspan(skipped);
            continue;
        }
        if (filled_.buffer.empty()) {
            filled_ = {position_, 0, buffers_.take()};
        }
        const std::uint64_t block_end =
            (position_ / Buffers::buffer_bytes + 1) * Buffers::buffer_bytes;
        const std::uint64_t count =
            std::min<std::uint64_t>(std::min(piece.end(), block_end) - position_, bytes.size());
        std::memcpy(filled_.buffer.data() + filled_.count, bytes.data(), count);
        filled_.count += count;
        position_ += count;
        taken += count;
        bytes = bytes.subspan(count);
        const bool piece_ends = position_ == piece.end();
        if (piece_ends || position_ == block_end) {
            flush();
        }
        piece_ += piece_ends ? 1 : 0;
    }
    position_ += bytes.size();
    return taken;
}

void RangeTransfer::flush() {
    if (filled_.buffer.empty()) {
        return;
    }
    const FilledBuffer filled = std::exchange(filled_, {});
    brought_ += filled.count;
    hooks_.write(filled);
}

std::vector<Piece> RangeTransfer::rest() const {
    std::vector<Piece> pieces;
    for (std::size_t i = piece_; i < request_.wanted.size(); ++i) {
        const Piece& piece = request_.wanted[i];
        const std::uint64_t from = std::clamp(position_, piece.first, piece.end());
        pieces.push_back({from, piece.end() - from});
    }
    return pieces;
}

std::optional<Failure> RangeTransfer::judge_end(const TransferEnd& end) {
    if (failure_) {
        return failure_;
    }
    const bool short_body = position_ < end_ || brought_ == 0;
    if (piece_ == request_.wanted.size() || (!end.failure && !short_body)) {
        return std::nullopt;
    }
    if (begin_ == 0 && looks_like_html({}, beginning_)) {
        return Failure{FailureClass::poison,
                       fmt::format("`{}` sent an HTML page instead of the file (a login page of a "
                                   "proxy or of the network?)",
                                   host_),
                       std::nullopt};
    }
    if (end.failure) {
        return end.failure;
    }
    return Failure{
        FailureClass::transient,
        fmt::format("`{}` ended the file after {} of {} bytes", host_, position_, request_.size),
        std::nullopt};
}

} // namespace envpm::fetch
