#include "selftest/cache.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "base/json.h"

namespace envpm::selftest {

namespace {

using std::chrono::seconds;

constexpr std::int64_t format = 1;
constexpr std::size_t limit_bytes = 1U << 20U;
constexpr std::size_t most_entries = 128;
constexpr seconds longest(24 * 60 * 60);
constexpr seconds clock_difference(5 * 60);

bool reaches_the_driver(std::string_view name);
Json::Object read_entries(const std::filesystem::path& file);
bool is_good(const Json& entry, std::int64_t now);
std::int64_t seconds_of(std::chrono::system_clock::time_point time);
Json to_json(const ProbeReport& report, std::int64_t now);
ProbeReport report_of(const Json& entry);
ProbedGpu gpu_of(const Json& value);

} // namespace

Sha256 key_of(const TestIdentity& identity) {
    Json::Array gpus;
    for (const std::string& gpu : identity.gpus) {
        gpus.emplace_back(gpu);
    }
    Json::Object variables;
    for (const auto& [name, value] : identity.variables.all()) {
        if (reaches_the_driver(name)) {
            variables.emplace(name, value);
        }
    }
    // As JSON, no two identities are the same text.
    return sha256_of(to_text(Json(Json::Object{{"boot", identity.boot_id},
                                               {"driver", identity.driver},
                                               {"environment", identity.environment},
                                               {"gpus", std::move(gpus)},
                                               {"probe", identity.probe},
                                               {"variables", std::move(variables)}})));
}

std::optional<ProbeReport> SuccessCache::find(const Sha256& key) const {
    const Json::Object entries = read_entries(file_);
    const auto found = entries.find(key.hex());
    if (found == entries.end() || !is_good(found->second, seconds_of(now_))) {
        return std::nullopt;
    }
    try {
        ProbeReport report = report_of(found->second);
        return report.is_success() ? std::optional(std::move(report)) : std::nullopt;
    } catch (const Error&) {
        return std::nullopt; // damaged: as if there were none
    }
}

void SuccessCache::put(const Sha256& key, const ProbeReport& report) const {
    ENVPM_ASSERT(report.is_success());
    const std::int64_t now = seconds_of(now_);
    Json::Object entries = read_entries(file_);
    std::erase_if(entries, [&](const auto& entry) { return !is_good(entry.second, now); });
    if (entries.size() >= most_entries) {
        entries.clear(); // testing them all again once is cheaper than keeping track of their use
    }
    entries.insert_or_assign(key.hex(), to_json(report, now));
    const Json document(Json::Object{{"format", format}, {"successes", std::move(entries)}});
    try {
        write_file(file_, to_text(document, 1) + "\n", Durability::cached);
    } catch (const Error&) {
        // A read-only or full cache folder: the next activation tests again.
    } catch (const std::filesystem::filesystem_error&) {
        // Likewise.
    }
}

namespace {

/// CUDA_VISIBLE_DEVICES and the others of the driver; which libcuda.so.1 the loader finds.
bool reaches_the_driver(std::string_view name) {
    return name.starts_with("CUDA_") || name == "LD_LIBRARY_PATH" || name == "LD_PRELOAD";
}

Json::Object read_entries(const std::filesystem::path& file) {
    try {
        const Json document = parse_json(read_file(file, limit_bytes), file.string());
        const Json* entries = document.find("successes");
        const auto* object = entries == nullptr ? nullptr : entries->get_if<Json::Object>();
        if (document.number("format") == format && object != nullptr) {
            return *object;
        }
    } catch (const Error&) {
        // Absent or damaged. It is overwritten by the next success.
    }
    return {};
}

bool is_good(const Json& entry, std::int64_t now) {
    const Json* tested = entry.find("tested");
    const auto* time = tested == nullptr ? nullptr : tested->get_if<std::int64_t>();
    return time != nullptr && *time > now - longest.count() &&
           *time <= now + clock_difference.count();
}

std::int64_t seconds_of(std::chrono::system_clock::time_point time) {
    return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

Json to_json(const ProbeReport& report, std::int64_t now) {
    Json::Array gpus;
    for (const TestedGpu& tested : report.gpus) {
        const ProbedGpu& gpu = tested.gpu;
        gpus.emplace_back(
            Json::Object{{"capability", gpu.capability ? gpu.capability->text() : std::string()},
                         {"index", gpu.index},
                         {"name", gpu.name},
                         {"uuid", gpu.uuid}});
    }
    return Json::Object{{"cuda", report.cuda ? report.cuda->text() : std::string()},
                        {"gpus", std::move(gpus)},
                        {"library", report.library},
                        {"tested", now}};
}

ProbeReport report_of(const Json& entry) {
    ProbeReport report;
    report.library = entry.text("library");
    report.cuda = CudaVersion::parse(entry.text("cuda"));
    for (const Json& gpu : entry.array("gpus")) {
        report.gpus.push_back({gpu_of(gpu), {}});
    }
    return report;
}

ProbedGpu gpu_of(const Json& value) {
    ProbedGpu gpu{static_cast<int>(value.number("index")), value.text("name"), value.text("uuid")};
    gpu.capability = ComputeCapability::parse(value.text("capability"));
    return gpu;
}

} // namespace

} // namespace envpm::selftest
