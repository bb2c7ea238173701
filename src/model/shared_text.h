#pragma once

#include <memory>
#include <string>
#include <utility>

namespace envpm {

/// A text of which thousands of values may have copies, and all refer to one. It never changes.
class SharedText {
  public:
    SharedText() = default;

    SharedText(std::string text) // NOLINT(google-explicit-constructor): it stands for the text
        : text_(std::make_shared<const std::string>(std::move(text))) {}

    SharedText(const char* text) // NOLINT(google-explicit-constructor)
        : SharedText(std::string(text)) {}

    [[nodiscard]] const std::string& string() const {
        static const std::string empty;
        return text_ ? *text_ : empty;
    }

    bool operator==(const SharedText& other) const {
        return text_ == other.text_ || string() == other.string();
    }

  private:
    std::shared_ptr<const std::string> text_;
};

} // namespace envpm
