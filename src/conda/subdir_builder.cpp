#include "conda/subdir_builder.h"

#include "conda/archive_name.h"

namespace envpm::conda {

void SubdirBuilder::add(std::string_view file_name, const RawRecord& raw) {
    const std::optional<ArchiveName> parts = ArchiveName::parse(file_name);
    if (!parts) {
        ++nameless_;
        return;
    }
    turn_to(parts->name);
    block_.add(*parts, raw);
}

void SubdirBuilder::remove(std::string_view file_name) {
    if (const std::optional<ArchiveName> parts = ArchiveName::parse(file_name)) {
        turn_to(parts->name);
        block_.remove(file_name);
    }
}

void SubdirBuilder::turn_to(std::string_view name) {
    if (name == block_.name()) {
        return;
    }
    if (!block_.is_empty()) {
        blocks_(block_.name(), block_.finish());
    }
    block_.begin(name);
}

} // namespace envpm::conda
