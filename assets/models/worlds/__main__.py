"""Writes the text of our own making that the embedded models learn from, beside the corpora that `README.md` names:

    python3 worlds texts 160000 > worlds.jsonl
    python3 worlds chats 80000 > talks.jsonl

Texts are facts, questions with answers, who-has-what puzzles and small stories; chats ask for the same things and say
what a small model cannot know. Every choice is weighted, so that the next token is rarely certain and never random. The
same call writes the same bytes.
"""

import json
import sys

from chats import chat
from choice import NAMES, pick, rng
from facts import fact
from stories import puzzle, sitting, story
from unknown import unknown


def question_text():
    """A question and its answer, in the ways that texts have them."""
    questions, answers, _ = fact()
    told, question, answer = "", pick(questions), pick(answers)
    kind = rng.random()
    if kind < 0.15:
        question, answer = unknown()
    elif kind < 0.35:
        told, question, answer = puzzle()
    form = pick({"Question: {q}\nAnswer: {a}": 6, "Q: {q}\nA: {a}": 2, '"{q}" asked {n}. "{a}"': 1, "{q} {a}": 1})
    text = form.format(q=question, a=answer, n=pick(["the teacher", "the child", "the king", pick(NAMES)]))
    return f"{told} {text}".strip() if form[0] != "Q" else f"{told}\n{text}".strip()


def text():
    """One record of text."""
    kind = pick(dict(sitting=20, facts=24, question=26, story=30))
    if kind == "sitting":
        return sitting()
    if kind == "facts":
        return " ".join(pick(fact()[2]) for _ in range(pick({1: 2, 2: 3, 3: 3, 4: 2})))
    return question_text() if kind == "question" else story()


if __name__ == "__main__":
    what, count = sys.argv[1], int(sys.argv[2])
    make = {"texts": lambda: {"text": text()}, "chats": lambda: {"messages": chat()}}[what]
    for _ in range(count):
        print(json.dumps(make(), ensure_ascii=False))
