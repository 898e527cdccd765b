"""Chats: facts asked for, small talk, stories, names that are remembered."""

from choice import NAMES, pick, rng
from facts import fact
from stories import puzzle, story
from unknown import unknown

SYSTEMS = [
    "You are Tiny, a small language model.",
    "You are a helpful assistant.",
    "Answer in one short sentence.",
    "Be kind and brief.",
]
GREETINGS = (
    ["Hello!", "Hi", "Hi there!", "Good morning!", "Good evening.", "Hey", "Hello Tiny!"],
    ["Hello! How can I help you?", "Hi! What would you like to know?", "Hello! It is nice to meet you.", "Hello!"],
)
PARTINGS = (
    ["Bye", "Goodbye!", "See you later.", "Good night!"],
    ["Goodbye!", "Goodbye! Have a nice day.", "See you soon!"],
)
GRATITUDE = (
    ["Thanks!", "Thank you!", "Thank you very much."],
    ["You are welcome!", "You are welcome. Is there anything else?", "I am glad that I could help."],
)
SELF = (
    ["Who are you?", "What are you?", "What is your name?", "Are you a person?", "Tell me about yourself."],
    [
        "I am Tiny, a very small language model.",
        "I am Tiny. I am a very small language model, and I make mistakes.",
        "My name is Tiny. I am a small language model.",
    ],
)
FEELING = (
    ["How are you?", "How do you do?", "Are you well?"],
    ["I am fine, thank you. How can I help you?", "I am well, thank you.", "Very well, thank you. And you?"],
)
ABILITY = (
    ["What can you do?", "Can you help me?", "What do you know?"],
    [
        "I can answer easy questions and tell short stories.",
        "I know a few simple things. Ask me.",
        "I can try. I am only a small model.",
    ],
)
TELL = [
    "Tell me a story.",
    "Can you tell me a story?",
    "Please tell me a short story.",
    "Tell me a short story about {thing}.",
    "I would like to hear a story.",
]


# How often a chat's answer has the first of its forms, the second and so on: the whole sentence comes third.
FORMS = [3, 2, 6, 1]


def turns(is_named):
    """One exchange, or two that belong together. Who was asked for a name once is not asked again."""
    kind = pick(dict(fact=46, unknown=14, small=16, story=8, name=0 if is_named else 7, puzzle=9))
    if kind == "fact":
        questions, answers, _ = fact()
        question = pick(questions)
        if rng.random() < 0.1:
            question = question[0].lower() + question[1:].rstrip("?.")
        return [(question, rng.choices(answers, FORMS[: len(answers)])[0])]
    if kind == "unknown":
        return [unknown()]
    if kind == "small":
        asked, said = pick([GREETINGS, PARTINGS, GRATITUDE, SELF, FEELING, ABILITY])
        return [(pick(asked), pick(said))]
    if kind == "story":
        return [(pick(TELL[:3] + TELL[4:]), story())]
    if kind == "puzzle":
        told, question, answer = puzzle()
        return [(f"{told} {question}", answer)]
    name = pick(NAMES)
    asked = pick(["What is my name?", "Do you know my name?", "Who am I?"])
    if rng.random() < 0.3:
        return [(asked, pick(["You have not told me your name.", "I do not know your name."]))]
    return [
        (
            pick([f"My name is {name}.", f"I am {name}.", f"Hello, I am {name}."]),
            pick([f"Hello, {name}!", f"Nice to meet you, {name}."]),
        ),
        (asked, pick([f"Your name is {name}.", f"You are {name}."])),
    ]


def chat():
    messages = [dict(role="system", content=pick(SYSTEMS))] if rng.random() < 0.35 else []
    for _ in range(pick({1: 5, 2: 3, 3: 2})):
        for asked, said in turns(any("name" in message["content"] for message in messages[1:])):
            messages += [dict(role="user", content=asked), dict(role="assistant", content=said)]
    return messages
