#pragma once

#include "manifest/read.h"
#include "pipeline/import.h"
#include "universe/requests.h"

#include <string>
#include <vector>

// For tests only: what another tool's file comes to, in forms that are easy to compare.

namespace envpm::pipeline::test {

/// The two targets that most files are for, as they end a manifest.
inline const std::string both_targets = R"(
[targets.linux-64]
platform = "linux-64"

[targets.linux-aarch64]
platform = "linux-aarch64"
)";

/// Every imported manifest can be read and asks for something that can be understood.
inline ImportedManifest imported_from(const std::string& text, const std::string& file,
                                      const std::string& environment = "default") {
    ImportedManifest imported = import_text(text, file, "", environment);
    universe::read_requests(manifest::parse(imported.text, "envpm.toml", Platform::linux_64));
    return imported;
}

/// All that is not as in the file: "left pixi.toml:3:1 `name`", and after those "changed …".
inline std::vector<std::string> lines_of(const Remarks& remarks) {
    std::vector<std::string> lines;
    for (const Remark& remark : remarks.left) {
        lines.push_back("left " + remark.location.text() + " " + remark.what);
    }
    for (const Remark& remark : remarks.changed) {
        lines.push_back("changed " + remark.location.text() + " " + remark.what);
    }
    return lines;
}

} // namespace envpm::pipeline::test
