"""Facts, how they are asked for, and how the answer may be put."""

from choice import an, pairs, pick, rng, upper, words

CAPITALS = pairs(
    "France:Paris Germany:Berlin Italy:Rome Spain:Madrid Portugal:Lisbon England:London Scotland:Edinburgh Wales:Cardiff"
    " Ireland:Dublin Norway:Oslo Sweden:Stockholm Denmark:Copenhagen Finland:Helsinki Iceland:Reykjavik Poland:Warsaw"
    " Austria:Vienna Hungary:Budapest Greece:Athens Turkey:Ankara Russia:Moscow Ukraine:Kyiv Romania:Bucharest"
    " Belgium:Brussels Switzerland:Bern the_Netherlands:Amsterdam Egypt:Cairo Morocco:Rabat Kenya:Nairobi"
    " Ethiopia:Addis_Ababa Nigeria:Abuja Ghana:Accra India:New_Delhi Nepal:Kathmandu China:Beijing Japan:Tokyo"
    " South_Korea:Seoul Thailand:Bangkok Vietnam:Hanoi Iran:Tehran Iraq:Baghdad Canada:Ottawa Mexico:Mexico_City"
    " Cuba:Havana Brazil:Brasilia Peru:Lima Chile:Santiago Argentina:Buenos_Aires Australia:Canberra"
    " New_Zealand:Wellington the_United_States:Washington"
)
COLOURS = pairs(
    "grass:green the_sky:blue snow:white coal:black blood:red a_lemon:yellow a_banana:yellow a_carrot:orange milk:white"
    " a_leaf:green the_sun:yellow a_strawberry:red a_flamingo:pink a_frog:green an_orange:orange chocolate:brown sand:yellow"
    " the_sea:blue a_tomato:red a_raven:black a_swan:white a_polar_bear:white"
)
SOUNDS = pairs(
    "cat:meow dog:woof cow:moo duck:quack sheep:baa horse:neigh pig:oink lion:roar bee:buzz snake:hiss owl:hoot frog:ribbit"
    " bird:tweet mouse:squeak hen:cluck"
)
YOUNG = pairs(
    "dog:puppy cat:kitten cow:calf sheep:lamb horse:foal duck:duckling goat:kid bear:cub frog:tadpole hen:chick goose:gosling"
    " pig:piglet deer:fawn swan:cygnet lion:cub"
)
FOOD = pairs(
    "cows:grass rabbits:carrots cats:fish dogs:meat bears:honey monkeys:bananas pandas:bamboo mice:cheese birds:seeds"
    " squirrels:nuts frogs:flies lions:meat sheep:grass horses:hay hens:corn"
)
HOMES = pairs(
    "bird:nest bee:hive fox:den rabbit:burrow horse:stable dog:kennel bear:cave spider:web fish:river king:castle pig:sty"
    " farmer:farmhouse queen:palace mouse:hole sailor:ship"
)
OPPOSITES = pairs(
    "big:small hot:cold fast:slow happy:sad day:night up:down old:new open:closed full:empty hard:soft long:short left:right"
    " light:dark high:low early:late wet:dry strong:weak rich:poor loud:quiet near:far"
)
KINDS = pairs(
    "apple:fruit pear:fruit carrot:vegetable rose:flower tulip:flower oak:tree pine:tree cat:animal horse:animal eagle:bird"
    " robin:bird hammer:tool saw:tool chair:piece_of_furniture violin:musical_instrument drum:musical_instrument ship:vehicle"
    " train:vehicle salmon:fish shark:fish ant:insect bee:insect red:colour blue:colour Monday:day May:month"
)
JOBS = pairs(
    "baker:bakes_bread teacher:teaches_children farmer:grows_food doctor:helps_sick_people sailor:sails_a_ship"
    " singer:sings_songs cook:makes_meals writer:writes_books painter:paints_pictures gardener:looks_after_plants"
    " pilot:flies_a_plane tailor:makes_clothes fisherman:catches_fish postman:brings_letters"
)
USES = pairs(
    "knife:cut pen:write key:open_doors spoon:eat_soup broom:sweep_the_floor lamp:read_at_night umbrella:stay_dry"
    " bed:sleep boat:cross_the_water clock:tell_the_time needle:sew cup:drink map:find_the_way"
)
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS = words("January February March April May June July August September October November December")
NUMBERS = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
)
SEASONS = {"spring": "flowers grow", "summer": "it is warm", "autumn": "leaves fall", "winter": "it is cold"}


