#pragma once

#include "conda/page_walk.h"
#include "conda/subdir_builder.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace envpm::conda {

/// Reads the JSON of a repodata.json's members, with simdjson's on-demand parser, which looks at
/// each byte once. One object is used for one text after the other, by one thread at a time.
///
/// All throw an Error of code 5 with the page's URL if a text is no JSON to its end, or of another
/// kind. What is wrong with one entry spoils that entry only.
class EntryReader {
  public:
    explicit EntryReader(std::string url);
    EntryReader(const EntryReader&) = delete;
    EntryReader(EntryReader&&) = delete;
    EntryReader& operator=(const EntryReader&) = delete;
    EntryReader& operator=(EntryReader&&) = delete;
    ~EntryReader();

    /// Hands the entries of a part (PageWalk) but the first `done` to the builder, and counts them.
    /// Nothing if the object ends with the part, else what is left of the part behind its end.
    /// Behind the part there must be `PageWalk::padding` bytes.
    std::optional<std::string_view> read_part(std::string_view part, std::size_t& done,
                                              SubdirBuilder& builder);

    /// The `base_url` of `info`, perhaps empty. An Error too if `info` names another subdir.
    std::string read_info(std::string_view text, const std::string& subdir);

    /// The list of files that the channel has taken back.
    void read_removed(std::string_view text, SubdirBuilder& builder);

  private:
    class State;

    std::unique_ptr<State> state_;
};

} // namespace envpm::conda
