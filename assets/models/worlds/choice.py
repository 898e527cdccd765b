"""Weighted choices, and words put into sentences. Everything draws from one source of chance."""

import random

rng = random.Random(0)


def pick(choices):
    """One of a list, or of a dict's keys by their weights."""
    if isinstance(choices, dict):
        return rng.choices(list(choices), list(choices.values()))[0]
    return rng.choice(choices)


def words(text):
    return text.split()


def pairs(text):
    """`a:b c:d` as pairs; `_` is a space."""
    return [tuple(part.replace("_", " ") for part in pair.split(":")) for pair in text.split()]


def an(noun):
    return ("an " if noun[0].lower() in "aeiou" else "a ") + noun


def upper(text):
    return text[0].upper() + text[1:]


GIRLS = words(
    "Anna Lily Mia Emma Sara Zoe Ella Lucy Nina Ada Rosa Ruby Kate Maya Ivy Clara Tara Jane Nora Lena Amy Grace Hana Rani Leila Olga Freya Mary"
)
BOYS = words(
    "Tom Ben Max Sam Leo Tim Jack Finn Noah Adam Oscar Hugo Omar Ravi Kofi Luca Ivan Peter Jonas Felix Ali Dan Paul Ned Erik Juan Otto John"
)
NAMES = GIRLS + BOYS
