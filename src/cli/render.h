#pragma once

#include "base/error.h"
#include "base/json.h"
#include "cli/terminal.h"
#include "pipeline/audit.h"
#include "pipeline/collect.h"
#include "pipeline/doctor.h"
#include "pipeline/edit.h"
#include "pipeline/export.h"
#include "pipeline/generations.h"
#include "pipeline/gpu_facts.h"
#include "pipeline/import.h"
#include "pipeline/inspect.h"
#include "pipeline/install.h"
#include "pipeline/lock.h"
#include "pipeline/machine_table.h"
#include "pipeline/mirror_check.h"
#include "pipeline/repair.h"
#include "pipeline/seal.h"
#include "pipeline/selftest.h"
#include "pipeline/selftest_deep.h"
#include "pipeline/verify.h"

#include <string>
#include <vector>

namespace envpm::cli {

// Words for people: the only place that has them. Each returns whole lines.
std::string words_of(const Error& error, const Terminal& terminal);
std::string words_of(const pipeline::LockReport& report, const Terminal& terminal);
std::string words_of(const pipeline::Explanation& explanation, const Terminal& terminal);
std::string words_of(const pipeline::InstallReport& report, const Terminal& terminal);
std::string words_of(const pipeline::EditReport& report, char sign, const Terminal& terminal);
std::string words_of(const pipeline::ImportReport& report, const Terminal& terminal);
std::string words_of(const pipeline::Export& report, const Terminal& terminal);
std::string words_of(const pipeline::VerifyReport& report, const Terminal& terminal);
std::string words_of(const pipeline::RepairOutcome& outcome, const Terminal& terminal);
std::string words_of(const pipeline::SelfTestReport& report, const Terminal& terminal);
std::string words_of(const pipeline::AuditReport& report, const Terminal& terminal);
std::string words_of(const pipeline::DeepReport& report, const Terminal& terminal);
std::string words_of(const pipeline::DoctorReport& report, const Terminal& terminal);
std::string words_of(const pipeline::Information& information);
std::string words_of(const store::CollectReport& report);
std::string words_of(const std::vector<realize::Generation>& generations);
std::string words_of(const pipeline::FactListing& listing);
std::string words_of(const pipeline::GpuAnswer& answer);
std::string error_words(const pipeline::AuditReport& report, const Terminal& terminal);
std::string_view word_of(selftest::Outcome outcome); ///< "timed-out"
std::string words_of(const std::vector<pipeline::Source>& sources);
std::string words_of(const std::vector<pipeline::SourceTrial>& trials, const Terminal& terminal);
std::string gpu_words(const pipeline::SelfTestReport& report); ///< a line for each GPU
std::string list_words(const pipeline::LockedView& view);
std::string tree_words(const pipeline::LockedView& view);
std::string why_words(const std::vector<pipeline::Path>& paths);

// The same facts for machines. `document` adds "schema": 1.
Json json_of(const Error& error);
Json json_of(const pipeline::LockReport& report);
Json json_of(const pipeline::InstallReport& report);
Json json_of(const pipeline::EditReport& report);
Json json_of(const pipeline::ImportReport& report);
Json json_of(const pipeline::Export& report);
Json json_of(const pipeline::LockedView& view);
Json json_of(const pipeline::VerifyReport& report);
Json json_of(const pipeline::RepairOutcome& outcome);
Json json_of(const pipeline::AuditReport& report);
Json audit_summary(const pipeline::AuditReport& report); ///< without the device code
Json json_of(const pipeline::DeepReport& report);
Json json_of(const pipeline::DoctorReport& report);
Json json_of(const pipeline::Information& information);
Json json_of(const pipeline::SelfTestReport& report);
Json json_of(const pipeline::DetectedMachine& machine);
Json json_of(const store::CollectReport& report);
Json json_of(const std::vector<realize::Generation>& generations);
Json json_of(const std::vector<pipeline::Path>& paths);
Json json_of(const pipeline::FactListing& listing);
Json json_of(const pipeline::GpuAnswer& answer);
Json json_of(const std::vector<pipeline::Source>& sources);
Json json_of(const std::vector<pipeline::SourceTrial>& trials);
std::string document(Json value);

} // namespace envpm::cli
