"""Fits a line by gradient descent and shows the loss: the small example, without torch."""

import numpy
from rich.console import Console


def main() -> None:
    console = Console()
    console.print(f"numpy {numpy.__version__}, device: cpu")
    generator = numpy.random.default_rng(0)
    x = generator.uniform(-1, 1, 256)
    y = 3 * x - 1 + generator.normal(0, 0.05, 256)
    slope = intercept = 0.0
    losses = []
    for step in range(101):
        error = slope * x + intercept - y
        losses.append(float(numpy.mean(error**2)))
        slope -= 0.2 * float(numpy.mean(2 * error * x))
        intercept -= 0.2 * float(numpy.mean(2 * error))
        if step % 20 == 0:
            console.print(f"step {step:3}  loss {losses[-1]:.4f}")
    if losses[-1] >= losses[0] / 2:
        raise SystemExit("the loss did not fall")


if __name__ == "__main__":
    main()
