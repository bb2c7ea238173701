#include "gpuprobe/libraries.h"

#include "gpuprobe/report.h"

#include <dlfcn.h>
#include <link.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

namespace gpuprobe {

namespace {

/// How a library tells its version.
enum class Form {
    property,    ///< int f(libraryPropertyType, int*), for major, minor and patch each
    cuda_number, ///< int f(int*): 1000 * major + 10 * minor
    nccl_number, ///< int f(int*): 10000 * major + 100 * minor + patch; up to 2.8 of 1000 * major
    pair,        ///< int f(int*, int*)
};

struct Library {
    const char* stem; ///< of its file's name, up to ".so"
    const char* function;
    Form form;
};

constexpr Library libraries[] = {
    {"libcudart", "cudaRuntimeGetVersion", Form::cuda_number},
    {"libcublas", "cublasGetProperty", Form::property},
    {"libcublasLt", "cublasLtGetProperty", Form::property},
    {"libcudnn", "cudnnGetProperty", Form::property},
    {"libcufft", "cufftGetProperty", Form::property},
    {"libcurand", "curandGetProperty", Form::property},
    {"libcusolver", "cusolverGetProperty", Form::property},
    {"libcusparse", "cusparseGetProperty", Form::property},
    {"libcusparseLt", "cusparseLtGetProperty", Form::property},
    {"libnccl", "ncclGetVersion", Form::nccl_number},
    {"libnvJitLink", "nvJitLinkVersion", Form::pair},
    {"libnvrtc", "nvrtcVersion", Form::pair},
};

/// What cuDNN's parts say of each other: 0 if they are of one version. Of cuDNN 9; 8 has others.
constexpr const char* checks[] = {"cudnnGraphVersionCheck", "cudnnOpsVersionCheck",
                                  "cudnnCnnVersionCheck", "cudnnAdvVersionCheck"};

const Library* library_of(const char* path);
bool send_version(const Library& library, void* function);
bool send_checks(void* handle);
int send_if_of_cuda(dl_phdr_info* object, std::size_t size, void* nothing);
ExitStatus send_failure(const char* stage, int code, const char* name);

} // namespace

ExitStatus send_library_version(const char* path) {
    const Library* library = library_of(path);
    if (library == nullptr) {
        Line::verdict("no_symbol").text("detail", "no library that is known").send();
        return exit_no_symbol;
    }
    Line::stage("load").send();
    void* handle = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* why = ::dlerror();
        Line::verdict("no_library").text("detail", why == nullptr ? "" : why).send();
        return exit_no_library;
    }
    void* function = ::dlsym(handle, library->function);
    if (function == nullptr) {
        Line::verdict("no_symbol").text("detail", library->function).send();
        return exit_no_symbol;
    }
    Line::stage("version").send();
    if (!send_version(*library, function) || !send_checks(handle)) {
        return exit_error;
    }
    send_mapped();
    Line::verdict("ok").send();
    return exit_ok;
}

void send_mapped() {
    ::dl_iterate_phdr(send_if_of_cuda, nullptr);
}

namespace {

const Library* library_of(const char* path) {
    const char* slash = std::strrchr(path, '/');
    const char* name = slash == nullptr ? path : slash + 1;
    const char* end = std::strstr(name, ".so");
    const std::size_t length = end == nullptr ? 0 : static_cast<std::size_t>(end - name);
    for (const Library& library : libraries) {
        if (std::strlen(library.stem) == length && std::strncmp(library.stem, name, length) == 0) {
            return &library;
        }
    }
    return nullptr;
}

bool send_version(const Library& library, void* function) {
    int part[3] = {0, 0, -1}; // the last is left out where a library does not tell it
    int result = 0;
    int number = 0;
    if (library.form == Form::property) {
        const auto get = reinterpret_cast<int (*)(int, int*)>(function);
        for (int i = 0; i < 3 && result == 0; ++i) {
            result = get(i, &part[i]);
        }
    } else if (library.form == Form::pair) {
        result = reinterpret_cast<int (*)(int*, int*)>(function)(&part[0], &part[1]);
    } else {
        result = reinterpret_cast<int (*)(int*)>(function)(&number);
        const bool is_cuda = library.form == Form::cuda_number;
        const int of_major = is_cuda || number < 10000 ? 1000 : 10000;
        part[0] = number / of_major;
        part[1] = number % of_major / (is_cuda ? 10 : 100);
        part[2] = is_cuda ? -1 : number % 100;
    }
    if (result != 0) {
        send_failure("version", result, library.function);
        return false;
    }
    char text[48] = {};
    std::snprintf(text, sizeof text, part[2] < 0 ? "%d.%d" : "%d.%d.%d", part[0], part[1], part[2]);
    Line::fact("version").text("text", text).send();
    return true;
}

bool send_checks(void* handle) {
    for (const char* name : checks) {
        const auto check = reinterpret_cast<int (*)()>(::dlsym(handle, name));
        if (check == nullptr) {
            continue;
        }
        Line::stage(name).send();
        if (const int result = check(); result != 0) {
            send_failure(name, result, "sublibraries of several versions");
            return false;
        }
    }
    return true;
}

/// The driver's own belong to the machine.
int send_if_of_cuda(dl_phdr_info* object, std::size_t /*size*/, void* /*nothing*/) {
    const char* path = object->dlpi_name == nullptr ? "" : object->dlpi_name;
    const char* slash = std::strrchr(path, '/');
    const char* name = slash == nullptr ? path : slash + 1;
    const auto starts = [&](const char* with) {
        return std::strncmp(name, with, std::strlen(with)) == 0;
    };
    const bool is_drivers = starts("libcuda.so") || starts("libnvidia-");
    if (!is_drivers && (starts("libcu") || starts("libnv") || starts("libnccl"))) {
        Line::fact("mapped").text("path", path).send();
    }
    return 0;
}

ExitStatus send_failure(const char* stage, int code, const char* name) {
    Line::verdict("error").text("stage", stage).number("code", code).text("name", name).send();
    return exit_error;
}

} // namespace

} // namespace gpuprobe
