"""What transformers generates with the fixtures, and what its samplers make of one row of logits.

    python tests/model/decoder/transformers_generation.py > tests/model/decoder/transformers_generation.json

"greedy": by fixture, 24 tokens after the first 12 of its first text, with the probability of each at temperature 1 and
by how much it led; no token ends it. "samplers": by setting, the probabilities that `generate` would draw from.
Needs torch and transformers.
"""

import json

import torch
import transformers
from transformers import AutoModelForCausalLM, GenerationConfig

FAMILIES = ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"]
NEW = 24
SETTINGS = [
    {},
    {"temperature": 0.6},
    {"temperature": 1.7},
    {"top_k": 5},
    {"top_p": 0.8},
    {"min_p": 0.15},
    {"temperature": 1.4, "top_k": 9, "top_p": 0.9, "min_p": 0.2},
    {"temperature": 0.7, "top_k": 12, "top_p": 0.7},
    {"top_k": 5, "top_p": 0.85},
    {"temperature": 1.7, "min_p": 0.3},
]


def greedy(name):
    directory = f"tests/fixtures/{name}"
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()
    prompt = json.load(open(f"{directory}/expected.json"))["texts"][0]["ids"][:12]
    # A fixture's files end a generation at eos; 24 tokens are asked for, whatever they are.
    model.generation_config.eos_token_id = None
    ids = torch.tensor([prompt])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW, pad_token_id=0,
        return_dict_in_generate=True, output_logits=True,
    )
    new = out.sequences[0, len(prompt):].tolist()
    rows = [torch.softmax(row[0].double(), -1) for row in out.logits]
    tops = [row.topk(2).values for row in rows]
    return {
        "prompt_ids": prompt,
        "new_ids": new,
        "p": [row[id].item() for row, id in zip(rows, new)],
        "lead": [(top[0] - top[1]).item() for top in tops],
    }


def sampled(model, logits, setting):
    config = GenerationConfig(do_sample=True, **{"top_k": 0, "top_p": 1.0, "temperature": 1.0, **setting})
    processors = model._get_logits_processor(config, input_ids_seq_length=1, device="cpu")
    return torch.softmax(processors(torch.zeros(1, 1, dtype=torch.long), logits[None].clone())[0].double(), -1).tolist()


torch.manual_seed(0)
logits = torch.randn(20) * 1.5
model = AutoModelForCausalLM.from_pretrained("tests/fixtures/llama")
print(json.dumps({
    "made_with": {"transformers": transformers.__version__, "torch": torch.__version__},
    "greedy": {name: greedy(name) for name in FAMILIES},
    "logits": logits.tolist(),
    "samplers": [{"setting": setting, "p": sampled(model, logits, setting)} for setting in SETTINGS],
}))
