"""The packages that the command tests lock and install."""

import platform

from wheels import Wheel

HELLO = {
    "hello/__init__.py": 'def main():\n    import sys\n    print("hello", *sys.argv[1:])\n',
    "hello/data.txt": "data of hello\n",
}

def _torch(version, cuda, runtime, cudnn):
    """A build of PyTorch as its own indexes have them; what it needs is on the same index."""
    major = f"cu{cuda[2:4]}"
    needs = [f"nvidia-cuda-runtime-{major}=={runtime}", f"nvidia-cudnn-{major}=={cudnn}"]
    return Wheel("torch", f"{version}+{cuda}", requires=needs)


TORCH = [
    _torch("2.3.1", "cu118", "11.8.89", "8.7.0.84"),
    _torch("2.7.1", "cu118", "11.8.89", "9.1.0.70"),
    _torch("2.9.1", "cu126", "12.6.77", "9.10.2.21"),
    _torch("2.9.1", "cu128", "12.8.90", "9.10.2.21"),
    Wheel("torch", "2.9.1+cpu"),
    *(
        Wheel("torchvision", f"0.24.1+{build}", requires=["torch==2.9.1"])
        for build in ["cpu", "cu128"]
    ),
    Wheel("cupy-cuda12x", "13.6.0"),
    *(Wheel("nvidia-cuda-runtime-cu11", version) for version in ["11.8.89"]),
    *(Wheel("nvidia-cuda-runtime-cu12", version) for version in ["12.6.77", "12.8.90"]),
    *(Wheel("nvidia-cudnn-cu11", version) for version in ["8.7.0.84", "9.1.0.70"]),
    Wheel("nvidia-cudnn-cu12", "9.10.2.21"),
]

# What a case has besides whose `index` says `torch`.
MORE_TORCH = [
    _torch("2.5.1", "cu121", "12.1.105", "9.1.0.70"),
    Wheel(
        "torch",
        "2.9.1+cu130",
        requires=["nvidia-cuda-runtime==13.0.96", "nvidia-cudnn-cu13==9.13.0.50"],
    ),
    Wheel("nvidia-cuda-runtime-cu12", "12.1.105"),
    Wheel("nvidia-cudnn-cu12", "9.1.0.70"),
    Wheel("nvidia-cudnn-cu13", "9.13.0.50"),
]

WHEELS = [
    Wheel("alpha", "1.0"),
    Wheel("alpha", "1.1"),
    Wheel("alpha", "2.0"),
    Wheel("alpha", "2.1rc1"),
    Wheel("alpha", "1.2", yanked=True),
    Wheel("beta", "1.0", requires=["alpha<2"]),
    Wheel("gamma", "1.0", requires=["alpha>=1.1"]),
    Wheel("gamma", "2.0", requires=["alpha>=2"]),
    Wheel(
        "hello",
        "1.0",
        requires=["alpha", 'omega; python_version < "3"'],
        files=HELLO,
        scripts={"hello": "hello:main"},
    ),
    Wheel("delta", "1.0", requires=['gamma; extra == "more"'], extras=["more"]),
    Wheel("late", "1.0", uploaded="2025-01-01T00:00:00Z"),
    Wheel("late", "2.0", uploaded="2026-06-01T00:00:00Z"),
    Wheel("elsewhere", "1.0", tag="cp311-cp311-win_amd64"),
    Wheel("futuristic", "1.0", requires_python=">=4"),
    # The channel has greeter 1.0.
    Wheel("greeter", "2.0"),
    Wheel("kiln", "1.0", requires=["greeter"]),
    Wheel("kiln", "2.0", requires=["greeter>=2"]),
    Wheel("twin-a", "1.0", files={"twins/a.txt": "a\n", "twins/whose.txt": "of twin-a\n"}),
    Wheel("twin-b", "1.0", files={"twins/b.txt": "b\n", "twins/whose.txt": "of twin-b\n"}),
    Wheel("crowd-a", "1.0", files={f"crowd/{number}.txt": "a\n" for number in range(12)}),
    Wheel("crowd-b", "1.0", files={f"crowd/{number}.txt": "b\n" for number in range(12)}),
    Wheel("lying-record", "1.0", record_lies=True),
    Wheel("lying-name", "1.0", metadata_name="other"),
    Wheel("escaping", "1.0", member="../../evil.py"),
    Wheel("doubled", "1.0", twice=True),
    Wheel("broken-metadata", "1.0", requires=["alpha >>> 1"]),
    Wheel("wrong-bytes", "1.0"),
    Wheel(
        "nvidia-cuda-runtime",
        "13.0.96",
        tag=f"py3-none-manylinux_2_17_{platform.machine()}",
    ),
    Wheel("nvidia-cuda-nvrtc", "13.2.51"),
    Wheel("truncated", "1.0"),
    *TORCH,
]

SDISTS = ["source-only-1.0.tar.gz"]
