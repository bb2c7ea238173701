#include "base/assert.h"
#include "fuzz.h"
#include "host/probe.h"

#include <algorithm>

namespace envpm::fuzz {

/// What a program printed that was asked whether it is an interpreter: at most one of the two
/// answers, and an interpreter is one that wheels are made for.
void read(std::string_view input) {
    const host::Answer answer = host::judge("/bin/sh", input);
    if (!answer.interpreter) {
        return;
    }
    ENVPM_ASSERT(answer.redirect.empty());
    const PythonAbi& abi = answer.interpreter->abi;
    ENVPM_ASSERT(answer.interpreter->executable == "/bin/sh");
    ENVPM_ASSERT(abi.implementation == "cpython" && abi.major == 3 && abi.minor >= 8);
    ENVPM_ASSERT(abi.abi.starts_with("cp" + std::to_string(abi.major) + std::to_string(abi.minor)));
    const auto is_plain = [](const std::string& text) {
        return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
    };
    ENVPM_ASSERT(is_plain(abi.abi) && is_plain(answer.interpreter->version));
}

} // namespace envpm::fuzz