def fact():
    """A fact: its question forms, its short answer, its full answers."""
    kind = pick(
        dict(
            capital=30,
            colour=9,
            sound=8,
            young=8,
            food=8,
            home=8,
            opposite=9,
            kind=9,
            job=8,
            use=7,
            day=5,
            month=4,
            sum=14,
            season=3,
        )
    )
    if kind == "capital":
        land, city = pick(CAPITALS)
        return (
            [
                f"What is the capital of {land}?",
                f"What's the capital of {land}?",
                f"Which city is the capital of {land}?",
                f"Name the capital of {land}.",
                f"Do you know the capital of {land}?",
                f"What is the capital city of {land}?",
            ],
            [f"{city}.", f"It is {city}.", f"The capital of {land} is {city}.", f"{city} is the capital of {land}."],
            [
                f"The capital of {land} is {city}.",
                f"{city} is the capital of {land}.",
                f"{upper(land)} is a country. Its capital is {city}.",
                f"{city} is a big city. It is the capital of {land}.",
                f"The capital city of {land} is {city}.",
            ],
        )
    if kind == "colour":
        thing, colour = pick(COLOURS)
        spelt = pick(["colour", "color"])
        return (
            [f"What {spelt} is {thing}?", f"Which {spelt} does {thing} have?", f"Tell me the {spelt} of {thing}."],
            [f"{upper(colour)}.", f"It is {colour}.", f"{upper(thing)} is {colour}."],
            [f"{upper(thing)} is {colour}.", f"The colour of {thing} is {colour}."],
        )
    if kind == "sound":
        animal, sound = pick(SOUNDS)
        return (
            [f"What does {an(animal)} say?", f"What sound does {an(animal)} make?", f"How does {an(animal)} go?"],
            [f"{upper(sound)}!", f"{upper(an(animal))} says {sound}.", f"It says {sound}."],
            [
                f"{upper(an(animal))} says {sound}.",
                f'"{upper(sound)}!" says the {animal}.',
                f"The {animal} goes {sound}.",
            ],
        )
    if kind == "young":
        animal, young = pick(YOUNG)
        return (
            [f"What is a young {animal} called?", f"What do you call a young {animal}?", f"What is a baby {animal}?"],
            [f"{upper(an(young))}.", f"A young {animal} is called {an(young)}.", f"It is called {an(young)}."],
            [f"A young {animal} is called {an(young)}.", f"{upper(an(young))} is a young {animal}."],
        )
    if kind == "food":
        animals, food = pick(FOOD)
        return (
            [f"What do {animals} eat?", f"What do {animals} like to eat?", f"Tell me what {animals} eat."],
            [f"{upper(food)}.", f"They eat {food}.", f"{upper(animals)} eat {food}."],
            [f"{upper(animals)} eat {food}.", f"{upper(animals)} like {food}."],
        )
    if kind == "home":
        who, home = pick(HOMES)
        return (
            [f"Where does {an(who)} live?", f"What is the home of {an(who)}?"],
            [
                f"In {an(home)}.",
                f"{upper(an(who))} lives in {an(home)}.",
                f"It lives in {an(home)}." if who not in ("king", "queen", "farmer", "sailor") else f"In {an(home)}.",
            ],
            [f"{upper(an(who))} lives in {an(home)}.", f"The home of {an(who)} is {an(home)}."],
        )
    if kind == "opposite":
        a, b = pick(OPPOSITES)
        if rng.random() < 0.5:
            a, b = b, a
        return (
            [f"What is the opposite of {a}?", f"What's the opposite of {a}?", f"Which word means the opposite of {a}?"],
            [f"{upper(b)}.", f"The opposite of {a} is {b}.", f"It is {b}."],
            [f"The opposite of {a} is {b}.", f"{upper(a)} is the opposite of {b}."],
        )
    if kind == "kind":
        thing, kind = pick(KINDS)
        thing = thing if thing in ("red", "blue", "Monday", "May") else an(thing)
        return (
            [f"What is {thing}?", f"What kind of thing is {thing}?"],
            [f"{upper(an(kind))}.", f"{upper(thing)} is {an(kind)}.", f"It is {an(kind)}."],
            [f"{upper(thing)} is {an(kind)}."],
        )
    if kind == "job":
        who, does = pick(JOBS)
        return (
            [f"What does {an(who)} do?", f"What is the work of {an(who)}?"],
            [
                f"{upper(an(who))} {does}.",
                f"A person who {does}." if rng.random() < 0.1 else f"{upper(an(who))} {does}.",
            ],
            [f"{upper(an(who))} {does}.", f"A person who {does} is called {an(who)}."],
        )
    if kind == "use":
        thing, use = pick(USES)
        return (
            [f"What do you do with {an(thing)}?", f"What is {an(thing)} for?"],
            [
                f"You {use} with it." if thing not in ("umbrella", "bed", "lamp") else f"It helps you to {use}.",
                f"{upper(an(thing))} helps you to {use}.",
            ],
            [f"{upper(an(thing))} helps you to {use}.", f"You need {an(thing)} to {use}."],
        )
    if kind in ("day", "month"):
        names = DAYS if kind == "day" else MONTHS
        i = rng.randrange(len(names))
        a, b = names[i], names[(i + 1) % len(names)]
        return (
            [f"What {kind} comes after {a}?", f"Which {kind} comes after {a}?"],
            [f"{b}.", f"{b} comes after {a}.", f"It is {b}."],
            [f"{b} comes after {a}.", f"After {a} comes {b}.", f"{a} comes before {b}."],
        )
    if kind == "season":
        season, what = pick(list(SEASONS.items()))
        return (
            [f"What happens in {season}?"],
            [f"In {season} {what}."],
            [f"In {season} {what}.", f"{upper(season)} is a season. Then {what}."],
        )
    a, b = rng.randrange(11), rng.randrange(11)
    if rng.random() < 0.3 and a >= b:
        total, sign, word = a - b, "-", "minus"
    else:
        total, sign, word = a + b, "+", "plus"
    return (
        [
            f"What is {a} {sign} {b}?",
            f"How much is {a} {sign} {b}?",
            f"{a} {sign} {b} = ?",
            f"What is {NUMBERS[a]} {word} {NUMBERS[b]}?",
        ],
        [f"{total}.", f"{a} {sign} {b} = {total}.", f"It is {total}.", f"The answer is {total}."],
        [f"{a} {sign} {b} = {total}.", f"{upper(NUMBERS[a])} {word} {NUMBERS[b]} is {NUMBERS[total]}."],
    )
