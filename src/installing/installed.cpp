#include "installing/installed.h"

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "host/gpu_files.h"
#include "host/this_machine.h"
#include "installing/target_choice.h"
#include "realize/build.h"

namespace envpm::installing {

namespace {

std::string stamp_of(const InstallRequest& request, const InstallInputs& inputs,
                     const std::filesystem::path& prefix);
std::filesystem::path current_prefix(const project::Project& project);
bool has_record(const project::Project& project);
std::filesystem::path stamp_file(const project::Project& project, std::string_view name);
bool has_stamp(const InstallRequest& request, std::string_view name, const Variables& variables);
std::string digest_of(const std::filesystem::path& file);

constexpr std::string_view after_install = "installed.json";
constexpr std::string_view after_rollback = "rolled-back.json";

} // namespace

std::optional<std::filesystem::path> up_to_date_prefix(const InstallRequest& request,
                                                       const Variables& variables) {
    const bool is_known = has_stamp(request, after_install, variables) ||
                          (request.purpose == InstallPurpose::use_it &&
                           has_stamp({.project = request.project}, after_rollback, variables));
    if (request.prefix || !is_known) {
        return std::nullopt;
    }
    const std::filesystem::path prefix = current_prefix(request.project);
    if (prefix.empty() || !realize::is_usable(prefix) || !has_record(request.project)) {
        return std::nullopt;
    }
    return prefix;
}

InstallInputs inputs_of(const InstallRequest& request) {
    return {request.lock_use == LockUse::frozen ? std::string("any")
                                                : digest_of(request.project.manifest_file),
            digest_of(request.project.lock_file())};
}

std::string machine_stamp(const Variables& variables) {
    const host::KernelDriver driver = host::read_kernel_driver({});
    std::string text = driver.version;
    for (const auto* list : {&driver.gpus, &driver.stamp}) {
        for (const std::string& each : *list) {
            text += "\n" + each;
        }
    }
    for (const char* name : {"ENVPM_DRIVER", "ENVPM_CUDA", "ENVPM_GPUS", "CONDA_OVERRIDE_CUDA",
                             "CONDA_OVERRIDE_CUDA_ARCH"}) {
        const auto value = variables.all().find(name);
        text += value == variables.all().end() ? "\n-" : "\n=" + value->second;
    }
    return sha256_of(text).hex();
}

void remember_install(const InstallRequest& request, const InstallInputs& inputs,
                      const std::filesystem::path& prefix) {
    std::filesystem::remove(stamp_file(request.project, after_rollback));
    const std::filesystem::path file = stamp_file(request.project, after_install);
    const std::string stamp = stamp_of(request, inputs, prefix);
    if (read_file_if_present(file) != stamp) { // or it is on the disk already
        write_file(file, stamp);
    }
}

void remember_rollback(const project::Project& project, const std::filesystem::path& prefix) {
    const InstallRequest request{.project = project};
    write_file(stamp_file(project, after_rollback), stamp_of(request, inputs_of(request), prefix));
}

namespace {

bool has_stamp(const InstallRequest& request, std::string_view name, const Variables& variables) {
    const auto stamp = read_file_if_present(stamp_file(request.project, name));
    if (!stamp) {
        return false;
    }
    InstallInputs inputs = inputs_of(request);
    const std::filesystem::path prefix = current_prefix(request.project);
    if (*stamp == stamp_of(request, inputs, prefix)) {
        return true;
    }
    inputs.machine = machine_stamp(variables);
    return *stamp == stamp_of(request, inputs, prefix);
}

/// Empty if there is none.
std::filesystem::path current_prefix(const project::Project& project) {
    std::error_code failure;
    return std::filesystem::canonical(project::generations_of(project).current_link(), failure);
}

std::string stamp_of(const InstallRequest& request, const InstallInputs& inputs,
                     const std::filesystem::path& prefix) {
    std::error_code failure;
    return to_text(Json(Json::Object{
               {"version", 1},
               {"host", describe(host::detect_target())}, // projects are shared by machines
               {"manifest", inputs.manifest},
               {"lock", inputs.lock},
               {"machine", inputs.machine},
               {"prefix", std::filesystem::canonical(prefix, failure).string()},
               {"target", request.target.value_or("")},
           })) +
           "\n";
}

/// Of the current generation. Without one, or with one that cannot be read, no other command finds
/// the environment: an install makes a new record, or says what is wrong with this one.
bool has_record(const project::Project& project) {
    try {
        return project::generations_of(project).current().has_value();
    } catch (const Error&) {
        return false;
    }
}

std::filesystem::path stamp_file(const project::Project& project, std::string_view name) {
    return project::generations_of(project).folder() / name;
}

std::string digest_of(const std::filesystem::path& file) {
    const auto text = read_file_if_present(file);
    return text ? sha256_of(*text).hex() : std::string("absent");
}

} // namespace

} // namespace envpm::installing
