#include "gpuprobe/device.h"

#include "gpuprobe/kernel.h"
#include "gpuprobe/report.h"

#include <time.h>

#include <cstdio>
#include <iterator>

namespace gpuprobe {

namespace {

constexpr unsigned word_count = 1U << 16U;
constexpr unsigned threads = 256;
constexpr unsigned factor = 2654435761U;

constexpr int capability_major = 75; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
constexpr int capability_minor = 76;
constexpr int jit_error_log = 5; // CU_JIT_ERROR_LOG_BUFFER
constexpr int jit_error_log_size = 6;

/// Where the GPU's words are compared: too large for a stack.
std::uint32_t words[word_count]; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/// Calls of the driver until one fails; the last stage and its result say which.
class Test {
  public:
    Test(const Driver& driver, int index)
        : driver_(driver),
          index_(index) {}

    /// The context is the primary one, which CUDA's runtime uses too.
    bool prepare();
    bool load_kernel();
    bool run();
    bool release();

    /// How many words are not what they should be.
    [[nodiscard]] static unsigned wrong_words();

    void send_failure() const { send_error(driver_, stage_, result_, index_); }

  private:
    bool begin(const char* stage);

    bool is_fine(Result result) {
        result_ = result;
        return result == 0;
    }

    const Driver& driver_;
    int index_;
    const char* stage_ = "";
    Result result_ = 0;
    Device device_ = 0;
    Handle context_ = nullptr;
    Handle module_ = nullptr;
    Handle function_ = nullptr;
    Address memory_ = 0;
};

long long milliseconds();
void write_uuid(const unsigned char* bytes, char* text, std::size_t size);

} // namespace

void send_device(const Driver& driver, int index) {
    Line::stage("device").number("index", index).send();
    Device device = 0;
    int major = 0;
    int minor = 0;
    char name[128] = {};
    unsigned char uuid[16] = {};
    if (driver.device_get(&device, index) != 0) {
        return; // its test will say so
    }
    driver.device_get_attribute(&major, capability_major, device);
    driver.device_get_attribute(&minor, capability_minor, device);
    driver.device_get_name(name, sizeof name - 1, device);
    driver.device_get_uuid(uuid, device);
    char uuid_text[48] = {};
    write_uuid(uuid, uuid_text, sizeof uuid_text);
    Line::fact("device")
        .number("index", index)
        .text("name", name)
        .text("uuid", uuid_text)
        .number("major", major)
        .number("minor", minor)
        .send();
}

ExitStatus test_device(const Driver& driver, int index) {
    const long long begin = milliseconds();
    Test test(driver, index);
    if (!test.prepare() || !test.load_kernel() || !test.run()) {
        test.send_failure();
        return exit_error;
    }
    const unsigned wrong = Test::wrong_words();
    if (wrong != 0) {
        Line::verdict("wrong").number("index", index).number("words", wrong).send();
        return exit_wrong_result;
    }
    if (!test.release()) {
        test.send_failure();
        return exit_error;
    }
    Line::verdict("ok").number("index", index).number("ms", milliseconds() - begin).send();
    return exit_ok;
}

namespace {

bool Test::prepare() {
    return begin("context") && is_fine(driver_.device_get(&device_, index_)) &&
           is_fine(driver_.primary_context_retain(&context_, device_)) &&
           is_fine(driver_.context_set_current(context_));
}

bool Test::load_kernel() {
    begin("module");
    for (const Kernel& kernel : kernels) {
        char log[1024] = {};
        int options[] = {jit_error_log, jit_error_log_size};
        // cuda.h passes an option's number in place of a pointer.
        void* size = reinterpret_cast<void*>(sizeof log); // NOLINT(performance-no-int-to-ptr)
        void* values[] = {log, size};
        if (is_fine(driver_.module_load(&module_, kernel.text, 2, options, values))) {
            return begin("function") &&
                   is_fine(driver_.module_get_function(&function_, module_, "envpm_probe"));
        }
        log[sizeof log - 1] = '\0';
        Line::fact("refused")
            .text("ptx", kernel.version)
            .number("code", result_)
            .text("log", log)
            .send();
        constexpr Result no_binary = 209;
        constexpr Result invalid_ptx = 218;
        constexpr Result unsupported_ptx = 222;
        if (result_ != no_binary && result_ != invalid_ptx && result_ != unsupported_ptx) {
            break;
        }
    }
    return false;
}

bool Test::run() {
    unsigned kernel_factor = factor;
    unsigned kernel_count = word_count;
    void* arguments[] = {&memory_, &kernel_factor, &kernel_count};
    return begin("memory") && is_fine(driver_.memory_allocate(&memory_, sizeof words)) &&
           is_fine(driver_.memory_set(memory_, 0xA5, sizeof words)) && begin("launch") &&
           is_fine(driver_.launch(function_, word_count / threads, 1, 1, threads, 1, 1, 0, nullptr,
                                  arguments, nullptr)) &&
           begin("synchronize") && is_fine(driver_.context_synchronize()) && begin("copy") &&
           is_fine(driver_.memory_copy_to_host(words, memory_, sizeof words));
}

bool Test::release() {
    return begin("release") && is_fine(driver_.memory_free(memory_)) &&
           is_fine(driver_.module_unload(module_)) &&
           is_fine(driver_.context_set_current(nullptr)) &&
           is_fine(driver_.primary_context_release(device_));
}

unsigned Test::wrong_words() {
    unsigned wrong = 0;
    for (unsigned i = 0; i < word_count; ++i) {
        wrong += words[i] == ((i * factor + 1729U) ^ i) ? 0U : 1U;
    }
    return wrong;
}

bool Test::begin(const char* stage) {
    stage_ = stage;
    Line::stage(stage).number("index", index_).send();
    return true;
}

long long milliseconds() {
    timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<long long>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

/// "GPU-8f3b…", as nvidia-smi and CUDA_VISIBLE_DEVICES spell it.
void write_uuid(const unsigned char* bytes, char* text, std::size_t size) {
    int used = std::snprintf(text, size, "GPU-");
    for (int i = 0; i < 16; ++i) {
        const char* dash = i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "";
        used += std::snprintf(text + used, size - static_cast<std::size_t>(used), "%s%02x", dash,
                              bytes[i]);
    }
}

} // namespace

} // namespace gpuprobe
