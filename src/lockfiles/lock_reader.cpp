// The reader of docs/lockfile.md. A lock comes from a repository that anyone may have written to,
// so nothing in it is believed: every string has an alphabet, every reference must lead somewhere,
// and the env digest is computed again.

#include "base/error.h"
#include "base/toml_fields.h"
#include "lockfiles/canonical.h"
#include "lockfiles/canonical_text.h"
#include "lockfiles/gpu_reader.h"
#include "lockfiles/lock_fields.h"
#include "lockfiles/lock_file.h"
#include "lockfiles/package_reader.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>
#include <utility>

namespace envpm::lockfiles {

namespace {

using Names = std::vector<std::string>;

constexpr std::size_t longest_text_bytes = std::size_t{64} << 20U;
constexpr std::size_t most_targets = 256;

/// Where each package stands, for complaints about two of them. A conda package may be called like
/// a wheel that is another thing: graphviz is.
using Places = std::map<std::tuple<bool, std::string, std::string>, SourceLocation>;

void check_text(const std::string& text, const std::string& file);
TomlValue read_text(const std::string& text, const std::string& file);
void check_version(const TomlValue& root);
LockedTarget read_target(const TomlValue::Member& member);
std::optional<LockedPython> read_python(const TomlValue& table, std::string_view where);
void check_unique(const LockedPackage& package, const SourceLocation& location, Places& seen);
Lock read_lock(const TomlValue& root);
const TomlValue& place_of_env(const TomlValue& root, const LockedTarget& target);

} // namespace

Lock parse(const std::string& text, const std::filesystem::path& file) {
    const TomlValue root = read_text(text, file.string());
    Lock lock = read_lock(root);
    for (const LockedTarget& target : lock.targets) {
        if (env_digest(lock, target) != target.env) {
            refuse(place_of_env(root, target).location,
                   fmt::format("`env` of target `{}` is not the digest of its packages",
                               target.target.name),
                   "run `envpm lock`, which takes what is in it as its start");
        }
    }
    return in_canonical_order(std::move(lock));
}

Lock parse_for_update(const std::string& text, const std::filesystem::path& file) {
    return in_canonical_order(read_lock(read_text(text, file.string())));
}

namespace {

/// All but the env digests, which only a whole lock has.
Lock read_lock(const TomlValue& root) {
    check_version(root);
    expect_keys(root, "the lock", Names{"version", "manifest", "target", "package"});
    Lock lock{prefixed_digest(member(root, "the lock", "manifest"), "manifest"), {}, {}};

    const TomlValue& targets = member(root, "the lock", "target");
    Names names;
    for (const TomlValue::Member& target : expect_table(targets, "target")) {
        lock.targets.push_back(read_target(target));
        names.push_back(target.name);
    }
    if (names.empty() || names.size() > most_targets) {
        complain_at(targets.location, fmt::format("a lock is for 1 to {} targets", most_targets));
    }
    Places seen;
    if (const TomlValue* const packages = root.find("package")) {
        for (const TomlValue& package : expect_array(*packages, "package")) {
            lock.packages.push_back(read_package(package, names));
            check_unique(lock.packages.back(), package.location, seen);
        }
    }
    return lock;
}

void check_text(const std::string& text, const std::string& file) {
    if (text.size() > longest_text_bytes) {
        throw Error(
            {fmt::format("the lock is larger than {} MiB", longest_text_bytes >> 20U), file, {}});
    }
    const bool is_at_start = text.starts_with("<<<<<<< ");
    const std::size_t marker = is_at_start ? 0 : text.find("\n<<<<<<< ");
    if (marker != std::string::npos) {
        const auto lines = std::count(text.begin(), text.begin() + std::ptrdiff_t(marker), '\n');
        complain_at({file, static_cast<int>(lines) + (is_at_start ? 1 : 2), 1},
                    "the lock holds a merge that is not resolved",
                    "resolve the manifest, take either side's lock, then run `envpm lock`");
    }
}

TomlValue read_text(const std::string& text, const std::string& file) {
    check_text(text, file);
    std::optional<TomlValue> canonical = read_canonical_text(text, file);
    return canonical ? std::move(*canonical) : parse_toml(text, file);
}

/// Before all else: what a later version holds is not for this one to judge.
void check_version(const TomlValue& root) {
    const TomlValue& version = member(root, "the lock", "version");
    const std::int64_t number = expect_integer(version, "version");
    if (number > 1) {
        complain_at(version.location,
                    fmt::format("the lock is of version {}, this envpm reads version 1", number),
                    "update envpm");
    }
    if (number < 1) {
        complain_at(version.location, fmt::format("there is no lock version {}", number));
    }
}

LockedTarget read_target(const TomlValue::Member& entry) {
    if (!is_plain_name(entry.name)) {
        complain_at(entry.location, fmt::format("`{}` cannot name a target", entry.name),
                    "letters, digits, `.`, `_` and `-`, at most 64");
    }
    const std::string where = "target." + entry.name;
    const TomlValue& table = entry.value;
    expect_keys(table, where,
                Names{"platform", "glibc", "python", "python-version", "python-implementation",
                      "python-from", "driver", "cuda", "cudnn", "nccl", "gpu", "gpu-ptx",
                      "gpu-ptx-cuda", "gpu-least", "env", "contents"});
    const TomlValue& platform_value = member(table, where, "platform");
    const std::optional<Platform> platform =
        parse_platform(expect_string(platform_value, "platform"));
    if (!platform) {
        complain_at(platform_value.location,
                    fmt::format("unknown platform `{}`", expect_string(platform_value, "platform")),
                    "known: `linux-64`, `linux-aarch64`");
    }
    const TomlValue& glibc_value = member(table, where, "glibc");
    const auto glibc = GlibcVersion::parse(expect_string(glibc_value, "glibc"));
    if (!glibc) {
        complain_at(glibc_value.location, "`glibc` must be like `2.28`");
    }
    std::optional<Sha256> contents;
    if (const TomlValue* const value = table.find("contents")) {
        contents = prefixed_digest(*value, "contents");
    }
    return {{entry.name, *platform, *glibc},
            read_python(table, where),
            prefixed_digest(member(table, where, "env"), "env"),
            contents,
            read_locked_gpu(table)};
}

/// The ABI tag, the version and the implementation say the same thing in part, and must agree.
std::optional<LockedPython> read_python(const TomlValue& table, std::string_view where) {
    if (table.find("python") == nullptr && table.find("python-version") == nullptr) {
        return std::nullopt;
    }
    const TomlValue& tag = member(table, where, "python");
    const TomlValue& version_value = member(table, where, "python-version");
    LockedPython python;
    python.abi.abi = word(tag, "python", "_");
    python.version = word(version_value, "python-version", ".+");
    python.abi.implementation =
        word(member(table, where, "python-implementation"), "python-implementation", "");
    if (const TomlValue* const from = table.find("python-from")) {
        const std::string& text = expect_string(*from, "python-from");
        if (text != "host" && text != "package") {
            complain_at(from->location, "`python-from` must be `host` or `package`");
        }
        python.is_package = text == "package";
    }
    const std::string& version = python.version;
    const char* const end = version.data() + version.size();
    const auto major = std::from_chars(version.data(), end, python.abi.major);
    const bool has_minor = major.ec == std::errc() && major.ptr != end && *major.ptr == '.';
    const auto minor = std::from_chars(has_minor ? major.ptr + 1 : end, end, python.abi.minor);
    if (!has_minor || minor.ec != std::errc()) {
        complain_at(version_value.location, "`python-version` must be like `3.12.4`");
    }
    const std::string expected = fmt::format("cp{}{}", python.abi.major, python.abi.minor);
    if (python.abi.implementation == "cpython" && python.abi.abi != expected &&
        python.abi.abi != expected + "t") {
        refuse(tag.location,
               fmt::format("the ABI `{}` is not that of CPython {}", python.abi.abi, version), {});
    }
    return python;
}

void check_unique(const LockedPackage& package, const SourceLocation& location, Places& seen) {
    for (const std::string& target : package.targets) {
        const auto [place, is_new] =
            seen.emplace(std::tuple(package.is_conda(), package.name.string(), target), location);
        if (!is_new) {
            refuse(location,
                   fmt::format("`{}` stands twice for target `{}`", package.name.string(), target),
                   fmt::format("the first is at {}", place->second.text()));
        }
    }
}

const TomlValue& place_of_env(const TomlValue& root, const LockedTarget& target) {
    return *root.find("target")->find(target.target.name)->find("env");
}

} // namespace

} // namespace envpm::lockfiles
