#pragma once

#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/export.h"
#include "pipeline/export_blobs.h"
#include "pipeline/import.h"

#include <string>

namespace envpm::cli {

// What came from files of other tools, or went to them. In words, which are whole lines, and in
// JSON.

std::string words_of(const pipeline::ImportReport& report, const Terminal& terminal);
std::string words_of(const pipeline::Export& report, const Terminal& terminal);
std::string words_of(const pipeline::BlobExport& report, const Terminal& terminal);
Json json_of(const pipeline::ImportReport& report);
Json json_of(const pipeline::Export& report);
Json json_of(const pipeline::BlobExport& report);

} // namespace envpm::cli
