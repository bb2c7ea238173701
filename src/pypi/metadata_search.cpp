#include "pypi/metadata_search.h"

#include "base/assert.h"
#include "base/error.h"
#include "model/lock.h"
#include "pypi/header_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace envpm::pypi {

namespace {

constexpr std::uint64_t first_tail_bytes = 32U << 10U; // most wheels' METADATA and directory
constexpr std::uint64_t longest_tail_bytes = (64U << 10U) + 98; // holds any end of a ZIP file
constexpr std::uint64_t most_before_directory = 32U << 10U;     // no more than a tail on a guess
constexpr std::uint64_t largest_part_bytes = 64U << 20U; // far above any directory or METADATA
constexpr std::uint64_t largest_whole_bytes = 2U << 30U; // in memory, from a server without ranges

constexpr int status_whole = 200;
constexpr int status_part = 206;

bool is_metadata(std::string_view member);
std::uint64_t likely_begin(const ZipDirectoryPlace& place);
std::string sidecar_url(const std::string& url);
std::string_view header_block(std::string_view metadata);
std::string contradiction(std::string_view headers, const WheelFile& wheel);
bool is_answer_for_this_file(int status);
bool is_passing_failure(int status);

} // namespace

MetadataSearch::MetadataSearch(const WheelFile& wheel)
    : wheel_(wheel),
      tail_bytes_(first_tail_bytes),
      sha256_(wheel.sha256),
      wheel_bytes_(wheel.size_bytes.value_or(0)) {
    if (!wheel.sha256) {
        step_ = Step::whole;
    } else if (wheel.has_metadata_file && wheel.size_bytes) {
        step_ = Step::sidecar; // a sidecar does not say how large its wheel is
    }
}

HttpRequest MetadataSearch::request() const {
    ENVPM_ASSERT(state_ == State::open);
    HttpRequest request;
    const std::string& url = local_url_.empty() ? wheel_.url : local_url_;
    request.url = step_ == Step::sidecar ? sidecar_url(url) : url;
    request.limit_bytes = step_ == Step::whole ? largest_whole_bytes : largest_part_bytes;
    if (step_ != Step::sidecar && step_ != Step::whole) {
        request.range = range();
    }
    return request;
}

void MetadataSearch::accept(HttpResponse response) {
    try {
        if (step_ == Step::sidecar) {
            accept_sidecar(response);
        } else if (!response.error.empty()) {
            accept_failure(response);
        } else if (response.status == status_whole) {
            accept_whole(response);
        } else if (response.status == status_part && step_ == Step::tail) {
            saw_ranges_ = local_url_.empty();
            accept_tail(response);
        } else if (response.status == status_part && step_ != Step::whole) {
            accept_part(response);
        } else {
            accept_failure(response);
        }
    } catch (const Error& error) { // one bad wheel is an answer and does not end the batch
        fail(error.text().what);
    }
}

void MetadataSearch::expect_no_ranges() {
    if (wheel_.size_bytes.value_or(0) > largest_part_bytes) {
        expect_whole(*wheel_.size_bytes);
    }
}

void MetadataSearch::expect_whole(std::uint64_t bytes) {
    if (step_ == Step::tail) {
        step_ = Step::whole;
        wheel_bytes_ = bytes;
    }
}

void MetadataSearch::go_on_in(std::string local_url) {
    local_url_ = std::move(local_url);
    has_suffix_ranges_ = true;
    step_ = Step::tail;
}

/// A sidecar that is missing or not the one that the page means costs one more request, no more:
/// the wheel itself is the truth.
void MetadataSearch::accept_sidecar(const HttpResponse& response) {
    const bool is_file = response.error.empty() && response.status == status_whole;
    is_as_listed_ =
        is_file && wheel_.metadata_sha256 && sha256_of(response.body) == wheel_.metadata_sha256;
    const bool is_right = is_file && (!wheel_.metadata_sha256 || is_as_listed_) &&
                          contradiction(header_block(response.body), wheel_).empty();
    if (is_right) {
        finish(response.body);
    } else {
        is_as_listed_ = false;
        step_ = Step::tail;
    }
}

