#include "installing/audit_ahead.h"

#include "base/error.h"

#include <utility>

namespace envpm::installing {

bool may_be_binary(std::string_view path, bool is_executable) {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return is_executable || name.ends_with(".so") || name.find(".so.") != std::string_view::npos;
}

AuditAhead::AuditAhead(gpu::BinaryCache cache, ThreadPool& pool, std::stop_token stop)
    : cache_(std::move(cache)),
      stop_(std::move(stop)),
      tasks_(pool) {}

void AuditAhead::add(const Tree& tree) {
    binaries_.with([&tree](std::vector<TreeFile>& binaries) {
        for (const TreeFile& file : tree.files) {
            if (may_be_binary(file.path.string(), file.is_executable)) {
                binaries.push_back(file);
            }
        }
    });
}

void AuditAhead::begin(const store::Intake& intake) {
    const std::vector<TreeFile> binaries =
        binaries_.with([](std::vector<TreeFile>& all) { return std::exchange(all, {}); });
    for (const TreeFile& file : binaries) {
        const auto places = intake.places({file.object, file.is_executable});
        tasks_.run([this, places, object = file.object,
                    size_bytes = file.size_bytes] { read(places, object, size_bytes); },
                   file.size_bytes);
    }
}

void AuditAhead::read(const std::array<std::filesystem::path, 2>& places, const Sha256& object,
                      std::uint64_t size_bytes) const {
    for (const std::filesystem::path& place : places) {
        if (stop_.stop_requested() || is_dropped_) {
            return;
        }
        try {
            gpu::read_binary(gpu::FileToRead{place, object, size_bytes}, cache_);
            return;
        } catch (const Error&) {
            continue; // it stands at the other place by now
        }
    }
}

} // namespace envpm::installing
