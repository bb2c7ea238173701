#pragma once

namespace envpm {

/// What a process tells its caller (docs/errors.md). `run` passes its child's code on instead.
enum class ExitCode {
    done = 0,
    failed = 1,
    usage = 2,
    lock_out_of_date = 3,
    no_solution = 4,
    network = 5,
    integrity = 6,
    self_test_failed = 7,
    cannot_run = 126, ///< of `run`, as shells have it: the program is there, and does not start
    not_found = 127,  ///< likewise: there is no such program
    interrupted = 130,
};

} // namespace envpm
