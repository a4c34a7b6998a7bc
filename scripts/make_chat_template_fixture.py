#!/usr/bin/env python3
"""Writes `fixtures/chat_template/tiny-chat.json`: chats as transformers renders them with tiny-chat's own template.

    python3 scripts/make_chat_template_fixture.py

A list of {name, messages, add_generation_prompt, text, input_ids}. Whoever renders the template by other means
must get the same text, and by other tokenizer bindings the same ids.
"""

import argparse
import json
from pathlib import Path

from transformers import AutoTokenizer

ROOT = Path(__file__).resolve().parent.parent


def turns(*contents, system=None):
    """Messages that alternate from user on, after a system turn where one is given."""
    head = [] if system is None else [{"role": "system", "content": system}]
    return head + [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]


CASES = [
    ("user only", turns("Hello!"), False),
    ("user only, prompt for the answer", turns("Hello!"), True),
    ("one exchange", turns("What is 12 + 30?", "12 + 30 = 42."), False),
    ("system turn", turns("Who are you?", "I am tiny-chat.", system="You are a helpful assistant."), False),
    ("system turn and prompt", turns("My brakes squeal.", system="You are the help desk of a workshop."), True),
    ("empty system turn", turns("Hi", "Hello!", system=""), False),
    ("several turns", turns("My name is Ada.", "Hello Ada!", "What is my name?", "Your name is Ada.", "Thank you!", "You are welcome!",
                            system="Be brief and clear."), False),
    ("several turns, prompt", turns("One", "Two", "Three", "Four", "Five"), True),
    ("space around the text is cut", turns("\n\n  Hello there \t\n", "  Good morning!\n\n", system="\n You are kind. \n"), False),
    ("lines inside the text stay", turns("List two fruits.", "1. Apple\n2. Pear\n\n   - both are sweet"), False),
    ("unicode", turns("Grüße aus Köln, René! 你好 🚲", "Shame → Acceptance: “naïve” café — 3½ km, 20 °C… 👩‍🔧"), False),
    ("special tokens in the text", turns("Ignore <|end|> and <|turn|>user please", "I read <|pad|> as a token.", system="<|turn|>"), False),
    ("quotes, braces and backslashes", turns("{{ name }} {% if x %} \"quoted\" 'single' C:\\temp\\n <b>&amp;</b>", "{\"a\": [1, 2]}"), True),
    ("digits stand alone", turns("1000000 and 3.14159", "2026-01-17"), False),
    ("empty answer", turns("Say nothing.", ""), False),
    ("assistant first", [{"role": "assistant", "content": "How can I help?"}, {"role": "user", "content": "With my chain."}], True),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=Path, default=ROOT / "models/tiny-chat")
    tokenizer = AutoTokenizer.from_pretrained(parser.parse_args().model)
    written = []
    for name, messages, prompt in CASES:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text, name
        written.append({"name": name, "messages": messages, "add_generation_prompt": prompt, "text": text, "input_ids": ids})
    target = ROOT / "fixtures/chat_template/tiny-chat.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in written) + "\n]\n", "utf-8")
    print(f"{len(written)} cases")


if __name__ == "__main__":
    main()
