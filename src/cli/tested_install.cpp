#include "cli/tested_install.h"

#include "cli/output.h"
#include "cli/render_project.h"
#include "cli/render_selftest.h"

#include <filesystem>
#include <utility>

namespace envpm::cli {

/// What `--prefix` lays out is tested while the disk takes it.
Installed install_and_test(const Session& session, installing::InstallRequest request,
                           std::optional<CheckPolicy> self_test) {
    std::optional<ActivationTest> test;
    const auto run_test = [&](const std::filesystem::path& prefix) {
        test = test_before_use(session, request.project,
                               {prefix, session.services.variables(), TestOccasion::install},
                               self_test);
    };
    request.while_copying = run_test;
    Installed installed{installing::install(request, session.services)};
    const installing::InstallReport& report = installed.report;
    if (report.lock && report.lock->explanation) {
        installed.code = ExitCode::no_solution;
    } else if (!report.was_current) {
        if (!test) {
            run_test(report.prefix);
        }
        installed.test = std::move(*test);
        installed.code = installed.test.code;
    }
    return installed;
}

void tell_installed(const Session& session, const Installed& installed) {
    tell_install(session, installed.report);
    if (installed.test.code != ExitCode::done) {
        tell_failure(session, installed.test);
    } else if (installed.test.report) {
        tell(session, words_of(*installed.test.report, session.terminal));
    }
}

Json json_of(const Installed& installed) {
    Json json = json_of(installed.report);
    if (installed.test.report) {
        json.get_if<Json::Object>()->emplace("self_test", json_of(*installed.test.report));
    }
    return json;
}

void tell_install(const Session& session, const installing::InstallReport& report) {
    const std::string words = words_of(report, session.terminal);
    if (report.lock && report.lock->explanation) {
        tell_error(words);
    } else {
        tell(session, words);
    }
}

} // namespace envpm::cli
