#include "gpuprobe/step.h"

#include "gpuprobe/report.h"

#include <cstdio>
#include <cstring>

namespace gpuprobe {

void* Step::load(const char* path) {
    tell("load");
    void* library = path == nullptr ? nullptr : ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = path == nullptr ? "no path" : ::dlerror();
        Line::verdict("no_library").text("detail", why == nullptr ? "" : why).send();
        status_ = exit_no_library;
    }
    return library;
}

bool Step::find_transport() {
    Transport& of = transport_;
    return find(driver_.library, of.to_device, of.on_device, of.can_access_peer, of.enable_peer,
                of.disable_peer, of.to_peer, of.stream_create, of.stream_synchronize,
                of.stream_destroy);
}

bool Step::compare(const float* got, const float* wanted, std::size_t count, float tolerance) {
    tell("compare");
    std::size_t wrong = 0;
    char first[96] = {};
    for (std::size_t i = 0; i < count; ++i) {
        const float error = got[i] < wanted[i] ? wanted[i] - got[i] : got[i] - wanted[i];
        if (error <= tolerance) { // never true of what is no number
            continue;
        }
        if (wrong++ == 0) {
            std::snprintf(first, sizeof first, "value %zu is %g instead of %g", i,
                          static_cast<double>(got[i]), static_cast<double>(wanted[i]));
        }
    }
    return wrong == 0 || fail_wrong(wrong, first);
}

bool Step::compare(const unsigned char* got, const unsigned char* wanted, std::size_t count) {
    tell("compare");
    if (std::memcmp(got, wanted, count) == 0) {
        return true;
    }
    std::size_t wrong = 0;
    char first[96] = {};
    for (std::size_t i = 0; i < count; ++i) {
        if (got[i] != wanted[i] && wrong++ == 0) {
            std::snprintf(first, sizeof first, "byte %zu is 0x%02x instead of 0x%02x", i, got[i],
                          wanted[i]);
        }
    }
    return fail_wrong(wrong, first);
}

void Step::tell(const char* stage) const {
    Line line = Line::stage(stage);
    if (gpu_ >= 0) {
        line.number("index", gpu_);
    }
    line.send();
}

bool Step::fail(const char* call, int result, NameOf name_of) {
    const char* name = name_of == nullptr ? nullptr : name_of(result);
    Line line = Line::verdict("error");
    line.text("stage", call).number("code", result).text("name", name == nullptr ? "" : name);
    if (gpu_ >= 0) {
        line.number("index", gpu_);
    }
    line.send();
    status_ = exit_error;
    return false;
}

bool Step::fail_of_driver(const char* call, Result result) {
    send_error(driver_, call, result, gpu_);
    status_ = exit_error;
    return false;
}

bool Step::fail_missing(const char* name) {
    Line::verdict("no_symbol").text("detail", name).send();
    status_ = exit_no_symbol;
    return false;
}

bool Step::fail_wrong(std::size_t wrong, const char* first) {
    Line line = Line::verdict("wrong");
    line.text("stage", "compare").number("words", static_cast<long long>(wrong));
    line.text("detail", first);
    if (gpu_ >= 0) {
        line.number("index", gpu_);
    }
    line.send();
    status_ = exit_wrong_result;
    return false;
}

} // namespace gpuprobe
