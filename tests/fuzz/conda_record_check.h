#pragma once

#include "base/assert.h"
#include "conda/archive_name.h"
#include "conda/block.h"

#include <algorithm>

namespace envpm::fuzz {

/// What holds of every record of a channel, whoever wrote the page.
inline void check_records(const conda::NameRecords& found, const conda::BlockPlace& place) {
    ENVPM_ASSERT(found.unusable.size() <= conda::most_unusable);
    for (const conda::Record& record : found.records) {
        const auto parts = conda::ArchiveName::parse(record.file_name);
        ENVPM_ASSERT(parts && parts->name == place.name && parts->version == record.version_text);
        ENVPM_ASSERT(parts->build == record.build && record.subdir == place.subdir);
        ENVPM_ASSERT(record.url == place.base_url + record.file_name);
        ENVPM_ASSERT(record.md5.empty() || record.md5.size() == 32);
        const auto is_same_file = [&](const conda::Record& other) {
            return other.file_name == record.file_name;
        };
        ENVPM_ASSERT(std::count_if(found.records.begin(), found.records.end(), is_same_file) == 1);
    }
    for (const conda::Unusable& file : found.unusable) {
        ENVPM_ASSERT(!file.why.empty());
        ENVPM_ASSERT(std::none_of(file.why.begin(), file.why.end(),
                                  [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
    }
}

} // namespace envpm::fuzz
