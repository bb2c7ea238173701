#pragma once

#include <dlfcn.h>

namespace gpuprobe {

/// A function of a library: the name to look it up by, which is also the stage that is told before
/// it is called, and where it is.
template <class Signature> struct Call {
    const char* name;
    Signature* function = nullptr;
};

/// Finds functions until one is missing, and remembers that one.
class Finder {
  public:
    explicit Finder(void* library)
        : library_(library) {}

    /// `other` is the name that older libraries have, if there is one.
    template <class Function>
    void find(Function& function, const char* name, const char* other = nullptr) {
        void* found = ::dlsym(library_, name);
        if (found == nullptr && other != nullptr) {
            found = ::dlsym(library_, other);
        }
        if (found == nullptr && missing_ == nullptr) {
            missing_ = name;
        }
        function = reinterpret_cast<Function>(found);
    }

    template <class... Signatures> void find_all(Call<Signatures>&... calls) {
        (find(calls.function, calls.name), ...);
    }

    [[nodiscard]] const char* missing() const { return missing_; }

  private:
    void* library_;
    const char* missing_ = nullptr;
};

} // namespace gpuprobe
