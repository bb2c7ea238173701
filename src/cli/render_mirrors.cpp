#include "cli/render_mirrors.h"

#include "cli/json_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::cli {

namespace {

using pipeline::MirrorTrial;
using pipeline::SourceTrial;
using project::Mirror;
using project::Source;

std::string line_of(const MirrorTrial& trial, std::size_t width, const Terminal& terminal);
std::string url_of(const Mirror& place);
std::size_t width_of(const std::vector<Source>& sources);
Json::Object object_of(const Source& source);
Json::Object object_of(const Mirror& place);
Json json_of_trial(const MirrorTrial& trial);

} // namespace

std::string words_of(const std::vector<Source>& sources) {
    const std::size_t width = width_of(sources);
    std::size_t name_width = 0;
    for (const Source& source : sources) {
        name_width = std::max(name_width, source.name.size());
    }
    std::string out;
    for (const Source& source : sources) {
        std::string name = source.name;
        for (const Mirror& place : source.places) {
            out += fmt::format("{:<{}}  {:<{}}  {}\n", name, name_width, url_of(place), width,
                               place.origin);
            name.clear();
        }
    }
    return out;
}

std::string words_of(const std::vector<SourceTrial>& trials, const Terminal& terminal) {
    std::vector<Source> sources;
    for (const SourceTrial& trial : trials) {
        sources.push_back(trial.source);
    }
    const std::size_t width = width_of(sources);
    std::string out;
    for (const SourceTrial& trial : trials) {
        out += trial.package.empty()
                   ? fmt::format("{}\n", trial.source.name)
                   : fmt::format("{}, asked for {}\n", trial.source.name, trial.package);
        for (const MirrorTrial& each : trial.trials) {
            out += line_of(each, width, terminal);
        }
        if (!trial.has_working_place()) {
            out += fmt::format("{} no place of `{}` works\n{} correct it, try again later, or name "
                               "another in `[mirrors]`\n",
                               styled(terminal, Style::bad, "error:"), trial.source.name,
                               styled(terminal, Style::bold, "hint:"));
        }
    }
    return out;
}

Json json_of(const std::vector<Source>& sources) {
    Json::Array out;
    for (const Source& source : sources) {
        Json::Array places;
        for (const Mirror& place : source.places) {
            places.emplace_back(object_of(place));
        }
        Json::Object object = object_of(source);
        object.emplace("places", std::move(places));
        out.emplace_back(std::move(object));
    }
    return Json::Object{{"sources", std::move(out)}};
}

Json json_of(const std::vector<SourceTrial>& trials) {
    Json::Array out;
    for (const SourceTrial& trial : trials) {
        Json::Array places;
        for (const MirrorTrial& each : trial.trials) {
            places.push_back(json_of_trial(each));
        }
        Json::Object object = object_of(trial.source);
        object.emplace("package", trial.package.empty() ? Json() : Json(trial.package));
        object.emplace("works", trial.has_working_place());
        object.emplace("places", std::move(places));
        out.emplace_back(std::move(object));
    }
    return Json::Object{{"sources", std::move(out)}};
}

namespace {

std::string line_of(const MirrorTrial& trial, std::size_t width, const Terminal& terminal) {
    const std::string mark =
        trial.works() ? styled(terminal, Style::good, "✓") : styled(terminal, Style::bad, "✗");
    std::string says = trial.problem;
    const auto add = [&says](const std::string& what) {
        says += (says.empty() ? "" : ", ") + what;
    };
    if (trial.lacks) {
        add(fmt::format("lacks {}", *trial.lacks));
    }
    if (trial.first_byte_seconds) {
        add(fmt::format("first byte in {}", human_seconds(*trial.first_byte_seconds)));
    }
    if (trial.bytes_per_second) {
        add(fmt::format("{}/s", human_bytes(static_cast<std::uint64_t>(*trial.bytes_per_second))));
    }
    if (trial.has_ranges == false) {
        add("no ranges");
    }
    return fmt::format("  {} {:<{}}  {}\n", mark, url_of(trial.place), width,
                       says.empty() ? "answers" : says);
}

std::string url_of(const Mirror& place) {
    return (place.form == project::MirrorForm::blobs ? "blobs+" : "") + place.url;
}

std::size_t width_of(const std::vector<Source>& sources) {
    std::size_t width = 0;
    for (const Source& source : sources) {
        for (const Mirror& place : source.places) {
            width = std::max(width, url_of(place).size());
        }
    }
    return width;
}

Json::Object object_of(const Source& source) {
    Json kind;
    if (source.kind) {
        kind = *source.kind == Source::Kind::channel ? "channel" : "index";
    }
    return {{"name", source.name}, {"kind", std::move(kind)}};
}

Json::Object object_of(const Mirror& place) {
    return {{"url", place.url},
            {"form", place.form == project::MirrorForm::blobs ? "blobs" : "pages"},
            {"from", place.origin}};
}

Json json_of_trial(const MirrorTrial& trial) {
    Json::Object object = object_of(trial.place);
    object.emplace("works", trial.works());
    object.emplace("status", trial.status == 0 ? Json() : Json(trial.status));
    object.emplace("problem", trial.problem.empty() ? Json() : Json(trial.problem));
    object.emplace("lacks", or_null(trial.lacks));
    object.emplace("first_byte_seconds", or_null(trial.first_byte_seconds));
    object.emplace("bytes_per_second", or_null(trial.bytes_per_second));
    object.emplace("ranges", or_null(trial.has_ranges));
    return object;
}

} // namespace

} // namespace envpm::cli
