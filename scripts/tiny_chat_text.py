"""The text that `brightrun/tiny-chat` is trained on: small chats made by a grammar from a seed.

`chats(seed, count)` yields lists of messages (role, content). Standard library only; the same seed gives the
same chats.
"""

import random

from tiny_chat_words import (ADJECTIVES, ADVERBS, ANIMALS, CAPITALS, COLOURS, COMMON, DAYS, DEFINITIONS, FEELINGS, FOODS, GOOD_FEELINGS, HOBBIES, JOBS,
                             MONTHS, NAMES, OPPOSITES, PLACES, PROBLEMS, REASONS, SYSTEM_PROMPTS, THINGS, VERB_FORMS, VERBS, WEATHER)

ONES = ("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen").split()
TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number):
    """A number from 0 to 999 in English words."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    rest = f" and {in_words(number % 100)}" if number % 100 else ""
    return f"{ONES[number // 100]} hundred{rest}"


def article(noun):
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def listing(items):
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def capital(text):
    return text[:1].upper() + text[1:]


class Grammar:
    """Makes exchanges: lists of (user, assistant) texts on one topic."""

    def __init__(self, rng):
        self.rng = rng
        self.pick = rng.choice

    def maybe(self, text, chance=0.5):
        return text if self.rng.random() < chance else ""

    def fill(self, text):
        slots = {"colour": self.pick(COLOURS), "day": self.pick(DAYS), "food": self.pick(FOODS), "name": self.pick(NAMES), "thing": self.pick(THINGS),
                 "n": self.rng.randrange(20, 400, 10), "place": self.pick(PLACES), "job": self.pick(JOBS)}
        return text.format(**slots)

    # ---- short exchanges

    def greeting(self):
        name, feeling = self.pick(NAMES), self.pick(GOOD_FEELINGS)
        hello = self.pick(["Hello", "Hi", "Good morning", "Good evening", "Hey there", "Good afternoon"])
        asked = self.pick([f"{hello}!", f"{hello}, how are you?", f"{hello}, I am {name}.", f"{hello}, my name is {name} and I am {article(self.pick(JOBS))}."])
        answer = self.pick(["How can I help you today?", "What can I do for you?", "What would you like to talk about?", "I am glad that you are here."])
        who = f", {name}" if name in asked else ""
        return [(asked, f"{hello}{who}! {answer}"),
                (f"I feel {feeling} today.", f"I am glad that you feel {feeling}. {self.pick(['What made the day good?', 'Enjoy it!', 'Tell me more, if you like.'])}")]

    def sums(self):
        a, b = self.rng.randrange(1, 60), self.rng.randrange(1, 40)
        kind = self.rng.randrange(3)
        if kind == 0:
            sign, word, value = "+", "plus", a + b
        elif kind == 1:
            a, b = max(a, b), min(a, b)
            sign, word, value = "-", "minus", a - b
        else:
            a, b = self.rng.randrange(2, 13), self.rng.randrange(2, 13)
            sign, word, value = "x", "times", a * b
        if self.rng.random() < 0.5:
            return [(self.pick([f"What is {a} {sign} {b}?", f"Please calculate {a} {sign} {b}.", f"{a} {sign} {b} = ?"]), f"{a} {sign} {b} = {value}.")]
        said = f"{in_words(a)} {word} {in_words(b)}"
        return [(self.pick([f"What is {said}?", f"How much is {said}?", f"Can you tell me {said}?"]), f"{capital(said)} is {in_words(value)}.")]

    def opposite(self):
        left, right = self.pick(OPPOSITES)
        if self.rng.random() < 0.5:
            left, right = right, left
        return [(self.pick([f"What is the opposite of {left}?", f"Tell me the opposite of \"{left}\".", f"Which word means the contrary of {left}?"]),
                 self.pick([f"The opposite of {left} is {right}.", f"That would be {right}."]))]

    def capital_city(self):
        land, town = self.pick(CAPITALS)
        if self.rng.random() < 0.7:
            return [(self.pick([f"What is the capital of {land}?", f"Which city is the capital of {land}?"]), f"The capital of {land} is {town}.")]
        return [(f"In which country is {town}?", f"{town} is the capital of {land}.")]

    def definition(self):
        word = self.pick(list(DEFINITIONS))
        again = self.pick(["Can you use it in a sentence?", "Give me an example, please."])
        example = f"{self.pick(NAMES)} talked about the word \"{word}\" at the {self.pick(PLACES)} on {self.pick(DAYS)}."
        first = (self.pick([f"What is {article(word)}?", f"What does \"{word}\" mean?", f"Explain the word {word}.", f"Please define {word}."]),
                 f"{capital(word)} means {DEFINITIONS[word]}.")
        return [first, (again, example)] if self.rng.random() < 0.3 else [first]

    def list_of(self):
        label, pool = self.pick([("animals", ANIMALS), ("foods", FOODS), ("colours", COLOURS), ("hobbies", HOBBIES), ("jobs", JOBS), ("places", PLACES),
                                 ("things at home", THINGS), ("months", MONTHS)])
        count = self.rng.randrange(2, 7)
        items = self.rng.sample(pool, count)
        asked = self.pick([f"Name {in_words(count)} {label}.", f"Give me a list of {count} {label}.", f"Can you tell me {in_words(count)} {label}?"])
        style = self.rng.randrange(3)
        if style == 0:
            return [(asked, f"{capital(listing(items))}.")]
        if style == 1:
            return [(asked, "\n".join(f"{i + 1}. {capital(item)}" for i, item in enumerate(items)))]
        return [(asked, "\n".join(f"- {item}" for item in items))]

    def sort_words(self):
        items = self.rng.sample(self.pick([ANIMALS + FOODS + THINGS, COMMON]), self.rng.randrange(3, 6))
        return [(f"Put these words in alphabetical order: {', '.join(items)}.", f"{', '.join(sorted(items))}.")]

    def repeat(self):
        text = (f"{self.pick(['the', 'my', 'one', 'your'])} {self.pick(ADJECTIVES)} {self.pick(THINGS)} {self.pick(['in', 'near', 'behind'])} the {self.pick(PLACES)}"
                if self.rng.random() < 0.5 else " ".join(self.rng.sample(COMMON, self.rng.randrange(2, 7))))
        return [(self.pick([f"Repeat after me: {text}", f"Say this again: {text}", f"Please write exactly this: {text}"]), text)]

    def spell(self):
        word = self.pick(self.pick([ANIMALS + FOODS + THINGS + PLACES, COMMON]))
        if self.rng.random() < 0.5:
            return [(f"How do you spell {word}?", f"{capital(word)} is spelled {'-'.join(word.upper())}.")]
        return [(f"How many letters has the word {word}?", f"The word {word} has {in_words(len(word))} letters.")]

    def next_day(self):
        pool, name = self.pick([(DAYS, "day"), (MONTHS, "month")])
        index, step = self.rng.randrange(len(pool)), self.pick([1, -1])
        word = "after" if step == 1 else "before"
        return [(f"Which {name} comes {word} {pool[index]}?", f"{pool[(index + step) % len(pool)]} comes {word} {pool[index]}.")]

    def compare(self):
        a, b = self.rng.sample(range(2, 200), 2)
        name, other = self.rng.sample(NAMES, 2)
        thing = self.pick(THINGS) + "s"
        more = name if a > b else other
        return [(f"{name} has {a} {thing} and {other} has {b}. Who has more?", f"{more} has more {thing}, because {max(a, b)} is larger than {min(a, b)}.")]

    def unknown(self):
        name = self.pick(NAMES)
        asked = self.pick([f"What did {name} eat yesterday?", f"Where is the {self.pick(THINGS)} of {name}?", f"What will the weather be next {self.pick(DAYS)}?",
                           f"How old is {name}'s {self.pick(ANIMALS)}?"])
        return [(asked, self.pick(["I am sorry, I do not know that.", "I cannot know that, but you could ask somebody who was there.",
                                   "I do not have that information. Could you tell me more?"]))]

    def polite(self):
        verb, thing = self.pick(VERBS), self.pick(THINGS)
        return [(f"Make this polite: {verb} the {thing}!", self.pick([f"Could you please {verb} the {thing}?", f"Would you be so kind and {verb} the {thing}?",
                                                                       f"Please {verb} the {thing}, if you have a moment."]))]

    def shop(self):
        food, count, price = self.pick(FOODS), self.rng.randrange(2, 9), self.rng.randrange(1, 6)
        total = count * price
        return [(f"One {food} costs {price} euros. How much are {count}?", f"{capital(in_words(count))} times {price} is {total}, so you pay {total} euros."),
                (f"I pay with {total + 5} euros.", f"Then you get {total + 5 - total} euros back. {self.pick(['Thank you!', 'Have a nice day!'])}")]

    def sentence(self, tense=None):
        """A plain sentence; `tense` is 1 for the past, 2 for the form with -ing."""
        name, forms = self.pick(NAMES), self.pick(VERB_FORMS)
        verb = f"was {forms[2]}" if tense == 2 else forms[1]
        where = self.pick([f"at the {self.pick(PLACES)}", f"with the {self.pick(ADJECTIVES)} {self.pick(THINGS)}", f"on {self.pick(DAYS)}", f"near the {self.pick(PLACES)}",
                           f"after the {self.pick(COMMON)} of the {self.pick(COMMON)}", f"without {article(self.pick(COMMON))}"])
        because = self.maybe(f" {self.pick(['because', 'although', 'when', 'and'])} {self.pick(REASONS)}")
        return f"{name} {verb} {self.maybe(self.pick(ADVERBS) + ' ')}{where}{because}.".replace("  ", " ")

    def verbs(self):
        base, past, ing = self.pick(VERB_FORMS)
        return [self.pick([(f"What is the past of \"{base}\"?", f"The past of {base} is {past}."), (f"Which verb has the past \"{past}\"?", f"That is {base}."),
                           (f"Say \"I {base}\" for this very moment.", f"I am {ing}."), (f"Say \"we {base}\" for yesterday.", f"We {past}.")])]

    def example(self):
        count = self.rng.randrange(1, 4)
        asked = self.pick(["Write a sentence.", "Give me an example sentence."]) if count == 1 else f"Write {in_words(count)} sentences."
        return [(asked, " ".join(self.sentence(self.pick([1, 1, 2])) for _ in range(count)))]

    def quote(self):
        first, second = self.sentence(), self.sentence()
        return [self.pick([(f"Who is in this sentence? {first}", f"It is {first.split()[0]}."), (f"Repeat only the last sentence. {first} {second}", second),
                           (f"Repeat only the first sentence. {first} {second}", first), (f"How many words are there? {first}", f"{capital(in_words(len(first.split())))} words."),
                           (f"Make it a question: {first}", f"Is it true that {first[:-1]}?")])]

    # ---- longer exchanges

    def memory(self):
        name, thing, place = self.pick(NAMES), self.pick(THINGS), self.pick(PLACES)
        adjective, colour = self.pick(ADJECTIVES), self.pick(COLOURS)
        tell = (f"My name is {name} and I left my {colour} {thing} at the {place}. It is {article(adjective)} one.",
                self.pick([f"Thank you, {name}. I will remember that.", f"All right, {name}, {article(colour)} {thing} at the {place}."]))
        asks = [("What is my name?", f"Your name is {name}."), (f"Where is my {thing}?", f"You left it at the {place}."),
                (f"Which colour is my {thing}?", f"Your {thing} is {colour}."), ("What did I lose?", f"You lost your {colour} {thing}.")]
        return [tell] + self.rng.sample(asks, self.rng.randrange(1, 4))

    def story(self):
        animal, friend = self.rng.sample(ANIMALS, 2)
        name, place, thing, colour = self.pick(NAMES), self.pick(PLACES), self.pick(THINGS), self.pick(COLOURS)
        feeling, good, adjective = self.pick(FEELINGS), self.pick(GOOD_FEELINGS), self.pick(ADJECTIVES)
        begin = self.pick(["Once upon a time", "One day", f"On a {self.pick(WEATHER)} morning", "Long ago", f"In {self.pick(MONTHS)}"])
        middle = self.pick([f"Then {article(friend)} came along and asked what was wrong.", f"But {article(friend)} had seen everything.",
                            f"After a while {article(adjective)} {friend} sat down beside {name}."])
        finish = self.pick([f"Together they looked behind the old {self.pick(THINGS)} and found it.", "They walked home and shared the last piece of cake.",
                            f"From that day they met every {self.pick(DAYS)} and were friends.", f"\"It is only {article(thing)},\" said the {friend}, and they laughed."])
        text = (f"{begin} there was {article(animal)} named {name} who lived near the {place}. {name} had lost {article(colour)} {thing} and was very {feeling}. "
                f"{middle} {finish} In the end {name} felt {good} again.")
        asked = self.pick([f"Tell me a story about {article(animal)}.", f"Write a short story about {article(animal)} and {article(friend)}.", "Please tell me a story."])
        follow = [("What was lost in the story?", f"{name} had lost {article(colour)} {thing}."), ("How did it end?", f"In the end {name} felt {good} again."),
                  (f"Who was {name}?", f"{name} was {article(animal)} who lived near the {place}.")]
        return [(asked, text)] + self.rng.sample(follow, self.rng.randrange(0, 3))

    def about_me(self):
        name, job, hobby, place = self.pick(NAMES), self.pick(JOBS), self.pick(HOBBIES), self.pick(PLACES)
        tell = f"{name} is {article(job)}. On {self.pick(DAYS)} {name} goes to the {place} and likes {hobby}."
        asks = [(f"What does {name} like?", f"{name} likes {hobby}."), (f"What is {name}'s job?", f"{name} is {article(job)}."),
                (f"Where does {name} go?", f"{name} goes to the {place}.")]
        first, *rest = self.rng.sample(asks, self.rng.randrange(1, 4))
        return [(f"{tell} {first[0]}", first[1])] + rest

    def weather(self):
        kind, day = self.pick(WEATHER), self.pick(DAYS)
        advice = {"rainy": "Take an umbrella", "stormy": "Stay inside if you can", "snowy": "Wear warm boots", "freezing": "Wear a thick coat",
                  "hot": "Drink enough water", "sunny": "Take a hat", "foggy": "Drive slowly", "windy": "Hold on to your hat"}.get(kind, "A light jacket is enough")
        return [(f"It is {kind} on {day}. What should I do?", f"{advice} on {day}, because it is {kind}. {self.maybe('Enjoy the day!')}".strip())]

    def help_talk(self):
        """The workshop of empathy: feeling, cause, one step, a doubt, and a good end."""
        said, why, steps, cost = PROBLEMS[self.pick(list(PROBLEMS))]
        said, feeling, good, name = self.fill(said), self.pick(FEELINGS), self.pick(GOOD_FEELINGS), self.pick(NAMES)
        named = self.rng.random() < 0.5
        intro = f"{self.pick(['Hello', 'Hi', 'Good evening'])}, I am {name}. " if named else ""
        who = f", {name}" if named else ""
        user = intro + self.pick([f"{capital(said)} and I feel {feeling}.", f"I am so {feeling}: {said}.", f"{capital(said)}. It makes me {feeling}. What can I do?",
                                  f"I do not know what to do, {said}. I am a bit {feeling}."])
        care = self.pick([f"I am sorry that you feel {feeling}{who}.", f"That sounds hard{who}, and it makes sense that you are {feeling}.",
                          f"Thank you for telling me{who}. Many people feel {feeling} about this.", f"It is all right to be {feeling}{who}; you are not alone with it."])
        reason = self.pick([f"Often {why}.", f"The reason is usually simple: {why}.", f"It helps to know that {why}."])
        step = self.rng.sample(steps, len(steps))
        talk = [(user, f"{care} {reason} {self.pick(['First', 'As a first step', 'Today'])}, {step[0]}.")]
        more = [(self.pick(["What comes next?", "And then?", "I did that. What is the second step?"]), self.pick([f"Good. Next, {step[1]}.", f"Then {step[1]}."])),
                (self.pick(["What does it cost?", "How long will it take?", "Is it much work?"]), self.pick([f"Count on {cost}.", f"It takes {cost}, not more."])),
                ("Why does it happen?", f"{capital(why)}."),
                self.pick([("Is it my fault?", "No, it is not your fault. Nobody showed you before."), ("I feel silly asking.", "There is nothing silly about asking.")]),
                ("Can you sum it up?", f"Yes: {step[0]}, then {step[1]}, and {step[2]}.")]
        talk += self.rng.sample(more, self.rng.randrange(0, 4))
        if self.rng.random() < 0.5:
            talk.append((f"It worked! I feel {good} now. {self.maybe('Thank you so much.')}".strip(),
                         self.pick([f"I am glad that you feel {good}{who}. You did that yourself.", f"Well done{who}! Keep it up, one small step at a time.",
                                    f"That is wonderful news{who}. You earned it."])))
        return talk

    def plan(self):
        day, place, friend, food = self.pick(DAYS), self.pick(PLACES), self.pick(NAMES), self.pick(FOODS)
        hour = self.rng.randrange(1, 12)
        return [(f"Help me to plan my {day}. I want to meet {friend} at the {place}.",
                 f"Here is a plan for {day}:\n1. Have {food} for breakfast.\n2. Meet {friend} at the {place} at {hour} o'clock.\n3. Rest in the evening."),
                ("When do I meet my friend?", f"You meet {friend} at {hour} o'clock at the {place}.")][: self.rng.randrange(1, 3)]

    def thanks(self):
        return [(self.pick(["Thank you!", "Thanks for your help.", "Goodbye!", "See you tomorrow.", "That is all for today. 😊"]),
                 self.pick(["You are welcome!", "Goodbye, and take care.", "It was a pleasure.", "See you soon!"]))]


SHORT = ["greeting", "sums", "opposite", "capital_city", "definition", "list_of", "sort_words", "repeat", "spell", "next_day", "compare", "unknown", "polite", "shop",
         "weather", "verbs", "example", "example", "quote", "repeat"]
LONG = ["memory", "story", "about_me", "help_talk", "help_talk", "help_talk", "plan", "story"]


def chats(seed, count):
    """Yields `count` chats, each a list of messages with role and content."""
    grammar = Grammar(random.Random(seed))
    rng = grammar.rng
    for _ in range(count):
        kinds = [rng.choice(LONG if rng.random() < 0.5 else SHORT) for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))]
        exchanges = [exchange for kind in kinds for exchange in getattr(grammar, kind)()]
        if rng.random() < 0.12:
            exchanges += grammar.thanks()
        messages = []
        if rng.random() < 0.6:
            messages.append({"role": "system", "content": grammar.fill(rng.choice(SYSTEM_PROMPTS))})
        for user, answer in exchanges:
            messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
        yield messages
