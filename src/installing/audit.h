#pragma once

#include "gpu/audit.h"
#include "model/layout.h"
#include "model/lock.h"
#include "project/project.h"
#include "project/services.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace envpm::installing {

struct AuditOrder {
    std::optional<std::filesystem::path> prefix; ///< any folder; else the project's current prefix
    std::vector<ComputeCapability> gpus;
    std::optional<CudaVersion> driver;
    std::vector<std::string> allowed; ///< libraries that the user vouches for
    LockedGpu locked{};               ///< what the lock says of the prefix, if it has one
    /// Of a prefix of the store what it was made from, if that is known: then neither its manifest
    /// nor the packages' records are read. Lives as long as the audit.
    const Layout* layout = nullptr;
    /// What the project's own prefix must be of; an Error (code 3) if it is of another.
    std::optional<std::string> target_name = {};
    /// The dynamic loader's, whose folders are looked at for doubles too: /etc/ld.so.conf.
    std::optional<std::filesystem::path> loader_configuration = {};
};

/// Device code of one file, and how much of it each GPU of the order can use.
struct CodeReport {
    std::string path; ///< within the prefix
    std::string package;
    gpu::BinaryCode code;
    std::vector<gpu::CodeCoverage> coverage;
};

struct AuditReport {
    std::filesystem::path prefix;
    gpu::AuditTarget target;
    std::size_t binaries = 0;
    std::vector<CodeReport> code; ///< sorted by path
    std::vector<gpu::Finding> findings;
    std::vector<gpu::Finding> machine; ///< what of the prefix this shell or machine hides

    [[nodiscard]] bool has_error() const;
};

/// Reads the binaries of a prefix and says what is wrong with them (docs/audit.md). Libraries that
/// an earlier audit read are not read again. What the project's manifest allows (`audit-allow`) is
/// allowed in another folder too. For the project's own prefix glibc is that of the
/// locked target, else that of this machine. An Error (code 1) if nothing is installed, or if the
/// folder cannot be read.
AuditReport audit(const std::optional<project::Project>& project, const AuditOrder& order,
                  project::Services& services);

/// The same of a prefix that an install has just made, for the machine that it is for.
AuditReport audit_prefix(const std::filesystem::path& prefix, gpu::AuditTarget target,
                         const AuditOrder& order, project::Services& services);

} // namespace envpm::installing
