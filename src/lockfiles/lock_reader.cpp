// The reader of docs/lockfile.md. A lock comes from a repository that anyone may have written to,
// so nothing in it is believed: every string has an alphabet, every reference must lead somewhere,
// and the env digest is computed again. What is malformed is an Error of code 1; what is well
// formed but cannot be true or safe is one of code 6.

#include "base/error.h"
#include "base/toml_fields.h"
#include "lockfiles/canonical.h"
#include "lockfiles/canonical_text.h"
#include "lockfiles/lock_file.h"
#include "model/plain_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

namespace envpm::lockfiles {

namespace {

using Names = std::vector<std::string>;

constexpr std::size_t longest_text_bytes = std::size_t{64} << 20U;
constexpr std::size_t most_targets = 256;
constexpr std::int64_t largest_wheel_bytes = std::int64_t{1} << 40U;
constexpr std::size_t longest_file_name = 255;

/// Where each package stands, for complaints about two of them.
using Places = std::map<std::pair<std::string, std::string>, SourceLocation>;

void check_text(const std::string& text, const std::string& file);
TomlValue read_text(const std::string& text, const std::string& file);
void check_version(const TomlValue& root);
LockedTarget read_target(const TomlValue::Member& member);
LockedPython read_python(const TomlValue& table, std::string_view where);
LockedPackage read_package(const TomlValue& table, const Names& targets);
std::string read_file_name(const TomlValue& value, const PackageName& name);
Names read_targets(const TomlValue& value, const Names& known);
std::vector<PackageName> read_extras(const TomlValue& value);
Names read_dependencies(const TomlValue& value);
PackageName read_name(const TomlValue& value, std::string_view key);
void check_unique(const LockedPackage& package, const SourceLocation& location, Places& seen);
Lock read_lock(const TomlValue& root);
const TomlValue& place_of_env(const TomlValue& root, const LockedTarget& target);
const TomlValue& member(const TomlValue& table, std::string_view where, std::string_view key);
std::string word(const TomlValue& value, std::string_view key, std::string_view punctuation);
Sha256 prefixed_digest(const TomlValue& value, std::string_view key);
Sha256 digest(const TomlValue& value, std::string_view key, std::string_view hex);
[[noreturn]] void refuse(const SourceLocation& location, std::string what, std::string hint);

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
    Lock lock = read_lock(read_text(text, file.string()));
    for (LockedTarget& target : lock.targets) {
        if (env_digest(lock, target) != target.env) {
            target.contents.reset(); // they are those of other packages
        }
    }
    return in_canonical_order(std::move(lock));
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
                      "env", "contents"});
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
            contents};
}

/// The ABI tag, the version and the implementation say the same thing in part, and must agree.
LockedPython read_python(const TomlValue& table, std::string_view where) {
    const TomlValue& tag = member(table, where, "python");
    const TomlValue& version_value = member(table, where, "python-version");
    LockedPython python;
    python.abi.abi = word(tag, "python", "_");
    python.version = word(version_value, "python-version", ".+");
    python.abi.implementation =
        word(member(table, where, "python-implementation"), "python-implementation", "");
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

LockedPackage read_package(const TomlValue& table, const Names& targets) {
    static const Names known = {"name",   "version", "source", "file",     "size",
                                "sha256", "targets", "extras", "requires", "overridden"};
    constexpr std::string_view where = "package";
    expect_keys(table, where, known);
    const TomlValue& size = member(table, where, "size");
    const std::int64_t size_bytes = expect_integer(size, "size");
    if (size_bytes < 1 || size_bytes > largest_wheel_bytes) {
        complain_at(size.location, fmt::format("`size` must be from 1 to {}", largest_wheel_bytes));
    }
    const TomlValue& source = member(table, where, "source");
    if (!is_plain_name(expect_string(source, "source"))) {
        refuse(source.location, "`source` must be the plain name of an index",
               "a lock names no URL; the manifest's `[indexes]` gives names to them");
    }
    const TomlValue& sha256 = member(table, where, "sha256");
    const PackageName name = read_name(member(table, where, "name"), "name");
    LockedPackage package{name,
                          word(member(table, where, "version"), "version", ".+!_-"),
                          expect_string(source, "source"),
                          read_file_name(member(table, where, "file"), name),
                          static_cast<std::uint64_t>(size_bytes),
                          digest(sha256, "sha256", expect_string(sha256, "sha256")),
                          read_targets(member(table, where, "targets"), targets),
                          {},
                          {},
                          false};
    if (const TomlValue* const value = table.find("extras")) {
        package.extras = read_extras(*value);
    }
    if (const TomlValue* const value = table.find("requires")) {
        package.dependencies = read_dependencies(*value);
    }
    if (const TomlValue* const value = table.find("overridden")) {
        package.is_overridden = expect_boolean(*value, "overridden");
    }
    return package;
}

/// A wheel's name is joined to folders and URLs later: letters, digits and `._+!-` only, so that it
/// is one component everywhere; and it must be of the package that the block says it is.
std::string read_file_name(const TomlValue& value, const PackageName& name) {
    const std::string& file = expect_string(value, "file");
    const bool is_plain = file.size() <= longest_file_name && !file.empty() &&
                          file.front() != '.' && std::all_of(file.begin(), file.end(), [](char c) {
                              return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                                     (c >= 'A' && c <= 'Z') ||
                                     std::string_view("._+!-").find(c) != std::string_view::npos;
                          });
    const auto dashes = std::count(file.begin(), file.end(), '-');
    if (!is_plain || !file.ends_with(".whl") || dashes < 4 || dashes > 5) {
        refuse(value.location,
               fmt::format("`file` must be a plain wheel name, not {}", toml_quoted(file)),
               "name-version-python-abi-platform.whl, without a path or a URL");
    }
    if (PackageName::parse(std::string_view(file).substr(0, file.find('-'))) != name) {
        refuse(value.location, fmt::format("`{}` is no file of `{}`", file, name.string()), {});
    }
    return file;
}

Names read_targets(const TomlValue& value, const Names& known) {
    Names names = expect_strings(value, "targets");
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (std::find(known.begin(), known.end(), names[i]) == known.end()) {
            refuse(expect_array(value, "targets")[i].location,
                   fmt::format("there is no target {} in this lock", toml_quoted(names[i])),
                   known_words(names[i], known));
        }
    }
    std::sort(names.begin(), names.end());
    if (names.empty() || std::adjacent_find(names.begin(), names.end()) != names.end()) {
        complain_at(value.location, "`targets` must name at least one target, each once");
    }
    return names;
}

