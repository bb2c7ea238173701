#include "conda/subdir_builder.h"

#include "conda/index_file.h"

#include <algorithm>
#include <vector>

namespace envpm::conda {

void SubdirBuilder::add(std::string_view file_name, const RawRecord& raw) {
    const std::optional<ArchiveName> parts = ArchiveName::parse(file_name);
    if (!parts) {
        ++nameless_;
        return;
    }
    block_of(parts->name).add(*parts, raw);
}

void SubdirBuilder::remove(std::string_view file_name) {
    if (const std::optional<ArchiveName> parts = ArchiveName::parse(file_name)) {
        block_of(parts->name).remove(*parts);
    }
}

std::string SubdirBuilder::finish() {
    std::vector<std::string_view> names;
    names.reserve(blocks_.size());
    for (const auto& [name, block] : blocks_) {
        if (!block.is_empty()) {
            names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end());
    IndexWriter writer;
    for (const std::string_view name : names) {
        // Each builder goes once its block is written: a large page has half a gigabyte in them.
        auto taken = blocks_.extract(std::string(name));
        writer.add(taken.key(), taken.mapped().finish());
    }
    return writer.finish();
}

BlockBuilder& SubdirBuilder::block_of(std::string_view name) {
    if (last_ == nullptr || name != last_name_) {
        last_name_ = name;
        last_ = &blocks_.try_emplace(last_name_, last_name_, subdir_).first->second;
    }
    return *last_;
}

} // namespace envpm::conda
