#!/usr/bin/env python3
"""PyTorch's side of the scoring benchmark: eager, float32, CPU.

python3 -m venv V && V/bin/pip install torch transformers gguf accelerate
LOSSGLASS_PYTHON=V/bin/python cargo bench --bench scoring

Loads the GGUF file given as the only argument and says "ready". Then for every line on standard input, a number of
tokens, scores that many tokens once and prints the seconds it took, so that the caller can alternate with its own runs.
"""

import os
import sys
import time

import torch
from transformers import AutoModelForCausalLM

directory, file = os.path.split(os.path.abspath(sys.argv[1]))
model = AutoModelForCausalLM.from_pretrained(directory, gguf_file=file, dtype=torch.float32).eval()
print("ready", flush=True)
for line in sys.stdin:
    ids = torch.tensor([[20 + (i * 7919) % 40000 for i in range(int(line))]])
    start = time.perf_counter()
    with torch.no_grad():
        logits = model(ids).logits[0, :-1]
        torch.log_softmax(logits, -1).gather(1, ids[0, 1:, None])
    print(time.perf_counter() - start, flush=True)
