#pragma once

#include "fetch/curl.h"
#include "fetch/gaps.h"
#include "fetch/response.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace envpm::fetch {

/// The memory between network and disk, allocated once: when it is used up, transfers pause until
/// the disk has caught up. For the loop's thread.
class Buffers {
  public:
    static constexpr std::size_t buffer_bytes = 256U << 10U;

    explicit Buffers(std::size_t count);

    [[nodiscard]] std::size_t available() const { return free_.size(); }

    /// Only if one is available.
    std::span<std::byte> take();

    void give_back(std::span<std::byte> buffer) { free_.push_back(buffer); }

  private:
    std::unique_ptr<std::byte[]> memory_; ///< uninitialised: what is not used costs nothing
    std::vector<std::span<std::byte>> free_;
};

/// Some bytes of the file in a buffer, which the taker gives back.
struct FilledBuffer {
    std::uint64_t offset = 0; ///< in the file
    std::size_t count = 0;
    std::span<std::byte> buffer;
};

/// What a transfer leaves behind.
struct TransferReport {
    std::vector<Piece> rest;                      ///< what was wanted and did not come
    std::uint64_t brought_bytes = 0;              ///< handed on
    AskedBytes::How how = AskedBytes::How::whole; ///< was asked
    bool can_ranges = true;
    std::optional<Failure> failure;
};

class RangeTransfer;

/// What a transfer needs of its file. Called on the loop's thread.
struct TransferHooks {
    /// A good answer begins.
    std::function<void(const ResponseHead&)> answered;

    std::function<void(const FilledBuffer&)> write;

    /// So many bytes came, and so many of them are wanted.
    std::function<void(std::uint64_t all, std::uint64_t wanted)> received;

    /// The server sends the whole file instead of a part: everything else that is missing, to be
    /// taken from the same stream; nothing if other transfers of the file run.
    std::function<std::optional<std::vector<Piece>>()> take_everything;

    /// Last; the transfer may be destroyed in it.
    std::function<void(const RangeTransfer&, const TransferReport&)> ended;
};

/// One request for bytes of one file: judges the answer, gathers 16 KiB pieces to buffers whose
/// ends lie at multiples of their size, and hands them on.
class RangeTransfer final : public Receiver {
  public:
    struct Request {
        std::string url;
        std::vector<Piece> wanted; ///< several only for a whole file
        std::uint64_t size = 0;
        AskedBytes::How how = AskedBytes::How::whole;
        std::string entity_tag; ///< for If-Range: only bytes of this version are wanted
        std::optional<std::chrono::milliseconds> stall_after; ///< instead of the settings'
        bool may_share = false; ///< one connection with others, by HTTP/2
    };

    RangeTransfer(Request request, CurlLoop& loop, Buffers& buffers, TransferHooks hooks);

    void start();

    [[nodiscard]] bool is_paused() const { return paused_; }

    /// After buffers were given back.
    void resume_if_paused();

    /// Nothing from this byte on is wanted any more; something before it still is.
    void end_at(std::uint64_t offset);

    /// Ends it without `ended`; what has come is handed on.
    TransferReport cancel();

    Flow head(const ResponseHead& head) override;
    Flow body(std::span<const std::byte> bytes) override;
    void done(const TransferEnd& end) override;

  private:
    Flow refuse(Failure failure);
    [[nodiscard]] bool has_room(std::size_t bytes) const;
    std::uint64_t take_in(std::span<const std::byte> bytes);
    void flush();
    [[nodiscard]] std::vector<Piece> rest() const;
    std::optional<Failure> judge_end(const TransferEnd& end);

    Request request_;
    CurlLoop& loop_;
    Buffers& buffers_;
    TransferHooks hooks_;
    TransferId id_ = 0;

    bool head_seen_ = false;
    bool paused_ = false;
    bool can_ranges_ = true;
    std::optional<Failure> failure_;
    std::string host_;      ///< that answered, after redirects
    std::string beginning_; ///< of the body, to tell HTML
    std::uint64_t begin_ = 0;
    std::uint64_t position_ = 0;
    std::uint64_t end_ = 0; ///< of what the response promised
    std::size_t piece_ = 0; ///< the wanted piece at or after position_
    FilledBuffer filled_;   ///< buffer empty: none taken
    std::uint64_t brought_ = 0;
};

} // namespace envpm::fetch
