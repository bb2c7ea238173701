#pragma once

#include "gpuprobe/driver.h"
#include "gpuprobe/finder.h"

namespace gpuprobe {

/// What the steps call of the driver besides `Driver`, by the signatures of cuda.h (CUDA Driver
/// API, docs.nvidia.com/cuda/cuda-driver-api): the same since CUDA 4.0, `_v2` with 64-bit
/// addresses.
struct Transport {
    Call<Result(Address, const void*, std::size_t)> to_device{"cuMemcpyHtoD_v2"};
    Call<Result(Address, Address, std::size_t)> on_device{"cuMemcpyDtoD_v2"};
    Call<Result(int*, Device, Device)> can_access_peer{"cuDeviceCanAccessPeer"};
    Call<Result(Handle, unsigned)> enable_peer{"cuCtxEnablePeerAccess"};
    Call<Result(Handle)> disable_peer{"cuCtxDisablePeerAccess"};
    Call<Result(Address, Handle, Address, Handle, std::size_t)> to_peer{"cuMemcpyPeer"};
    Call<Result(Handle*, unsigned)> stream_create{"cuStreamCreate"};
    Call<Result(Handle)> stream_synchronize{"cuStreamSynchronize"};
    Call<Result(Handle)> stream_destroy{"cuStreamDestroy_v2"};
};

/// Calls one after the other until one fails or gives a wrong result. Each is told as a stage
/// before it is made, with the GPU that it is for; what went wrong is the verdict. After that
/// nothing is given back: the process ends, and the driver frees what it had.
class Step {
  public:
    /// What a library calls a result, or null.
    using NameOf = const char* (*)(int);

    explicit Step(const Driver& driver)
        : driver_(driver) {}

    /// Opens the library under test by its path; null after a verdict. No path is no library.
    void* load(const char* path);

    /// Looks the functions up; false after the verdict that one is missing.
    template <class... Signatures> bool find(void* library, Call<Signatures>&... calls) {
        Finder finder(library);
        finder.find_all(calls...);
        return finder.missing() == nullptr || fail_missing(finder.missing());
    }

    bool find_transport();

    /// How the results of `call` are named from now on.
    void name_results_by(NameOf name_of) { name_of_ = name_of; }

    /// Which GPU is meant by what is told from now on; -1: none.
    void turn_to(int gpu) { gpu_ = gpu; }

    /// A call of the library under test.
    template <class Signature, class... Arguments>
    bool call(const Call<Signature>& call, Arguments... arguments) {
        tell(call.name);
        const int result = call.function(arguments...);
        return result == 0 || fail(call.name, result, name_of_);
    }

    /// A call of the driver.
    template <class Function, class... Arguments>
    bool drive(const char* name, Function function, Arguments... arguments) {
        tell(name);
        const Result result = function(arguments...);
        return result == 0 || fail_of_driver(name, result);
    }

    template <class Signature, class... Arguments>
    bool drive(const Call<Signature>& call, Arguments... arguments) {
        return drive(call.name, call.function, arguments...);
    }

    /// Whether each number is what it should be, but for `tolerance`; the verdict `wrong` if not.
    bool compare(const float* got, const float* wanted, std::size_t count, float tolerance);

    /// Whether each byte is what it should be; the verdict `wrong` if not.
    bool compare(const unsigned char* got, const unsigned char* wanted, std::size_t count);

    [[nodiscard]] bool has_failed() const { return status_ != exit_ok; }

    [[nodiscard]] ExitStatus status() const { return status_; }

    [[nodiscard]] const Driver& driver() const { return driver_; }

    [[nodiscard]] const Transport& transport() const { return transport_; }

  private:
    void tell(const char* stage) const;
    bool fail(const char* call, int result, NameOf name_of);
    bool fail_of_driver(const char* call, Result result);
    bool fail_missing(const char* name);
    bool fail_wrong(std::size_t wrong, const char* first);

    const Driver& driver_;
    Transport transport_;
    NameOf name_of_ = nullptr;
    int gpu_ = -1;
    ExitStatus status_ = exit_ok;
};

/// What a library made, given back at the end unless the step has failed.
template <class Made> class Owned {
  public:
    Owned(Step& step, const Call<int(Made)>& give_back)
        : step_(step),
          give_back_(give_back) {}

    Owned(const Owned&) = delete;
    Owned& operator=(const Owned&) = delete;

    ~Owned() {
        if (is_made_ && !step_.has_failed()) {
            step_.call(give_back_, made_);
        }
    }

    /// By a call whose first argument says where to put it.
    template <class Signature, class... Arguments>
    bool make(const Call<Signature>& call, Arguments... arguments) {
        is_made_ = step_.call(call, &made_, arguments...);
        return is_made_;
    }

    [[nodiscard]] Made get() const { return made_; }

  private:
    Step& step_;
    const Call<int(Made)>& give_back_;
    Made made_ = {};
    bool is_made_ = false;
};

} // namespace gpuprobe
