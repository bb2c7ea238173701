#pragma once

#include "base/error.h"
#include "host/folder_facts.h"
#include "host/gpu_files.h"
#include "project/project.h"
#include "project/services.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::pipeline {

enum class Condition {
    good,
    absent,  ///< not there, and nothing asks for it
    warning, ///< works, but not as well as it might, or not always
    defect,
};

/// One thing that was looked at.
struct Diagnosis {
    std::string part; ///< "driver", "GPU", "store", …
    Condition condition = Condition::good;
    std::string fact;     ///< what is so: a version, or a sentence
    std::string origin{}; ///< who says so: a file, a library, a variable; may be empty
    std::string remedy{}; ///< what to do; empty where nothing is wrong

    bool operator==(const Diagnosis&) const = default;
};

struct DoctorRequest {
    std::optional<project::Project>
        project;                       ///< what its target asks for is compared with the machine
    std::optional<std::string> target; ///< --target
    Variables variables;
    std::optional<ErrorText> settings_error = {}; ///< why the services have default settings
    std::chrono::milliseconds time_limit{3000};   ///< for the driver
    std::filesystem::path probe = {};             ///< empty: as gpu_probe finds it
    host::MachineFolders folders{};
    std::filesystem::path loader_configuration = "/etc/ld.so.conf";
};

struct DoctorReport {
    std::vector<Diagnosis> diagnoses; ///< in the order in which one thing rests on another

    [[nodiscard]] bool has_defect() const;
};

/// What of this machine keeps environments from working: settings, C library, driver and GPUs,
/// store and cache, libraries that hide those of the environment. A machine without a GPU is fine
/// unless the project's target declares one. What is wrong with the project's own files is a
/// diagnosis too. Changes nothing, but for a file in store and cache for a moment, and what is
/// remembered of binaries. Never hangs: at most two times the limit and four seconds.
DoctorReport doctor(const DoctorRequest& request, project::Services& services);

/// What can be wrong with the store's or the cache's folder. Pure.
/// What is wrong with the `VERSION` of a store that is there; nothing if it is right.
std::optional<Diagnosis> diagnose_format(const std::filesystem::path& root);

std::vector<Diagnosis> diagnose_folder(const std::string& part, const host::FolderFacts& facts);

/// What the cache holds of unfinished downloads, if that is worth a word. Pure.
std::optional<Diagnosis> diagnose_downloads(std::uint64_t bytes);

} // namespace envpm::pipeline
