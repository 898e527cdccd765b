#!/usr/bin/env python3
"""What TRL's SFTTrainer makes of sample_data/chats.jsonl, and what `datasets` writes of it; run once.

prepare.py MODEL OUT, where MODEL is the embedded chat model as a directory
(lossglass train --chat sample_data/capital.json --steps 1 --lr 1e-9 --method full --weights-only --save MODEL).
Needs trl 1.16.0, datasets 5.2.0, torch.
"""

import json
import pathlib
import sys

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer

here = pathlib.Path(__file__).resolve().parent
model_path, out = sys.argv[1], pathlib.Path(sys.argv[2])
lines = (here.parents[1] / "sample_data/chats.jsonl").read_text().splitlines()
messages = [json.loads(line)["messages"] for line in lines]
# Of the chats that end with an answer; the others have no completion.
answered = [chat for chat in messages if chat[-1]["role"] == "assistant"]

# What a trainer reads of a row.
KEPT = ("input_ids", "labels", "assistant_masks", "completion_mask", "seq_lengths")


def prepared(template, rows, **config):
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    tokenizer.chat_template = (here / template).read_text()
    model = AutoModelForCausalLM.from_pretrained(model_path)
    arguments = SFTConfig(output_dir=str(out / "run"), report_to=[], use_cpu=True, bf16=False, **config)
    trainer = SFTTrainer(model=model, args=arguments, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    return trainer.train_dataset


def write(dataset, name):
    with open(out / name, "w") as file:
        for row in dataset:
            file.write(json.dumps({key: row[key] for key in row if key in KEPT}) + "\n")


chats = [{"messages": chat} for chat in messages]
split = [{"prompt": chat[:-1], "completion": chat[-1:]} for chat in answered]
for name in ("stop", "newline"):
    template = f"{name}.jinja"
    dataset = prepared(template, chats, assistant_only_loss=True)
    write(dataset, f"{name}-assistant.jsonl")
    if name == "newline":
        dataset.save_to_disk(out / "newline-assistant")
    write(prepared(template, split, completion_only_loss=True), f"{name}-completion.jsonl")
write(prepared("stop.jinja", chats, assistant_only_loss=True, packing=True, max_length=128), "stop-packed.jsonl")
write(prepared("stop.jinja", chats), "stop-everything.jsonl")
