#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::conda {

/// Walks through the top level of a repodata.json while it is being inflated (repodata.cpp tells
/// how its readers work together), and hands out its large objects in parts of whole members. So
/// the page is never in memory as a whole, and what reads the parts works on memory that the
/// processor still has at hand: that is three times as fast as one parse of a page of 300 MB.
///
/// A part is cut where text of the form `},"NAME.conda":{` stands (or `.tar.bz2`, with any white
/// space). In valid JSON that is always a border between two members: the first quotation mark
/// cannot end a text, as then NAME and its suffix would stand outside of one. It may be a border in
/// a deeper object; then the part is not whole, its reader fails, and `extend` makes it longer.
class PageWalk {
  public:
    /// Fills the bytes with what follows; the answer is how much, 0 at the end.
    using Source = std::function<std::size_t(std::span<char>)>;

    /// Bytes that can be read behind a part.
    static constexpr std::size_t padding = 64;

    /// `url` is for messages. Throws, as the other functions, an Error of code 5 if the text is no
    /// JSON object.
    PageWalk(Source source, std::string url, std::size_t part_bytes = std::size_t{512} << 10U);

    /// Goes to the next member; nothing at the end of the page, behind which there is only white
    /// space. Escapes within a key are left as they are.
    std::optional<std::string> next_key();

    /// The text of the member's value. It ends rightly, but need not be JSON.
    std::string value();
    void skip_value();

    /// Goes into the value if it is an object; then come its parts.
    bool enter_object();

    /// The next members, as an object of their own: "{…}". Valid until the next call.
    std::string_view part();

    /// The part was the beginning of something: more of the text, if there is any.
    bool extend();

    /// The part was read. `rest` is what its reader left of it, from behind the end of the object;
    /// nothing if it read all, so that more of the object may come. False at the object's end.
    bool finish_part(std::optional<std::string_view> rest);

    /// Whether the part ends at a border between members; else it ends where the text does.
    [[nodiscard]] bool is_part_before_border() const { return cut_ != end_; }

    /// The part is not read now: the next call of `part` gives it again.
    void leave_part() { text_[cut_] = cut_letter_; }

    /// Members that were given as parts, each with the comma behind it, are to be read again.
    void put_back(std::string_view members);

    [[nodiscard]] const std::string& url() const { return url_; }

    [[noreturn]] void refuse(std::string what) const;

  private:
    [[nodiscard]] std::string_view rest() const { return {text_.data() + begin_, end_ - begin_}; }

    bool lengthen();
    bool more();
    char peek();
    char take();
    void skip_space();
    void expect(char wanted);
    void scan_value(std::string* kept);
    [[nodiscard]] bool is_behind_word();
    char keep(std::string* kept);

    Source source_;
    std::string url_;
    std::size_t part_bytes_;
    std::size_t limit_;      ///< of the next part: what was put back made the window larger
    std::vector<char> text_; ///< the window
    std::size_t begin_ = 1;  ///< of what is still to be read; never 0, so that a brace has a place
    std::size_t end_ = 1;
    std::size_t cut_ = 0; ///< where the part ends
    char cut_letter_ = 0; ///< what stood there
    bool is_first_ = true;
};

} // namespace envpm::conda
