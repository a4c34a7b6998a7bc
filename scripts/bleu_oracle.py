#!/usr/bin/env python3
"""Corpus BLEU by sacreBLEU that the trainer's is tested against.

    pip install -r scripts/requirements.txt
    python3 scripts/bleu_oracle.py                    # writes crates/trainer/tests/fixtures/bleu.json

Each corpus has one reference a line; kept are the tokens of its lines and the score with what it is made of (tokenizer 13a, exponential smoothing, case kept).
"""

import json
import random
from pathlib import Path

from sacrebleu.metrics import BLEU

OUTPUT = Path(__file__).resolve().parent.parent / "crates/trainer/tests/fixtures/bleu.json"

PAIRS = [
    ("The chain is worn; replace it at 0.75%.", "The chain is worn, so replace it at 0.75 %."),
    ("Check the pads, then the rotor.", "Check the rotor, then the pads."),
    ("It costs $1,250.50 (incl. VAT).", "It costs $1,250.50, including VAT."),
    ("A 5-speed hub, 3-4 years old; well-kept!", "A 5-speed hub - 3-4 years old - is well kept."),
    ("Fish &amp; chips &quot;to go&quot; &lt;now&gt;", 'Fish & chips "to go" <now>'),
    ("one line-\nbroken, and a\nsecond one", "one linebroken, and a second one"),
    ("Grüße aus Köln – naïve café…", "Grüße aus Köln – naive Café …"),
    ("日本語の文です。はい。", "日本語の文です。いいえ。"),
    ("e-mail me@example.org or see http://example.org/a_b?c=1&d=2", "E-mail me@example.org, or see http://example.org/a_b?c=1&d=2."),
    ("3.14, .5 and 1..2 and a..b , 7,", "3.14 , .5 and 1 . . 2 and a . . b,7"),
    ("[x] {y} ~z~ `code` ^up _down_ |bar| \\slash/", "[x] {y} z code up down bar slash"),
    ("trailing blanks and a tab\t  ", "trailing blanks and a tab"),
    ("<skipped>word", "word"),
    ("a\u00a0b\u2003c\u0085d\u001fe", "a b c d e"),
    ("the the the the the", "the cat is on the mat"),
    ("", "An answer was expected here."),
    ("Yes.", "No, that is not how it works at all."),
    ("I'd say it's John's; don't ask.", "I would say it is John's, do not ask."),
]


def corpora():
    """Each pair alone, all together, and corpora of random words of many lengths."""
    yield from ([pair] for pair in PAIRS)
    yield PAIRS
    draw = random.Random(5)
    words = "the chain wheel brake is worn new , . 3.5 tight - loose check (twice) and then".split()
    for size in (2, 5, 20, 60):
        pairs = []
        for _ in range(size):
            reference = [draw.choice(words) for _ in range(draw.randint(1, 30))]
            made = [draw.choice(words) if draw.random() < 0.3 else word for word in reference if draw.random() > 0.1]
            pairs.append((" ".join(made), " ".join(reference)))
        yield pairs
    yield [("same answer, same words.", "same answer, same words.")] * 3


def main():
    kept = []
    for pairs in corpora():
        hypotheses, references = [h for h, _ in pairs], [r for _, r in pairs]
        metric = BLEU(tokenize="13a", smooth_method="exp")
        score = metric.corpus_score(hypotheses, [references])
        kept.append({
            "hypotheses": hypotheses, "references": references, "tokens": [metric.tokenizer(h.rstrip()) for h in hypotheses],
            "score": score.score, "brevity_penalty": score.bp, "precisions": score.precisions, "lengths": [score.sys_len, score.ref_len]})
    OUTPUT.write_text(json.dumps(kept, indent=1) + "\n")
    print(len(kept), [round(c["score"], 2) for c in kept])


if __name__ == "__main__":
    main()
