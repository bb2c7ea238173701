#include "gpuprobe/management.h"

#include "gpuprobe/report.h"

#include <dlfcn.h>

namespace gpuprobe {

namespace {

constexpr unsigned name_size = 128; // larger than any that nvml.h asks for

/// By the names of nvml.h without `nvml`. Older libraries lack the last ones.
struct Management {
    int (*init)() = nullptr;
    int (*driver_version)(char*, unsigned) = nullptr;
    int (*device_count)(unsigned*) = nullptr;
    int (*device_handle)(unsigned, void**) = nullptr;
    int (*device_name)(void*, char*, unsigned) = nullptr;
    int (*device_uuid)(void*, char*, unsigned) = nullptr;
    int (*cuda_version)(int*) = nullptr;
    int (*capability)(void*, int*, int*) = nullptr;
    int (*mig_mode)(void*, unsigned*, unsigned*) = nullptr;
};

bool find_functions(void* library, Management& management);
ExitStatus send_failure(const char* stage, int result);
bool send_gpu(const Management& management, unsigned index);

} // namespace

ExitStatus send_management(const char* fallback) {
    Line::stage("load").send();
    void* library = ::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    library = library != nullptr ? library : ::dlopen(fallback, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        Line::verdict("no_library").send();
        return exit_no_library;
    }
    Management management;
    if (!find_functions(library, management)) {
        Line::verdict("no_symbol").send();
        return exit_no_symbol;
    }
    send_library("management", reinterpret_cast<void*>(management.init));
    Line::stage("version").send();
    int version = 0;
    // Before nvmlInit, which attaches every GPU and may be slow or fail.
    if (management.cuda_version != nullptr && management.cuda_version(&version) == 0) {
        Line::fact("cuda").number("version", version).send();
    }
    Line::stage("init").send();
    if (const int result = management.init(); result != 0) {
        return send_failure("init", result);
    }
    char driver[name_size] = {};
    if (management.driver_version(driver, name_size - 1) == 0) {
        Line::fact("driver").text("version", driver).send();
    }
    Line::stage("count").send();
    unsigned count = 0;
    if (const int result = management.device_count(&count); result != 0) {
        return send_failure("count", result);
    }
    Line::fact("devices").number("count", count).send();
    for (unsigned i = 0; i < count; ++i) {
        if (!send_gpu(management, i)) {
            return exit_error;
        }
    }
    Line::verdict("listed").send();
    return exit_ok;
}

namespace {

template <class Function> bool find(void* library, Function& function, const char* name) {
    function = reinterpret_cast<Function>(::dlsym(library, name));
    return function != nullptr;
}

bool find_functions(void* library, Management& management) {
    find(library, management.cuda_version, "nvmlSystemGetCudaDriverVersion_v2");
    find(library, management.capability, "nvmlDeviceGetCudaComputeCapability");
    find(library, management.mig_mode, "nvmlDeviceGetMigMode");
    return find(library, management.init, "nvmlInit_v2") &&
           find(library, management.driver_version, "nvmlSystemGetDriverVersion") &&
           find(library, management.device_count, "nvmlDeviceGetCount_v2") &&
           find(library, management.device_handle, "nvmlDeviceGetHandleByIndex_v2") &&
           find(library, management.device_name, "nvmlDeviceGetName") &&
           find(library, management.device_uuid, "nvmlDeviceGetUUID");
}

ExitStatus send_failure(const char* stage, int result) {
    Line::verdict("error").text("stage", stage).number("code", result).text("name", "NVML").send();
    return exit_error;
}

bool send_gpu(const Management& management, unsigned index) {
    Line::stage("device").number("index", index).send();
    void* device = nullptr;
    if (const int result = management.device_handle(index, &device); result != 0) {
        send_failure("device", result);
        return false;
    }
    char name[name_size] = {};
    char uuid[name_size] = {};
    int major = 0;
    int minor = 0;
    unsigned mig = 0;
    unsigned pending = 0;
    management.device_name(device, name, name_size - 1);
    management.device_uuid(device, uuid, name_size - 1);
    if (management.capability != nullptr) {
        management.capability(device, &major, &minor);
    }
    if (management.mig_mode != nullptr && management.mig_mode(device, &mig, &pending) != 0) {
        mig = 0; // a GPU that cannot be divided
    }
    Line::fact("device")
        .number("index", index)
        .text("name", name)
        .text("uuid", uuid)
        .number("major", major)
        .number("minor", minor)
        .number("mig", mig)
        .send();
    return true;
}

} // namespace

} // namespace gpuprobe
