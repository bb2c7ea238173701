#include "gpuprobe/driver.h"

#include "gpuprobe/finder.h"
#include "gpuprobe/report.h"

#include <dlfcn.h>

#include <cstdlib>

namespace gpuprobe {

namespace {

constexpr Result no_device = 100; // CUDA_ERROR_NO_DEVICE

const char* find_functions(Driver& driver);
bool send_version(const Driver& driver);

} // namespace

Driver load_driver(const char* fallback, Extent extent, ExitStatus& status) {
    Line::stage("load").send();
    Driver driver;
    void* library = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        Line verdict = Line::verdict("no_library");
        verdict.text("detail", why == nullptr ? "" : why);
        library = ::dlopen(fallback, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            verdict.send();
            status = exit_no_library;
            return driver;
        }
    }
    Finder finder(library);
    finder.find(driver.driver_get_version, "cuDriverGetVersion");
    driver.get_error_name =
        reinterpret_cast<decltype(driver.get_error_name)>(::dlsym(library, "cuGetErrorName"));
    const char* missing = finder.missing();
    if (missing == nullptr) {
        send_library("library", reinterpret_cast<void*>(driver.driver_get_version));
        if (!send_version(driver)) {
            status = exit_error;
            return driver;
        }
    }
    driver.library = library;
    if (missing == nullptr && extent == Extent::all) {
        missing = find_functions(driver);
    }
    if (missing != nullptr) {
        Line::verdict("no_symbol").text("detail", missing).send();
        status = exit_no_symbol;
        driver.library = nullptr;
    }
    return driver;
}

int initialise(const Driver& driver, ExitStatus& status) {
    Line::stage("init").send();
    int count = 0;
    Result result = driver.init(0);
    const char* stage = "init";
    if (result == 0) {
        stage = "count";
        Line::stage(stage).send();
        result = driver.device_get_count(&count);
    }
    if (result == no_device || (result == 0 && count <= 0)) {
        Line::verdict("no_device").number("code", result).send();
        status = exit_no_device;
        return -1;
    }
    if (result != 0) {
        send_error(driver, stage, result, -1);
        status = exit_error;
        return -1;
    }
    Line::fact("devices").number("count", count).send();
    return count;
}

void send_error(const Driver& driver, const char* stage, Result result, int index) {
    const char* name = nullptr;
    if (driver.get_error_name == nullptr || driver.get_error_name(result, &name) != 0 ||
        name == nullptr) {
        name = "";
    }
    Line line = Line::verdict("error");
    line.text("stage", stage).number("code", result).text("name", name);
    if (index >= 0) {
        line.number("index", index);
    }
    line.send();
}

void send_library(const char* fact, void* function) {
    Dl_info found = {};
    if (::dladdr(function, &found) == 0 || found.dli_fname == nullptr) {
        return;
    }
    char* real = ::realpath(found.dli_fname, nullptr);
    Line::fact(fact).text("path", real == nullptr ? found.dli_fname : real).send();
    std::free(real);
}

namespace {

/// The first that is missing, or null. The `_v2` names are those that cuda.h maps to; without the
/// suffix they are the 32-bit calls of CUDA 3.
const char* find_functions(Driver& driver) {
    Finder finder(driver.library);
    finder.find(driver.init, "cuInit");
    finder.find(driver.device_get_count, "cuDeviceGetCount");
    finder.find(driver.device_get, "cuDeviceGet");
    finder.find(driver.device_get_attribute, "cuDeviceGetAttribute");
    finder.find(driver.device_get_name, "cuDeviceGetName");
    finder.find(driver.device_get_uuid, "cuDeviceGetUuid_v2", "cuDeviceGetUuid");
    finder.find(driver.primary_context_retain, "cuDevicePrimaryCtxRetain");
    finder.find(driver.primary_context_release, "cuDevicePrimaryCtxRelease_v2",
                "cuDevicePrimaryCtxRelease");
    finder.find(driver.context_set_current, "cuCtxSetCurrent");
    finder.find(driver.context_synchronize, "cuCtxSynchronize");
    finder.find(driver.module_load, "cuModuleLoadDataEx");
    finder.find(driver.module_get_function, "cuModuleGetFunction");
    finder.find(driver.module_unload, "cuModuleUnload");
    finder.find(driver.memory_allocate, "cuMemAlloc_v2");
    finder.find(driver.memory_free, "cuMemFree_v2");
    finder.find(driver.memory_set, "cuMemsetD8_v2");
    finder.find(driver.memory_copy_to_host, "cuMemcpyDtoH_v2");
    finder.find(driver.launch, "cuLaunchKernel");
    return finder.missing();
}

/// Asked before cuInit, which fails where the driver has no GPU: the version is there all the same.
bool send_version(const Driver& driver) {
    Line::stage("version").send();
    int version = 0;
    if (const Result result = driver.driver_get_version(&version); result != 0) {
        send_error(driver, "version", result, -1);
        return false;
    }
    Line::fact("cuda").number("version", version).send();
    return true;
}

} // namespace

} // namespace gpuprobe
