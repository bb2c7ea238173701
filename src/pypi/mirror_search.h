#pragma once

#include "base/http.h"
#include "pypi/index_client.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace envpm::pypi {

/// One query on its way through the mirrors of its index.
class MirrorSearch {
  public:
    explicit MirrorSearch(const PageQuery& query)
        : query_(query) {}

    [[nodiscard]] const PageQuery& query() const { return query_; }

    /// An answer of either kind came, if no mirror is left to ask. That a mirror has no such
    /// project is none while another may have it: the next index would be asked in their place.
    /// The index's own word needs no other.
    [[nodiscard]] bool is_answered() const { return answer_ || is_absent(); }

    [[nodiscard]] bool is_open() const {
        return !answer_ && !is_absent_from_index_ && next_ < mirrors_.size();
    }

    /// As configured, with credentials.
    [[nodiscard]] const std::string& mirror() const { return mirrors_[next_]; }

    /// Of that mirror.
    [[nodiscard]] HttpRequest request() const;

    [[nodiscard]] std::string url() const { return mirror() + "/" + query_.project.string() + "/"; }

    void ask_later(std::string mirror) { mirrors_.push_back(std::move(mirror)); }

    void found(const std::string& mirror, ProjectPage page, const Sha256& digest);
    void note_absent(const std::string& mirror);

    void note_failure(const std::string& reason);

    void go_on() { ++next_; }

    /// Goes on without having asked, as offline.
    void pass_over();

    /// Throws if the mirrors gave no answer.
    [[nodiscard]] PageAnswer take(const CachePolicy& policy);

  private:
    [[nodiscard]] bool is_absent() const {
        return is_absent_from_index_ ||
               (!absent_from_.empty() && failures_.empty() && !is_one_passed_over_);
    }

    PageQuery query_;
    std::vector<std::string> mirrors_; ///< those to ask
    std::size_t next_ = 0;
    std::optional<PageAnswer> answer_;
    std::string absent_from_;
    std::string failures_;
    bool is_one_passed_over_ = false;
    bool is_absent_from_index_ = false;
};

} // namespace envpm::pypi
