"""Who sits where, who has what, and small stories in seven worlds."""

from choice import BOYS, GIRLS, NAMES, an, pick, rng, upper, words

SEATS = {
    "cat": dict(mat=38, floor=18, chair=14, bed=11, sofa=6, wall=4, roof=3, table=3, windowsill=2, grass=1),
    "dog": dict(floor=28, mat=20, grass=18, rug=14, bed=10, sofa=6, porch=4),
    "bird": dict(branch=45, roof=18, wall=14, fence=13, nest=10),
    "frog": dict(log=35, stone=25, leaf=25, grass=15),
    "hen": dict(nest=35, straw=25, fence=20, grass=20),
    "king": dict(throne=70, chair=15, horse=15),
    "queen": dict(throne=70, chair=15, horse=15),
    "boy": dict(chair=25, floor=20, bed=18, grass=15, bench=12, wall=10),
    "girl": dict(chair=25, floor=20, bed=18, grass=15, bench=12, wall=10),
    "old man": dict(bench=40, chair=35, bed=15, wall=10),
    "old woman": dict(chair=40, bench=35, bed=15, stairs=10),
    "baby": dict(floor=30, bed=25, rug=25, chair=20),
    "mouse": dict(floor=40, table=20, box=20, shelf=20),
}
WAYS = {"sat": 60, "slept": 12, "lay": 10, "stood": 8, "rested": 5, "jumped": 5}
LOOKS = words("little big old young black white brown sleepy happy hungry quiet small tired lazy")
AFTER = [
    "It was warm there.",
    "It was very quiet.",
    "Then it fell asleep.",
    "Outside it was raining.",
    "The sun was shining.",
    "Nobody saw it.",
    "It was a good place.",
    "After a while it went away.",
    "Soon it was hungry.",
]


def sitting():
    parts = []
    for _ in range(pick({1: 3, 2: 3, 3: 2})):
        who = pick({"cat": 30, **{who: 7 for who in SEATS if who != "cat"}})
        look = pick(LOOKS) + " " if rng.random() < 0.3 and not who.startswith("old") else ""
        where = pick(SEATS[who])
        parts.append(f"The {look}{who} {pick(WAYS)} {'in' if where in ('box', 'straw', 'nest') else 'on'} the {where}.")
        if rng.random() < 0.3 and who not in ("boy", "girl", "king", "queen", "old man", "old woman"):
            parts.append(pick(AFTER))
    return " ".join(parts)


THINGS = words("ball kite book drum hat cake bike doll boat coat lamp box cup map flute ring spoon basket")
PAINTS = words("red blue green yellow white black brown pink golden silver")
ROOMS = words("kitchen garden school park barn house market library tower forest")


def puzzle():
    """Two or three people or things, a question about one of them."""
    people = rng.sample(NAMES, pick({2: 3, 3: 2}))
    kind = pick(["has", "place", "went"])
    if kind == "has":
        things = [f"{pick(PAINTS)} {thing}" for thing in rng.sample(THINGS, len(people))]
        told = [f"{who} has {an(thing)}." for who, thing in zip(people, things)]
        i = rng.randrange(len(people))
        question, answers = pick(
            [
                (f"Who has the {things[i]}?", [f"{people[i]}.", f"{people[i]} has the {things[i]}."]),
                (f"What does {people[i]} have?", [f"{upper(an(things[i]))}.", f"{people[i]} has {an(things[i])}."]),
            ]
        )
    else:
        rooms = rng.sample(ROOMS, len(people))
        told = [
            f"{who} is in the {room}." if kind == "place" else f"{who} went to the {room}."
            for who, room in zip(people, rooms)
        ]
        i = rng.randrange(len(people))
        question, answers = pick(
            [
                (f"Where is {people[i]}?", [f"In the {rooms[i]}.", f"{people[i]} is in the {rooms[i]}."]),
                (f"Who is in the {rooms[i]}?", [f"{people[i]}.", f"{people[i]} is in the {rooms[i]}."]),
            ]
        )
    return " ".join(told), question, pick(answers)


