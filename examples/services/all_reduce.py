"""Each process gives its rank and one; all must get the sum. Started by torchrun."""

import torch
from torch import distributed


def main() -> None:
    distributed.init_process_group("gloo")
    rank, count = distributed.get_rank(), distributed.get_world_size()
    given = torch.full((1000,), float(rank + 1))
    distributed.all_reduce(given)
    wanted = count * (count + 1) / 2
    if not torch.equal(given, torch.full((1000,), wanted)):
        raise SystemExit(f"rank {rank}: {given[0].item()} instead of {wanted}")
    print(f"rank {rank} of {count}: sum {given[0].item():.0f}", flush=True)
    distributed.destroy_process_group()


if __name__ == "__main__":
    main()
