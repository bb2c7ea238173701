#include "base/assert.h"
#include "fuzz.h"
#include "gpu/facts_fit.h"

namespace envpm::fuzz {

namespace {

void check_drivers(const gpu::Facts& facts);
void check_products(const gpu::Facts& facts);
const TomlValue* value_of(const gpu::FactRow& row, std::string_view name);
void check_torch(const gpu::Facts& facts);

} // namespace

/// A table of facts is refused, or every question that one may ask of it has an answer that holds.
void read(std::string_view input) {
    const auto facts = if_accepted([input] { return gpu::Facts::parse(input, "facts.toml"); });
    if (!facts) {
        return;
    }
    for (const gpu::FactRow& row : facts->rows()) {
        ENVPM_ASSERT(!row.citation.source.empty() && row.citation.location.line > 0);
    }
    check_drivers(*facts);
    check_products(*facts);
    check_torch(*facts);
}

namespace {

/// A newer driver runs no less.
void check_drivers(const gpu::Facts& facts) {
    std::optional<CudaVersion> before;
    for (const int branch : {0, 450, 525, 580, 999'999}) {
        const auto cuda = facts.newest_cuda(DriverVersion{branch}, gpu::DriverSystem::linux_kernel);
        ENVPM_ASSERT(cuda || !before);
        ENVPM_ASSERT(!before || *before <= cuda->value);
        before = cuda ? std::optional(cuda->value) : std::nullopt;
    }
}

/// What the table lists is found by its name, if it says a capability.
void check_products(const gpu::Facts& facts) {
    for (const gpu::FactRow& row : facts.rows()) {
        if (row.citation.table != "gpu" || value_of(row, "cc")->get_if<std::string>()->empty()) {
            continue;
        }
        for (const TomlValue& name : *value_of(row, "names")->get_if<TomlValue::Array>()) {
            const std::string& text = *name.get_if<std::string>();
            const auto found = facts.capability_of(text.substr(0, text.find('(')));
            ENVPM_ASSERT(std::holds_alternative<gpu::Cited<ComputeCapability>>(found));
        }
    }
}

const TomlValue* value_of(const gpu::FactRow& row, std::string_view name) {
    for (const TomlValue::Member& field : row.fields) {
        if (field.name == name) {
            return &field.value;
        }
    }
    return nullptr;
}

void check_torch(const gpu::Facts& facts) {
    const gpu::Machine machine{DriverVersion{580}, gpu::DriverSystem::linux_kernel, {{8, 6}}};
    for (const auto& [release, citation] : facts.torch_releases()) {
        const std::string text = release.release.text();
        ENVPM_ASSERT(facts.torch_release(text));
        for (const auto& [build, source] : facts.torch_variants(text, Platform::linux_aarch64)) {
            (void)gpu::fit(facts, build, machine);
            ENVPM_ASSERT(facts.torch_variant(text, build.variant, Platform::linux_64));
        }
    }
}

} // namespace

} // namespace envpm::fuzz
