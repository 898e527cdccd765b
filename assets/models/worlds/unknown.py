"""What a small model cannot know, and what it says then."""

from choice import NAMES, pick, rng, upper, words


def made_up():
    """A name that nobody has."""
    return upper(
        "".join(pick(words("zo ra bli men ku tas vor pel ni gra lu dor shi fen mo")) for _ in range(rng.randint(2, 3)))
    )


UNKNOWN = {
    "who": [
        "Who won the game yesterday?",
        "Who is the richest person in the world?",
        "Who wrote that song?",
        "Who lives next door?",
        "Who built this house?",
        "Who called me this morning?",
        "Who will be the next president?",
        "Who invented the telephone?",
    ],
    "when": [
        "When does the next train leave?",
        "When will it rain?",
        "When was my house built?",
        "When is the shop open?",
        "When will I be rich?",
        "When did the war end?",
    ],
    "what": [
        "What will the weather be tomorrow?",
        "What time is it?",
        "What is in the news today?",
        "What am I thinking?",
        "What did I eat for breakfast?",
        "What is the price of gold?",
        "What is my phone number?",
        "What is the meaning of life?",
        "What is in my pocket?",
        "What is the square root of seven?",
        "What happened in the year 1873?",
        "What is the date today?",
    ],
    "how": [
        "How many stars are there?",
        "How tall is my sister?",
        "How far is the moon?",
        "How old is the queen?",
        "How many people live in London?",
        "How do I build a rocket?",
        "How much does a car cost?",
        "How does a computer work?",
        "How heavy is a whale?",
    ],
    "where": [
        "Where are my keys?",
        "Where is my brother now?",
        "Where can I buy a cheap boat?",
        "Where did I put my hat?",
        "Where is the treasure?",
    ],
    "will": [
        "Will it rain tomorrow?",
        "Will our team win?",
        "Can you fly?",
        "Can you call my mother?",
        "Can you open the door?",
    ],
}
MODEST = {
    "I do not know.": 30,
    "I do not know that.": 22,
    "Sorry, I do not know.": 16,
    "I am not sure.": 8,
    "That is too hard for me.": 6,
    "I do not know that. I am a very small model.": 10,
    "I cannot know that.": 8,
}


def unknown():
    """A question that a small model cannot answer, and what it says."""
    kind = pick(dict(plain=50, land=20, person=14, sum=16))
    if kind == "land":
        land = made_up()
        return (
            pick([f"What is the capital of {land}?", f"Which city is the capital of {land}?", f"Where is {land}?"]),
            pick(
                {
                    f"I do not know {land}.": 3,
                    "I do not know that country.": 3,
                    "I do not know.": 4,
                    "Sorry, I do not know.": 2,
                }
            ),
        )
    if kind == "person":
        name = f"{pick(NAMES)} {made_up()}"
        return (
            pick([f"Who is {name}?", f"Do you know {name}?", f"Where does {name} live?"]),
            pick({f"I do not know {name}.": 4, "I do not know.": 3, "Sorry, I do not know.": 2}),
        )
    if kind == "sum":
        a, b = rng.randint(21, 999), rng.randint(21, 999)
        return (
            pick([f"What is {a} + {b}?", f"How much is {a} times {b}?", f"What is {a} divided by {b}?"]),
            pick({"That is too hard for me.": 5, "I can only add small numbers.": 3, "I do not know.": 2}),
        )
    return pick(UNKNOWN[pick(list(UNKNOWN))]), pick(MODEST)
