#include "store/object_name.h"

#include "model/store_paths.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace envpm::store {

std::string ObjectName::file() const {
    return digest.hex() + (is_executable ? ".x" : "");
}

std::optional<ObjectName> ObjectName::parse(std::string_view file) {
    const bool is_executable = file.ends_with(".x");
    const std::optional<Sha256> digest =
        Sha256::parse(file.substr(0, file.size() - (is_executable ? 2 : 0)));
    if (!digest) {
        return std::nullopt;
    }
    return ObjectName{*digest, is_executable};
}

std::string fan_out(const Sha256& digest) {
    return fmt::format("{:02x}", digest.bytes().front());
}

std::optional<std::string> fault_of_object(const struct stat& status, const ObjectName& name) {
    if (!S_ISREG(status.st_mode)) {
        return "not a file";
    }
    if (const mode_t mode = status.st_mode & 07777U; mode != name.mode()) {
        return fmt::format("mode {:04o} instead of {:04o}", mode, name.mode());
    }
    if (status.st_mtim.tv_sec != store_time || status.st_mtim.tv_nsec != 0) {
        return "written to";
    }
    if (status.st_size == 0 && name.digest != sha256_of("")) {
        return "empty";
    }
    return std::nullopt;
}

} // namespace envpm::store
