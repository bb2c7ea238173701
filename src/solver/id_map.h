#pragma once

#include "base/assert.h"

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace envpm::solver {

/// A map whose keys are ids that count from 0: as fast as an array, as large as its highest key. A
/// reference to a value is valid until a value of a higher key is added.
template <class Id, class Value> class IdMap {
  public:
    [[nodiscard]] const Value* find(Id id) const {
        const auto index = static_cast<std::size_t>(id);
        return index < values_.size() && values_[index] ? &*values_[index] : nullptr;
    }

    [[nodiscard]] bool contains(Id id) const { return find(id) != nullptr; }

    [[nodiscard]] const Value& at(Id id) const {
        const Value* const value = find(id);
        ENVPM_ASSERT(value != nullptr);
        return *value;
    }

    /// A default value if there is none yet.
    Value& operator[](Id id) {
        const auto index = static_cast<std::size_t>(id);
        if (index >= values_.size()) {
            values_.resize(index + 1);
        }
        if (!values_[index]) {
            values_[index].emplace();
        }
        return *values_[index];
    }

  private:
    std::vector<std::optional<Value>> values_;
};

/// A set of such ids.
template <class Id> class IdSet {
  public:
    [[nodiscard]] bool contains(Id id) const {
        const auto index = static_cast<std::size_t>(id);
        return index < has_.size() && has_[index];
    }

    /// Whether it is new.
    bool insert(Id id) {
        const auto index = static_cast<std::size_t>(id);
        if (index >= has_.size()) {
            has_.resize(index + 1);
        }
        return !std::exchange(has_[index], true);
    }

  private:
    std::vector<char> has_; ///< of truth values; as bits they would be slower
};

} // namespace envpm::solver
