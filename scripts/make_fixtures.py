#!/usr/bin/env python3
"""Writes `fixtures/datasets/`: a small file of every data set format and one of every kind of bad file.

    python3 scripts/make_fixtures.py

Standard library only and deterministic. Beside the files it writes `expected.json` (what a reader should find
in each) and the table between the markers of `fixtures/README.md`.
"""

import copy
import json
import random
import zlib
from pathlib import Path

from make_sample_dataset import CREATED, build_conversations, compact, to_document, to_jsonl, to_pairs, write_text
from sample_content import CONSULTANT_PROFILE, SYSTEM_PROMPT

SEED = 41
HERE = Path(__file__).resolve().parent.parent / "fixtures"
OUT = HERE / "datasets"
BEGIN, END = "<!-- datasets: written by scripts/make_fixtures.py -->", "<!-- /datasets -->"

CONVERSATIONS = build_conversations(SEED, 5, [3])
PAIRS = to_pairs(CONVERSATIONS)
EXPECTED = []


def put(path, content, outcome, what, **facts):
    """Writes one file and notes what a reader should find in it. `outcome`: ready, warning or error."""
    target = OUT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    EXPECTED.append({"path": path, "outcome": outcome, "what": what, **facts})


def pretty(value):
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def lines(values):
    return "".join(compact(value) + "\n" for value in values)


def turns_of(conversation):
    """A conversation as plain (user, assistant) texts."""
    return [(p["current_user_input"], p["target_response"]) for p in conversation["training_pairs"] if p["target_response"]]


