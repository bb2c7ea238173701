#include "host/this_machine.h"

#include "base/process.h"

namespace envpm::host {

namespace {

std::string printed(std::vector<std::string> command) {
    std::string text = run_process({.command = std::move(command), .environment = {}}).output;
    while (text.ends_with('\n')) {
        text.pop_back();
    }
    return text;
}

TEST(ThisMachine, AgreesWithWhatTheSystemsToolsSay) {
    const std::string machine = printed({"/bin/uname", "-m"});
    const std::string libc = printed({"/usr/bin/getconf", "GNU_LIBC_VERSION"});
    if ((machine != "x86_64" && machine != "aarch64") || !libc.starts_with("glibc ")) {
        EXPECT_EQ(detect_target(), std::nullopt) << "no platform of envpm";
        return;
    }
    const std::optional<Target> target = detect_target();
    ASSERT_TRUE(target);
    EXPECT_EQ(target->name, "this-machine");
    EXPECT_EQ(machine_of(target->platform), machine);
    EXPECT_EQ("glibc " + target->glibc.text(), libc);
}

} // namespace

} // namespace envpm::host
