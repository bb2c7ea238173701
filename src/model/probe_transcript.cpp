#include "model/probe_transcript.h"

#include "base/error.h"
#include "base/json.h"

namespace envpm {

namespace {

constexpr std::size_t limit_bytes = 1U << 18U; // a GPU takes less than 1 KiB
constexpr std::int64_t most_gpus = 256;
constexpr std::size_t most_texts = 256;

void add_fact(ProbeTranscript& transcript, const std::string& name, const Json& line);
ProbedGpu gpu_of(const Json& line);
std::string text_of(const Json& line, std::string_view name);
int number_of(const Json& line, std::string_view name);

} // namespace

void ProbeTranscript::add(std::string_view bytes) {
    size_bytes_ += bytes.size();
    if (size_bytes_ > limit_bytes) {
        return;
    }
    rest_ += bytes;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = rest_.find('\n', begin)) != std::string::npos;
         begin = end + 1) {
        add_line(std::string_view(rest_).substr(begin, end - begin));
    }
    rest_.erase(0, begin);
}

void ProbeTranscript::add_line(std::string_view text) {
    Json line;
    try {
        line = parse_json(text, "envpm-gpuprobe");
    } catch (const Error&) {
        return; // not the probe's
    }
    const std::string fact = text_of(line, "fact");
    const std::string kind = text_of(line, "verdict");
    if (!fact.empty()) {
        add_fact(*this, fact, line);
    } else if (!kind.empty()) {
        const std::string name = text_of(line, "name");
        verdict = ProbeVerdict{kind, text_of(line, "stage"), number_of(line, "code"),
                               name.empty() ? text_of(line, "detail") : name};
        if (kind == "wrong") {
            verdict->code = number_of(line, "words");
        }
    } else if (const std::string begun = text_of(line, "stage"); !begun.empty()) {
        stage = begun;
        stage_gpu.reset();
        if (line.find("index") != nullptr) {
            stage_gpu = number_of(line, "index");
        }
    }
}

namespace {

void add_fact(ProbeTranscript& transcript, const std::string& name, const Json& line) {
    if (name == "library") {
        transcript.library = text_of(line, "path");
    } else if (name == "cuda") {
        const CudaVersion version = CudaVersion::from_driver_number(number_of(line, "version"));
        if (version.major > 0) {
            transcript.cuda = version;
        }
    } else if (name == "driver") {
        transcript.driver = text_of(line, "version");
    } else if (name == "devices") {
        const int count = number_of(line, "count");
        transcript.gpu_count = count <= most_gpus ? count : static_cast<int>(most_gpus);
    } else if (name == "version") {
        transcript.version = text_of(line, "text");
    } else if (name == "mapped" && transcript.mapped.size() < most_texts) {
        transcript.mapped.push_back(text_of(line, "path"));
    } else if (name == "note" && transcript.notes.size() < most_texts) {
        transcript.notes.push_back(text_of(line, "text"));
    } else if (name == "device" && transcript.gpus.size() < most_gpus) {
        transcript.gpus.push_back(gpu_of(line));
    }
}

ProbedGpu gpu_of(const Json& line) {
    ProbedGpu gpu{number_of(line, "index"), text_of(line, "name"), text_of(line, "uuid")};
    const ComputeCapability capability{number_of(line, "major"), number_of(line, "minor")};
    if (capability.major > 0) {
        gpu.capability = capability;
    }
    gpu.is_divided = number_of(line, "mig") != 0;
    return gpu;
}

std::string text_of(const Json& line, std::string_view name) {
    const Json* member = line.find(name);
    const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
    return text == nullptr ? std::string() : *text;
}

/// 0 for what is none, or is out of every range that a probe has.
int number_of(const Json& line, std::string_view name) {
    constexpr std::int64_t most = 1'000'000;
    const Json* member = line.find(name);
    const auto* number = member == nullptr ? nullptr : member->get_if<std::int64_t>();
    return number == nullptr || *number < 0 || *number > most ? 0 : static_cast<int>(*number);
}

} // namespace

} // namespace envpm
