#include "locking/lock_stamp.h"

#include "base/error.h"
#include "base/fields.h"
#include "base/files.h"
#include "base/parse_number.h"
#include "lockfiles/lock_file.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

namespace envpm::locking {

namespace {

constexpr std::string_view kind = "envpm-stamp 2\n";
constexpr std::string_view no_project = "-";

/// Writes fields so that no two lists of them look alike.
class FieldWriter {
  public:
    void add(std::string_view field) {
        fmt::format_to(std::back_inserter(text_), "{}:{}\n", field.size(), field);
    }

    void add(std::uint64_t number) { add(std::to_string(number)); }

    [[nodiscard]] Sha256 digest() const { return sha256_of({text_.data(), text_.size()}); }

  private:
    fmt::memory_buffer text_;
};

void add_program(FieldWriter& out);
void add_requests(FieldWriter& out, const std::vector<universe::Request>& requests);
void add_request(FieldWriter& out, const universe::Request& request);
std::optional<std::vector<std::string>> take_notes(std::string_view& text);
std::optional<universe::Listings::Consulted> take_page(std::string_view& text);

} // namespace

Sha256 digest_of(const SolveInputs& inputs) {
    FieldWriter out;
    add_program(out);
    out.add(universe::manifest_digest(inputs.manifest, inputs.requests).hex());
    out.add(inputs.exclude_newer.value_or(""));
    out.add(static_cast<std::uint64_t>(inputs.manifest.prereleases));
    add_request(out, inputs.requests.python);
    add_requests(out, inputs.requests.packages);
    add_requests(out, inputs.requests.constraints);
    out.add(inputs.requests.overrides.size());
    for (const auto& [name, specifiers] : inputs.requests.overrides) {
        out.add(name.string());
        out.add(specifiers.text());
    }
    out.add(inputs.manifest.targets.size());
    for (const Target& target : inputs.manifest.targets) {
        out.add(target.name);
        out.add(to_text(target.platform));
        out.add(target.glibc.text());
    }
    out.add(inputs.pythons.size());
    for (const pypi::PythonChoice& python : inputs.pythons) {
        out.add(fmt::format("{} {} {}", python.abi.implementation, python.abi.feature_version(),
                            python.abi.abi));
        out.add(python.version);
    }
    out.add(inputs.indexes.size());
    for (const pypi::Index& index : inputs.indexes) {
        out.add(index.name);
        out.add(index.is_explicit ? 1 : 0);
        out.add(index.urls.size());
        for (const std::string& url : index.urls) {
            out.add(pypi::cache_name(url));
        }
    }
    return out.digest();
}

LockStamps::LockStamps(std::filesystem::path folder, pypi::CachedPages pages)
    : folder_(std::move(folder)),
      pages_(std::move(pages)) {}

std::optional<std::vector<std::string>> LockStamps::notes(const SolveInputs& inputs,
                                                          const Lock& lock) const {
    const std::optional<std::string> text = read_file_if_present(file_of(inputs));
    std::optional<LockStamp> stamp = text ? parse_lock_stamp(*text) : std::nullopt;
    const bool holds = stamp && stamp->lock == sha256_of(lockfiles::to_text(lock)) &&
                       std::all_of(stamp->pages.begin(), stamp->pages.end(), [&](const auto& page) {
                           return is_current(page, inputs.indexes);
                       });
    return holds ? std::optional(std::move(stamp->notes)) : std::nullopt;
}

void LockStamps::put(const SolveInputs& inputs, const Lock& lock,
                     const std::vector<std::string>& notes,
                     std::span<const universe::Listings::Consulted> pages) const {
    const LockStamp stamp{sha256_of(lockfiles::to_text(lock)), notes, {pages.begin(), pages.end()}};
    try {
        write_file(file_of(inputs), to_text(stamp), Durability::cached);
    } catch (const Error&) {
        // A full or read-only cache: the next run solves again.
    }
}

std::filesystem::path LockStamps::file_of(const SolveInputs& inputs) const {
    return folder_ / digest_of(inputs).hex();
}

bool LockStamps::is_current(const universe::Listings::Consulted& page,
                            const std::vector<pypi::Index>& indexes) const {
    const auto index = std::find_if(indexes.begin(), indexes.end(),
                                    [&](const auto& other) { return other.name == page.index; });
    return index != indexes.end() && pages_.mark({&*index, page.project}) == page.mark;
}

std::string to_text(const LockStamp& stamp) {
    std::string content = fmt::format("{}\n{}\n", stamp.lock.hex(), stamp.notes.size());
    for (const std::string& note : stamp.notes) {
        content += fmt::format("{} {}\n", note.size(), note);
    }
    for (const universe::Listings::Consulted& page : stamp.pages) {
        content += fmt::format("{}\t{}\t{}\n", page.project.string(),
                               page.mark.page ? page.mark.page->hex() : no_project, page.index);
    }
    return fmt::format("{}{}\n{}", kind, sha256_of(content).hex(), content);
}

std::optional<LockStamp> parse_lock_stamp(std::string_view text) {
    if (!text.starts_with(kind)) {
        return std::nullopt;
    }
    text.remove_prefix(kind.size());
    const std::optional<Sha256> seal = Sha256::parse(take_until(text, '\n').value_or(""));
    if (!seal || sha256_of(text) != *seal) {
        return std::nullopt;
    }
    const std::optional<Sha256> lock = Sha256::parse(take_until(text, '\n').value_or(""));
    std::optional<std::vector<std::string>> notes = take_notes(text);
    if (!lock || !notes) {
        return std::nullopt;
    }
    LockStamp stamp{*lock, std::move(*notes), {}};
    while (!text.empty()) {
        std::optional<universe::Listings::Consulted> page = take_page(text);
        if (!page) {
            return std::nullopt;
        }
        stamp.pages.push_back(std::move(*page));
    }
    return stamp;
}

namespace {

/// Another build may solve otherwise, so it takes over no answers.
void add_program(FieldWriter& out) {
    out.add(ENVPM_VERSION);

    struct stat status {};

    if (::stat("/proc/self/exe", &status) == 0) {
        out.add(static_cast<std::uint64_t>(status.st_size));
        out.add(static_cast<std::uint64_t>(status.st_mtim.tv_sec));
        out.add(static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
    }
}

void add_requests(FieldWriter& out, const std::vector<universe::Request>& requests) {
    out.add(requests.size());
    for (const universe::Request& request : requests) {
        add_request(out, request);
    }
}

void add_request(FieldWriter& out, const universe::Request& request) {
    out.add(request.text());
    out.add(request.marker.text());
    out.add(request.index ? "from " + *request.index : "");
}

/// Each says how long it is: it may quote what others wrote, line ends and all.
std::optional<std::vector<std::string>> take_notes(std::string_view& text) {
    const auto count = parse_number<std::size_t>(take_until(text, '\n').value_or(""));
    std::vector<std::string> notes;
    while (count && notes.size() < *count) {
        const auto bytes = parse_number<std::size_t>(take_until(text, ' ').value_or(""));
        if (!bytes || *bytes >= text.size() || text[*bytes] != '\n') {
            return std::nullopt;
        }
        notes.emplace_back(text.substr(0, *bytes));
        text.remove_prefix(*bytes + 1);
    }
    return count ? std::optional(std::move(notes)) : std::nullopt;
}

std::optional<universe::Listings::Consulted> take_page(std::string_view& text) {
    const auto project = PackageName::parse(take_until(text, '\t').value_or(""));
    const std::string_view mark = take_until(text, '\t').value_or("");
    const std::optional<std::string_view> index = take_until(text, '\n');
    const std::optional<Sha256> digest = Sha256::parse(mark);
    if (!project || !index || (!digest && mark != no_project)) {
        return std::nullopt;
    }
    return universe::Listings::Consulted{std::string(*index), *project, {digest}};
}

} // namespace

} // namespace envpm::locking