def messages_of(conversation, system=True):
    messages = [{"role": "system", "content": SYSTEM_PROMPT}] if system else []
    for user, answer in turns_of(conversation):
        messages += [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
    return messages


def chained(conversations):
    """One long conversation out of several: turns renumbered, each part after the first sees those before it."""
    first, before, pairs = conversations[0], [], []
    for conversation in conversations:
        start = len(before)
        for pair in conversation["training_pairs"]:
            past = [{**turn, "turn": turn["turn"] + start} for turn in pair["conversation_history"]]
            number = pair["turn_number"] + start
            pairs.append({**pair, "id": f"bike_workshop_turn{number}", "turn_number": number, "conversation_history": before + past})
        last = pairs[-1]
        before = last["conversation_history"] + [{
            "turn": last["turn_number"], "role": "assistant", "content": last["target_response"],
            "emotional_state": {"primary": "calm", "intensity": 0.4}}]
    return {"conversation_metadata": {**first["conversation_metadata"], "total_turns": len(pairs)}, "training_pairs": pairs}


# ---------------------------------------------------------------- formats that are meant to be read

def v4_files():
    document = to_document(CONVERSATIONS, "fixture-v4")
    put("v4.json", pretty(document), "ready", "v4 JSON document; 30 pairs, half of them user turns with a null target",
        format="brightrun-lora-v4", conversations=5, pairs=30, trainablePairs=15)
    put("v4-compact.json", compact(document), "ready", "The same document on a single line without a newline at its end",
        format="brightrun-lora-v4", conversations=5, pairs=30, trainablePairs=15)
    put("v4-meta.jsonl", to_jsonl(CONVERSATIONS, "fixture-v4"), "ready", "v4 JSONL with a `_meta` first line",
        format="brightrun-lora-v4", conversations=5, pairs=15, trainablePairs=15)
    bare = to_jsonl(CONVERSATIONS, "fixture-v4", meta=False)
    put("v4-no-meta.jsonl", bare.rstrip("\n"), "ready", "v4 JSONL without `_meta` and without a newline at its end",
        format="brightrun-lora-v4", conversations=5, pairs=15, trainablePairs=15)
    windows = "\ufeff" + to_jsonl(CONVERSATIONS, "fixture-v4").replace("\n", "\r\n\r\n")
    put("v4-bom-crlf.jsonl", windows, "ready", "v4 JSONL with byte order mark, CRLF and blank lines between its lines",
        format="brightrun-lora-v4", conversations=5, pairs=15, trainablePairs=15)
    single = chained(build_conversations(SEED + 1, 4, [3]))
    metadata = single["conversation_metadata"]
    put("v4-individual.json", pretty({
        "dataset_metadata": {
            "dataset_name": "fixture-individual", "version": "4.0.0", "created_date": CREATED, "vertical": "bicycle_workshop_help_desk",
            "consultant_persona": CONSULTANT_PROFILE["name"], "target_use": "fixture", "conversation_source": metadata["source_file"],
            "quality_tier": metadata["quality_tier"], "total_conversations": 1, "total_turns": metadata["total_turns"], "notes": ""},
        "consultant_profile": CONSULTANT_PROFILE,
        "training_pairs": single["training_pairs"],
        "input_parameters": {key: metadata["scaffolding"][key] for key in metadata["scaffolding"]},
    }), "ready", "v4 individual (enriched) conversation, a long one of 24 turns", format="brightrun-lora-v4",
        conversations=1, pairs=24, trainablePairs=12)


def v3_file():
    pairs = []
    for conversation in CONVERSATIONS:
        for pair in conversation["training_pairs"]:
            if pair["target_response"] is None:
                continue
            emotions = pair["emotional_context"]["detected_emotions"]
            pairs.append({
                "id": f'legacy_{len(pairs) + 1:03}', "conversation_id": conversation["conversation_metadata"]["conversation_id"],
                "turn_number": pair["turn_number"], "system_prompt": pair["system_prompt"],
                "conversation_history": pair["conversation_history"][:-1], "current_user_input": pair["current_user_input"],
                "emotional_context": {"detected_emotions": emotions, "emotional_indicators": {"language": "plain, short sentences"}},
                "response_strategy": {"primary_strategy": "name the feeling, then one step", "rationale": "lowers the tension first"},
                "target_response": pair["target_response"],
                "training_metadata": {"difficulty_level": "beginner", "quality_score": 4, "human_reviewed": False},
            })
    put("v3-legacy.json", pretty({
        "dataset_metadata": {
            "dataset_name": "fixture-legacy", "version": "3.4.3", "created_date": CREATED, "vertical": "bicycle_workshop_help_desk",
            "consultant_persona": CONSULTANT_PROFILE["name"], "target_use": "fixture", "conversation_source": "written", "quality_tier": "seed",
            "total_conversations": 5, "total_turns": len(pairs), "notes": "History without the current user input"},
        "consultant_profile": CONSULTANT_PROFILE, "training_pairs": pairs,
    }), "warning", "v3 legacy document: trainable, with the advice to upgrade; its history leaves out the current user input",
        format="brightrun-lora-v3", conversations=5, pairs=15, trainablePairs=15)


def chat_files():
    rows = [{"messages": messages_of(c)} for c in CONVERSATIONS]
    put("openai-messages.jsonl", lines(rows), "ready", "OpenAI chat: one conversation a line, every assistant turn counts",
        format="openai-messages", conversations=5, assistantTurns=15)
    weighted = copy.deepcopy(rows)
    for row in weighted[:3]:
        answers = [m for m in row["messages"] if m["role"] == "assistant"]
        answers[0]["weight"], answers[1]["weight"] = 0, 1
    tools = [{"type": "function", "function": {
        "name": "find_slot", "description": "Find a free repair slot", "parameters": {
            "type": "object", "properties": {"day": {"type": "string"}, "minutes": {"type": "integer"}}, "required": ["day"]}}}]
    call = {"id": "call_1", "type": "function", "function": {"name": "find_slot", "arguments": "{\"day\":\"Friday\",\"minutes\":30}"}}
    weighted.append({"messages": [
        {"role": "user", "content": "Is there a free half hour on Friday for my brakes?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "{\"slots\":[\"09:30\",\"14:00\"]}"},
        {"role": "assistant", "content": "Yes, on Friday I can offer 09:30 or 14:00. Which one suits you?"}], "tools": tools})
    put("openai-weight-tools.jsonl", lines(weighted), "ready",
        "OpenAI chat with `weight` 0 on three assistant turns, and a sixth line with `tools`, a tool call (null content) and its answer",
        format="openai-messages", conversations=6, assistantTurns=17, zeroWeightTurns=3, toolCallTurns=1)
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    put("sharegpt.json", pretty([{"id": f"chat-{i}", "conversations": [
        {"from": names[m["role"]], "value": m["content"]} for m in messages_of(c)]} for i, c in enumerate(CONVERSATIONS)]),
        "ready", "ShareGPT as a JSON array of `conversations` with `from` and `value`", format="sharegpt", conversations=5, assistantTurns=15)
    put("sharegpt.jsonl", lines({"conversations": [
        {"from": names[m["role"]], "value": m["content"]} for m in messages_of(c, system=False)]} for c in CONVERSATIONS),
        "ready", "ShareGPT as JSONL, without a system turn", format="sharegpt", conversations=5, assistantTurns=15)


def instruction_files():
    alpaca = []
    for index, pair in enumerate(PAIRS):
        question = pair["current_user_input"]
        if index % 2:
            alpaca.append({"instruction": "Answer the customer of a bicycle workshop.", "input": question, "output": pair["target_response"]})
        else:
            alpaca.append({"instruction": question, "input": "", "output": pair["target_response"]})
    put("alpaca.json", pretty(alpaca), "ready", "Alpaca as a JSON array; `input` is empty in every second row", format="alpaca",
        conversations=15, trainablePairs=15)
    put("alpaca.jsonl", lines(alpaca), "ready", "The same rows as JSONL", format="alpaca", conversations=15, trainablePairs=15)
    put("prompt-completion.jsonl", lines({"prompt": p["current_user_input"], "completion": p["target_response"]} for p in PAIRS),
        "ready", "Prompt and completion, one pair a line", format="prompt-completion", conversations=15, trainablePairs=15)


# ---------------------------------------------------------------- bad files

def broken_bytes():
    good = to_jsonl(CONVERSATIONS, "fixture-v4")
    put("bad/empty.jsonl", b"", "error", "No bytes at all")
    put("bad/whitespace.jsonl", b" \n\t\r\n  \n", "error", "Only spaces, tabs and newlines", line=1)
    rng = random.Random(SEED)
    image = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x40\x00\x00\x00\x40\x08\x06\x00\x00\x00" + rng.randbytes(4)
    image += b"\x00\x00\x02\x00IDAT" + zlib.compress(rng.randbytes(500))
    put("bad/binary.jsonl", image, "error", "Bytes that look like a PNG image under the name of a data set")
    row = PAIRS[4]
    head, tail = good.encode().split(compact(row)[:60].encode(), 1)
    cut = tail.index(b"target_response") + 40
    put("bad/invalid-utf8.jsonl", head + compact(row)[:60].encode() + tail[:cut] + b"\xff\xfe" + tail[cut:], "error",
        "v4 JSONL with the bytes FF FE inside the target of the fifth pair", line=6)
    put("bad/utf-16.jsonl", good.encode("utf-16"), "error", "Good v4 JSONL, but encoded as UTF-16 with its mark")


def broken_json():
    text = pretty(to_document(CONVERSATIONS, "fixture-v4"))
    put("bad/truncated.json", text[: len(text) * 2 // 3], "error", "v4 document cut off after two thirds: it ends inside the JSON",
        line=text[: len(text) * 2 // 3].count("\n") + 1)
    rows = text.split("\n")
    at = next(i for i, row in enumerate(rows) if '"principle_3"' in row)
    column = rows[at].index("why") + 1
    rows[at] = rows[at][: column - 1] + "\\w" + rows[at][column:]
    put("bad/stray-backslash.json", "\n".join(rows), "error", "v4 document with a lone backslash before a `w`: not an escape that JSON knows",
        line=at + 1, column=column)
    good = to_jsonl(CONVERSATIONS, "fixture-v4").split("\n")
    middle = good[:7] + [good[7][: len(good[7]) // 2]] + good[8:]
    put("bad/one-broken-line.jsonl", "\n".join(middle), "warning", "v4 JSONL whose line 8 is cut in half; the other 14 pairs are good", line=8,
        trainablePairs=14)
    put("bad/deep-nesting.json", "[" * 20000 + "]" * 20000, "error", "20,000 arrays inside each other", line=1)
    put("bad/deep-nesting.jsonl", '{"messages":' * 5000 + "1" + "}" * 5000 + "\n", "error", "5,000 objects inside each other on one line", line=1)
    put("bad/not-objects.jsonl", lines([[1, 2, 3], "text", 4, None, True] * 3), "error", "JSONL whose lines are no objects", line=1)
    put("bad/unknown-format.csv", "question,answer\n" + "".join(
        f'"{p["current_user_input"]}","{p["target_response"]}"\n' for p in PAIRS), "error", "CSV: a format that is not read", line=1)
    put("bad/unknown-shape.json", pretty({"rows": [{"q": p["current_user_input"], "a": p["target_response"]} for p in PAIRS]}), "error",
        "Valid JSON of no known format")


def broken_content():
    silent = copy.deepcopy(to_document(CONVERSATIONS, "fixture-silent"))
    for conversation in silent["conversations"]:
        for pair in conversation["training_pairs"]:
            pair["target_response"] = None
    put("bad/null-targets.json", pretty(silent), "error", "v4 document in which every target is null", format="brightrun-lora-v4", pairs=30,
        conversations=5, trainablePairs=0)
    put("bad/null-targets.jsonl", lines({**p, "target_response": None} for p in PAIRS), "error", "v4 JSONL in which every target is null",
        format="brightrun-lora-v4", conversations=5, pairs=15, trainablePairs=0)
    asked = [{"messages": [m for m in messages_of(c) if m["role"] != "assistant"][:2]} for c in CONVERSATIONS]
    put("bad/missing-assistant.jsonl", lines(asked * 3), "error", "OpenAI chat lines that have no assistant turn", format="openai-messages",
        assistantTurns=0)
    twisted = [{"messages": messages_of(c)} for c in CONVERSATIONS]
    for row in twisted[1:4]:
        row["messages"].insert(2, {"role": "user", "content": "Are you still there?"})
    twisted[4]["messages"][1:3] = reversed(twisted[4]["messages"][1:3])
    put("bad/non-alternating.jsonl", lines(twisted), "warning",
        "OpenAI chat with two user turns in a row (lines 2 to 4) and one conversation that the assistant opens (line 5)", format="openai-messages",
        conversations=5, assistantTurns=15)
    wrong = to_document(CONVERSATIONS, "fixture-wrong-totals")
    wrong["training_file_metadata"].update(total_conversations=7, total_training_pairs=99)
    wrong["training_file_metadata"]["scaffolding_distribution"]["personas"] = {"nervous_returner": 6}
    put("bad/wrong-totals.json", pretty(wrong), "warning", "v4 document that claims 7 conversations and 99 pairs; it has 5 and 30",
        format="brightrun-lora-v4", conversations=5, pairs=30, trainablePairs=15)
    put("bad/wrong-total-pairs.jsonl", to_jsonl(CONVERSATIONS, "fixture-v4").replace('"total_pairs":15', '"total_pairs":31', 1), "warning",
        "v4 JSONL whose `_meta` claims 31 pairs; it has 15", format="brightrun-lora-v4", conversations=5, pairs=15, trainablePairs=15)
    put("bad/duplicates.jsonl", lines(PAIRS + PAIRS[:4]), "warning", "v4 JSONL whose last four lines repeat the first four",
        format="brightrun-lora-v4", conversations=5, pairs=19, duplicatePairs=4)
    cut = copy.deepcopy(PAIRS)
    for pair in cut[2:8:2]:
        pair["target_response"] = pair["target_response"][:60].rstrip() + "\\"
    put("bad/truncated-targets.jsonl", lines(cut), "warning", "v4 JSONL with three targets that stop mid-sentence at a lone backslash (lines 3, 5 and 7)",
        format="brightrun-lora-v4", conversations=5, pairs=15, truncatedTargets=3)
    hollow = copy.deepcopy(PAIRS)
    del hollow[0]["current_user_input"]
    del hollow[1]["target_response"]
    hollow[2]["target_response"] = 17
    hollow[3]["target_response"] = "   "
    hollow[4]["conversation_history"] = "none"
    del hollow[5]["system_prompt"]
    put("bad/missing-fields.jsonl", lines(hollow), "warning",
        "v4 JSONL: no user input (line 1), no target (2), number as target (3), blank target (4), history as text (5), no system prompt (6)",
        format="brightrun-lora-v4", conversations=5, pairs=15)
    put("bad/too-few.jsonl", lines(PAIRS[:4]), "error", "Good v4 JSONL with only four pairs, below the ten that training needs",
        format="brightrun-lora-v4", conversations=2, pairs=4, trainablePairs=4)
    put("bad/meta-only.jsonl", to_jsonl([], "fixture-v4"), "error", "v4 JSONL that ends after its `_meta` line", pairs=0)


def write_table():
    rows = ["| file | what it is | outcome |", "|---|---|---|"]
    for entry in EXPECTED:
        place = f', at line {entry["line"]}' if "line" in entry else ""
        place += f', column {entry["column"]}' if "column" in entry else ""
        counts = [f"{entry[key]} {label}" for key, label in (
            ("conversations", "conversations"), ("pairs", "pairs"), ("trainablePairs", "trainable"), ("assistantTurns", "assistant turns")) if key in entry]
        rows.append(f'| `{entry["path"]}` | {entry["what"]} | {entry["outcome"]}{place}{": " + ", ".join(counts) if counts else ""} |')
    readme = HERE / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    write_text(readme, f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{after}")


def main():
    v4_files()
    v3_file()
    chat_files()
    instruction_files()
    broken_bytes()
    broken_json()
    broken_content()
    write_text(OUT / "expected.json", pretty(EXPECTED))
    write_table()
    print(f"{len(EXPECTED)} files in {OUT.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
