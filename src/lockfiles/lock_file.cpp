#include "lockfiles/lock_file.h"

#include "base/error.h"
#include "base/files.h"
#include "base/rewrite_file.h"
#include "base/toml.h"
#include "lockfiles/canonical.h"
#include "model/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace envpm::lockfiles {

namespace {

std::string python_line(const std::optional<LockedPython>& python);
void append_target(std::string& out, const LockedTarget& target);
void append_gpu(std::string& out, const LockedGpu& gpu);
void append_package(std::string& out, const LockedPackage& package);
void append_line(std::string& out, std::string_view key, std::string_view text);
void append_short_list(std::string& out, std::string_view key,
                       const std::vector<std::string>& items);
void append_long_list(std::string& out, std::string_view key,
                      const std::vector<std::string>& items);
std::vector<std::string> strings_of(const std::vector<PackageName>& names);
std::vector<std::string> strings_of(const std::vector<PathPattern>& paths);

using Parser = Lock (*)(const std::string& text, const std::filesystem::path& file);
std::optional<Lock> read_with(Parser parser, const std::filesystem::path& file);

} // namespace

std::string to_text(const Lock& lock) {
    const Lock sorted = in_canonical_order(lock);
    std::string out = "version = 1\n";
    append_line(out, "manifest", "sha256:" + lock.manifest.hex());
    for (const LockedTarget& target : sorted.targets) {
        append_target(out, target);
    }
    for (const LockedPackage& package : sorted.packages) {
        append_package(out, package);
    }
    return out;
}

std::string readable_text(const Lock& lock, const std::filesystem::path& file) {
    std::string text = to_text(lock);
    parse(text, file);
    return text;
}

std::optional<Lock> read_if_present(const std::filesystem::path& file) {
    return read_with(parse, file);
}

std::optional<Lock> read_for_update(const std::filesystem::path& file) {
    return read_with(parse_for_update, file);
}

void write(const std::filesystem::path& file, const Lock& lock) {
    rewrite_file(file, readable_text(lock, file));
}

Sha256 env_digest(const Lock& lock, const LockedTarget& target) {
    std::vector<std::string> lines;
    for (const LockedPackage& package : lock.packages) {
        if (package.is_for(target.target.name)) {
            lines.push_back(fmt::format("{} sha256:{}\n", package.file, package.sha256.hex()));
            for (const PathPattern& path : package.wins) {
                lines.push_back(fmt::format("{} wins {}\n", package.file, path.text()));
            }
        }
    }
    std::sort(lines.begin(), lines.end());
    Sha256Hasher hasher;
    hasher.update(
        fmt::format("envpm-env-v1\nlayout {}\n{}\n", layout_version, python_line(target.python)));
    for (const std::string& line : lines) {
        hasher.update(line);
    }
    return hasher.finish();
}

