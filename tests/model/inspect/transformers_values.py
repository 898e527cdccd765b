"""What transformers computes inside the fixtures' models: writes expected.json beside this file.

    python tests/model/inspect/transformers_values.py        (torch, transformers 5)

Of each family's longest text, float32, eager attention, by target token t (null at 0):
    layers[l]       −log p after layer l + 1: the hidden states through the final norm and the head
    masks[name]     −log p under a 4-D attention mask; "*:3" hides token 3 from all others, "5:2" one edge, "prefix=4" and
                    "none" are the masks of that name. Layers with a window keep it under what is forbidden.
"""

import json
import pathlib

import torch
import transformers
from transformers import AutoModelForCausalLM

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
FAMILIES = ["llama", "llama3_rope", "mistral", "qwen2", "qwen3", "gemma3", "gpt2", "gpt_neo", "gpt_neox", "opt"]
NORMS = ["model.norm", "transformer.ln_f", "gpt_neox.final_layer_norm", "model.decoder.final_layer_norm"]
# These take one mask for every layer as it is given; gemma3 takes one for each kind of layer.
MASKED = ["llama", "qwen3", "gpt2", "gpt_neox", "gemma3"]


def find(model, paths):
    for path in paths:
        try:
            return model.get_submodule(path)
        except AttributeError:
            pass
    raise KeyError(paths)


def nlls(logits, ids):
    log_p = torch.log_softmax(logits.double(), -1)
    return [None] + [-log_p[t - 1, ids[t]].item() for t in range(1, len(ids))]


def layers(model, ids):
    out = model(torch.tensor([ids]), output_hidden_states=True)
    norm, head = find(model, NORMS), model.get_output_embeddings()
    # The first are what goes into layer 1, the last ones are normed already.
    between = [head(norm(hidden))[0] for hidden in out.hidden_states[1:-1]]
    return [nlls(logits, ids) for logits in between + [out.logits[0]]]


def masks(model, ids):
    n = len(ids)
    q, k = torch.arange(n)[:, None], torch.arange(n)[None, :]
    causal, itself = k <= q, q == k
    seen = {
        "*:3": causal & ((k != 3) | itself),
        "5:2": causal & ~((q == 5) & (k == 2)),
        "prefix=4": causal | (k < 4),
        "none": torch.ones(n, n, dtype=bool),
    }

    def mask(seen):
        return torch.zeros(n, n).masked_fill(~seen, torch.finfo(torch.float32).min)[None, None]

    def logits(name, seen):
        given = mask(seen)
        if model.config.model_type == "gemma3_text":
            near = seen & (q - k < model.config.sliding_window) if ":" in name else seen
            given = {"full_attention": given, "sliding_attention": mask(near)}
        return model(torch.tensor([ids]), attention_mask=given, position_ids=torch.arange(n)[None]).logits[0]

    return {name: nlls(logits(name, seen), ids) for name, seen in seen.items()}


@torch.no_grad()
def values(family):
    folder = FIXTURES / family
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    texts = json.loads((folder / "expected.json").read_text())["texts"]
    text = max(texts, key=lambda text: len(text["ids"]))
    ids = text["ids"]
    found = {"text": text["text"], "ids": ids, "layers": layers(model, ids)}
    if family in MASKED:
        found["masks"] = masks(model, ids)
    return found


versions = {"torch": torch.__version__, "transformers": transformers.__version__}
everything = {"versions": versions, **{family: values(family) for family in FAMILIES}}
(HERE / "expected.json").write_text(json.dumps(everything) + "\n")
