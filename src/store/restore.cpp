#include "store/restore.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/files.h"
#include "model/store_paths.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace envpm::store {

std::optional<ObjectName> object_of(const Damage& damage) {
    const bool is_object = damage.kind == DamageKind::looks || damage.kind == DamageKind::object ||
                           damage.kind == DamageKind::missing;
    return is_object ? ObjectName::parse(damage.path.filename().string()) : std::nullopt;
}

void restore_looks(const Damage& damage) {
    const std::optional<ObjectName> name = object_of(damage);
    ENVPM_ASSERT(name.has_value());
    const Fd file = open_file(damage.path, O_RDONLY | O_NOFOLLOW);
    const struct timespec times[2] = {{store_time, 0}, {store_time, 0}};
    if (::fchmod(file.get(), name->mode()) != 0 || ::futimens(file.get(), times) != 0 ||
        ::fsync(file.get()) != 0) {
        throw_system_error("cannot set the mode and time of an object", damage.path.string(),
                           errno);
    }
}

} // namespace envpm::store
