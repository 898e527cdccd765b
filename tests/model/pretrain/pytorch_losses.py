#!/usr/bin/env python3
"""PyTorch's first ten losses of the run in ../pretrain.rs: the same weights of step 0, text and settings.

cargo test --test model the_first_ten -- with LOSSGLASS_KEEP=DIR leaves the run in DIR; then
python pytorch_losses.py DIR > pytorch_losses.json

Documents do not see each other: each piece of one runs by itself, and the sum is divided by all targets.
"""

import json
import math
import sys

import torch
import transformers
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

run = sys.argv[1]
start = f"{run}/out/checkpoints/000000"
model = AutoModelForCausalLM.from_pretrained(start, dtype=torch.float32, attn_implementation="eager")
tokenizer = Tokenizer.from_file(f"{start}/tokenizer.json")
STEPS, WARMUP, LR, LENGTH, HELD_OUT = 10, 3, 3e-3, 32, 10

# Texts fill sequences one after the other; every tenth is held out.
pieces, room, sequences = [], 0, 0
for i, line in enumerate(open(f"{run}/animals.jsonl")):
    if i % HELD_OUT == HELD_OUT - 1:
        continue
    ids = [0] + tokenizer.encode(json.loads(line)["text"], add_special_tokens=False).ids
    while ids:
        if room == 0:
            room, sequences = LENGTH, sequences + 1
        piece, ids = ids[:room], ids[room:]
        room -= len(piece)
        pieces.append(torch.tensor([piece]))
targets = sum(piece.shape[1] - 1 for piece in pieces)


def factor(step):
    if step < WARMUP:
        return step / WARMUP
    progress = min(max(step - 1 - WARMUP, 0) / (STEPS - WARMUP), 1)
    return 0.5 * (1 + math.cos(math.pi * progress))


optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.1)
losses = []
for step in range(1, STEPS + 1):
    for group in optimizer.param_groups:
        group["lr"] = LR * factor(step)
    optimizer.zero_grad()
    total = 0.0
    for piece in pieces:
        if piece.shape[1] < 2:
            continue
        logits = model(piece).logits[0, :-1]
        loss = torch.nn.functional.cross_entropy(logits, piece[0, 1:], reduction="sum") / targets
        loss.backward()
        total += loss.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    losses.append(total)
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
print(json.dumps({"versions": versions, "sequences": sequences, "losses": losses}, indent=1))
