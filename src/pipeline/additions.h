#pragma once

#include "manifest/edit.h"
#include "pipeline/edit.h"

#include <vector>

namespace envpm::pipeline {

/// What `add` is to write, one for each name, in the order in which they were typed. With channels
/// a package is a conda package unless something says that it is a wheel.
///
/// Requirements of one name are joined: a version must meet all of them (PEP 440; CEP 29), extras
/// are united. An Error of code 2 names both where no entry of a manifest says the two together,
/// which is when their markers (PEP 508) or their builds differ, and for a text that is none.
std::vector<manifest::Addition> read_additions(const AddRequest& request, const Manifest& manifest);

/// Extras, marker and index of the entry that is there and for which `addition` names no own. Of
/// entries that name different markers none is meant, so no marker is kept.
void keep_parts(ManifestRequirement& addition, const Manifest& manifest);

} // namespace envpm::pipeline