WORLDS = {
    "sea": dict(
        homes=["by the sea", "on a small island", "in a house near the harbour"],
        places=["the beach", "the harbour", "the lighthouse", "a small boat"],
        finds=["a shell", "an old bottle with a letter", "a golden coin", "a map"],
        beasts=dict(seal="fish", crab="bread", gull="bread", dolphin="fish"),
        troubles=[
            "A storm came, and the waves were high.",
            "The boat had a hole.",
            "The fog was so thick that nobody could see.",
        ],
    ),
    "castle": dict(
        homes=["in an old castle", "in a tall tower", "near the king's palace"],
        places=["the great hall", "the tower", "the gate", "the kitchen"],
        finds=["a secret door", "a silver key", "an old sword", "a crown"],
        beasts=dict(dragon="cake", horse="hay", raven="seeds", owl="meat"),
        troubles=["The gate was locked.", "The stairs were dark.", "The king had lost his ring."],
    ),
    "forest": dict(
        homes=["at the edge of the forest", "in a hut in the woods", "in a village near the forest"],
        places=["the forest", "the river", "a big oak", "the hill"],
        finds=["a basket of berries", "a strange stone", "a path", "a nest"],
        beasts=dict(fox="meat", bear="honey", deer="grass", squirrel="nuts", rabbit="carrots"),
        troubles=["It began to rain.", "The path was gone.", "It became dark and cold."],
    ),
    "farm": dict(
        homes=["on a farm", "in a farmhouse", "in a small village"],
        places=["the barn", "the field", "the pond", "the garden"],
        finds=["six eggs", "a lost lamb", "a big pumpkin", "an old cart"],
        beasts=dict(cow="grass", hen="corn", pig="apples", goat="hay", duck="bread"),
        troubles=["The gate was open, and the sheep ran away.", "The well was dry.", "The cart broke."],
    ),
    "town": dict(
        homes=["in a big town", "in a tall house", "in a narrow street"],
        places=["the market", "the school", "the park", "the station", "the library"],
        finds=["a purse", "a letter", "a lost glove", "an old book"],
        beasts=dict(dog="meat", cat="fish", pigeon="bread", mouse="cheese"),
        troubles=["The bus was late.", "There were too many people.", "The shop was closed."],
    ),
    "snow": dict(
        homes=["in the cold north", "in the mountains", "where winter is long"],
        places=["the frozen lake", "the mountain", "the snowy field", "the hut"],
        finds=["tracks in the snow", "a warm scarf", "a sledge", "a lamp"],
        beasts=dict(reindeer="hay", wolf="meat", penguin="fish", hare="carrots"),
        troubles=["The snow was very deep.", "The ice began to crack.", "The wind was icy."],
    ),
    "space": dict(
        homes=["on the moon", "in a space ship", "on a little planet"],
        places=["a red planet", "the moon", "a bright star", "the engine room"],
        finds=["a shining stone", "a tiny robot", "a strange flower", "a door of glass"],
        beasts=dict(robot="oil", alien="cake", moon_mouse="cheese"),
        troubles=["The engine stopped.", "A light went out.", "The radio was silent."],
    ),
}
TRAITS = words("kind brave clever shy funny curious patient careful cheerful quiet")
ENDS = {
    "": 30,
    "The end.": 8,
    "It was a good day.": 5,
    "They were friends from then on.": 6,
    "And they all lived happily.": 3,
    "Everybody laughed.": 3,
    "That night {he} slept well.": 8,
    "{He} never forgot that day.": 5,
}
WANTS = {
    "One day {he} wanted to see {place}.": 4,
    "One morning {he} went to {place}.": 5,
    "One evening {he} walked to {place} with {his} {kin}.": 4,
    "{He} often went to {place}.": 2,
}
MEETS = [
    "There {he} met {beast}.",
    "Near {place} {he} saw {beast}.",
    "Suddenly {beast} came.",
    "Behind a wall sat {beast}.",
]
STATES = {
    "hungry": [
        "{Name} gave it some {food}.",
        "So {name} shared {his} bread with it.",
        "{Name} had some {food} and gave it to the {b}.",
    ],
    "sad": ["{Name} sat down beside it and sang a song.", '"Do not cry," said {name}.', "{Name} told it a story."],
    "lost": ["{Name} showed it the way.", '"Come with me," said {name}.', "{Name} took it home."],
    "afraid": [
        '"I will not hurt you," said {name}.',
        "{Name} spoke to it softly.",
        "{Name} waited until it came nearer.",
    ],
}
THANKS = [
    "The {b} was happy.",
    '"Thank you," said the {b}.',
    "The {b} thanked {him}.",
    "Then the {b} was not {state} any more.",
]
HELPS = [
    "But the {b} knew what to do.",
    "The {b} helped {him}.",
    '"Follow me," said the {b}.',
    "Together they found a way.",
]


def story():
    world = WORLDS[pick(list(WORLDS))]
    is_girl = rng.random() < 0.5
    name = pick(GIRLS if is_girl else BOYS)
    he, him, his = ("she", "her", "her") if is_girl else ("he", "him", "his")
    beast, food = pick(list(world["beasts"].items()))
    beast = beast.replace("_", " ")
    state = pick(list(STATES))
    look = pick(LOOKS)
    fill = dict(
        name=name,
        Name=name,
        he=he,
        He=upper(he),
        him=him,
        his=his,
        place=pick(world["places"]),
        b=beast,
        beast=an(f"{look} {beast}"),
        food=food,
        state=state,
        kin=pick(words("mother father sister brother aunt uncle friend grandmother")),
    )
    child = "girl" if is_girl else "boy"
    start = pick(
        {
            f"Once upon a time there was a {pick(TRAITS)} {child} named {name}.": 3,
            f"{name} was a {pick(TRAITS)} {child}.": 4,
            f"There was once a little {child} who was called {name}.": 2,
        }
    )
    parts = [start, f"{upper(he)} lived {pick(world['homes'])}.", pick(WANTS)]
    if rng.random() < 0.4:
        find = pick(world["finds"])
        parts += [
            f"On the way {he} found {find}.",
            pick(
                [
                    f'"How lucky!" said {name}.',
                    f"{upper(he)} was very pleased.",
                    f"{upper(he)} put it in {his} bag." if find[0] == "a" else f"{upper(he)} could not believe it.",
                ]
            ),
        ]
    parts += [pick(MEETS), f"The {beast} was {state}.", pick(STATES[state]), pick(THANKS)]
    if rng.random() < 0.5:
        parts += [
            pick(world["troubles"]),
            pick(HELPS),
            pick({"Soon {he} was at home again.": 3, "At last all was well.": 2, "In the end it was easy.": 1}),
        ]
    parts.append(pick(ENDS))
    return " ".join(parts).format(**fill).strip()
