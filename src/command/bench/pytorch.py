"""PyTorch's and transformers' side of `lossglass bench`: eager, float32, on the processor.

LOSSGLASS_PYTHON names a Python with torch, transformers, gguf and accelerate. Says what versions these are; then for
every line on standard input, a JSON object, runs what it says once and prints the seconds that took, so that the
caller can alternate with its own runs:

{"run": "score", "model": M, "vocabulary": V, "tokens": N}     a forward pass with the log-probability of every target
{"run": "train", "model": M, "vocabulary": V, "tokens": N}     a full fine-tuning step with fused AdamW
{"run": "generate", "model": M, "vocabulary": V, "tokens": N}  greedy generation of N tokens after a prompt of 32
{"run": "masks", "tokenizer": DIRECTORY, "file": F}            the assistant's mask of every record of a JSONL file

M is a directory or a GGUF file. Models are loaded by the first line that names them, outside what is timed.
"""

import functools
import json
import os
import sys
import time

# Nothing is fetched, and nothing but seconds is printed.
os.environ.update(HF_HUB_OFFLINE="1", TQDM_DISABLE="1", TRANSFORMERS_VERBOSITY="error")

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

if threads := os.environ.get("LOSSGLASS_BENCH_THREADS"):
    torch.set_num_threads(int(threads))

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
)


@functools.cache
def model_of(path):
    if os.path.isdir(path):
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    else:
        directory, file = os.path.split(os.path.abspath(path))
        model = AutoModelForCausalLM.from_pretrained(directory, gguf_file=file, dtype=torch.float32)
    return model.eval()


@functools.cache
def optimizer_of(path):
    return torch.optim.AdamW(model_of(path).parameters(), lr=1e-9, fused=True)


@functools.cache
def tokenizer_of(directory):
    return AutoTokenizer.from_pretrained(directory)


def ids_of(order, tokens):
    return torch.tensor([[20 + (i * 7919) % (order["vocabulary"] - 20) for i in range(tokens)]])


def score(order):
    model, ids = model_of(order["model"]), ids_of(order, order["tokens"])

    def run():
        with torch.no_grad():
            logits = model(ids).logits[0, :-1]
            torch.log_softmax(logits, -1).gather(1, ids[0, 1:, None])

    return run


def train(order):
    model, optimizer, ids = model_of(order["model"]), optimizer_of(order["model"]), ids_of(order, order["tokens"])

    def run():
        optimizer.zero_grad(set_to_none=True)
        model(ids, labels=ids).loss.backward()
        optimizer.step()

    return run


def generate(order):
    model, ids, new = model_of(order["model"]), ids_of(order, 32), order["tokens"]
    # No token ends it: both sides are to write as many.
    length = {"min_new_tokens": new, "max_new_tokens": new}
    return lambda: model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, **length)


def masks(order):
    tokenizer = tokenizer_of(order["tokenizer"])
    with open(order["file"], encoding="utf-8") as file:
        lines = file.readlines()

    def scored(line):
        options = {"tokenize": True, "return_dict": True, "return_assistant_tokens_mask": True}
        messages = json.loads(line)["messages"]
        return sum(tokenizer.apply_chat_template(messages, chat_template=TEMPLATE, **options)["assistant_masks"])

    def run():
        assert all(scored(line) > 0 for line in lines)

    return run


version, level = torch.__version__.split("+")[0], torch.backends.cpu.get_cpu_capability().lower()
print(f"PyTorch {version} ({level}), transformers {transformers.__version__}", flush=True)
for line in sys.stdin:
    order = json.loads(line)
    run = {"score": score, "train": train, "generate": generate, "masks": masks}[order["run"]](order)
    start = time.perf_counter()
    run()
    print(time.perf_counter() - start, flush=True)
