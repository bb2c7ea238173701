"""The packages of the commands that the user's pages show: the names and versions of real ones,
with little in them, and with the few of their dependencies that the pages need."""

from wheels import Wheel

JUPYTER = 'import sys\n\n\ndef main():\n    print("jupyter", *sys.argv[1:])\n'


def versioned(name, version, **more):
    """A module that says its version, as the real one does."""
    text = f'__version__ = "{version}"\n'
    return Wheel(name, version, files={f"{name}/__init__.py": text}, **more)


def torch(version, requires, build=""):
    """`build` as in "cu128". The real one says it also where its file name does not."""
    build = build or version.partition("+")[2]
    cuda = f'"{build[2:-1]}.{build[-1]}"' if build.startswith("cu") else None
    says = f"{version.partition('+')[0]}+{build}"
    files = {
        "torch/__init__.py": f'from . import version\n\n__version__ = "{says}"\n',
        "torch/version.py": f"cuda = {cuda}\n",
    }
    return Wheel("torch", version, requires=requires, files=files)


CUDNN = "nvidia-cudnn-cu12==9.10.2.21"
MANYLINUX = "cp39-abi3-manylinux_2_28_{}"

# What the user's pip would ask.
DEFAULT = [
    torch("2.8.0", ["filelock", "sympy>=1.13.3"], build="cu128"),
    torch("2.9.1", ["filelock", "sympy>=1.13.3"], build="cu128"),
    Wheel("torchvision", "0.23.0", requires=["numpy", "torch==2.8.0"]),
    Wheel("torchvision", "0.24.1", requires=["numpy", "torch==2.9.1"]),
    versioned("numpy", "2.3.5", uploaded="2025-11-16T00:00:00Z"),
    versioned("numpy", "2.4.1", uploaded="2026-07-10T00:00:00Z"),
    Wheel("filelock", "3.20.0"),
    Wheel("sympy", "1.14.0", requires=["mpmath<1.4,>=1.1.0"]),
    Wheel("mpmath", "1.3.0"),
    Wheel(
        "jupyterlab",
        "4.5.0",
        requires=["jinja2>=3.0.3"],
        files={"jupyterlab/__init__.py": JUPYTER},
        scripts={"jupyter": "jupyterlab:main"},
    ),
    Wheel("jinja2", "3.1.6", requires=["markupsafe>=2.0"]),
    Wheel("markupsafe", "3.0.3"),
    Wheel("lab-tools", "99.0"),
    Wheel("nvidia-cudnn-cu11", "8.7.0.84"),
    Wheel("nvidia-cudnn-cu11", "9.1.0.70"),
    Wheel("nvidia-cudnn-cu12", "9.10.2.21"),
    Wheel("safetensors", "0.7.0", tag=MANYLINUX.format("x86_64")),
    Wheel("safetensors", "0.7.0", tag=MANYLINUX.format("aarch64")),
]

# What a user has built.
OWN = [Wheel("our-tools", "1.0")]

# A lab's own index.
INTERNAL = [Wheel("lab-tools", "1.2")]

# PyTorch's builds, each at its own index of the place below which all of them are.
CUDA = [
    torch("2.3.1+cu118", ["filelock", "nvidia-cudnn-cu11==8.7.0.84"]),
    torch("2.7.1+cu118", ["filelock", "nvidia-cudnn-cu11==9.1.0.70"]),
    torch("2.9.1+cu126", ["filelock", CUDNN]),
    torch("2.9.1+cu128", ["filelock", "sympy>=1.13.3", CUDNN]),
    torch("2.9.1+cpu", ["filelock", "sympy>=1.13.3"]),
]
