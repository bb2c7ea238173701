#pragma once

#include "manifest/edit.h"
#include "pipeline/edit.h"

#include <optional>
#include <vector>

namespace envpm::pipeline {

/// What `add` is to write, one for each name, in the order in which they were typed. With channels
/// a package is a conda package unless something says that it is a wheel.
///
/// Requirements of one name become one entry: its version must meet all of them (PEP 440; CEP 29),
/// and it has the extras of all. Where their markers (PEP 508) or builds differ no one entry can
/// say so: an Error of code 2 names both. So does a text that is no requirement. What one does not
/// name (version, build, extras, marker, index or channel) is that of the manifest's entry.
std::vector<manifest::Addition> read_additions(const AddRequest& request, const Manifest& manifest);

/// What the manifest asks for where `addition` is to stand. An entry may be spread over two tables
/// of a pyproject.toml, and is all of it together then. Nothing if there is none, or several with
/// different markers of which `addition` names none.
std::optional<manifest::Addition> entry_before(const manifest::Addition& addition,
                                               const Manifest& manifest);

/// Whether two requirements of one name ask for the same.
bool says_the_same(const manifest::Addition& one, const manifest::Addition& other);

/// Gives `addition` the extras, the marker and the index of the entry that the manifest has for the
/// name, each only where `addition` says nothing of it. If several entries have different markers,
/// none of them is meant, and no marker is taken over.
void keep_parts(ManifestRequirement& addition, const Manifest& manifest);

} // namespace envpm::pipeline
