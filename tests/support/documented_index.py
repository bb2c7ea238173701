"""The packages of the commands in README.md and docs/guide.md: the names and versions of real ones,
with nothing in them, and with the few of their dependencies that the pages need."""

from wheels import Wheel

CUDNN = "nvidia-cudnn-cu12==9.10.2.21"
MANYLINUX = "cp39-abi3-manylinux_2_28_{}"

# What the user's pip would ask.
DEFAULT = [
    Wheel("torch", "2.8.0", requires=["filelock", "sympy>=1.13.3"]),
    Wheel("torch", "2.9.1", requires=["filelock", "sympy>=1.13.3"]),
    Wheel("torchvision", "0.23.0", requires=["numpy", "torch==2.8.0"]),
    Wheel("torchvision", "0.24.1", requires=["numpy", "torch==2.9.1"]),
    Wheel("numpy", "2.3.5", uploaded="2025-11-16T00:00:00Z"),
    Wheel("numpy", "2.4.1", uploaded="2026-07-10T00:00:00Z"),
    Wheel("filelock", "3.20.0"),
    Wheel("sympy", "1.14.0", requires=["mpmath<1.4,>=1.1.0"]),
    Wheel("mpmath", "1.3.0"),
    Wheel("jupyterlab", "4.5.0", requires=["jinja2>=3.0.3"]),
    Wheel("jinja2", "3.1.6", requires=["markupsafe>=2.0"]),
    Wheel("markupsafe", "3.0.3"),
    Wheel("lab-tools", "99.0"),
    Wheel("nvidia-cudnn-cu11", "8.7.0.84"),
    Wheel("nvidia-cudnn-cu11", "9.1.0.70"),
    Wheel("nvidia-cudnn-cu12", "9.10.2.21"),
    Wheel("safetensors", "0.7.0", tag=MANYLINUX.format("x86_64")),
    Wheel("safetensors", "0.7.0", tag=MANYLINUX.format("aarch64")),
]

# A lab's own index.
INTERNAL = [Wheel("lab-tools", "1.2")]

# PyTorch's builds for CUDA, each at its own index of the place below which all of them are.
CUDA = [
    Wheel("torch", "2.3.1+cu118", requires=["filelock", "nvidia-cudnn-cu11==8.7.0.84"]),
    Wheel("torch", "2.7.1+cu118", requires=["filelock", "nvidia-cudnn-cu11==9.1.0.70"]),
    Wheel("torch", "2.9.1+cu126", requires=["filelock", CUDNN]),
    Wheel("torch", "2.9.1+cu128", requires=["filelock", "sympy>=1.13.3", CUDNN]),
]
