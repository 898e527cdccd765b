"""What Lossglass handed over: the model, the sequences in the order of the run, and how a step is taken."""

import json
import math
import os
import sys
from pathlib import Path

if "WORLD_SIZE" not in os.environ:
    # One process takes one GPU; several are started with accelerate launch or torchrun.
    os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]

import torch
from datasets import load_dataset
from torch.optim.lr_scheduler import LambdaLR
from transformers import AutoConfig, AutoModelForCausalLM
from transformers.trainer_utils import get_last_checkpoint

HERE = Path(__file__).resolve().parent
OUT = HERE / "out"
RUN = json.loads((HERE / "run.json").read_text(encoding="utf-8"))
MODEL = str(HERE / RUN["model"]) if (HERE / RUN["model"]).is_dir() else RUN["model"]


def load_model():
    """The model in 32 bits and without dropout, as Lossglass computes; what the method does not move is frozen."""
    config = AutoConfig.from_pretrained(MODEL, revision=RUN["revision"])
    for key, value in config.to_dict().items():
        if "drop" in key and isinstance(value, float):
            setattr(config, key, 0.0)
    model = AutoModelForCausalLM.from_pretrained(MODEL, revision=RUN["revision"], config=config, dtype=torch.float32)
    if RUN["method"] == "lora":
        from peft import PeftModel

        # The adapter as Lossglass drew it from the seed, so that both begin with the same weights.
        model = PeftModel.from_pretrained(model, str(HERE / "adapter"), is_trainable=True)
        model.peft_config["default"].base_model_name_or_path = MODEL
    elif RUN["moves"]:
        free(model, RUN["moves"])
    return model


def free(model, names):
    """Lets the named weights move and no other; the names are those of the model's files."""
    model.requires_grad_(False)
    for name in names:
        found = [p for full, p in model.named_parameters() if full == name or full.endswith("." + name)]
        if len(found) != 1:
            sys.exit(f"{len(found)} weights of the model are called {name}, and one is to be trained")
        found[0].requires_grad_(True)


def load_data(columns):
    """The run's sequences, in the order in which it takes them."""
    file = str(HERE / "train.parquet")
    return load_dataset("parquet", data_files=file, split="train", cache_dir=str(HERE / ".cache")).select_columns(columns)


def accumulation():
    """How many batches each process sums for one step, so that a step has the same sequences on any number of them."""
    processes, batch = int(os.environ.get("WORLD_SIZE", 1)), RUN["batch_size"]
    passes, left = divmod(RUN["accumulate"], processes)
    if left:
        sys.exit(
            f"a step has {RUN['accumulate']} batches of {batch}, which {processes} processes cannot share evenly: start a "
            f"number of processes that divides {RUN['accumulate']}, or hand the run over again with another --accumulate"
        )
    return passes


def learning_rate(done):
    """What the learning rate is multiplied by after so many steps. A warm-up begins at 1/warmup, not at 0."""
    step, warmup, total = done + 1, RUN["warmup"], RUN["total"]
    if step < warmup:
        return step / warmup
    progress = min(max(done - warmup, 0) / max(total - warmup, 1), 1.0)
    return {"constant": 1.0, "linear": 1.0 - progress, "cosine": 0.5 * (1.0 + math.cos(math.pi * progress))}[RUN["schedule"]]


def arguments():
    """What transformers' and TRL's training arguments have in common."""
    return {
        "output_dir": str(OUT),
        "max_steps": RUN["steps"],
        "per_device_train_batch_size": RUN["batch_size"],
        "gradient_accumulation_steps": accumulation(),
        "train_sampling_strategy": "sequential",
        "average_tokens_across_devices": True,
        "learning_rate": RUN["lr"],
        "weight_decay": RUN["weight_decay"],
        "max_grad_norm": RUN["clip"],
        "seed": RUN["seed"],
        "ddp_find_unused_parameters": False,
        "use_cpu": not torch.accelerator.is_available(),
        "bf16": False,
        "fp16": False,
        "gradient_checkpointing": False,
        "disable_tqdm": True,
        "logging_steps": 1,
        "logging_first_step": True,
        "save_steps": max(1, RUN["steps"] // 10),
        "save_total_limit": 2,
        "report_to": "none",
    }


def optimizer():
    """The optimizer's class and what it is made with, PyTorch's defaults for the rest."""
    if RUN["optimizer"] == "sgd":
        return torch.optim.SGD, {"lr": RUN["lr"], "momentum": RUN["momentum"]}
    return torch.optim.AdamW, {"lr": RUN["lr"]}


class LikeLossglass:
    """Where transformers' Trainer would take a step otherwise than Lossglass."""

    def get_decay_parameter_names(self, model):
        """Weight decay holds for every weight that moves, biases and norms included."""
        return [name for name, _ in model.named_parameters()]

    def create_scheduler(self, num_training_steps, optimizer=None):
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, learning_rate)
        return self.lr_scheduler


def go(trainer):
    """Trains and saves; with --resume from the last checkpoint, if there is one."""
    processes = int(os.environ.get("WORLD_SIZE", 1))
    if trainer.accelerator.num_processes != processes:
        sys.exit(f"{processes} processes were started, and do not train together: {trainer.accelerator.distributed_type}")
    resume = "--resume" in sys.argv[1:] and OUT.is_dir() and get_last_checkpoint(str(OUT))
    trainer.train(resume_from_checkpoint=resume or None)
    trainer.save_model()
    trainer.save_state()