namespace {

/// Whoever has a lock that no command can read needs a way on from there.
std::optional<Lock> read_with(Parser parser, const std::filesystem::path& file) {
    const std::optional<std::string> text = read_file_if_present(file);
    if (!text) {
        return std::nullopt;
    }
    try {
        return parser(*text, file);
    } catch (const Error& error) {
        if (!error.text().hint.empty()) {
            throw;
        }
        throw Error({error.text().what, error.text().subject,
                     "restore it from version control, or delete it and run `envpm lock`"},
                    error.code());
    }
}

std::string python_line(const std::optional<LockedPython>& python) {
    if (!python) {
        return "python none";
    }
    return fmt::format("python {} {} {}{}", python->abi.implementation,
                       python->abi.feature_version(), python->abi.abi,
                       python->is_package ? " package" : "");
}

void append_target(std::string& out, const LockedTarget& target) {
    // The reader asks for a plain name, so only a dot needs quotes.
    const std::string& name = target.target.name;
    const bool is_bare = name.find('.') == std::string::npos;
    out += fmt::format("\n[target.{}]\n", is_bare ? name : toml_quoted(name));
    append_line(out, "platform", to_text(target.target.platform));
    append_line(out, "glibc", target.target.glibc.text());
    if (target.python) {
        append_line(out, "python", target.python->abi.abi);
        append_line(out, "python-version", target.python->version);
        append_line(out, "python-implementation", target.python->abi.implementation);
        if (target.python->is_package) {
            append_line(out, "python-from", "package");
        }
    }
    append_gpu(out, target.gpu);
    append_line(out, "env", "sha256:" + target.env.hex());
    if (target.contents) {
        append_line(out, "contents", "sha256:" + target.contents->hex());
    }
}

void append_gpu(std::string& out, const LockedGpu& gpu) {
    const auto append = [&](std::string_view key, const std::string& text) {
        if (!text.empty()) {
            append_line(out, key, text);
        }
    };
    const auto append_list = [&](std::string_view key, const std::vector<ComputeCapability>& all) {
        std::vector<std::string> texts;
        for (const ComputeCapability& capability : all) {
            texts.push_back(capability.text());
        }
        if (!texts.empty()) {
            append_short_list(out, key, texts);
        }
    };
    append("driver", gpu.driver ? gpu.driver->text() : "");
    append("cuda", gpu.cuda ? gpu.cuda->text() : "");
    append("cudnn", gpu.cudnn);
    append("nccl", gpu.nccl);
    append_list("gpu", gpu.gpus);
    append_list("gpu-ptx", gpu.ptx);
    append("gpu-ptx-cuda", gpu.ptx_cuda ? gpu.ptx_cuda->text() : "");
    append("gpu-least", gpu.least_gpu ? gpu.least_gpu->text() : "");
}

void append_package(std::string& out, const LockedPackage& package) {
    out += "\n[[package]]\n";
    append_line(out, "name", package.name.string());
    append_line(out, "version", package.version);
    append_line(out, "source", package.source);
    if (package.is_conda()) {
        append_line(out, "subdir", package.subdir);
    }
    append_line(out, "file", package.file);
    out += fmt::format("size = {}\n", package.size_bytes);
    append_line(out, "sha256", package.sha256.hex());
    append_short_list(out, "targets", package.targets);
    if (!package.extras.empty()) {
        append_short_list(out, "extras", strings_of(package.extras));
    }
    if (!package.dependencies.empty()) {
        append_long_list(out, "requires", package.dependencies);
    }
    if (package.is_overridden) {
        out += "overridden = true\n";
    }
    if (!package.wins.empty()) {
        append_long_list(out, "wins", strings_of(package.wins));
    }
}

void append_line(std::string& out, std::string_view key, std::string_view text) {
    out += fmt::format("{} = {}\n", key, toml_quoted(text));
}

/// In one line: few words that change together.
void append_short_list(std::string& out, std::string_view key,
                       const std::vector<std::string>& items) {
    std::vector<std::string> quoted;
    std::transform(items.begin(), items.end(), std::back_inserter(quoted),
                   [](const std::string& item) { return toml_quoted(item); });
    out += fmt::format("{} = [{}]\n", key, fmt::join(quoted, ", "));
}

/// One item a line, so that a changed one is a changed line.
void append_long_list(std::string& out, std::string_view key,
                      const std::vector<std::string>& items) {
    out += fmt::format("{} = [\n", key);
    for (const std::string& item : items) {
        out += fmt::format("    {},\n", toml_quoted(item));
    }
    out += "]\n";
}

std::vector<std::string> strings_of(const std::vector<PackageName>& names) {
    std::vector<std::string> out;
    std::transform(names.begin(), names.end(), std::back_inserter(out),
                   [](const PackageName& name) { return name.string(); });
    return out;
}

std::vector<std::string> strings_of(const std::vector<PathPattern>& paths) {
    std::vector<std::string> out;
    std::transform(paths.begin(), paths.end(), std::back_inserter(out),
                   [](const PathPattern& path) { return path.text(); });
    return out;
}

} // namespace

} // namespace envpm::lockfiles
