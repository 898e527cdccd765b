"""Per-token loss of saves of `lossglass train`, as transformers and peft compute it.

    python tests/cli/train/transformers_check.py target/debug/lossglass > tests/cli/train/transformers.json

trains each case of CASES with the given binary, loads what it saved and scores the chat: config, weights, tokenizer and
chat template are all taken from the save. `tests/cli/train/saved.rs` compares the program's own values with the output that is
kept here. Needs torch, transformers and peft.
"""

import json
import os
import subprocess
import sys
import tempfile

import peft
import torch
import transformers
from peft import AutoPeftModelForCausalLM
from transformers import AutoModelForCausalLM, AutoTokenizer

CHAT = "sample_data/capital.json"
STEPS = ["--steps", "4", "--lr", "0.002", "--clip", "0"]
LORA = ["--method", "lora", "--rank", "4", "--lr", "0.02"]
CASES = {
    "llama": ["--model", "tests/fixtures/llama"],
    "llama3_rope": ["--model", "tests/fixtures/llama3_rope", "--method", "last"],
    "gpt2": ["--model", "tests/fixtures/gpt2"],
    "tiny-chat": ["--model", "tiny-chat"],
    "llama-lora": ["--model", "tests/fixtures/llama", *LORA],
    "gpt2-lora": ["--model", "tests/fixtures/gpt2", *LORA],
    "gpt2-lora-attention": ["--model", "tests/fixtures/gpt2", *LORA, "--projections", "attention"],
}


def arguments(case):
    given = CASES[case]
    steps = STEPS if "--lr" not in given else [*STEPS[:2], *STEPS[4:]]
    return ["train", "--chat", CHAT, *given, *steps]


def score(directory, base):
    is_adapter = os.path.exists(os.path.join(directory, "adapter_config.json"))
    loader = AutoPeftModelForCausalLM if is_adapter else AutoModelForCausalLM
    model, loading = loader.from_pretrained(directory), {}
    if not is_adapter:
        model, loading = loader.from_pretrained(directory, output_loading_info=True)
        assert not any(loading[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), loading
    tokenizer = AutoTokenizer.from_pretrained(base if is_adapter else directory)
    messages = json.load(open(CHAT))["messages"]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        logits = model.eval()(torch.tensor([ids])).logits[0].double()
    nll = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]), reduction="none")
    return {"ids": ids, "nll": [None, *(round(value, 6) for value in nll.tolist())]}


def main():
    binary = os.path.abspath(sys.argv[1])
    cases = {}
    for case in CASES:
        with tempfile.TemporaryDirectory() as directory:
            save = os.path.join(directory, "save")
            subprocess.run(
                [binary, *arguments(case), "--save", save], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            cases[case] = {"arguments": arguments(case), **score(save, CASES[case][1])}
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    print(json.dumps({"made_with": versions, "cases": cases}, indent=1))


main()
