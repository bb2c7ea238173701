#include "gpu/cuda_traces.h"

#include "base/ascii.h"
#include "base/error.h"
#include "base/json.h"
#include "gpu/forward_search.h"
#include "gpu/mapped_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <set>

namespace envpm::gpu {

namespace {

constexpr std::size_t most_names = 1024;

/// cudaGetErrorString has it; whoever links the runtime has the function.
constexpr std::string_view runtime_text =
    "CUDA driver version is insufficient for CUDA runtime version";

/// What the read-only data of one file holds.
class Traces {
  public:
    explicit Traces(bool is_cudnn)
        : is_cudnn_(is_cudnn) {}

    void read(std::string_view data, const Passed& passed);

    [[nodiscard]] const std::set<std::string, std::less<>>& names() const { return names_; }

    [[nodiscard]] bool has_runtime() const { return has_runtime_; }

    [[nodiscard]] const std::string& version() const { return version_; }

  private:
    void collect_names(std::string_view data, std::size_t at);

    bool is_cudnn_;
    std::set<std::string, std::less<>> names_;
    bool has_runtime_ = false;
    std::string version_;
};

std::optional<ForwardCompatibility> compatibility_of(const Elf& elf);
ForwardCompatibility compatibility_in(std::string_view text);
std::vector<int> branches_in(const Json::Array& list);
std::string version_in_symbol(const Elf& elf);
std::string version_in_assertion(std::string_view data);
std::size_t place_of(std::string_view data, std::string_view wanted, std::size_t at);
bool contains(std::string_view data, std::string_view wanted);
std::string_view library_name_around(std::string_view data, std::size_t suffix);
bool is_name_byte(char byte);
bool is_version(std::string_view text);

} // namespace

void read_cuda_traces(const Elf& elf, Binary& binary, const Passed& passed) {
    const bool is_cudnn = binary.soname.starts_with("libcudnn");
    binary.forward_compatibility = compatibility_of(elf);
    Traces traces(is_cudnn);
    for (const std::string_view name : {".rodata", ".lrodata"}) {
        if (const ElfSection* section = elf.find(name)) {
            const std::string_view data = elf.content(*section);
            MappedFile::will_be_read_through(data);
            traces.read(data, passed);
        }
    }
    for (const std::string& name : traces.names()) {
        const bool is_linked =
            std::find(binary.needed.begin(), binary.needed.end(), name) != binary.needed.end();
        if (!is_linked && name != binary.soname) {
            binary.loaded_by_name.push_back(name);
        }
    }
    binary.has_static_runtime = traces.has_runtime() && stem_of(binary.soname) != "libcudart";
    if (is_cudnn) {
        binary.cudnn_version = version_in_symbol(elf);
        if (binary.cudnn_version.empty()) {
            binary.cudnn_version = traces.version();
        }
    }
}

namespace {

std::optional<ForwardCompatibility> compatibility_of(const Elf& elf) {
    for (const ElfNote& note : elf.notes()) {
        if (note.section == ".note.cuda.fwd_compatibility") {
            return compatibility_in(note.content.substr(0, note.content.find('\0')));
        }
    }
    return std::nullopt;
}

/// A text that cannot be understood says for nothing that it is for.
ForwardCompatibility compatibility_in(std::string_view text) {
    ForwardCompatibility found;
    try {
        const Json json = parse_json(text, "");
        const Json* const cuda = json.find("CUDA version");
        if (const auto* const version = cuda == nullptr ? nullptr : cuda->get_if<std::string>()) {
            found.cuda = CudaVersion::parse(*version);
        }
        const Json* const drivers = json.find("driver");
        if (const auto* const list =
                drivers == nullptr ? nullptr : drivers->get_if<Json::Array>()) {
            found.drivers = branches_in(*list);
        }
    } catch (const Error&) {
        return {};
    }
    return found;
}

std::vector<int> branches_in(const Json::Array& list) {
    constexpr std::size_t most = 256;
    std::vector<int> branches;
    for (const Json& entry : list) {
        const auto* const branch = entry.get_if<std::int64_t>();
        if (branch != nullptr && *branch > 0 && *branch < 100000 && branches.size() < most) {
            branches.push_back(static_cast<int>(*branch));
        }
    }
    return branches;
}

/// Three parts of cuDNN 9 export their version for the others to compare, as
/// `cudnn_ops_infer_version` and the like: a number with a byte each for patch, minor and major
/// above a byte of zero.
std::string version_in_symbol(const Elf& elf) {
    for (const char* name :
         {"cudnn_graph_version", "cudnn_ops_infer_version", "cudnn_adv_infer_version"}) {
        const std::string_view value = elf.object(name);
        if (value.size() == 4 && value[3] == 0 && value[2] != 0) {
            const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(value[i]); };
            return fmt::format("{}.{}.{}", byte(2), byte(1), byte(0));
        }
    }
    return {};
}

/// The engines have the text of an assertion: "cudnn_version != (9 * 10000 + 26 * 100 + 0)".
std::string version_in_assertion(std::string_view data) {
    constexpr std::string_view mark = "cudnn_version != (";
    const std::size_t at = place_of(data, mark, 0);
    if (at == std::string_view::npos) {
        return {};
    }
    std::string version;
    std::string_view rest = data.substr(at + mark.size(), 64);
    for (const std::string_view between : {" * 10000 + ", " * 100 + ", ")"}) {
        const std::size_t end = rest.find(between);
        int number = 0;
        if (end == std::string_view::npos ||
            std::from_chars(rest.data(), rest.data() + end, number).ptr != rest.data() + end) {
            return {};
        }
        version += fmt::format("{}{}", version.empty() ? "" : ".", number);
        rest.remove_prefix(end + between.size());
    }
    return version;
}

/// memmem, which is many times as fast as the standard library's.
std::size_t place_of(std::string_view data, std::string_view wanted, std::size_t at) {
    if (at >= data.size()) {
        return std::string_view::npos;
    }
    const void* const found =
        ::memmem(data.data() + at, data.size() - at, wanted.data(), wanted.size());
    return found == nullptr
               ? std::string_view::npos
               : static_cast<std::size_t>(static_cast<const char*>(found) - data.data());
}

bool contains(std::string_view data, std::string_view wanted) {
    return place_of(data, wanted, 0) != std::string_view::npos;
}

/// In steps, so that what is searched for several texts comes from the disk once.
void Traces::read(std::string_view data, const Passed& passed) {
    constexpr std::size_t longest = 256; // of the texts, so that none is missed between two steps
    for (std::size_t at = 0; at < data.size(); at += ForwardSearch::step_bytes) {
        const std::string_view step = data.substr(at, ForwardSearch::step_bytes + longest);
        collect_names(data, at);
        has_runtime_ = has_runtime_ || contains(step, runtime_text);
        if (is_cudnn_ && version_.empty()) {
            version_ = version_in_assertion(step);
        }
        if (passed) {
            passed(data.substr(at, ForwardSearch::step_bytes));
        }
    }
}

/// Of one step; a name may begin before it and end after it.
void Traces::collect_names(std::string_view data, std::size_t at) {
    constexpr std::string_view suffix = ".so";
    const std::size_t end = std::min(at + ForwardSearch::step_bytes, data.size());
    while (names_.size() < most_names) {
        at = place_of(data.substr(0, std::min(end + suffix.size() - 1, data.size())), suffix, at);
        if (at == std::string_view::npos) {
            return;
        }
        const std::string_view name = library_name_around(data, at);
        if (is_of_cuda(name)) {
            names_.emplace(name);
        }
        at += suffix.size();
    }
}

/// The whole string with zero bytes around it, if it is a bare file name of a library; else empty.
std::string_view library_name_around(std::string_view data, std::size_t suffix) {
    constexpr std::size_t longest = 128;
    std::size_t begin = suffix;
    while (begin > 0 && suffix - begin < longest && is_name_byte(data[begin - 1])) {
        --begin;
    }
    std::size_t end = suffix + 3;
    while (end < data.size() && end - suffix < longest && is_name_byte(data[end])) {
        ++end;
    }
    const bool is_whole =
        (begin == 0 || data[begin - 1] == '\0') && end < data.size() && data[end] == '\0';
    const std::string_view name = data.substr(begin, end - begin);
    return is_whole && name.starts_with("lib") && is_version(name.substr(suffix + 3 - begin))
               ? name
               : std::string_view();
}

bool is_name_byte(char byte) {
    return std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '_' || byte == '-' ||
           byte == '.' || byte == '+';
}

/// "", ".12" or ".12.4.1".
bool is_version(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char byte) { return byte == '.' || is_digit(byte); }) &&
           (text.empty() || (text.front() == '.' && text.back() != '.'));
}

} // namespace

} // namespace envpm::gpu
