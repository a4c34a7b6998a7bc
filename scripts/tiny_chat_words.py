"""Word pools for the text that `brightrun/tiny-chat` is trained on. Written for BrightRun; words only, no logic."""


def words(text):
    """Splits a pool written as one string at its commas."""
    return [part.strip() for part in " ".join(text.split()).split(",")]


NAMES = words("""Ada, Ben, Carla, Dmitri, Elif, Farah, George, Hana, Ivan, Julia, Kofi, Lena, Mateo, Nadia, Omar, Paula, Quinn, Rosa, Sam, Tara, Umar,
    Vera, Wanda, Xavier, Yuki, Zoe, Anton, Bianca, Chen, Dora, Emil, Fiona, Gita, Henrik, Irene, Jonas, Karim, Lucia, Maya, Noel, Olga, Pedro,
    René, Sofía, Jürgen, Marcus, Priya, Ines, Tom, Nora""")
JOBS = words("""teacher, nurse, baker, gardener, driver, cook, student, painter, farmer, librarian, tailor, engineer, pilot, doctor, builder, singer,
    writer, waiter, mechanic, dentist, shopkeeper, carpenter, lawyer, clerk, photographer, scientist, consultant, musician""")
PLACES = words("""market, library, station, harbour, park, school, hospital, bakery, museum, garden, office, kitchen, bridge, village, city, beach,
    forest, river, mountain, theatre, workshop, cinema, hotel, airport, farm, church, café, bookshop, playground, lake, street, square""")
ANIMALS = words("""cat, dog, horse, rabbit, fox, owl, bear, mouse, goat, sheep, duck, frog, tiger, lion, elephant, monkey, turtle, eagle, whale, bee,
    ant, snake, wolf, deer, hen, pig, cow, donkey, parrot, squirrel""")
FOODS = words("""bread, soup, rice, apple, banana, cheese, salad, pasta, potato, carrot, tomato, onion, egg, butter, honey, cake, biscuit, orange, pear,
    grape, bean, fish, chicken, pancake, omelette, yoghurt, lemon, garlic, mushroom, pepper, chocolate, tea, coffee, juice, milk""")
THINGS = words("""lamp, table, chair, book, key, door, window, cup, plate, bag, coat, shoe, hat, phone, clock, letter, box, basket, umbrella, bottle,
    pencil, notebook, blanket, pillow, bicycle, car, train, boat, ball, kite, guitar, camera, mirror, candle, spoon, knife, ladder, bucket, rope, map,
    ticket, coin, suitcase, drawer, radio, piano, tool, wheel, brush, towel""")
COLOURS = words("red, blue, green, yellow, black, white, brown, grey, orange, purple, pink, silver, golden")
ADJECTIVES = words("""small, large, old, new, quiet, loud, heavy, light, clean, dirty, warm, cold, soft, hard, fast, slow, bright, dark, happy, sad, kind,
    brave, careful, clever, gentle, honest, strong, tired, hungry, lonely, curious, patient, proud, strange, simple, beautiful, broken, empty, full,
    cheap, expensive, fresh, dry, wet, round, short, tall, narrow, wide, safe""")
FEELINGS = words("""sad, worried, angry, tired, lonely, nervous, afraid, ashamed, disappointed, frustrated, overwhelmed, confused, anxious, jealous, bored,
    guilty, hurt, stressed, embarrassed, discouraged""")
