"""A loopback of a given rate: this process begins anew in a network of its own, where all that
passes the loopback interface shares one token bucket (tc-tbf). Nobody else is slowed down."""

import os
import subprocess
import sys

INSIDE = "ENVPM_BENCH_SHAPED"


def enter(megabytes: float) -> None:
    """Returns in the network of that rate (MB/s), from where nothing outside is reached."""
    if os.environ.get(INSIDE) == str(os.getpid()):
        shape(megabytes)
        return
    if os.geteuid() != 0:
        sys.exit("a shaped loopback needs root: run this with sudo, or leave out `--rate`")
    os.environ[INSIDE] = str(os.getpid())  # unshare becomes this program again, as the same process
    os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def shape(megabytes: float) -> None:
    bucket = f"rate {round(megabytes * 8)}mbit burst 1mb latency 100ms".split()
    subprocess.run("ip link set lo up".split(), check=True)
    subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "tbf", *bucket], check=True)
