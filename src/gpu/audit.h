#pragma once

#include "gpu/binary.h"
#include "model/compute_capability.h"
#include "model/cuda_version.h"
#include "model/target.h"

#include <optional>
#include <string>
#include <vector>

namespace envpm::gpu {

/// An executable or library of a prefix.
struct PrefixBinary {
    std::string path;    ///< within the prefix
    std::string package; ///< that it came with, as "torch 2.9.0"; empty if not known
    Binary facts;
};

/// A symbolic link of a prefix, to a file or folder.
struct PrefixLink {
    std::string path;
    std::string target;
};

/// The machine that the environment must work on.
struct AuditTarget {
    std::vector<ComputeCapability> gpus;
    GlibcVersion glibc;
    std::optional<CudaVersion> driver; ///< the newest CUDA that its driver knows
};

struct AuditRequest {
    std::string prefix; ///< its absolute path, which paths in binaries may begin with
    std::vector<PrefixBinary> binaries;
    std::vector<PrefixLink> links;
    AuditTarget target;
    /// File names and sonames that the user vouches for: never missing, never a finding.
    std::vector<std::string> allowed;
};

/// Whether something is wrong. Only an error ends a command with a code of its own.
enum class Severity {
    note,    ///< good to know
    warning, ///< breaks some uses, or on some machines
    error,   ///< does not work on the target
};

/// What an audit is about, for programs; `to_text` gives "missing-library".
enum class Rule {
    damaged_binary,
    missing_library,
    missing_by_name,
    missing_version,
    glibc_too_new,
    libstdcxx_too_new,
    no_code_for_gpu,
    driver_too_old,
    two_copies,
    two_runtimes,
    driver_library,
    jit_link_mismatch,
    cudnn_mix,
    less_than_locked,
    search_path_hides,
    script_not_run, ///< of a package; found by the pipeline, not in a binary
};

std::string_view to_text(Rule rule);
std::string_view to_text(Severity severity);

/// One sentence each, as of an Error.
struct Finding {
    Severity severity = Severity::note;
    Rule rule = Rule::damaged_binary;
    std::string file; ///< within the prefix
    std::string package;
    std::string text;
    std::string hint;
    std::optional<ComputeCapability> gpu = {}; ///< if it is about one
};

/// What is wrong with the binaries of a prefix, as far as files tell: nothing is started, and no
/// GPU, driver or CUDA is needed. The worst first, then by file. docs/audit.md lists the rules.
std::vector<Finding> audit(const AuditRequest& request);

/// Libraries that are no part of any prefix: the C and C++ runtimes of Linux, and NVIDIA's driver.
bool is_of_system(std::string_view soname);

} // namespace envpm::gpu
