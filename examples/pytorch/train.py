"""Trains a small network for some steps and prints what it ran on."""

import torch
from torch import nn


def main() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print(f"torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    print(f"device: {torch.cuda.get_device_name() if device.type == 'cuda' else 'cpu'}")

    torch.manual_seed(0)
    points = torch.rand(512, 2, device=device) * 4 - 2
    wanted = torch.sin(points[:, :1]) * torch.cos(points[:, 1:])
    model = nn.Sequential(nn.Linear(2, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 1))
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    first = last = None
    for step in range(101):
        loss = nn.functional.mse_loss(model(points), wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        last = loss.item()
        first = last if first is None else first
        if step % 20 == 0:
            print(f"step {step:3}  loss {last:.4f}")
    if last >= first / 2:
        raise SystemExit("the loss did not fall")


if __name__ == "__main__":
    main()