void MetadataSearch::accept_failure(const HttpResponse& response) {
    const int status = response.status;
    const bool is_range = step_ != Step::whole;
    if (!local_url_.empty()) {
        fail("what was fetched of it cannot be read", State::unreachable);
    } else if (is_range && status == status_whole) {
        saw_no_ranges_ = true; // it began to send it all, and was stopped
        step_ = response.total_bytes && !know_size(*response.total_bytes) ? step_ : Step::whole;
    } else if (!response.error.empty()) {
        fail(response.error, State::unreachable);
    } else if (is_answer_for_this_file(status) || !is_range) {
        fail(fmt::format("the server answered {}", status),
             is_passing_failure(status) ? State::unreachable : State::unusable);
    } else if (step_ == Step::tail && has_suffix_ranges_ && wheel_.size_bytes.value_or(0) > 0) {
        has_suffix_ranges_ = false;
    } else {
        step_ = Step::whole;
    }
}

void MetadataSearch::accept_tail(HttpResponse& response) {
    if (!response.range_first) {
        step_ = Step::whole; // a part of which nobody knows where it stands
        return;
    }
    const std::uint64_t end = *response.range_first + response.body.size();
    if (end < response.body.size() || response.total_bytes.value_or(end) != end) {
        fail("the server did not send the end of the file");
        return;
    }
    if (know_size(end)) {
        window_ = std::move(response.body);
        window_begin_ = *response.range_first;
        read_tail();
    }
}

void MetadataSearch::accept_part(HttpResponse& response) {
    const ByteRange asked = range();
    if (response.range_first != asked.first || response.body.size() != asked.count) {
        fail("the server sent another part of the file than the one asked for");
        return;
    }
    if (step_ == Step::member) {
        read_member(response.body);
        return;
    }
    window_ = std::move(response.body.append(window_));
    window_begin_ = *asked.first;
    read_directory();
}

void MetadataSearch::accept_whole(HttpResponse& response) {
    const bool is_page = response.body.starts_with('<'); // a wheel begins as every ZIP file does
    if (is_page && (!wheel_.sha256 || sha256_of(response.body) != wheel_.sha256)) {
        fail("the server sent an HTML page instead of the file (a login page of a proxy or of the "
             "network?)",
             State::unreachable);
        return;
    }
    // Some servers send a file whole if it is no longer than the range.
    saw_no_ranges_ = step_ != Step::whole && response.body.size() > tail_bytes_;
    if (!know_size(response.body.size())) {
        return;
    }
    const Sha256 digest = sha256_of(response.body);
    if (wheel_.sha256 && digest != wheel_.sha256) {
        fail("the server's file has another sha256 than its index says");
        return;
    }
    sha256_ = digest;
    window_ = std::move(response.body);
    window_begin_ = 0;
    is_proven_ = true;
    tail_bytes_ = longest_tail_bytes;
    read_tail();
}

bool MetadataSearch::know_size(std::uint64_t bytes) {
    if (wheel_.size_bytes.value_or(bytes) != bytes) {
        fail(fmt::format("the server's file has {} bytes, but its index says {}", bytes,
                         *wheel_.size_bytes));
        return false;
    }
    if (bytes > largest_archive_bytes) {
        fail(fmt::format("the server says that it has {} bytes, and no archive may have more "
                         "than {}",
                         bytes, largest_archive_bytes));
        return false;
    }
    wheel_bytes_ = bytes;
    return true;
}

void MetadataSearch::read_tail() {
    try {
        place_ = find_zip_directory(window_, wheel_bytes_, wheel_.file_name);
    } catch (const Error&) {
        // A long comment may hide the end record from the first, short tail.
        if (tail_bytes_ == longest_tail_bytes || window_.size() == wheel_bytes_) {
            throw;
        }
        tail_bytes_ = longest_tail_bytes;
        return;
    }
    if (place_.offset >= window_begin_) {
        read_directory();
    } else if (place_.size_bytes > largest_part_bytes) {
        fail("its ZIP directory is larger than that of any real wheel");
    } else {
        step_ = Step::directory;
    }
}

void MetadataSearch::read_directory() {
    const std::string_view directory =
        std::string_view(window_).substr(place_.offset - window_begin_, place_.size_bytes);
    const std::vector<FoundZipMember> found =
        find_zip_members(directory, place_, wheel_.file_name, is_metadata);
    if (found.size() != 1) {
        fail("it has not exactly one METADATA");
        return;
    }
    member_ = found.front().member;
    member_end_ = found.front().end_offset;
    if (member_.header_offset >= window_begin_) {
        read_member(std::string_view(window_).substr(member_.header_offset - window_begin_,
                                                     member_end_ - member_.header_offset));
    } else if (member_end_ - member_.header_offset > largest_part_bytes) {
        fail("its METADATA is larger than any real one");
    } else {
        drop_window();
        step_ = Step::member;
    }
}

