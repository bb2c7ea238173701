#include "store/package_unpacking.h"

#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace envpm::store {

namespace {

constexpr std::ptrdiff_t deepest = 64;
/// Files up to this size may wait in memory, all together up to the second number.
constexpr std::uint64_t small_bytes = 1U << 20U;
constexpr std::uint64_t most_waiting_bytes = 64U << 20U;
constexpr std::size_t piece_bytes = 256U << 10U;
/// Deflate's own limit, which no honest package comes near; and what any small one may have.
constexpr std::uint64_t largest_ratio = 1032;
constexpr std::uint64_t always_allowed_bytes = 256U << 20U;

bool belongs(const RelativePath& path, PackagePart part);
template <class Items> void sort_by_path(Items& items);

} // namespace

PackageUnpacking::PackageUnpacking(const Archive& archive, UnpackingTools tools)
    : sha256_(archive.sha256),
      label_(archive.label),
      archive_(archive.file, archive.file_name, archive.label),
      tools_(std::move(tools)) {}

void PackageUnpacking::unpack() {
    for (const PackageStream& stream : archive_.streams()) {
        unpack_stream(stream);
    }
    archive_.close();
    end_task();
}

void PackageUnpacking::end_task() {
    if (--tasks_left_ == 0 && !tools_.is_dropped()) {
        tools_.finish(tree());
    }
}

Tree PackageUnpacking::tree() const {
    Tree tree{sha256_, {}};
    tree.files.reserve(files_.size());
    for (const File& file : files_) {
        const File& content = file.same_as != nullptr ? *file.same_as : file;
        tree.files.push_back(
            {file.path, content.object.value(), content.size_bytes, content.is_executable});
    }
    tree.links = links_;
    for (const auto& [path, place] : places_) {
        if (place.is_folder && !place.holds_something) {
            tree.empty_folders.push_back(RelativePath::parse(path));
        }
    }
    sort_by_path(tree.files);
    sort_by_path(tree.links);
    std::sort(tree.empty_folders.begin(), tree.empty_folders.end());
    return tree;
}

void PackageUnpacking::unpack_stream(const PackageStream& stream) {
    const std::uint64_t limit = always_allowed_bytes + stream.size_bytes * largest_ratio;
    const std::string subject = fmt::format("{}, `{}`", label_, stream.name);
    Decompressor bytes(stream.compression, stream.pieces, limit, subject);
    TarReader reader(bytes, subject);
    std::uint64_t shown = 0;
    while (const std::optional<TarEntry> entry = reader.next()) {
        if (tools_.is_dropped()) {
            return;
        }
        if (entry->size_bytes > limit) {
            refuse("a file claims to be larger than the package can be", entry->path);
        }
        take(*entry, reader, stream);
        const std::uint64_t used = bytes.used_bytes();
        tools_.show(used - std::exchange(shown, used));
    }
    tools_.show(stream.size_bytes - shown);
}

void PackageUnpacking::take(const TarEntry& entry, TarReader& reader, const PackageStream& stream) {
    if (!belongs(entry.path, stream.part)) {
        refuse(fmt::format("a file is in the wrong part of the package, `{}`", stream.name),
               entry.path);
    }
    take_place(entry);
    switch (entry.kind) {
    case TarKind::folder:
        break;
    case TarKind::link:
        check_link_target(entry.target, fmt::format("{}, `{}`", label_, entry.path.string()));
        links_.push_back({entry.path, entry.target});
        break;
    case TarKind::hard_link: {
        const File& file = earlier_file(entry);
        places_.at(entry.path.string()).file =
            &files_.emplace_back(File{entry.path, 0, false, std::nullopt, &file});
        break;
    }
    case TarKind::file:
        take_file(entry, reader);
        break;
    }
}

/// Every path once, and none below a file or link. A folder may be named again: it is the same one.
void PackageUnpacking::take_place(const TarEntry& entry) {
    const std::string& path = entry.path.string();
    if (std::count(path.begin(), path.end(), '/') > deepest) {
        refuse("a path of more than 64 folders is refused", entry.path);
    }
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        const auto [above, is_new] = places_.try_emplace(path.substr(0, slash));
        if (!is_new && !above->second.is_folder) {
            refuse("a path lies below a file or a link", entry.path);
        }
        above->second.is_folder = true;
        above->second.holds_something = true;
    }
    const bool is_folder = entry.kind == TarKind::folder;
    const auto [place, is_new] = places_.try_emplace(path);
    if (!is_new && !(is_folder && place->second.is_folder)) {
        refuse("a path stands twice in the package", entry.path);
    }
    place->second.is_folder = is_folder;
}

void PackageUnpacking::take_file(const TarEntry& entry, TarReader& reader) {
    tools_.space.reserve(space_of_file(entry.size_bytes));
    File& file = files_.emplace_back(
        File{entry.path, entry.size_bytes, entry.is_executable, std::nullopt, nullptr});
    places_.at(entry.path.string()).file = &file;
    if (entry.size_bytes > small_bytes) {
        stream(file, reader);
        return;
    }
    std::string content(entry.size_bytes, '\0');
    reader.read(std::as_writable_bytes(std::span(content)));
    if (tools_.waiting_bytes >= most_waiting_bytes) {
        put(file, content);
        return;
    }
    tools_.waiting_bytes += content.size();
    ++tasks_left_;
    const std::uint64_t weight = content.size();
    tools_.run(
        [this, &file, kept = std::make_shared<const std::string>(std::move(content))] {
            put(file, *kept);
            tools_.waiting_bytes -= kept->size();
            end_task();
        },
        weight);
}

void PackageUnpacking::put(File& file, const std::string& content) {
    file.object = sha256_of(content);
    tools_.stage.put({*file.object, file.is_executable}, std::as_bytes(std::span(content)));
    tools_.space.settle(space_of_file(file.size_bytes));
}

void PackageUnpacking::stream(File& file, TarReader& reader) {
    StagedFile staged = tools_.stage.begin();
    Sha256Hasher hasher;
    std::vector<std::byte> piece(piece_bytes);
    while (const std::size_t got = reader.read(piece)) {
        hasher.update(std::span(piece).first(got));
        staged.write(std::span(piece).first(got));
    }
    file.object = hasher.finish();
    tools_.stage.adopt(std::move(staged), {*file.object, file.is_executable});
    tools_.space.settle(space_of_file(file.size_bytes));
}

/// A hard link is another name of a file that the archive already had; nothing else is.
const PackageUnpacking::File& PackageUnpacking::earlier_file(const TarEntry& entry) const {
    const auto place = places_.find(entry.target);
    if (place == places_.end() || place->second.file == nullptr) {
        refuse("a hard link leads to no earlier file of the package", entry.path);
    }
    const File* file = place->second.file;
    return file->same_as != nullptr ? *file->same_as : *file;
}

void PackageUnpacking::refuse(std::string what, const RelativePath& path) const {
    throw Error({std::move(what), fmt::format("{}, `{}`", label_, path.string()), {}},
                ExitCode::integrity);
}

namespace {

bool belongs(const RelativePath& path, PackagePart part) {
    const bool is_info = path.string() == "info" || path.string().starts_with("info/");
    return part == PackagePart::all || is_info == (part == PackagePart::info);
}

template <class Items> void sort_by_path(Items& items) {
    std::sort(items.begin(), items.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
}

} // namespace

} // namespace envpm::store
