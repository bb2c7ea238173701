"""torch_steps.py STEP DEVICE: one step of `envpm selftest --deep`, by the environment's Python.

DEVICE is `cpu` or `cuda`. It says a stage before it enters it and a verdict at the end, a JSON
object a line (docs/selftest.md). Whatever it writes lies in the current folder.
"""

import ctypes
import json
import os
import shutil
import signal
import sys


class Skip(Exception):
    pass


def say(**line):
    print(json.dumps(line), flush=True)


def die_with_parent():
    pr_set_pdeathsig = 1  # prctl(2)
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def close(got, wanted, tolerance):
    error = (got.double().cpu() - wanted.double().cpu()).abs().max().item()
    if not error <= tolerance:
        raise AssertionError(f"a value is off by {error:g}, more than {tolerance:g}")


def every_gpu(torch):
    return [torch.device("cuda", i) for i in range(torch.cuda.device_count())]


def gemm(torch, device):
    a, b = torch.rand(512, 512), torch.rand(512, 512)
    for gpu in every_gpu(torch):
        close(a.to(gpu) @ b.to(gpu), a.double() @ b.double(), 0.5)


def convolution(torch, device):
    image, kernel = torch.rand(4, 8, 64, 64), torch.rand(16, 8, 3, 3)
    wanted = torch.nn.functional.conv2d(image.double(), kernel.double(), padding=1)
    for gpu in every_gpu(torch):
        if not torch.backends.cudnn.is_acceptable(image.to(gpu)):
            raise AssertionError("PyTorch does not use cuDNN here")
        close(torch.nn.functional.conv2d(image.to(gpu), kernel.to(gpu), padding=1), wanted, 0.5)


def fft(torch, device):
    wave = torch.rand(1 << 16)
    for gpu in every_gpu(torch):
        close(torch.fft.irfft(torch.fft.rfft(wave.to(gpu))), wave, 1e-3)


def copies(torch, device):
    words = torch.randint(0, 1 << 30, (1 << 24,), dtype=torch.int32).pin_memory()  # 64 MiB
    for gpu in every_gpu(torch):
        there = words.to(gpu, non_blocking=True)
        back = torch.empty_like(words).pin_memory()
        back.copy_(there, non_blocking=True)
        torch.cuda.synchronize(gpu)
        if not torch.equal(back, words):
            raise AssertionError(f"{gpu} gave back other words than it got")


def peer_access(torch, device):
    gpus = every_gpu(torch)
    pairs = [(a, b) for a in gpus for b in gpus if a != b]
    if not pairs:
        raise Skip("one GPU only")
    linked = 0
    for a, b in pairs:
        words = torch.arange(1 << 20, device=a)
        linked += torch.cuda.can_device_access_peer(a, b)
        if not torch.equal(words.to(b).cpu(), words.cpu()):
            raise AssertionError(f"{b} got other words than {a} sent")
    say(fact="note", text=f"{linked} of {len(pairs)} pairs reach each other directly")


def all_reduce(torch, device):
    gpus = every_gpu(torch)
    if len(gpus) < 2:
        raise Skip("one GPU only")
    parts = [torch.full((1 << 20,), float(i + 1), device=gpu) for i, gpu in enumerate(gpus)]
    torch.cuda.nccl.all_reduce(parts)
    total = float(sum(range(1, len(gpus) + 1)))
    for part in parts:
        torch.cuda.synchronize(part.device)
        if not bool((part == total).all()):
            raise AssertionError(f"{part.device} does not have the sum")


def a_model(torch, device):
    torch.manual_seed(1)
    return torch.nn.Sequential(
        torch.nn.Linear(32, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1)
    ).to(device)


def trained(torch, model, device, steps=20):
    """The loss before and after a few steps on the same data."""
    torch.manual_seed(2)
    data = torch.rand(256, 32, device=device)
    target = data.sum(dim=1, keepdim=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(data), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0], losses[-1]


def training(torch, device):
    before, after = trained(torch, a_model(torch, device), device)
    if not after < before:
        raise AssertionError(f"the loss went from {before:g} to {after:g}")


def compile(torch, device):
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if not compiler:
        raise Skip("no C++ compiler on PATH")
    for name in ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR"):
        os.environ[name] = os.path.join(os.getcwd(), name)
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"

    def function(x):
        return torch.nn.functional.gelu(x) * 2 + x.sum()

    x = torch.rand(128, 128, device=device)
    close(torch.compile(function)(x), function(x), 0.1)


def rank_step(rank, count, device, folder):
    die_with_parent()
    import torch
    import torch.distributed as dist

    device = torch.device("cuda", rank) if device == "cuda" else torch.device("cpu")
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=f"file://{folder}/rendezvous",
        rank=rank,
        world_size=count,
    )
    model = torch.nn.parallel.DistributedDataParallel(a_model(torch, device))
    trained(torch, model, device, steps=2)
    sums = torch.stack([p.detach().double().sum() for p in model.parameters()]).sum().reshape(1)
    all_sums = [torch.zeros_like(sums) for _ in range(count)]
    dist.all_gather(all_sums, sums)
    dist.destroy_process_group()
    if any(not torch.equal(each, sums) for each in all_sums):
        raise AssertionError("the ranks have different weights after the same steps")


def ranks(torch, device):
    if not torch.distributed.is_available():
        raise Skip("this PyTorch has no torch.distributed")
    if device == "cuda" and torch.cuda.device_count() < 2:
        device = "cpu"
        say(fact="note", text="on the processor: two ranks need two GPUs")
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    torch.multiprocessing.spawn(rank_step, (2, device, os.getcwd()), nprocs=2)


STEPS = {
    "gemm": gemm,
    "convolution": convolution,
    "fft": fft,
    "copies": copies,
    "peer-access": peer_access,
    "all-reduce": all_reduce,
    "training": training,
    "compile": compile,
    "ranks": ranks,
}


def main():
    die_with_parent()
    step, device = sys.argv[1:]
    try:
        say(stage="import")
        import torch

        say(stage="device")
        if device == "cuda" and not torch.cuda.is_available():
            raise AssertionError("PyTorch sees no GPU")
        say(stage=step)
        STEPS[step](torch, device)
        say(verdict="ok")
    except Skip as reason:
        say(verdict="skipped", detail=str(reason))
    except Exception as error:
        lines = [line for line in str(error).splitlines() if line.strip()] or [""]
        say(verdict="error", detail=f"{type(error).__name__}: {lines[-1][:300]}")


if __name__ == "__main__":
    main()
