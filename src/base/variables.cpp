#include "base/variables.h"

namespace envpm {

Variables Variables::from_strings(const char* const* strings) {
    Variables variables;
    for (; strings != nullptr && *strings != nullptr; ++strings) {
        const std::string_view entry = *strings;
        const std::size_t equals = entry.find('=');
        if (equals != std::string_view::npos) {
            variables.set(std::string(entry.substr(0, equals)),
                          std::string(entry.substr(equals + 1)));
        }
    }
    return variables;
}

std::optional<std::string> Variables::find(std::string_view name) const {
    const auto found = values_.find(name);
    if (found == values_.end() || found->second.empty()) {
        return std::nullopt;
    }
    return found->second;
}

void Variables::unset(std::string_view name) {
    const auto found = values_.find(name);
    if (found != values_.end()) {
        values_.erase(found);
    }
}

std::vector<std::string> Variables::strings() const {
    std::vector<std::string> out;
    out.reserve(values_.size());
    for (const auto& [name, value] : values_) {
        out.push_back(name);
        out.back().append("=").append(value);
    }
    return out;
}

} // namespace envpm