std::vector<PackageName> read_extras(const TomlValue& value) {
    std::vector<PackageName> extras;
    for (const TomlValue& item : expect_array(value, "extras")) {
        extras.push_back(read_name(item, "extras"));
    }
    std::sort(extras.begin(), extras.end());
    if (std::adjacent_find(extras.begin(), extras.end()) != extras.end()) {
        complain_at(value.location, "`extras` must name each extra once");
    }
    return extras;
}

/// "name", "name specifier" or "name[extra] specifier". It is only shown, so it needs no more than
/// to be harmless.
Names read_dependencies(const TomlValue& value) {
    Names lines = expect_strings(value, "requires");
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        const auto name = PackageName::parse(line.substr(0, line.find_first_of(" [")));
        const bool is_plain = std::all_of(line.begin(), line.end(), [](char c) {
            return c >= ' ' && c <= '~' && c != '@' && c != '/' && c != '\\';
        });
        if (!name || !is_plain) {
            refuse(expect_array(value, "requires")[i].location,
                   fmt::format("`requires` must hold names with specifiers, not {}",
                               toml_quoted(lines[i])),
                   {});
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

PackageName read_name(const TomlValue& value, std::string_view key) {
    const std::string& text = expect_string(value, key);
    const std::optional<PackageName> name = PackageName::parse(text);
    if (!name || name->string() != text) {
        complain_at(value.location,
                    fmt::format("`{}` must be a normalised name, not {}", key, toml_quoted(text)));
    }
    return *name;
}

void check_unique(const LockedPackage& package, const SourceLocation& location, Places& seen) {
    for (const std::string& target : package.targets) {
        const auto [place, is_new] =
            seen.emplace(std::pair(package.name.string(), target), location);
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

const TomlValue& member(const TomlValue& table, std::string_view where, std::string_view key) {
    const TomlValue* const found = table.find(key);
    if (found == nullptr) {
        complain_at(table.location, fmt::format("`{}` is missing in `{}`", key, where));
    }
    return *found;
}

/// A string of letters, digits and `punctuation`, beginning with a letter or digit.
std::string word(const TomlValue& value, std::string_view key, std::string_view punctuation) {
    constexpr std::size_t longest = 128;
    const std::string& text = expect_string(value, key);
    const auto is_letter_or_digit = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    const bool is_word =
        !text.empty() && text.size() <= longest && is_letter_or_digit(text.front()) &&
        std::all_of(text.begin(), text.end(), [&](char c) {
            return is_letter_or_digit(c) || punctuation.find(c) != std::string_view::npos;
        });
    if (!is_word) {
        complain_at(value.location, fmt::format("`{}` cannot be {}", key, toml_quoted(text)));
    }
    return text;
}

Sha256 prefixed_digest(const TomlValue& value, std::string_view key) {
    constexpr std::string_view prefix = "sha256:";
    const std::string& text = expect_string(value, key);
    if (!text.starts_with(prefix)) {
        complain_at(value.location, fmt::format("`{}` must be `sha256:` and 64 digits", key));
    }
    return digest(value, key, std::string_view(text).substr(prefix.size()));
}

Sha256 digest(const TomlValue& value, std::string_view key, std::string_view hex) {
    const std::optional<Sha256> parsed = Sha256::parse(hex);
    if (!parsed) {
        complain_at(value.location,
                    fmt::format("`{}` must hold 64 lower-case hexadecimal digits", key));
    }
    return *parsed;
}

void refuse(const SourceLocation& location, std::string what, std::string hint) {
    complain_at(location, std::move(what), std::move(hint), ExitCode::integrity);
}

} // namespace

} // namespace envpm::lockfiles
