#include "conda/package_info.h"

#include "base/error.h"
#include "conda/package_paths.h"

#include <fmt/format.h>

#include <algorithm>

namespace envpm::conda {

namespace {

void check_identity(const Json& index, const PackageIdentity& expected, const std::string& subject);
void read_link(const Json& link, PackageInfo& info, const std::string& subject);
std::string text_or_nothing(const Json& json, std::string_view name);

[[noreturn]] void refuse(std::string what, const std::string& subject) {
    throw Error({std::move(what), subject, {}}, ExitCode::integrity);
}

Json parse(const Tree& tree, std::string_view path,
           const std::function<std::string(const TreeFile&)>& content, const std::string& subject) {
    const std::string text = text_of_file(tree, path, content, subject);
    try {
        Json json = parse_json(text, std::string(path));
        if (json.get_if<Json::Object>() != nullptr) {
            return json;
        }
    } catch (const Error& fault) {
        refuse(fmt::format("`{}` cannot be used: {}", path, fault.what()), subject);
    }
    refuse(fmt::format("`{}` is no object", path), subject);
}

} // namespace

PackageInfo read_package_info(const Tree& tree, const PackageIdentity& expected,
                              const std::function<std::string(const TreeFile&)>& content,
                              const std::string& subject) {
    PackageInfo info;
    info.index = parse(tree, "info/index.json", content, subject);
    check_identity(info.index, expected, subject);
    info.is_noarch_python = text_or_nothing(info.index, "noarch") == "python";
    if (find_file(tree, "info/link.json") != nullptr) {
        read_link(parse(tree, "info/link.json", content, subject), info, subject);
    }
    return info;
}

namespace {

void check_identity(const Json& index, const PackageIdentity& expected,
                    const std::string& subject) {
    const auto check = [&](std::string_view name, const std::string& wanted, bool may_be_absent) {
        const std::string said = text_or_nothing(index, name);
        if (said != wanted && !(may_be_absent && index.find(name) == nullptr)) {
            refuse(fmt::format("`info/index.json` says that the {} is `{}`, and the lock says `{}`",
                               name, said, wanted),
                   subject);
        }
    };
    check("name", expected.name, false);
    check("version", expected.version, false);
    check("build", expected.build, false);
    check("subdir", expected.subdir, true);
}

void read_link(const Json& link, PackageInfo& info, const std::string& subject) {
    const Json* noarch = link.find("noarch");
    if (noarch == nullptr || text_or_nothing(*noarch, "type") != "python") {
        return;
    }
    info.is_noarch_python = true;
    const Json* entry_points = noarch->find("entry_points");
    if (entry_points == nullptr || entry_points->is_null()) {
        return;
    }
    const auto* lines = entry_points->get_if<Json::Array>();
    if (lines == nullptr) {
        refuse("`entry_points` of `info/link.json` is no list", subject);
    }
    for (const Json& line : *lines) {
        const auto* text = line.get_if<std::string>();
        if (text == nullptr) {
            refuse("an entry point of `info/link.json` is no text", subject);
        }
        info.entry_points.push_back(parse_script_entry(*text, subject));
    }
    std::sort(info.entry_points.begin(), info.entry_points.end());
    info.entry_points.erase(std::unique(info.entry_points.begin(), info.entry_points.end()),
                            info.entry_points.end());
}

std::string text_or_nothing(const Json& json, std::string_view name) {
    const Json* member = json.find(name);
    const auto* text = member == nullptr ? nullptr : member->get_if<std::string>();
    return text == nullptr ? std::string() : *text;
}

} // namespace

} // namespace envpm::conda
