// A libnvidia-ml.so.1 without a GPU, for tests. FAKE_NVML: `ok`, `mig` (every GPU in MIG mode),
// `mismatch` (nvmlInit gives 18, as after an update of the driver without a restart), `hang`.
// FAKE_NVML_COUNT: how many GPUs (1).

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

const char* variable(const char* name, const char* otherwise) {
    const char* value = std::getenv(name);
    return value == nullptr ? otherwise : value;
}

bool is(const char* mode) {
    return std::strcmp(variable("FAKE_NVML", "ok"), mode) == 0;
}

} // namespace

extern "C" {

int nvmlInit_v2() {
    while (is("hang")) {
        ::pause();
    }
    return is("mismatch") ? 18 : 0;
}

int nvmlSystemGetDriverVersion(char* text, unsigned size) {
    std::snprintf(text, size, "580.65.06");
    return 0;
}

int nvmlSystemGetCudaDriverVersion_v2(int* version) {
    *version = 13000;
    return 0;
}

int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = static_cast<unsigned>(std::atoi(variable("FAKE_NVML_COUNT", "1")));
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    static int places[64];
    places[index] = static_cast<int>(index);
    *device = &places[index];
    return 0;
}

int nvmlDeviceGetName(void* device, char* name, unsigned size) {
    std::snprintf(name, size, "Managed GPU %d", *static_cast<int*>(device));
    return 0;
}

int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
    std::snprintf(uuid, size, "GPU-managed-%d", *static_cast<int*>(device));
    return 0;
}

int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
    *major = 9 - *static_cast<int*>(device);
    *minor = 0;
    return 0;
}

int nvmlDeviceGetMigMode(void*, unsigned* now, unsigned* later) {
    *now = *later = is("mig") ? 1 : 0;
    return is("mig") ? 0 : 3; // NVML_ERROR_NOT_SUPPORTED
}

} // extern "C"
