#include "cli/render_exchange.h"

#include "base/toml.h"
#include "base/url.h"

#include <fmt/format.h>

namespace envpm::cli {

namespace {

std::string remark_words(const std::string& title, const std::vector<Remark>& remarks,
                         const Terminal& terminal);
Json json_of_remarks(const std::vector<Remark>& remarks);
std::string key_of(const std::string& source);

} // namespace

std::string words_of(const pipeline::ImportReport& report, const Terminal& terminal) {
    const pipeline::ImportedManifest& imported = report.imported;
    std::string out =
        remark_words("carried over as something else:", imported.remarks.changed, terminal);
    out += remark_words("not carried over:", imported.remarks.left, terminal);
    out += fmt::format("wrote {} with {} and {}\nnext: `envpm lock`, then `envpm install`\n",
                       report.manifest.string(), counted(imported.conda_packages, "conda package"),
                       counted(imported.wheels, "wheel"));
    return out;
}

std::string words_of(const pipeline::Export& report, const Terminal& terminal) {
    return remark_words("not in the export:", report.left, terminal);
}

std::string words_of(const pipeline::BlobExport& report, const Terminal& terminal) {
    std::string out =
        fmt::format("{} {} in {}, {} of them fetched ({})\n", styled(terminal, Style::good, "✓"),
                    counted(report.archives, "archive"), report.folder.string(), report.fetched,
                    human_bytes(report.fetched_bytes));
    if (report.sources.empty()) {
        return out;
    }
    out += "where they are carried to, this is the configuration:\n  [mirrors]\n";
    for (const std::string& source : report.sources) {
        out += fmt::format("  {} = [\"blobs+{}\"]\n", key_of(source), file_url(report.folder));
    }
    return out;
}

Json json_of(const pipeline::BlobExport& report) {
    Json::Array sources;
    for (const std::string& source : report.sources) {
        sources.emplace_back(source);
    }
    return Json::Object{{"folder", report.folder.string()},
                        {"archives", report.archives},
                        {"fetched", report.fetched},
                        {"fetched_bytes", report.fetched_bytes},
                        {"sources", std::move(sources)}};
}

Json json_of(const pipeline::ImportReport& report) {
    return Json::Object{{"manifest", report.manifest.string()},
                        {"conda_packages", std::uint64_t{report.imported.conda_packages}},
                        {"wheels", std::uint64_t{report.imported.wheels}},
                        {"left", json_of_remarks(report.imported.remarks.left)},
                        {"changed", json_of_remarks(report.imported.remarks.changed)}};
}

Json json_of(const pipeline::Export& report) {
    return Json::Object{
        {"target", report.target}, {"text", report.text}, {"left", json_of_remarks(report.left)}};
}

namespace {

std::string remark_words(const std::string& title, const std::vector<Remark>& remarks,
                         const Terminal& terminal) {
    if (remarks.empty()) {
        return {};
    }
    std::string out = styled(terminal, Style::bold, title) + "\n";
    for (const Remark& remark : remarks) {
        out += fmt::format("  {}: {}: {}\n", remark.location.text(), remark.what, remark.why);
    }
    return out;
}

Json json_of_remarks(const std::vector<Remark>& remarks) {
    Json::Array out;
    for (const Remark& remark : remarks) {
        out.emplace_back(Json::Object{
            {"place", remark.location.text()}, {"what", remark.what}, {"why", remark.why}});
    }
    return out;
}

/// A channel of a version is called by it, "cuda-12.4.0": bare it would be three keys.
std::string key_of(const std::string& source) {
    return source.find('.') == std::string::npos ? source : toml_quoted(source);
}

} // namespace

} // namespace envpm::cli
