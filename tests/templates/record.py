"""Records what transformers' jinja2 makes of the templates, chats and snippets here, for tests/core/template.rs.

python record.py chats > rendered.json; python record.py snippets > snippets_rendered.json
"""
import json, pathlib, sys
from transformers.utils.chat_template_utils import render_jinja_template

here = pathlib.Path(__file__).parent


def render(source, messages, tools=None, prompt=False, **tokens):
    try:
        texts, _ = render_jinja_template([messages], tools=tools, chat_template=source, add_generation_prompt=prompt, **tokens)
        return texts[0]
    except Exception as error:
        print(repr(source[:60]), error, file=sys.stderr)
        return None


if sys.argv[1] == "chats":
    chats = json.loads((here / "chats.json").read_text())
    out = {}
    for name, tokens in json.loads((here / "specials.json").read_text()).items():
        path = here / f"{name}.jinja" if name != "lossglass" else here / "../../src/template/chatml.jinja"
        source = path.read_text()
        out[name] = {title: [render(source, chat["messages"], chat.get("tools"), prompt, **tokens) for prompt in (False, True)]
                     for title, chat in chats.items()}
else:
    out = [render(source, [{"role": "user", "content": "hi"}]) for source in json.loads((here / "snippets.json").read_text())]
json.dump(out, sys.stdout, indent=1)
print()
