#!/usr/bin/env python3
"""PyTorch's side of the pretraining benchmark: eager, float32, CPU, the embedded models' shape from random weights.

Says "ready". Then for every line on standard input, "pretrain N", takes a step on N tokens, as sequences of 256 in one
batch, with clipping and fused AdamW, and prints the seconds it took.
"""

import sys
import time

import torch
from transformers import LlamaConfig, LlamaForCausalLM

LENGTH = 256
config = LlamaConfig(
    vocab_size=4096, hidden_size=192, intermediate_size=512, num_hidden_layers=6, num_attention_heads=6,
    num_key_value_heads=3, max_position_embeddings=1024, tie_word_embeddings=True,
)
torch.manual_seed(0)
model = LlamaForCausalLM(config).train()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9, fused=True)


def step(ids):
    optimizer.zero_grad(set_to_none=True)
    model(ids, labels=ids).loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


print("ready", flush=True)
for line in sys.stdin:
    count = int(line.split()[1])
    ids = torch.tensor([20 + i * 7919 % 4000 for i in range(count)]).view(-1, LENGTH)
    start = time.perf_counter()
    step(ids)
    print(time.perf_counter() - start, flush=True)
