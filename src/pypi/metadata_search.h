#pragma once

#include "base/http.h"
#include "base/zip.h"
#include "pypi/index_page.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace envpm::pypi {

/// The way to one wheel's METADATA, step by step: it says what to ask for next and takes the
/// answer. Pure, so that many can share their requests. The sidecar where there is one; else the
/// last 32 KiB, which hold the ZIP directory and METADATA of most wheels, then what of the two they
/// did not reach, most often in one more request; the whole file where the server knows no ranges,
/// or where the page gives no sha256 to know the wheel by. A server without ranges begins to send a
/// file whole: a large one is stopped there, before its body, so that no body comes twice.
class MetadataSearch {
  public:
    explicit MetadataSearch(const WheelFile& wheel);

    enum class State {
        open,        ///< `request` says what to ask for
        found,       ///< `text`, `sha256` and `wheel_bytes` hold
        unusable,    ///< `reason` says what is wrong with the wheel
        unreachable, ///< `reason` says why no answer came; another time it may
    };

    [[nodiscard]] State state() const { return state_; }

    /// Only while open.
    [[nodiscard]] HttpRequest request() const;

    [[nodiscard]] bool wants_whole_file() const { return step_ == Step::whole; }

    void accept(HttpResponse response);

    /// What is known of its server: it sends nothing but whole files. Only of a large one there is
    /// anything to gain by asking for all of it at once.
    void expect_no_ranges();

    /// Of this very file, and how long it is, 0 if nobody said.
    void expect_whole(std::uint64_t bytes);

    /// The server answered to a range with the whole, which is longer.
    [[nodiscard]] bool saw_no_ranges() const { return saw_no_ranges_; }

    /// The server answered to a range with a part.
    [[nodiscard]] bool saw_ranges() const { return saw_ranges_; }

    /// The whole file lies at this file: URL, proven.
    void go_on_in(std::string local_url);

    /// It cannot be had.
    void fail(std::string reason, State state = State::unusable);

    /// The whole file, if it came in an answer and has the wheel's sha256; once.
    [[nodiscard]] std::string take_whole() { return std::exchange(whole_, {}); }

    [[nodiscard]] const WheelFile& wheel() const { return wheel_; }

    [[nodiscard]] const std::string& text() const { return text_; } ///< to the first empty line

    /// The text is of the METADATA whose sha256 the page gives, and not only said to be the
    /// wheel's.
    [[nodiscard]] bool is_as_listed() const { return is_as_listed_; }

    [[nodiscard]] const std::optional<Sha256>& sha256() const { return sha256_; }

    /// While open 0 if nobody said.
    [[nodiscard]] std::uint64_t wheel_bytes() const { return wheel_bytes_; }

    [[nodiscard]] const std::string& reason() const { return reason_; }

  private:
    enum class Step { sidecar, tail, directory, member, whole };

    void accept_sidecar(const HttpResponse& response);
    void accept_failure(const HttpResponse& response);
    void accept_tail(HttpResponse& response);
    void accept_part(HttpResponse& response);
    void accept_whole(HttpResponse& response);
    bool know_size(std::uint64_t bytes);
    void read_tail();
    void read_directory();
    void read_member(std::string_view bytes);
    void finish(std::string_view metadata);
    void drop_window();
    [[nodiscard]] ByteRange range() const;

    const WheelFile& wheel_;
    Step step_ = Step::tail;
    State state_ = State::open;
    std::uint64_t tail_bytes_;
    bool has_suffix_ranges_ = true; ///< until the server refuses one
    bool saw_no_ranges_ = false;
    bool saw_ranges_ = false;
    std::string local_url_; ///< instead of the wheel's, where that lies here
    std::string window_;    ///< the file's last bytes, as far as they are known
    std::uint64_t window_begin_ = 0;
    bool is_proven_ = false; ///< the window is the whole file
    ZipDirectoryPlace place_;
    ZipMember member_;
    std::uint64_t member_end_ = 0;
    std::string text_;
    bool is_as_listed_ = false;
    std::string whole_;
    std::optional<Sha256> sha256_;
    std::uint64_t wheel_bytes_ = 0;
    std::string reason_;
};

} // namespace envpm::pypi