void MetadataSearch::read_member(std::string_view bytes) {
    const std::uint64_t header = check_zip_local_header(bytes, member_, wheel_.file_name);
    if (header + member_.compressed_bytes > bytes.size()) {
        fail("its METADATA reaches into the next file of the archive");
        return;
    }
    finish(inflate_zip_member(bytes.substr(header, member_.compressed_bytes), member_,
                              wheel_.file_name));
}

void MetadataSearch::finish(std::string_view metadata) {
    const std::string_view block = header_block(metadata);
    if (std::string reason = contradiction(block, wheel_); !reason.empty()) {
        fail(std::move(reason));
        return;
    }
    text_ = block;
    state_ = State::found;
    if (is_proven_) {
        whole_ = std::move(window_);
    }
    drop_window();
}

/// With its memory, which an assignment of an empty text would keep: thousands of searches may have
/// ended and be waited for together.
void MetadataSearch::drop_window() {
    std::string().swap(window_);
}

void MetadataSearch::fail(std::string reason, State state) {
    reason_ = std::move(reason);
    state_ = state;
    drop_window();
}

ByteRange MetadataSearch::range() const {
    switch (step_) {
    case Step::directory:
        return {likely_begin(place_), window_begin_ - likely_begin(place_)};
    case Step::member:
        return {member_.header_offset, member_end_ - member_.header_offset};
    case Step::tail:
    case Step::sidecar:
    case Step::whole:
        break;
    }
    if (has_suffix_ranges_) {
        return {std::nullopt, tail_bytes_};
    }
    const std::uint64_t count = std::min(tail_bytes_, *wheel_.size_bytes);
    return {*wheel_.size_bytes - count, count};
}

namespace {

/// `<name>-<version>.dist-info/METADATA`, of which a wheel has exactly one.
bool is_metadata(std::string_view member) {
    const std::size_t slash = member.find('/');
    return slash != std::string_view::npos && member.substr(slash) == "/METADATA" &&
           member.substr(0, slash).ends_with(".dist-info");
}

/// Of METADATA and what stands between it and the directory, if that is little: mostly RECORD,
/// which compressed has half as many bytes as the directory.
std::uint64_t likely_begin(const ZipDirectoryPlace& place) {
    const std::uint64_t before = place.size_bytes / 8 * 5;
    return before <= most_before_directory ? place.offset - std::min(place.offset, before)
                                           : place.offset;
}

/// PEP 658: the file's URL with `.metadata` appended; a query stays behind it.
std::string sidecar_url(const std::string& url) {
    const std::size_t query = std::min(url.find('?'), url.size());
    return url.substr(0, query) + ".metadata" + url.substr(query);
}

/// The description below it can be a hundred times as long, and no solve reads it.
std::string_view header_block(std::string_view metadata) {
    std::string_view rest = metadata;
    while (!rest.empty()) {
        const std::size_t begin = metadata.size() - rest.size();
        if (take_line(rest).empty()) {
            return metadata.substr(0, begin);
        }
    }
    return metadata;
}

/// Empty if METADATA is of the wheel that the file name says it is: nothing may pose as another
/// package, or as another version, for the solve.
std::string contradiction(std::string_view headers, const WheelFile& wheel) {
    const std::string_view name = header_field(headers, "Name").value_or("");
    const std::string_view version = header_field(headers, "Version").value_or("");
    if (PackageName::parse(name) == wheel.wheel.name &&
        Version::parse(version) == wheel.wheel.version) {
        return {};
    }
    return fmt::format("its METADATA says that it is `{} {}`", name, version);
}

/// It says something of the file, not of how it was asked for.
bool is_answer_for_this_file(int status) {
    return status == 401 || status == 403 || status == 404 || status == 410 ||
           is_passing_failure(status);
}

bool is_passing_failure(int status) {
    return status == 0 || status == 408 || status == 429 || (status >= 500 && status != 501);
}

} // namespace

} // namespace envpm::pypi
