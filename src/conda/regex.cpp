#include "conda/regex.h"

#include "conda/regex_compiler.h"

#include <utility>

namespace envpm::conda {

namespace {

using Step = Regex::Step;
using Steps = std::vector<Step>;
using Kind = Step::Kind;

/// Follows all ways through the steps at once, one character after the other.
class Search {
  public:
    Search(const Steps& steps, std::string_view text)
        : steps_(steps),
          text_(text),
          reached_(steps.size(), 0) {}

    [[nodiscard]] bool succeeds();

  private:
    [[nodiscard]] bool follow(std::size_t at);
    void fork(std::size_t at);

    const Steps& steps_;
    std::string_view text_;
    std::size_t place_ = 0;
    std::vector<std::size_t> now_;  ///< steps that are to be followed at this place
    std::vector<std::size_t> then_; ///< and at the next
    /// The place, counted from 1, that a step was last followed at.
    std::vector<std::size_t> reached_;
};

} // namespace

Regex Regex::parse(std::string_view text) {
    Regex regex;
    regex.text_ = text;
    regex.steps_ = compile_regex(text);
    return regex;
}

bool Regex::finds(std::string_view text) const {
    return Search(steps_, text).succeeds();
}

namespace {

bool Search::succeeds() {
    for (place_ = 0; place_ <= text_.size(); ++place_) {
        now_.push_back(0);
        for (std::size_t i = 0; i < now_.size(); ++i) {
            const std::size_t at = now_[i];
            if (std::exchange(reached_[at], place_ + 1) != place_ + 1 && follow(at)) {
                return true;
            }
        }
        now_.clear();
        now_.swap(then_);
    }
    return false;
}

/// Whether the step is the last.
bool Search::follow(std::size_t at) {
    const Step& step = steps_[at];
    switch (step.kind) {
    case Kind::found:
        return true;
    case Kind::jump:
    case Kind::fork:
        fork(at);
        break;
    case Kind::at_start:
    case Kind::at_end:
        if (place_ == (step.kind == Kind::at_start ? 0 : text_.size())) {
            now_.push_back(at + 1);
        }
        break;
    case Kind::one_of:
        if (place_ < text_.size() && step.set[static_cast<unsigned char>(text_[place_])]) {
            then_.push_back(at + 1);
        }
    }
    return false;
}

void Search::fork(std::size_t at) {
    const Step& step = steps_[at];
    now_.push_back(at + static_cast<std::size_t>(step.target));
    if (step.kind == Kind::fork) {
        now_.push_back(at + static_cast<std::size_t>(step.other));
    }
}

} // namespace

} // namespace envpm::conda
