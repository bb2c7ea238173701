// envpm-gpuprobe: asks the NVIDIA driver what it is, and whether it runs a kernel. A program of its
// own, because a driver may hang, crash or end the process that calls it (docs/selftest.md).

#include "gpuprobe/device.h"
#include "gpuprobe/driver.h"
#include "gpuprobe/libraries.h"
#include "gpuprobe/management.h"
#include "gpuprobe/report.h"
#include "gpuprobe/steps.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace gpuprobe {

namespace {

enum class Mode { versions_only, list, test, management, library };

struct Options {
    Mode mode = Mode::test;
    int device = -1; ///< which to test; -1: all, one after the other
    const char* fallback = nullptr;
    const char* library = nullptr; ///< that is asked for its version, or computes in a step
    const char* step = nullptr;
    bool is_valid = true;
};

ExitStatus run(int count, char** words);
Options parse(int count, char** words);
ExitStatus probe(const Options& options);
ExitStatus probe_devices(const Driver& driver, const Options& options);

} // namespace

} // namespace gpuprobe

int main(int count, char** words) {
    // It must not outlive who asked, nor leave a core of a process that maps GPU memory.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit nothing = {0, 0};
    ::setrlimit(RLIMIT_CORE, &nothing);
    ::_exit(gpuprobe::run(count, words)); // what the driver left for atexit may hang
}

namespace gpuprobe {

namespace {

ExitStatus run(int count, char** words) {
    const Options options = parse(count, words);
    if (!options.is_valid) {
        constexpr char usage[] = "usage: envpm-gpuprobe [--versions-only | --list | --management | "
                                 "--device N | --library PATH | --step NAME [--library PATH]] "
                                 "[--fallback LIBRARY]\n";
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, usage, sizeof usage - 1);
        return exit_usage;
    }
    take_output();
    return probe(options);
}

Options parse(int count, char** words) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const bool has_value = i + 1 < count;
        if (std::strcmp(words[i], "--versions-only") == 0) {
            options.mode = Mode::versions_only;
        } else if (std::strcmp(words[i], "--list") == 0) {
            options.mode = Mode::list;
        } else if (std::strcmp(words[i], "--management") == 0) {
            options.mode = Mode::management;
        } else if (std::strcmp(words[i], "--device") == 0 && has_value) {
            options.device = std::atoi(words[++i]);
        } else if (std::strcmp(words[i], "--library") == 0 && has_value) {
            options.mode = Mode::library;
            options.library = words[++i];
        } else if (std::strcmp(words[i], "--step") == 0 && has_value) {
            options.step = words[++i];
            options.is_valid = options.is_valid && is_step(options.step);
        } else if (std::strcmp(words[i], "--fallback") == 0 && has_value) {
            options.fallback = words[++i];
        } else {
            options.is_valid = false;
        }
    }
    return options;
}

ExitStatus probe(const Options& options) {
    const auto fallback_or = [&](const char* usual) {
        return options.fallback == nullptr ? usual : options.fallback;
    };
    if (options.step != nullptr) {
        return run_step(options.step, options.library,
                        fallback_or("/usr/lib/wsl/lib/libcuda.so.1"));
    }
    if (options.mode == Mode::library) {
        return send_library_version(options.library);
    }
    if (options.mode == Mode::management) {
        return send_management(fallback_or("/usr/lib/wsl/lib/libnvidia-ml.so.1"));
    }
    ExitStatus status = exit_ok;
    const Driver driver =
        load_driver(fallback_or("/usr/lib/wsl/lib/libcuda.so.1"),
                    options.mode == Mode::versions_only ? Extent::version : Extent::all, status);
    if (driver.library == nullptr) {
        return status;
    }
    if (options.mode == Mode::versions_only) {
        Line::verdict("listed").send();
        return exit_ok;
    }
    return probe_devices(driver, options);
}

/// The probe of the first GPU, or of all, names every one: whoever asked learns then for which
/// others to start a probe.
ExitStatus probe_devices(const Driver& driver, const Options& options) {
    ExitStatus status = exit_ok;
    const int count = initialise(driver, status);
    for (int i = 0; i < count && options.device <= 0; ++i) {
        send_device(driver, i);
    }
    if (count < 0) {
        return status;
    }
    if (options.mode == Mode::list) {
        Line::verdict("listed").send();
        return status;
    }
    if (options.device >= 0) {
        return test_device(driver, options.device);
    }
    for (int i = 0; i < count; ++i) {
        const ExitStatus tested = test_device(driver, i);
        status = tested == exit_ok ? status : tested;
    }
    return status;
}

} // namespace

} // namespace gpuprobe
