"""What config.yaml names of this run: its sequences, in the order in which it takes them, and its learning rate."""

import json
import math
from pathlib import Path

from datasets import load_dataset
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset

HERE = Path(__file__).resolve().parent
RUN = json.loads((HERE / "run.json").read_text(encoding="utf-8"))


class Tokenizer:
    """All that a recipe wants to know of a tokenizer where its data is tokens."""

    pad_id = 0


class Sequences(Dataset):
    def __init__(self, tokenizer):
        file, cache = str(HERE / "train.parquet"), str(HERE / ".cache")
        self.rows = load_dataset("parquet", data_files=file, split="train", cache_dir=cache)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        row = self.rows[i]
        return {"tokens": row["input_ids"], "labels": row["labels"]}


def schedule(optimizer, num_training_steps, last_epoch=-1):
    """The learning rate of each step. A warm-up begins at 1/warmup, not at 0."""
    warmup, total = RUN["warmup"], RUN["total"]

    def factor(done):
        if done + 1 < warmup:
            return (done + 1) / warmup
        progress = min(max(done - warmup, 0) / max(total - warmup, 1), 1.0)
        shapes = {"constant": 1.0, "linear": 1.0 - progress, "cosine": 0.5 * (1.0 + math.cos(math.pi * progress))}
        return shapes[RUN["schedule"]]

    return LambdaLR(optimizer, factor, last_epoch)
