"""Hands runs over and runs what was written, each on one process and on two (gloo): python run.py LOSSGLASS FOLDER

Writes losses.json beside this file: for each run its arguments, the losses of every step, and what of the folder was
run (SHA-256 of the scripts, run.json, the rows). CPU only; needs transformers, trl, accelerate, datasets and peft.
"""

import hashlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet

HERE = Path(__file__).resolve().parent
DATA = ["--data", "sample_data/chats.jsonl", "--steps", "5", "--batch-size", "2", "--accumulate", "2"]
FULL, LORA = ["--lr", "1e-4"], ["--method", "lora", "--lr", "2e-3", "--seed", "7"]
WEIGHED = ["--weights", "stop=0.25,content=1", "--denominator", "weights", "--optimizer", "sgd", "--momentum", "0.9"]
SCHEDULED = ["--lr", "0.05", "--schedule", "cosine", "--warmup", "3", "--weight-decay", "0.1"]
RUNS = {
    "tiny-full": ["--model", "tiny-chat", *FULL],
    "tiny-lora": ["--model", "tiny-chat", *LORA],
    "tiny-last": ["--model", "tiny-chat", "--method", "last", "--layers", "2", "--lr", "1e-3", "--clip", "0"],
    "tiny-packed": ["--model", "tiny-chat", *FULL, "--pack", "160"],
    "tiny-weighed": ["--model", "tiny-chat", *WEIGHED, *SCHEDULED],
    "smollm2-full": ["--model", "smollm2", "--lr", "2e-5"],
    "smollm2-lora": ["--model", "smollm2", "--method", "lora", "--lr", "1e-3"],
}
ONLY_TRANSFORMERS = {"tiny-weighed"}


def losses(folder, launcher):
    shutil.rmtree(folder / "out", ignore_errors=True)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *launcher, "train.py"], cwd=folder, env=environment, check=True)
    history = json.loads((folder / "out" / "trainer_state.json").read_text())["log_history"]
    return [entry["loss"] for entry in history if "loss" in entry]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def rows(folder):
    table = pyarrow.parquet.read_table(folder / "train.parquet").to_pylist()
    return digest("\n".join(json.dumps(row, separators=(",", ":")) for row in table).encode())


def main(lossglass, place, names):
    found = json.loads((HERE / "losses.json").read_text()) if (HERE / "losses.json").exists() else {"runs": {}}
    found["versions"] = {name: importlib.metadata.version(name) for name in ("torch", "transformers", "trl", "accelerate", "peft")}
    for name, arguments in RUNS.items():
        for to in ["transformers"] + ([] if name in ONLY_TRANSFORMERS else ["trl"]):
            if names and f"{name}-{to}" not in names:
                continue
            folder = Path(place).resolve() / f"{name}-{to}"
            shutil.rmtree(folder, ignore_errors=True)
            arguments = [*DATA, *arguments] if "--data" not in arguments else arguments
            subprocess.run([lossglass, "handover", str(folder), "--to", to, *arguments], check=True)
            run = json.loads((folder / "run.json").read_text())
            del run["made_by"]
            found["runs"][f"{name}-{to}"] = {
                "arguments": arguments,
                "one": losses(folder, []),
                "two": losses(folder, ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]),
                "run": run,
                "rows": rows(folder),
                "scripts": {script: digest((folder / script).read_bytes()) for script in ("run.py", "train.py")},
            }
            (HERE / "losses.json").write_text(json.dumps(found, indent=1) + "\n")
            shutil.rmtree(folder / "out")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
