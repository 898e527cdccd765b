"""Trains on workers of a Ray cluster, which all see this folder at its place: python ray_train.py WORKERS"""

import os
import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)


def work():
    sys.path.insert(0, HERE)
    os.chdir(HERE)
    from train import main

    main()


if __name__ == "__main__":
    import torch
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    scaling = ScalingConfig(num_workers=workers, use_gpu=torch.cuda.is_available())
    TorchTrainer(work, scaling_config=scaling, run_config=RunConfig(storage_path=str(Path(HERE) / "ray"))).fit()
