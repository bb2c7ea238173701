#include "host/gpu_driver.h"

#include "base/process.h"
#include "host/gpu_overrides.h"
#include "host/this_machine.h"

#include <algorithm>

namespace envpm::host {

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Asks one after the other until everything is known.
class Detection {
  public:
    Detection(const MachineQuery& query, MachineFacts facts)
        : query_(query),
          facts_(std::move(facts)),
          deadline_(Clock::now() + query.time_limit) {}

    MachineFacts run();

  private:
    void ask_files();
    void ask_library();
    void ask_cuda();
    void ask_management();
    void ask_nvidia_smi();

    [[nodiscard]] bool needs_gpus() const { return facts_.gpus.origin.empty(); }

    [[nodiscard]] bool needs_driver() const { return facts_.driver.origin.empty(); }

    [[nodiscard]] ProbeTranscript ask_probe(const std::string& mode, const char* library,
                                            int percent) const;
    [[nodiscard]] std::string output_of(std::vector<std::string> command, int percent) const;
    [[nodiscard]] std::optional<fs::path> nvidia_smi() const;

    const MachineQuery& query_;
    MachineFacts facts_;
    Clock::time_point deadline_;
    KernelDriver kernel_;
    bool has_library_ = true; ///< libcuda.so.1, or it was not looked for
};

/// What nvidia-smi lists.
struct ListedGpus {
    std::optional<DriverVersion> driver;
    std::vector<ProbedGpu> gpus;
};

ListedGpus read_listing(std::string_view output);
std::vector<std::string> fields_of(std::string_view line);

} // namespace

MachineFacts detect_machine(const MachineQuery& query) {
    return Detection(query, overrides_in(query.variables)).run();
}

namespace {

MachineFacts Detection::run() {
    ask_files();
    ask_library();
    const bool has_driver = has_library_ || !kernel_.version.empty() || kernel_.is_wsl;
    if (has_driver) {
        ask_cuda();
        ask_management();
        ask_nvidia_smi();
    }
    return facts_;
}

void Detection::ask_files() {
    kernel_ = read_kernel_driver(query_.folders);
    facts_.is_wsl = kernel_.is_wsl;
    if (needs_driver() && !kernel_.version.empty()) {
        facts_.driver = {DriverVersion::parse(kernel_.version), kernel_.origin.string()};
    }
    const std::optional<Target> target = detect_target();
    if (facts_.glibc.origin.empty() && target) {
        facts_.glibc = {target->glibc, "the C library"};
    }
}

/// The version that the driver's library says before cuInit: it needs no GPU, and is right for a
/// library that is newer than the kernel's module, and under WSL.
void Detection::ask_library() {
    if (!facts_.cuda.origin.empty() && !needs_gpus()) {
        return;
    }
    constexpr int percent = 25;
    const ProbeTranscript said = ask_probe("--versions-only", "libcuda.so.1", percent);
    has_library_ = !said.verdict || said.verdict->kind != "no_library";
    if (facts_.cuda.origin.empty() && said.cuda) {
        facts_.cuda = {said.cuda, said.library};
    }
}

void Detection::ask_cuda() {
    if (!needs_gpus() || !has_library_) {
        return;
    }
    constexpr int percent = 40;
    const ProbeTranscript said = ask_probe("--list", "libcuda.so.1", percent);
    if (said.verdict && said.verdict->kind == "listed" && !said.gpus.empty()) {
        facts_.gpus = {said.gpus, said.library};
    }
}

/// NVML knows the driver that WSL's files do not, and GPUs that CUDA may not use.
void Detection::ask_management() {
    if (!needs_gpus() && !needs_driver() && !facts_.cuda.origin.empty()) {
        return;
    }
    constexpr int percent = 20;
    const ProbeTranscript said = ask_probe("--management", "libnvidia-ml.so.1", percent);
    if (needs_driver() && said.driver) {
        facts_.driver = {DriverVersion::parse(*said.driver), "NVML"};
    }
    if (facts_.cuda.origin.empty() && said.cuda) {
        facts_.cuda = {said.cuda, "NVML"};
    }
    if (needs_gpus() && said.verdict && said.verdict->kind == "listed") {
        facts_.gpus = {said.gpus, "NVML"};
    }
}

/// Where neither library can be loaded, as in a container that has the program alone.
void Detection::ask_nvidia_smi() {
    const std::optional<fs::path> program = nvidia_smi();
    if ((!needs_gpus() && !needs_driver()) || !program) {
        return;
    }
    const ListedGpus listed = read_listing(
        output_of({program->string(), "--query-gpu=driver_version,compute_cap,uuid,name",
                   "--format=csv,noheader"},
                  100));
    if (listed.gpus.empty()) {
        return;
    }
    if (needs_driver()) {
        facts_.driver = {listed.driver, program->string()};
    }
    if (needs_gpus()) {
        facts_.gpus = {listed.gpus, program->string()};
    }
}

/// CUDA_VISIBLE_DEVICES is for programs: what it hides belongs to the machine all the same.
ProbeTranscript Detection::ask_probe(const std::string& mode, const char* library,
                                     int percent) const {
    ProbeTranscript transcript;
    transcript.add(output_of(
        {query_.probe.string(), mode, "--fallback", (query_.folders.wsl / library).string()},
        percent));
    return transcript;
}

/// Whatever it said in its share of the time.
std::string Detection::output_of(std::vector<std::string> command, int percent) const {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
    const milliseconds share = std::min(query_.time_limit * percent / 100, left);
    if (share <= milliseconds(0)) {
        return {};
    }
    Variables variables = query_.variables;
    variables.unset("CUDA_VISIBLE_DEVICES");
    return run_process({.command = std::move(command),
                        .environment = variables.strings(),
                        .folder = "/",
                        .time_limit = share,
                        .patience = milliseconds(50)})
        .output;
}

std::optional<fs::path> Detection::nvidia_smi() const {
    std::vector<fs::path> folders;
    std::string_view rest = query_.variables.all().contains("PATH")
                                ? std::string_view(query_.variables.all().at("PATH"))
                                : std::string_view();
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(':'), rest.size());
        folders.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    folders.push_back(query_.folders.wsl);
    for (const fs::path& folder : folders) {
        std::error_code failure;
        if (folder.is_absolute() && fs::is_regular_file(folder / "nvidia-smi", failure)) {
            return folder / "nvidia-smi";
        }
    }
    return std::nullopt;
}

/// A line for each GPU; what is no such line is passed over.
ListedGpus read_listing(std::string_view output) {
    ListedGpus listed;
    for (std::size_t end = 0; (end = output.find('\n')) != std::string_view::npos;
         output.remove_prefix(end + 1)) {
        std::vector<std::string> fields = fields_of(output.substr(0, end));
        fields.resize(4);
        const auto version = DriverVersion::parse(fields[0]);
        const auto capability = ComputeCapability::parse(fields[1]);
        if (version && capability) {
            const int index = static_cast<int>(listed.gpus.size());
            listed.gpus.push_back({index, fields[3], fields[2], capability});
            listed.driver = version;
        }
    }
    return listed;
}

/// Of a line of CSV as nvidia-smi writes it, ", " between the fields.
std::vector<std::string> fields_of(std::string_view line) {
    constexpr std::string_view separator = ", ";
    std::vector<std::string> fields;
    while (true) {
        const std::size_t end = line.find(separator);
        fields.emplace_back(line.substr(0, end));
        if (end == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(end + separator.size());
    }
}

} // namespace

} // namespace envpm::host