GOOD_FEELINGS = words("calm, proud, happy, hopeful, relieved, confident, grateful, excited, curious, strong, rested, clear")
WEATHER = words("sunny, rainy, windy, cloudy, snowy, foggy, stormy, mild, freezing, hot, cool, dry")
DAYS = words("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MONTHS = words("January, February, March, April, May, June, July, August, September, October, November, December")
HOBBIES = words("""reading, painting, swimming, running, cooking, singing, dancing, fishing, knitting, gardening, drawing, cycling, hiking, baking,
    chess, photography, writing poems, playing the guitar, learning languages, collecting stamps, watching birds, building models""")
VERBS = words("""find, carry, open, close, clean, paint, repair, borrow, lose, hide, buy, sell, bring, show, hold, drop, lift, wash, push, pull, keep,
    draw, count, measure, move, turn, fill, cut, wrap, throw""")
OPPOSITES = [tuple(pair.split("-")) for pair in words("""hot-cold, big-small, fast-slow, early-late, open-closed, full-empty, happy-sad, old-young, rich-poor,
    light-dark, heavy-light, long-short, hard-soft, clean-dirty, wet-dry, strong-weak, loud-quiet, near-far, high-low, right-wrong, first-last,
    inside-outside, up-down, day-night, summer-winter, start-end, give-take, push-pull, buy-sell, win-lose, laugh-cry, remember-forget, question-answer,
    friend-enemy, always-never, many-few, wide-narrow, thick-thin, sweet-bitter, cheap-expensive, brave-afraid, simple-difficult, true-false""")]
CAPITALS = [tuple(pair.split("-")) for pair in words("""France-Paris, Spain-Madrid, Italy-Rome, Germany-Berlin, Austria-Vienna, Portugal-Lisbon, Greece-Athens,
    Norway-Oslo, Sweden-Stockholm, Finland-Helsinki, Denmark-Copenhagen, Poland-Warsaw, Hungary-Budapest, Ireland-Dublin, Belgium-Brussels, Japan-Tokyo,
    China-Beijing, India-New Delhi, Egypt-Cairo, Kenya-Nairobi, Ghana-Accra, Morocco-Rabat, Canada-Ottawa, Mexico-Mexico City, Cuba-Havana, Peru-Lima,
    Chile-Santiago, Argentina-Buenos Aires, Brazil-Brasília, Australia-Canberra, Turkey-Ankara, Iran-Tehran, Thailand-Bangkok, Vietnam-Hanoi""")]
DEFINITIONS = dict(pair.split(": ") for pair in [line.strip() for line in """
    library: a place where people borrow books and read in peace
    compass: a small tool whose needle points to the north
    budget: a plan that says how much money comes in and where it goes
    recipe: a list of what you need and the steps to cook a dish
    bridge: a way over a river, a road or a valley
    glacier: a slow river of ice that moves down a mountain
    habit: something you do so often that you no longer think about it
    promise: a word you give to somebody that you mean to keep
    harbour: a safe place at the coast where ships can stay
    thermometer: an instrument that measures how warm or cold it is
    island: a piece of land with water on every side
    apprentice: a person who learns a trade by working with a master
    receipt: a paper that shows what you bought and what you paid
    desert: a dry land where it hardly ever rains
    orchard: a piece of land where fruit trees grow
    envelope: a paper cover in which you send a letter
    vaccine: a medicine that teaches the body to defend itself against an illness
    deadline: the day or the hour by which something must be done
    neighbour: a person who lives next to you or very near
    volcano: a mountain from which hot melted rock can come out
    savings: money that you keep for later and do not spend now
    puncture: a small hole through which a tyre loses its air
    debt: money that you owe to somebody and have to pay back
    interest: the price that you pay for borrowed money
    orchestra: a large group of people who play music together
    shadow: the dark shape behind a thing that stands in the light
    lighthouse: a tower with a strong lamp that guides ships at night
    patience: the strength to wait without becoming angry
    advice: an opinion about what somebody could do
    journey: the way from one place to another, and what happens on it
    bicycle: a machine with two wheels, pedals and a chain that you ride
    battery: a thing that keeps electricity until you need it
    mortgage: a loan with which people buy a house
    courage: doing the right thing although you are afraid
    empathy: feeling with somebody and showing that you understand
""".strip().splitlines()])
# problem: (what the user says, why it happens, steps to take, cost or time)
PROBLEMS = {
    "plants": ("my {colour} plant has yellow leaves", "too much water keeps the air away from the roots",
               ["let the soil dry for a few days", "move the pot to a brighter window", "cut off the yellow leaves"], "two weeks of patience"),
    "sleep": ("I cannot sleep at night", "a bright screen and a full head keep the body awake",
              ["put the phone away one hour before bed", "write tomorrow's tasks on paper", "keep the room cool and dark"], "about ten days to feel it"),
    "study": ("I have an exam on {day} and I keep forgetting everything", "the brain keeps what it has to call back, and not what it only reads",
              ["close the book and write what you remember", "study twenty minutes and rest five", "explain it to a friend"], "half an hour a day"),
    "money": ("my money is gone before the month ends", "small costs that nobody writes down add up to a large sum",
              ["write down every cost for one week", "put a small amount aside on the first day", "look at one contract that you do not need"],
              "one evening and 20 euros"),
    "noise": ("my neighbour plays loud music every night", "most people do not know how far their sound travels",
              ["talk to your neighbour on a quiet day", "say what you feel and not what is wrong with them", "propose an hour that suits both"],
              "ten brave minutes"),
    "cooking": ("my {food} always burns in the pan", "the pan is too hot before the food goes in",
                ["turn the heat to the middle", "wait until the butter is quiet", "stir slowly and stay near"], "a calm minute and no money"),
    "moving": ("I have to move to another city and I do not know where to begin", "a big task looks endless as long as it is not cut into small ones",
               ["write one list for each room", "pack what you do not need first", "ask two friends for one afternoon"], "three weekends"),
    "computer": ("my computer has become very slow", "too many programs start together and the disk is almost full",
                 ["close the programs that you do not use", "delete large old files", "start it again once a week"], "about one hour"),
    "cold": ("I have a cold and a sore throat", "the body needs rest to fight the illness", ["drink warm tea with honey", "sleep as long as you can",
             "see a doctor if the fever stays for three days"], "about one week"),
    "job": ("I am afraid of my talk at work on {day}", "fear grows when we practise only in our head",
            ["say the first sentence aloud ten times", "breathe out slowly before you begin", "look at one friendly face"], "fifteen minutes a day"),
    "friend": ("my friend {name} has not answered me for weeks", "silence often has a reason that has nothing to do with you",
               ["send one short and kind message", "ask how they are and expect nothing", "do something nice with another friend"], "a little courage"),
    "shoes": ("my new shoes hurt my feet", "leather needs time and warmth to become soft",
              ["wear them for one hour at home", "use thick socks", "bring them back if the toes touch the front"], "about a week"),
    "bus": ("I missed the last bus home", "the plan changes in the evening and the signs are easy to miss",
            ["stay where there is light", "call a friend or a taxi", "note the time of the last bus for the next time"], "about 15 euros"),
    "window": ("cold air comes through my window", "the rubber around the frame becomes hard with age",
               ["hold a candle near the frame to find the place", "clean the frame with warm water", "press in a new strip of rubber"], "12 euros and an hour"),
    "dog": ("my dog barks whenever somebody comes to the door", "a dog that barks believes it has a job to do",
            ["show the dog a quiet place", "praise every silent moment", "practise with a friend at the door"], "three weeks of practice"),
    "bread": ("my bread does not rise", "the yeast was too old or the water too hot",
              ["test the yeast in warm water with sugar", "let it rest in a warm place", "wait until it is twice as big"], "two hours, most of it waiting"),
    "drill": ("a screw came out of the wall and left a hole", "the plug was too small for the weight", ["take out the old plug", "choose one size larger",
              "tap it in gently and turn the screw by hand"], "3 euros"),
    "garden": ("snails eat all my salad", "snails come at night when the soil is wet", ["water the garden in the morning",
               "put a board down and collect them below it", "plant a row of herbs around it"], "ten minutes a day"),
    "running": ("I want to start running, but I am out of breath after a minute", "the heart learns more slowly than the will",
                ["run one minute and walk two", "go so slowly that you can still talk", "rest one day between"], "about six weeks"),
    "saving": ("I want to buy a {thing} for {n} euros and I never manage to save", "a goal without a number stays a wish",
               ["divide the price by the weeks you have", "move that sum on the same day each week", "tell a friend about your goal"], "one fixed day a week"),
}
SYSTEM_PROMPTS = [
    "You are a helpful assistant.", "You are a friendly assistant. Keep your answers short.", "Answer in one or two sentences.",
    "You are a kind teacher. Explain why before how.", "You are a patient assistant who names the feeling before the fix.",
    "You are a careful assistant. If you do not know, say so.", "You help people with everyday problems. Give one small step at a time.",
    "You are a warm and honest adviser. Never blame anyone. Use numbers where they help.", "You are a storyteller for children.",
    "You are a polite shop assistant.", "Be brief and clear.", "You are the help desk of a small {place}. Be warm, plain and honest about cost.",
    "You speak for {name}, who works as a {job}. Acknowledge feelings before facts.", "You are a calm guide. Ask one question at a time.",
]
VERB_FORMS = [tuple(form.split("/")) for form in words("""walk/walked/walking, talk/talked/talking, ask/asked/asking, answer/answered/answering, help/helped/helping,
    open/opened/opening, close/closed/closing, start/started/starting, stop/stopped/stopping, try/tried/trying, carry/carried/carrying, study/studied/studying,
    work/worked/working, play/played/playing, cook/cooked/cooking, clean/cleaned/cleaning, wait/waited/waiting, want/wanted/wanting, need/needed/needing,
    like/liked/liking, love/loved/loving, move/moved/moving, live/lived/living, save/saved/saving, plan/planned/planning, drop/dropped/dropping,
    check/checked/checking, turn/turned/turning, call/called/calling, listen/listened/listening, look/looked/looking, learn/learned/learning,
    explain/explained/explaining, remember/remembered/remembering, repair/repaired/repairing, change/changed/changing, measure/measured/measuring,
    worry/worried/worrying, promise/promised/promising, share/shared/sharing, decide/decided/deciding, finish/finished/finishing, go/went/going,
    come/came/coming, see/saw/seeing, say/said/saying, tell/told/telling, give/gave/giving, take/took/taking, make/made/making, find/found/finding,
    think/thought/thinking, know/knew/knowing, feel/felt/feeling, keep/kept/keeping, leave/left/leaving, bring/brought/bringing, buy/bought/buying,
    sell/sold/selling, pay/paid/paying, lose/lost/losing, win/won/winning, begin/began/beginning, run/ran/running, ride/rode/riding, drive/drove/driving,
    write/wrote/writing, read/read/reading, speak/spoke/speaking, hear/heard/hearing, hold/held/holding, sit/sat/sitting, stand/stood/standing,
    sleep/slept/sleeping, wake/woke/waking, eat/ate/eating, drink/drank/drinking, fall/fell/falling, break/broke/breaking, grow/grew/growing,
    build/built/building, choose/chose/choosing, understand/understood/understanding, forget/forgot/forgetting, teach/taught/teaching, meet/met/meeting,
    send/sent/sending, spend/spent/spending, cut/cut/cutting, put/put/putting, let/let/letting, hurt/hurt/hurting, wear/wore/wearing, throw/threw/throwing""")]
ADVERBS = words("""slowly, quickly, often, never, always, again, alone, together, early, late, today, yesterday, quietly, carefully, almost, already, still,
    sometimes, gently, finally, suddenly, probably, usually, honestly, clearly, exactly, simply, maybe, soon, later""")
REASONS = words("""the door was closed, it was raining, there was enough time, nobody else could, the shop was full, the bus came late, it was the right thing,
    the light was on, everybody was asleep, the price was too high, a friend had asked, there was no other way, it felt safe, the road was wet,
    the answer was clear, the children were waiting, something was wrong, the money was gone, it was only a small problem, the work was done,
    the weather changed, the machine was old, the letter had arrived, the first step is the hardest, a number helps to decide""")
COMMON = words("""ability, able, about, above, accept, account, across, action, address, adult, afford, after, again, against, agree, ahead, allow, alone, along,
    although, among, amount, angle, another, anxiety, apart, appear, approach, area, argue, arm, around, arrive, aside, attack, attention, aunt, autumn,
    available, average, avoid, away, back, balance, bank, bar, base, bath, bearing, become, before, behind, believe, belong, below, benefit, beside, better,
    between, beyond, bill, birth, bit, blame, block, blood, body, bone, border, both, bottom, brain, brake, branch, breath, bright, brother, build, burn,
    business, busy, button, cable, calm, card, care, career, case, cause, centre, certain, chain, chance, charge, check, child, children, choice, circle,
    claim, class, clear, client, climb, cloth, college, comfort, common, company, compare, complete, concern, condition, confidence, connect, consider,
    contact, contract, control, conversation, corner, correct, cost, couple, course, cover, crack, create, credit, crisis, crowd, culture, current, customer,
    damage, danger, daughter, deal, death, decide, decision, deep, degree, depend, describe, detail, develop, difference, direction, discuss, distance,
    divide, doubt, dream, dress, drop, during, each, earn, earth, ease, edge, education, effect, effort, either, electric, else, emergency, emotion, emotional,
    energy, enough, enter, entire, equal, especially, even, event, every, evidence, example, except, exchange, exercise, expect, experience, eye, face, fact,
    fail, fair, family, famous, far, father, fear, fee, few, field, figure, final, finance, financial, finger, fire, firm, fit, fix, flat, floor, flow, follow,
    foot, force, forward, foundation, frame, free, freedom, front, fund, future, gain, game, gap, gear, general, goal, gold, government, grand, grease, ground,
    group, guess, guide, habit, half, hand, handle, hang, happen, health, heart, heat, height, high, hill, hire, history, hole, home, hope, hour, house, however,
    human, idea, illness, imagine, important, improve, inch, include, income, increase, indeed, individual, inform, inside, instead, insurance, interest, into,
    invest, investment, issue, item, itself, join, joint, judge, judgment, just, kid, kind, king, knee, knock, lack, land, language, large, last, laugh, law, layer, lead,
    learn, least, leg, length, less, lesson, level, lever, life, lift, limit, line, link, list, little, loan, local, lock, loose, loss, lot, love, low, luck,
    machine, main, manage, many, mark, marriage, match, material, matter, meal, mean, measure, medical, meeting, member, memory, mental, metal, method, middle, might,
    mile, mind, minute, miss, mistake, model, moment, money, month, mood, more, morning, most, mother, mouth, much, must, myself, narrow, nature, necessary,
    neck, neither, nervous, nice, noise, none, normal, north, nothing, notice, number, object, offer, often, oil, once, only, opinion, option, order,
    ordinary, other, outside, overall, own, pace, page, pain, pair, panic, parent, part, particular, partner, patch, pattern, payment, peace, pedal, people,
    perfect, perhaps, period, permission, person, personal, picture, piece, plan, planning, play, plenty, point, police, policy, position, possible, power,
    practice, prefer, pressure, pretty, prevent, price, principle, print, private, problem, process, product, professional, profit, progress, project,
    proper, property, protect, prove, public, pump, purpose, quality, quarter, quick, quite, race, raise, range, rate, rather, reach, ready, real,
    realistic, reason, receive, record, reduce, refuse, regular, relationship, relax, relief, remain, rent, replace, report, request, require, respect, responsible,
    rest, result, retire, retirement, return, review, reward, rich, right, rise, risk, role, roll, roof, room, rule, saddle, safety, salary, same, save,
    scale, schedule, seat, second, secret, section, security, seem, self, sense, separate, serious, service, several, shame, shape, share, sharp, shift, shop,
    shoulder, shut, sick, side, sign, silence, similar, since, single, sister, situation, size, skill, skin, sleep, slip, smell, smile, smooth, social, soil, solid,
    solution, solve, someone, somewhere, sort, sound, source, south, space, special, speed, spot, spread, spring, stable, staff, stage, stand, standard,
    state, statement, stay, steady, steel, step, stick, stock, stone, store, strange, strategy, strength, stress, stretch, strike, structure, struggle, stuck,
    subject, success, such, sudden, suffer, suggest, suit, summer, supply, support, suppose, sure, surface, surprise, survive, system, tax, taste, team,
    technical, temperature, term, test, therapy, thick, thing, though, thought, thousand, through, tight, title, together, tomorrow, tonight, total, touch,
    toward, track, trade, traffic, training, treat, trial, trip, trouble, trust, truth, tube, twice, type, tyre, uncle, under, unit, until, upset, urgent, useful,
    usual, value, various, vehicle, version, view, visit, voice, wage, wall, waste, watch, water, wave, weak, wealth, wedding, week, weekend, weight, welcome,
    west, whatever, whether, while, whole, whose, wife, will, wish, within, without, woman, wonder, wood, word, worker, world, worth, would, wound, write, wrong,
    yard, year, yet, youth, zero""")
