#include "conda/repodata.h"

#include "base/error.h"
#include "conda/entry_reader.h"
#include "conda/part_jobs.h"
#include "conda/subdir_builder.h"

#include <optional>
#include <utility>

// How a page of 300 MB becomes an index file without being in memory:
//
//   PageThread   inflates what comes next, and writes what is done, beside the rest
//   PageWalk     cuts the packages into parts of half a megabyte at what looks like a border
//   PartJobs     reads several parts at a time, each by an EntryReader and a SubdirBuilder
//   IndexWriter  takes their blocks, a name's entries each, in the order of the page
//
// A border is found by its look, `},"NAME.conda":{`, so a part may turn out to be wrong in two
// ways. Its text may stand within an entry: then the part ends in the middle of something. Or the
// object `packages` ends within it: then there is more behind its end, and the parts after it were
// none. PartJobs hands on nothing of such a part and of those after it. Their text goes back into
// the walk by `take_back` and `put_back`, and this thread reads the first of them by itself, longer
// by `extend` if it must be, to the end of the object if that is there. Damage looks the same until
// the page has no more to add; only then is it told. Example, with parts of one entry each:
//
//   {"packages":{"a-1-0.conda":{…},"b-1-0.conda":{…}},"packages.conda":{"c-1-0.conda":{…}}}
//                part 1             part 2          ▲ looks like a border too
//
// Part 2 has the end of `packages` in it and so one brace too many, and what would be part 3 begins
// with `"packages.conda"`. Part 2's job says so, and this thread reads it again by itself, takes
// `b` and walks on behind the brace.

namespace envpm::conda {

namespace {

/// Walks through a page and hands what it finds on: parts of the packages to several threads, if
/// there are, and otherwise to its own reader.
class RepodataReader {
  public:
    RepodataReader(PageWalk walk, const std::string& subdir, const IndexWriter::Sink& sink)
        : subdir_(subdir),
          walk_(std::move(walk)),
          reader_(walk_.url()),
          writer_(sink),
          builder_(subdir, blocks()) {}

    void use_threads() { jobs_.emplace(subdir_, walk_.url(), blocks()); }

    Repodata read();

  private:
    SubdirBuilder::Blocks blocks() {
        return [this](std::string_view name, std::string_view block) { writer_.add(name, block); };
    }

    bool read_member(std::string_view key);
    void read_packages();
    bool read_part();
    void begin_jobs();

    const std::string& subdir_;
    PageWalk walk_;
    EntryReader reader_;
    IndexWriter writer_;
    SubdirBuilder builder_;
    std::optional<PartJobs> jobs_;
    std::string base_url_;
};

} // namespace

Repodata read_repodata(PageWalk page, const std::string& subdir, const IndexWriter::Sink& sink,
                       Threads threads) {
    RepodataReader reader(std::move(page), subdir, sink);
    if (threads == Threads::several) {
        reader.use_threads();
    }
    return reader.read();
}

namespace {

Repodata RepodataReader::read() {
    bool is_empty = true;
    bool is_repodata = false;
    while (const std::optional<std::string> key = walk_.next_key()) {
        is_empty = false;
        is_repodata = read_member(*key) || is_repodata;
    }
    if (!is_empty && !is_repodata) {
        walk_.refuse("the answer is JSON, but no repodata of a channel");
    }
    builder_.flush();
    const std::uint64_t nameless = builder_.take_nameless() + (jobs_ ? jobs_->nameless() : 0);
    return {writer_.finish(), std::move(base_url_), nameless};
}

/// Whether it is a member of a repodata.json.
bool RepodataReader::read_member(std::string_view key) {
    if (key == "packages" || key == "packages.conda") {
        if (!walk_.enter_object()) {
            walk_.refuse("the answer is JSON, but no repodata of a channel");
        }
        read_packages();
        return true;
    }
    if (key == "info") {
        base_url_ = reader_.read_info(walk_.value(), subdir_);
        return true;
    }
    if (key == "removed") {
        reader_.read_removed(walk_.value(), builder_);
        return true;
    }
    walk_.skip_value();
    return key == "repodata_version";
}

void RepodataReader::read_packages() {
    while (true) {
        begin_jobs();
        if (!jobs_ || jobs_->is_empty()) {
            if (!read_part()) {
                return;
            }
        } else if (!jobs_->finish_first()) {
            // Most often the object's end lies within, and the parts after it were none.
            walk_.put_back(jobs_->take_back());
            if (!read_part()) {
                return;
            }
        }
    }
}

/// The next part of the packages, by this thread; false at their end.
bool RepodataReader::read_part() {
    std::size_t done = 0;
    while (true) {
        const std::string_view part = walk_.part();
        // A part that is not whole shows as damage, as damage does: only the end of the page tells.
        try {
            return walk_.finish_part(reader_.read_part(part, done, builder_));
        } catch (const Error& error) {
            const bool is_of_page = error.code() == ExitCode::network; // and not of our disk
            if (!is_of_page || !walk_.extend()) {
                throw;
            }
        }
    }
}

/// As many as there is room for. The page's last part has no border behind it and is left.
void RepodataReader::begin_jobs() {
    while (jobs_ && !jobs_->is_full()) {
        const std::string_view part = walk_.part();
        if (!walk_.is_part_before_border()) {
            walk_.leave_part();
            return;
        }
        if (jobs_->is_empty()) {
            builder_.flush(); // what this thread has read comes before
        }
        jobs_->begin(part);
        walk_.finish_part(std::nullopt);
    }
}

} // namespace

} // namespace envpm::conda
