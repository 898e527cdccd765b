"""Writes chats.jsonl: chats that templates treat in different ways, one a line."""

import json
import pathlib


def call(name, arguments, **more):
    return {"id": "abc123def", "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def u(text="What is 2+2?"):
    return {"role": "user", "content": text}


def a(text="Four.", **more):
    return {"role": "assistant", "content": text, **more}


def s(text="Be brief."):
    return {"role": "system", "content": text}


def t(content, **more):
    return {"role": "tool", "tool_call_id": "abc123def", "name": "f", "content": content, **more}


TOOLS = [{"type": "function", "function": {"name": "f", "description": "Weather <now> & \"later\" in città 東京",
          "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "it's 'São'"},
          "days": {"type": "integer", "minimum": 1}, "opts": {"type": "object", "properties": {"wind": {"type": "boolean"}}}},
          "required": ["city"]}}}]
NESTED = {"lr": 1e-05, "small": 1e-07, "big": 1e16, "neg": -0.0, "two": 2.0, "none": None, "yes": True,
          "list": [1, "x'y", 1e-07], "deep": {"a": {"b": [None, False]}}}


def parts(*texts):
    return [{"type": "text", "text": text} for text in texts]


CHATS = [
    {"messages": [u()]},
    {"messages": [u(), a(), u("And 3+3?"), a("Six.")]},
    {"messages": [s(), u(), a()]},
    {"messages": [u(), a(), s(), u(), a()]},
    {"messages": [u("One?"), u("Two?"), a()]},
    {"messages": [a("Hello!"), u(), a()]},
    {"messages": [u(), {"role": "assistant", "content": None, "tool_calls": [call("f", {"city": "Oslo"})]}, t("mild"), a()], "tools": TOOLS},
    {"messages": [u(), {"role": "assistant", "tool_calls": [call("f", {"city": "Oslo"})]}, t("mild"), a()], "tools": TOOLS},
    {"messages": [u(), a("", tool_calls=[call("f", {"city": "Oslo", "days": 2})]), t("mild"), a()], "tools": TOOLS},
    {"messages": [u(), a("Let me look.", tool_calls=[call("f", {"city": "Oslo"}), call("f", {})]), t("mild"), t("cold"), a()], "tools": TOOLS},
    {"messages": [u(), a("", tool_calls=[call("f", '{"city": "Oslo"}')]), t("mild"), a()], "tools": TOOLS},
    {"messages": [u(), a("", tool_calls=[call("f", NESTED)]), t("mild"), a()], "tools": TOOLS},
    {"messages": [u(), a("", tool_calls=[call("f", {"city": "Oslo"})]), t({"temp": 3, "sky": "clear"}), a()], "tools": TOOLS},
    {"messages": [u(), a("", tool_calls=[call("f", {"city": "Oslo"})]), t(parts("mild", " wind")), a()], "tools": TOOLS},
    {"messages": [{"role": "user", "content": parts("Hello?")}, {"role": "assistant", "content": parts("Reply.")}]},
    {"messages": [{"role": "user", "content": parts(" One. ", " Two? ")}, a("Yes.")]},
    {"messages": [u(), a("Four.", reasoning_content="Add them.")]},
    {"messages": [u(), a("Four.", reasoning_content="Add."), u("Sure?"), a("Yes.", reasoning_content="Check.")]},
    {"messages": [u(), a("<think>\nAdd them.\n</think>\n\nFour.")]},
    {"messages": [u(), a("Four.", reasoning_content="")]},
    {"messages": [u(), a("Four.", thinking="Hm.")]},
    {"messages": [u("Grüße 😀 \"quoted\" <b>&amp;</b> 'x'"), a("東京\u2028ok\ttab")]},
    {"messages": [u("  outer \n"), a("\n  text  \n")]},
    {"messages": [u(), a()], "tools": []},
    {"messages": [u(), a()], "documents": []},
    {"messages": [u(), a()], "documents": [{"title": "T", "text": "D."}]},
    {"messages": [{"role": "system", "content": "S.", "current_date": "2030-01-01"}, u(), a("Yo.", tool_plan="PLAN", x=1.0)]},
    {"messages": [{"role": "critic", "content": "Hm."}, u(), a()]},
    {"messages": [u(), a()], "chat_template_kwargs": {"enable_thinking": False}},
    {"messages": [u(), a()], "chat_template_kwargs": {"enable_thinking": True, "thinking": True, "reasoning_effort": "high"}},
    {"messages": [u(), a()], "tools": TOOLS},
    {"messages": [s(""), u(""), a("")]},
    {"messages": [{"role": "developer", "content": "D."}, u(), a()]},
]

if __name__ == "__main__":
    lines = [json.dumps(chat, ensure_ascii=False) for chat in CHATS]
    (pathlib.Path(__file__).parent / "chats.jsonl").write_text("\n".join(lines) + "\n")
