#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace envpm::pipeline {

/// A file, and what is to be in it.
struct NewFile {
    std::filesystem::path file;
    std::string text;
};

/// Writes them one after the other, each durably, and makes the folders that they lie in. If one
/// cannot be written, as on a full disk, those before it are taken back, and the folders too; of a
/// file that was there before only as far as the disk lets. A kill leaves those that were written.
void write_all_or_none(const std::vector<NewFile>& files);

} // namespace envpm::pipeline
