#pragma once

namespace envpm {

/// Of a request: whether what it decides is carried out (`no`) or only told (`yes`, `--dry-run`).
/// The decisions are the same, made by the same code; a dry run writes nothing. A report says which
/// of the two it tells of.
enum class DryRun { no, yes };

} // namespace envpm
