#include "gpu/binary_cache.h"

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace envpm::gpu {

namespace {

/// Counts up whenever what is read of the same bytes changes.
constexpr std::int64_t version = 2;

using Texts = std::vector<std::string>;

Json json_of(const BinaryCode& code);
Json json_of(const Texts& texts);
Json json_of(const std::optional<std::string>& text);
Json json_of(const std::vector<NeededVersion>& versions);
Json json_of(const std::optional<ForwardCompatibility>& compatibility);
BinaryCode code_of(const Json& json);
std::optional<ForwardCompatibility> compatibility_of(const Json& json);
Texts texts_of(const Json& json, std::string_view name);
std::optional<std::string> text_if_any(const Json& json, std::string_view name);
std::vector<NeededVersion> versions_of(const Json& json);
Image image_of(const Json& json);
bool flag(const Json& json, std::string_view name);
std::uint64_t count_of(const Json& json);
const std::string& string_of(const Json& json);
const Json::Array& array_of(const Json& json, std::size_t size);
const Json& member(const Json& json, std::string_view name);
[[noreturn]] void throw_unknown();

} // namespace

std::optional<Binary> BinaryCache::find(const Sha256& digest) const {
    const std::optional<std::string> text = read_file_if_present(path_of(digest));
    return text ? parse_binary(*text) : std::nullopt;
}

void BinaryCache::put(const Sha256& digest, const Binary& binary) const {
    try {
        write_file(path_of(digest), to_text(binary), Durability::cached);
    } catch (const Error&) {
        // A read-only or full cache folder.
    }
}

std::filesystem::path BinaryCache::path_of(const Sha256& digest) const {
    const std::string hex = digest.hex();
    return folder_ / hex.substr(0, 2) / (hex + ".json");
}

std::string to_text(const Binary& binary) {
    return envpm::to_text(Json(Json::Object{
               {"version", version},
               {"executable", binary.is_executable},
               {"machine", static_cast<int>(binary.machine)},
               {"soname", binary.soname},
               {"needed", json_of(binary.needed)},
               {"rpath", json_of(binary.rpath)},
               {"runpath", json_of(binary.runpath)},
               {"needed_versions", json_of(binary.needed_versions)},
               {"defined_versions", json_of(binary.defined_versions)},
               {"by_name", json_of(binary.loaded_by_name)},
               {"jit_link", json_of(binary.jit_link_symbols)},
               {"compat", json_of(binary.forward_compatibility)},
               {"static_runtime", binary.has_static_runtime},
               {"cudnn", binary.cudnn_version},
               {"code", json_of(binary.code)},
               {"damage", binary.damage},
               {"code_damage", binary.code_damage},
           })) +
           "\n";
}

std::optional<Binary> parse_binary(std::string_view text) {
    try {
        const Json json = parse_json(text, "");
        const std::int64_t machine = json.number("machine");
        if (json.number("version") != version || machine < 0 || machine > 0xffff) {
            return std::nullopt;
        }
        Binary binary;
        binary.is_executable = flag(json, "executable");
        binary.machine = static_cast<std::uint16_t>(machine);
        binary.soname = json.text("soname");
        binary.needed = texts_of(json, "needed");
        binary.rpath = text_if_any(json, "rpath");
        binary.runpath = text_if_any(json, "runpath");
        binary.needed_versions = versions_of(member(json, "needed_versions"));
        binary.defined_versions = texts_of(json, "defined_versions");
        binary.loaded_by_name = texts_of(json, "by_name");
        binary.jit_link_symbols = texts_of(json, "jit_link");
        binary.forward_compatibility = compatibility_of(member(json, "compat"));
        binary.has_static_runtime = flag(json, "static_runtime");
        binary.cudnn_version = json.text("cudnn");
        binary.code = code_of(member(json, "code"));
        binary.damage = json.text("damage");
        binary.code_damage = json.text("code_damage");
        return binary;
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<Binary> read_binary(const FileToRead& file, const BinaryCache& cache) {
    std::error_code failed;
    const bool is_as_named =
        file.digest && std::filesystem::file_size(file.place, failed) == file.size_bytes;
    if (is_as_named) {
        if (auto known = cache.find(*file.digest)) {
            return known;
        }
    }
    std::optional<Binary> binary = read_binary(file.place);
    if (binary && is_as_named) {
        cache.put(*file.digest, *binary);
    }
    return binary;
}

std::vector<std::optional<Binary>> read_binaries(const std::vector<FileToRead>& files,
                                                 const BinaryCache& cache, ThreadPool& pool) {
    std::vector<std::optional<Binary>> binaries(files.size());
    std::vector<std::size_t> order(files.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return files[a].size_bytes > files[b].size_bytes; // the longest first
    });
    parallel_for(pool, files.size(),
                 [&](std::size_t i) { binaries[order[i]] = read_binary(files[order[i]], cache); });
    return binaries;
}

namespace {

/// `[[image, PTX version, registered, loose], …]` and `[[registered, loose, image's index, …], …]`.
Json json_of(const BinaryCode& code) {
    Json::Array images;
    std::map<Image, int> index;
    for (const auto& [image, count] : code.images) {
        index.emplace(image, static_cast<int>(images.size()));
        images.emplace_back(
            Json::Array{image.text(), image.ptx.text(), count.registered, count.loose});
    }
    Json::Array containers;
    for (const auto& [held, times] : code.containers) {
        Json::Array container{times.registered, times.loose};
        for (const Image& image : held) {
            container.emplace_back(index.at(image));
        }
        containers.emplace_back(std::move(container));
    }
    return Json::Object{{"images", std::move(images)}, {"containers", std::move(containers)}};
}

BinaryCode code_of(const Json& json) {
    BinaryCode code;
    std::vector<Image> images;
    for (const Json& entry : json.array("images")) {
        const Json::Array& parts = array_of(entry, 4);
        images.push_back(image_of(entry));
        code.images.emplace(images.back(),
                            BinaryCode::Count{count_of(parts[2]), count_of(parts[3])});
    }
    for (const Json& entry : json.array("containers")) {
        const Json::Array& parts = array_of(entry, 2);
        std::vector<Image> held;
        for (std::size_t i = 2; i < parts.size(); ++i) {
            const std::uint64_t place = count_of(parts[i]);
            if (place >= images.size()) {
                throw_unknown();
            }
            held.push_back(images[place]);
        }
        code.containers.emplace(std::move(held),
                                BinaryCode::Count{count_of(parts[0]), count_of(parts[1])});
    }
    return code;
}

Image image_of(const Json& json) {
    const Json::Array& parts = array_of(json, 2);
    const std::string& text = string_of(parts[0]);
    const auto capability = ComputeCapability::parse(text);
    const auto ptx = PtxVersion::parse(string_of(parts[1]));
    if (!capability || !ptx) {
        throw_unknown();
    }
    return {text.starts_with("sm_") ? CodeKind::sass : CodeKind::ptx, *capability, *ptx};
}

Json json_of(const Texts& texts) {
    return Json::Array(texts.begin(), texts.end());
}

Json json_of(const std::optional<std::string>& text) {
    return text ? Json(*text) : Json();
}

Json json_of(const std::vector<NeededVersion>& versions) {
    Json::Array entries;
    for (const NeededVersion& needed : versions) {
        entries.emplace_back(Json::Array{needed.library, needed.version, needed.is_weak});
    }
    return entries;
}

std::vector<NeededVersion> versions_of(const Json& json) {
    std::vector<NeededVersion> versions;
    for (const Json& entry : array_of(json, 0)) {
        const Json::Array& parts = array_of(entry, 3);
        const bool* const is_weak = parts[2].get_if<bool>();
        if (is_weak == nullptr) {
            throw_unknown();
        }
        versions.push_back({string_of(parts[0]), string_of(parts[1]), *is_weak});
    }
    return versions;
}

/// `[CUDA or "", driver's branch, …]`, or null.
Json json_of(const std::optional<ForwardCompatibility>& compatibility) {
    if (!compatibility) {
        return {};
    }
    Json::Array parts{compatibility->cuda ? compatibility->cuda->text() : std::string()};
    parts.insert(parts.end(), compatibility->drivers.begin(), compatibility->drivers.end());
    return parts;
}

std::optional<ForwardCompatibility> compatibility_of(const Json& json) {
    if (json.is_null()) {
        return std::nullopt;
    }
    const Json::Array& parts = array_of(json, 1);
    ForwardCompatibility compatibility{CudaVersion::parse(string_of(parts[0])), {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
        compatibility.drivers.push_back(static_cast<int>(
            std::min<std::uint64_t>(count_of(parts[i]), std::numeric_limits<int>::max())));
    }
    return compatibility;
}

Texts texts_of(const Json& json, std::string_view name) {
    Texts texts;
    for (const Json& text : json.array(name)) {
        texts.push_back(string_of(text));
    }
    return texts;
}

std::optional<std::string> text_if_any(const Json& json, std::string_view name) {
    const Json& text = member(json, name);
    return text.is_null() ? std::nullopt : std::optional(string_of(text));
}

bool flag(const Json& json, std::string_view name) {
    const bool* const value = member(json, name).get_if<bool>();
    if (value == nullptr) {
        throw_unknown();
    }
    return *value;
}

std::uint64_t count_of(const Json& json) {
    const auto* const count = json.get_if<std::int64_t>();
    if (count == nullptr || *count < 0) {
        throw_unknown();
    }
    return static_cast<std::uint64_t>(*count);
}

const std::string& string_of(const Json& json) {
    const auto* const text = json.get_if<std::string>();
    if (text == nullptr) {
        throw_unknown();
    }
    return *text;
}

/// With so many parts at least.
const Json::Array& array_of(const Json& json, std::size_t size) {
    const auto* const array = json.get_if<Json::Array>();
    if (array == nullptr || array->size() < size) {
        throw_unknown();
    }
    return *array;
}

const Json& member(const Json& json, std::string_view name) {
    const Json* const value = json.find(name);
    if (value == nullptr) {
        throw_unknown();
    }
    return *value;
}

void throw_unknown() {
    throw Error({"what is known of a binary is not as envpm writes it", "", ""});
}

} // namespace

} // namespace envpm::gpu
