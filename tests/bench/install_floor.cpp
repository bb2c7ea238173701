// What a cold install of wheels cannot beat on a machine: every archive hashed, every member
// inflated, hashed and written by all cores, the largest first. No network, no store, no checks,
// nothing durable.
//
//   install_floor OUT WHEEL...      files, bytes and seconds on stdout; exit code 1 for what cannot
//   be read or written
#include "base/error.h"
#include "base/files.h"
#include "base/handle.h"
#include "base/hash.h"
#include "base/inflate.h"
#include "base/thread_pool.h"
#include "base/zip.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using envpm::Fd;

class MappedFile {
  public:
    explicit MappedFile(const std::filesystem::path& path)
        : name_(path.filename()),
          size_(std::filesystem::file_size(path)) {
        const Fd file = envpm::open_file(path, O_RDONLY);
        data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
        if (data_ == MAP_FAILED) {
            envpm::throw_system_error("cannot map", path.string(), errno);
        }
    }

    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    MappedFile(MappedFile&& other) noexcept
        : name_(std::move(other.name_)),
          size_(other.size_),
          data_(std::exchange(other.data_, MAP_FAILED)) {}

    MappedFile& operator=(MappedFile&&) = delete;

    ~MappedFile() {
        if (data_ != MAP_FAILED) {
            ::munmap(data_, size_);
        }
    }

    [[nodiscard]] std::string_view bytes() const {
        return {static_cast<const char*>(data_), size_};
    }

    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    std::string name_;
    std::size_t size_;
    void* data_ = MAP_FAILED;
};

struct Piece {
    const MappedFile* archive;
    const envpm::ZipMember* member; ///< none: the archive itself, to be hashed

    [[nodiscard]] std::uint64_t size() const {
        return member != nullptr ? member->size_bytes : archive->bytes().size();
    }
};

std::vector<envpm::ZipMember> directory_of(const MappedFile& archive) {
    const std::string_view bytes = archive.bytes();
    const std::string_view tail =
        bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), 65'634));
    const auto place = envpm::find_zip_directory(tail, bytes.size(), archive.name());
    return envpm::parse_zip_directory(bytes.substr(place.offset, place.size_bytes), place,
                                      archive.name());
}

void hash_and_write(const Piece& piece, const std::filesystem::path& out,
                    envpm::Inflater& inflater) {
    envpm::Sha256Hasher hasher;
    const std::string_view archive = piece.archive->bytes();
    if (piece.member == nullptr) {
        hasher.update(archive);
        hasher.finish();
        return;
    }
    const envpm::ZipMember& member = *piece.member;
    const std::string_view rest = archive.substr(member.header_offset);
    const std::string_view data = rest.substr(
        envpm::check_zip_local_header(rest, member, member.name), member.compressed_bytes);
    const Fd file(::open((out / piece.archive->name() / member.name).c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    if (!file) {
        envpm::throw_system_error("cannot create", member.name, errno);
    }
    const auto take = [&](std::span<const std::byte> bytes) {
        hasher.update(bytes);
        envpm::write_all(file.get(), bytes, member.name);
    };
    if (member.method == 0) {
        take(std::as_bytes(std::span(data)));
    } else if (member.size_bytes <= envpm::Inflater::whole_limit_bytes &&
               member.compressed_bytes <= envpm::Inflater::whole_limit_bytes) {
        take(inflater.inflate_whole(data, member.size_bytes, member.name));
    } else {
        inflater.inflate_pieces(data, member.size_bytes, member.name, take);
    }
    hasher.finish();
}

void install(const std::filesystem::path& out, const std::vector<std::filesystem::path>& wheels) {
    const auto begin = std::chrono::steady_clock::now();
    std::vector<MappedFile> archives;
    std::vector<std::vector<envpm::ZipMember>> members;
    for (const std::filesystem::path& wheel : wheels) {
        archives.emplace_back(wheel);
        members.push_back(directory_of(archives.back()));
    }
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < archives.size(); ++i) {
        pieces.push_back({&archives[i], nullptr});
        for (const envpm::ZipMember& member : members[i]) {
            std::filesystem::create_directories(
                (out / archives[i].name() / member.name).parent_path());
            if (!member.is_folder()) {
                pieces.push_back({&archives[i], &member});
            }
        }
    }
    std::stable_sort(pieces.begin(), pieces.end(),
                     [](const Piece& a, const Piece& b) { return a.size() > b.size(); });
    envpm::ThreadPool pool;
    std::atomic<std::size_t> next = 0;
    envpm::TaskGroup group(pool);
    for (std::size_t thread = 0; thread < pool.size(); ++thread) {
        group.run([&] {
            envpm::Inflater inflater;
            for (std::size_t i = next++; i < pieces.size(); i = next++) {
                hash_and_write(pieces[i], out, inflater);
            }
        });
    }
    group.wait();
    std::uint64_t bytes = 0;
    for (const Piece& piece : pieces) {
        bytes += piece.member != nullptr ? piece.size() : 0;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    fmt::print("{} files, {} bytes, {:.3f} s\n", pieces.size() - archives.size(), bytes,
               seconds.count());
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        fmt::print(stderr, "usage: install_floor OUT WHEEL...\n");
        return 2;
    }
    try {
        install(argv[1], {argv + 2, argv + argc});
    } catch (const std::exception& error) {
        fmt::print(stderr, "install_floor: {}\n", error.what());
        return 1;
    }
    return 0;
}
