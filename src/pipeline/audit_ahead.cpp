#include "pipeline/audit_ahead.h"

#include "base/error.h"

#include <utility>

namespace envpm::pipeline {

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
    binaries_.with([&](std::vector<TreeFile>& binaries) {
        for (const TreeFile& file : std::exchange(binaries, {})) {
            const auto read = [this, places = intake.places({file.object, file.is_executable}),
                               digest = file.object, size_bytes = file.size_bytes] {
                for (const std::filesystem::path& place : places) {
                    if (stop_.stop_requested() || is_dropped_) {
                        return;
                    }
                    try {
                        gpu::read_binary(gpu::FileToRead{place, digest, size_bytes}, cache_);
                        return;
                    } catch (const Error&) {
                        continue; // it may have been published meanwhile
                    }
                }
            };
            tasks_.run(read, file.size_bytes);
        }
    });
}

} // namespace envpm::pipeline
