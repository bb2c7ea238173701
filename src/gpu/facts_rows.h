#pragma once

#include "base/toml.h"
#include "model/compute_capability.h"
#include "model/cuda_version.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace envpm::gpu {

/// What may be made of a row.
enum class Standing {
    rule,     ///< holds between the rows too, and may forbid
    evidence, ///< a sample, or seen in no source: good for a message, never for a conclusion
};

/// The row that an answer rests on.
struct Citation {
    std::string table;  ///< "cuda_toolkit"
    std::string row;    ///< what the row is found by: "12.4.1", "2.9 cu126"
    std::string source; ///< where it was taken from
    SourceLocation location;
    Standing standing = Standing::rule;

    [[nodiscard]] std::string place() const; ///< "gpu-facts: cuda_toolkit 12.4.1", for messages
    [[nodiscard]] std::string text() const;  ///< the same with its source
};

template <class T> struct Cited {
    T value;
    Citation citation;
};

/// A row as the file has it, to print.
struct FactRow {
    Citation citation;
    TomlValue::Table fields; ///< without the source
};

/// A version of PyTorch or Python of which only the first two numbers count.
struct MinorVersion {
    int major = 0;
    int minor = 0;

    /// The first two of "2.9", "2.9.1" or "2.9.1+cu126"; nothing for anything else.
    static std::optional<MinorVersion> parse(std::string_view text);

    [[nodiscard]] std::string text() const; ///< "2.9"

    auto operator<=>(const MinorVersion&) const = default;
};

/// Both ends included.
struct MinorRange {
    MinorVersion first;
    MinorVersion last;

    /// ">=3.10,<=3.14" or "2.9-2.14"; nothing for anything else.
    static std::optional<MinorRange> parse(std::string_view text);

    [[nodiscard]] bool contains(const MinorVersion& version) const {
        return first <= version && version <= last;
    }
};

/// Of one architecture.
struct ArchitectureSupport {
    CudaVersion first;               ///< the first toolkit that knows it
    std::optional<CudaVersion> last; ///< the last; none: still known
};

struct TorchRelease {
    MinorVersion release;
    std::string date;                  ///< "2025-10", or empty
    std::optional<MinorRange> python;  ///< none: unknown
    std::string python_experimental;   ///< "3.14t"
    std::vector<std::string> variants; ///< "cu126", …; empty: unknown
    std::string pypi_default;          ///< the variant that PyPI has; empty: unknown
};

/// One build of PyTorch. What is empty is unknown, except for the architectures: a row has them
/// all.
struct TorchVariant {
    MinorVersion release;
    std::string variant; ///< "cu126"
    ToolkitVersion cuda;
    std::string cudnn;
    std::string nccl;
    std::string triton;       ///< of the version that was asked for
    std::string triton_range; ///< a specifier, where the build takes more than one
    std::vector<ComputeCapability> sass;
    std::vector<ComputeCapability> ptx;
    /// What a document says and no wheel has shown: never counted as coverage.
    std::vector<ComputeCapability> ptx_claimed;
};

struct TorchCompanions {
    std::string torch; ///< "2.9.1"
    std::string torchvision;
    std::string torchaudio; ///< the newest there is where none was released together
};

} // namespace envpm::gpu
