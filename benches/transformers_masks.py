"""Records a second of transformers' apply_chat_template with return_assistant_tokens_mask=True.

python transformers_masks.py TOKENIZER_DIRECTORY CHATS.jsonl
"""

import json
import sys
import time

from transformers import AutoTokenizer

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\\n' }}{% endfor %}"
)

tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])


def masked(line):
    return tokenizer.apply_chat_template(
        json.loads(line)["messages"],
        chat_template=TEMPLATE,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )


with open(sys.argv[2], encoding="utf-8") as file:
    lines = file.readlines()
masked(lines[0])
start = time.perf_counter()
assert all(sum(masked(line)["assistant_masks"]) > 0 for line in lines)
print(len(lines) / (time.perf_counter() - start))
