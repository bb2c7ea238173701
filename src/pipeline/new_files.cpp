#include "pipeline/new_files.h"

#include "base/error.h"
#include "base/files.h"
#include "base/rewrite_file.h"

#include <algorithm>
#include <optional>
#include <system_error>

namespace envpm::pipeline {

namespace {

/// What was at a place, or that nothing was.
struct Before {
    std::filesystem::path file;
    std::optional<std::string> text;
};

std::vector<std::filesystem::path> missing_folders(std::filesystem::path folder);
void put_back(const Before& before);

} // namespace

void write_all_or_none(const std::vector<NewFile>& files) {
    std::vector<Before> written;
    std::vector<std::filesystem::path> folders; // an inner one before the one around it
    try {
        for (const NewFile& file : files) {
            const auto missing = missing_folders(file.file.parent_path());
            folders.insert(folders.begin(), missing.begin(), missing.end());
            written.push_back({file.file, read_file_if_present(file.file)});
            if (written.back().text != file.text) {
                rewrite_file(file.file, file.text);
            }
        }
    } catch (...) {
        std::for_each(written.rbegin(), written.rend(), put_back);
        for (const std::filesystem::path& folder : folders) {
            std::error_code used; // by somebody else meanwhile
            std::filesystem::remove(folder, used);
        }
        throw;
    }
}

namespace {

std::vector<std::filesystem::path> missing_folders(std::filesystem::path folder) {
    std::vector<std::filesystem::path> missing;
    std::error_code failure;
    while (folder.has_relative_path() && !std::filesystem::exists(folder, failure) && !failure) {
        missing.push_back(folder);
        folder = folder.parent_path();
    }
    return missing;
}

void put_back(const Before& before) {
    std::error_code failure;
    if (!before.text) {
        std::filesystem::remove(before.file, failure);
        return;
    }
    try {
        if (read_file_if_present(before.file) != before.text) {
            rewrite_file(before.file, *before.text);
        }
    } catch (const Error&) {
        // There is no room for that either; that the first one failed is told.
    }
}

} // namespace

} // namespace envpm::pipeline
