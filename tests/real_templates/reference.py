"""What transformers renders of chats.jsonl with the chat templates that PyPI's trl wheel ships; run once.

    python reference.py FOLDER   the folder of the wheel's chat_templates

Writes expected.json: of each template its sha256 and, chat by chat, without and with a generation prompt, the sha256 of
the text and of the generation spans (characters, as JSON), or null where transformers raises. No template is kept.
Written with transformers 5.24.0, jinja2 3.1.6 and trl 1.16.0. Templates that name the day get 29 November 2026.
"""

import datetime
import hashlib
import json
import pathlib
import sys

from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import _normalize_chat_messages, render_jinja_template



class Noon(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 29, 12)


chat_template_utils.datetime = Noon
HERE = pathlib.Path(__file__).parent


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def verdict(template, chat, prompt):
    given = dict(chat)
    kwargs = {"bos_token": "<s>", "eos_token": "</s>", **given.pop("chat_template_kwargs", {})}
    try:
        rendered, spans = render_jinja_template(
            [_normalize_chat_messages(given["messages"])],
            tools=given.get("tools"),
            documents=given.get("documents"),
            chat_template=template,
            add_generation_prompt=prompt,
            return_assistant_tokens_mask="generation" in template,
            **kwargs,
        )
    except Exception:
        return None
    spans = [list(span) for span in spans[0]] if spans else []
    return [sha(rendered[0]), sha(json.dumps(spans))] if "generation" in template else [sha(rendered[0])]


def main():
    chats = [json.loads(line) for line in (HERE / "chats.jsonl").read_text().strip("\n").split("\n")]
    expected = {}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.jinja")):
        template = path.read_bytes().decode()
        verdicts = [[verdict(template, chat, prompt) for prompt in (False, True)] for chat in chats]
        expected[path.name] = {"sha256": sha(template), "chats": verdicts}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=0) + "\n")
    every = [one for template in expected.values() for pair in template["chats"] for one in pair]
    print(len(expected), "templates,", len(every), "renders,", sum(one is None for one in every), "of them refused")


if __name__ == "__main__":
    main()
