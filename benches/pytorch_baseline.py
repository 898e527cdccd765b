#!/usr/bin/env python3
"""PyTorch's side of the speed benchmarks: eager, float32, CPU.

python3 -m venv V && V/bin/pip install torch transformers gguf accelerate
LOSSGLASS_PYTHON=V/bin/python cargo bench --bench scoring --bench training --bench generation

Loads the GGUF file given as the only argument and says "ready". Then for every line on standard input, what to run and
a number of tokens, runs it once and prints the seconds it took, so that the caller can alternate with its own runs:
"score 32" is a forward pass with the log-probability of every target, "train 32" a full fine-tuning step with fused
AdamW, "generate 64" greedy generation of 64 tokens after a prompt of 32, with transformers' key-value cache.
"""

import os
import sys
import time

import torch
from transformers import AutoModelForCausalLM

directory, file = os.path.split(os.path.abspath(sys.argv[1]))
model = AutoModelForCausalLM.from_pretrained(directory, gguf_file=file, dtype=torch.float32).eval()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9, fused=True)


def score(ids):
    with torch.no_grad():
        logits = model(ids).logits[0, :-1]
        torch.log_softmax(logits, -1).gather(1, ids[0, 1:, None])


def train(ids):
    optimizer.zero_grad(set_to_none=True)
    model(ids, labels=ids).loss.backward()
    optimizer.step()


def generate(ids, new):
    # No token ends it: both sides are to write as many.
    model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, min_new_tokens=new, max_new_tokens=new)


print("ready", flush=True)
for line in sys.stdin:
    what, tokens = line.split()
    count = 32 if what == "generate" else int(tokens)
    ids = torch.tensor([[20 + (i * 7919) % 40000 for i in range(count)]])
    start = time.perf_counter()
    if what == "generate":
        generate(ids, int(tokens))
    else:
        {"score": score, "train": train}[what](ids)
    print(time.perf_counter() - start, flush=True)
