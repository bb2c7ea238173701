#pragma once

#include "base/fake_transport.h"
#include "base/zip_writer.h"
#include "pypi/index_page.h"

#include <string>

// For tests only: an index without a network.

namespace envpm::pypi::test {

using envpm::test::FakeTransport;
using envpm::test::Ranges;

/// A page's entry, with the digest and size of `content`.
inline WheelFile wheel_file(const std::string& file_name, const std::string& content,
                            const std::string& url = {}) {
    return {.file_name = file_name,
            .wheel = WheelName::parse(file_name).value(),
            .url = url.empty() ? "https://files.example.org/" + file_name : url,
            .sha256 = sha256_of(content),
            .size_bytes = content.size(),
            .requires_python = "",
            .upload_time = std::nullopt,
            .is_yanked = false,
            .has_metadata_file = false,
            .metadata_sha256 = std::nullopt};
}

} // namespace envpm::pypi::test
