#!/usr/bin/env python3
"""Writes the sample data set in `samples/`: a bicycle workshop's help desk in the format brightrun-lora-v4.

    python3 scripts/make_sample_dataset.py            # writes samples/bike-workshop.jsonl and .json

Standard library only and deterministic: the same seed gives the same bytes. The JSONL holds every
conversation, one trainable pair a line; the JSON document holds the first twelve of the same conversations
with the user's own turns (null targets) as well, as that form has them.
"""

import json
import random
import uuid
from pathlib import Path

from sample_content import ARCS, CONSULTANT_PROFILE, PERSONAS, SYSTEM_PROMPT, VERTICAL
from sample_topics import TOPICS

SEED = 20260117
CONVERSATIONS = 42
# answered exchanges a conversation, repeated over the data set
EXCHANGES = [4, 4, 3, 5, 4, 4]
DOCUMENT_CONVERSATIONS = 12
CREATED = "2026-01-17"
PHASES = ["opening_and_feeling", "finding_the_cause", "first_doubt", "second_doubt", "progress_and_next_step"]
ROOT = Path(__file__).resolve().parent.parent


def compact(value):
    """One line of JSON, as every JSONL writer here writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_text(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))


def exchanges_of(rng, persona, arc, topic, count):
    """The (user, assistant, phase) texts of one conversation: opening, cause, doubts, ending."""
    pick = rng.choice
    name = persona["name"].split()[0]
    opening = (
        f'{pick(persona["open"])} {pick(topic["problem"])} {pick(arc["feel"])}',
        f'{pick(arc["ack"])} {pick(arc["normal"])} {pick(topic["ask"])}', PHASES[0])
    cause = (
        f'{pick(topic["detail"])} {pick(persona["aside"])} {pick(arc["mid"])}',
        f'{pick(arc["mid_ack"])} {pick(topic["why"])} {pick(topic["step"])}', PHASES[1])
    doubts = []
    for index, (question, answers) in enumerate(rng.sample(topic["doubts"], max(0, count - 3))):
        lead = pick(["I will try that.", "All right.", "That helps.", "Good to know.", "One more thing."])
        close = pick(["Does that sound doable?", "Take your time with it.", "Write to me when you have tried it.", "I am here if it goes wrong.",
                      "One thing at a time is plenty."])
        doubts.append((f"{lead} {question}", f"{pick(answers)} {close}", PHASES[2 + min(index, 1)]))
    ending = (
        f'{pick(topic["result"])} {pick(arc["end"])} {pick(persona["thanks"])}',
        f'{pick(arc["cheer"])} {pick(topic["next"])}', PHASES[4])
    texts = ([opening, cause] + doubts + [ending])[:count]
    fill = {"name": name, "kin": persona["kin"]}
    return [(user.format(**fill), answer.format(**fill), phase) for user, answer, phase in texts]


def emotion(rng, arc, step, last):
    """The customer's state at a step: the arc's emotions in order, falling in intensity."""
    states = arc["states"]
    position = round(step * (len(states) - 1) / max(1, last))
    intensity = round(0.85 - 0.5 * step / max(1, last) + rng.uniform(-0.08, 0.08), 2)
    state = {"primary": states[position], "intensity": intensity}
    if position + 1 < len(states):
        state["secondary"] = states[position + 1]
    return state, position >= len(states) - 2


def quality(rng):
    """Score and criteria between 2.4 and 4.8, most of them good."""
    score = round(min(4.8, max(2.4, rng.gauss(3.9, 0.6))), 1)
    part = lambda: round(min(5.0, max(1.0, score + rng.uniform(-0.3, 0.3))), 1)
    criteria = {"empathy_score": part(), "clarity_score": part(), "appropriateness_score": part(), "brand_voice_alignment": part()}
    return score, criteria


def scaffolding(persona_key, arc_key, topic_key):
    return {
        "persona_key": persona_key, "persona_name": PERSONAS[persona_key]["name"],
        "emotional_arc_key": arc_key, "emotional_arc": ARCS[arc_key]["label"],
        "training_topic_key": topic_key, "training_topic": TOPICS[topic_key]["label"],
    }


def pair_metadata(keys, phase):
    persona_key, arc_key, topic_key = keys
    persona, arc, topic = PERSONAS[persona_key], ARCS[arc_key], TOPICS[topic_key]
    return {
        "client_persona": f'{persona["name"]} - {persona["label"]}', "persona_archetype": persona_key,
        "client_background": persona["background"], "emotional_arc": arc["label"], "emotional_arc_key": arc_key,
        "training_topic": topic["label"], "training_topic_key": topic_key,
        "session_context": f'Written help desk talk about: {topic["label"].lower()}', "conversation_phase": phase,
        "expected_outcome": f'Moves from {arc["states"][0]} to {arc["states"][-1]} with one step that can be done today',
    }


def training_metadata(rng, keys, turn, review):
    _, arc_key, topic_key = keys
    score, criteria = quality(rng)
    states = ARCS[arc_key]["states"]
    level = "beginner" if turn <= 2 else "intermediate" if turn <= 6 else "advanced"
    return {
        "difficulty_level": f"{level}_conversation_turn_{turn}", "key_learning_objective": topic_key,
        "demonstrates_skills": ["emotional_validation", "one_step_at_a_time", "honest_about_cost"], "conversation_turn": turn,
        "emotional_progression_target": f"{states[0]}(0.8) → {states[-1]}(0.8)", "quality_score": score, "quality_criteria": criteria,
        "human_reviewed": review, "reviewer_notes": "Reads naturally, advice checked." if review else None,
        "use_as_seed_example": review and score >= 4.5, "generate_variations_count": 0,
    }


def build_conversation(rng, keys, exchange_count):
    """One conversation with all its pairs, odd (user, null target) and even (assistant) turns."""
    persona, arc, topic = PERSONAS[keys[0]], ARCS[keys[1]], TOPICS[keys[2]]
    identity = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    review = rng.random() < 0.3
    texts = exchanges_of(rng, persona, arc, topic, exchange_count)
    history, pairs = [], []
    for step, (user, answer, phase) in enumerate(texts):
        state, better = emotion(rng, arc, step, len(texts) - 1)
        detected = {"primary": state["primary"], "primary_confidence": 0.8, "intensity": state["intensity"],
                    "valence": "positive" if step == len(texts) - 1 else "mixed" if better else "negative"}
        if "secondary" in state:
            detected.update(secondary=state["secondary"], secondary_confidence=0.7)
        asked = history + [{"turn": 2 * step + 1, "role": "user", "content": user, "emotional_state": state}]
        for turn, target, past in ((2 * step + 1, None, history), (2 * step + 2, answer, asked)):
            pairs.append({
                "id": f"bike_workshop_turn{turn}", "conversation_id": "bike_workshop", "turn_number": turn,
                "conversation_metadata": pair_metadata(keys, phase), "system_prompt": SYSTEM_PROMPT,
                "conversation_history": past, "current_user_input": user, "emotional_context": {"detected_emotions": detected},
                "target_response": target, "training_metadata": training_metadata(rng, keys, turn, review),
            })
        history = asked + [{"turn": 2 * step + 2, "role": "assistant", "content": answer,
                            "emotional_state": {"primary": "calm", "secondary": "care", "intensity": 0.4}}]
    scores = [p["training_metadata"]["quality_score"] for p in pairs if p["target_response"]]
    mean = sum(scores) / len(scores)
    tier = "seed_dataset" if mean >= 4.5 else "production" if mean >= 3.5 else "experimental" if mean >= 2.5 else "rejected"
    metadata = {"conversation_id": identity, "source_file": f"bike_workshop_{identity}.json", "created_date": CREATED,
                "total_turns": len(pairs), "quality_tier": tier, "scaffolding": scaffolding(*keys)}
    return {"conversation_metadata": metadata, "training_pairs": pairs}


def build_conversations(seed, count, exchange_counts):
    """`count` conversations; personas, arcs and topics go round at different periods, so combinations vary."""
    rng = random.Random(seed)
    personas, arcs, topics = list(PERSONAS), list(ARCS), list(TOPICS)
    built = []
    for index in range(count):
        keys = (personas[index % 3], arcs[(index * 2 + index // 15) % 5], topics[(index * 3 + index // 24) % 8])
        built.append(build_conversation(rng, keys, exchange_counts[index % len(exchange_counts)]))
    return built


def tally(conversations, field):
    counts = {}
    for conversation in conversations:
        key = conversation["conversation_metadata"]["scaffolding"][field]
        counts[key] = counts.get(key, 0) + 1
    return counts


def to_document(conversations, file_name):
    """The v4 JSON document form."""
    pairs = [pair for c in conversations for pair in c["training_pairs"]]
    scores = [pair["training_metadata"]["quality_score"] for pair in pairs]
    reviewed = sum(1 for pair in pairs if pair["training_metadata"]["human_reviewed"])
    return {
        "training_file_metadata": {
            "file_name": file_name, "version": "4.0.0", "created_date": f"{CREATED}T09:00:00.000Z", "last_updated": f"{CREATED}T09:00:00.000Z",
            "format_spec": "brightrun-lora-v4", "target_model": "brightrun/tiny-chat", "vertical": VERTICAL,
            "total_conversations": len(conversations), "total_training_pairs": len(pairs),
            "quality_summary": {
                "avg_quality_score": round(sum(scores) / len(scores), 2), "min_quality_score": min(scores), "max_quality_score": max(scores),
                "human_reviewed_count": reviewed, "human_reviewed_percentage": round(100 * reviewed / len(pairs), 1)},
            "scaffolding_distribution": {
                "personas": tally(conversations, "persona_key"), "emotional_arcs": tally(conversations, "emotional_arc_key"),
                "training_topics": tally(conversations, "training_topic_key")},
        },
        "consultant_profile": CONSULTANT_PROFILE,
        "conversations": conversations,
    }


def to_pairs(conversations):
    """The v4 JSONL form: trainable pairs only, with ids made unique by the conversation's."""
    lines = []
    for conversation in conversations:
        identity = conversation["conversation_metadata"]["conversation_id"]
        for pair in conversation["training_pairs"]:
            if pair["target_response"] is not None:
                lines.append({**pair, "id": f'{pair["id"]}_{identity[:8]}', "conversation_id": identity})
    return lines


def to_jsonl(conversations, file_name, meta=True):
    pairs = to_pairs(conversations)
    lines = [compact(pair) for pair in pairs]
    if meta:
        head = {"_meta": {"file_name": file_name, "total_pairs": len(pairs), "version": "4.0.0", "format_spec": "brightrun-lora-v4",
                          "description": "Sample conversations of a bicycle workshop's help desk, generated for BrightRun"}}
        lines.insert(0, compact(head))
    return "\n".join(lines) + "\n"


def main():
    conversations = build_conversations(SEED, CONVERSATIONS, EXCHANGES)
    write_text(ROOT / "samples/bike-workshop.jsonl", to_jsonl(conversations, "bike-workshop"))
    part = conversations[:DOCUMENT_CONVERSATIONS]
    write_text(ROOT / "samples/bike-workshop.json", json.dumps(to_document(part, "bike-workshop-12"), ensure_ascii=False, indent=2) + "\n")
    pairs = to_pairs(conversations)
    words = [len(pair["target_response"].split()) for pair in pairs]
    print(f"{len(conversations)} conversations, {len(pairs)} trainable pairs, {min(words)} to {max(words)} words an answer")


if __name__ == "__main__":
    main()
