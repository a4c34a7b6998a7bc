//! Writes a v4 JSONL file of made-up conversations to measure with: `generate MEGABYTES > FILE`. The same every time; words as frequent
//! as in natural text, four answers a conversation with the history repeated, a non-English letter and an escape here and there.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

const SYLLABLES: [&str; 24] = [
    "ba", "ren", "to", "ki", "sol", "ma", "ve", "du", "lin", "ar", "po", "tes", "ga", "wo", "nel", "ish", "ca", "fer", "yo", "mun", "ti",
    "las", "ed", "ing",
];

/// The word of a rank: short for frequent ones.
fn word(rank: usize) -> String {
    let mut left = rank + 1;
    let mut text = String::new();
    while left > 0 {
        text.push_str(SYLLABLES[left % SYLLABLES.len()]);
        left /= SYLLABLES.len();
    }
    text
}

/// A rank with about the frequencies of natural text.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 30,000")]
fn rank(random: &mut ChaCha8Rng) -> usize {
    (30_000f64.powf(random.random::<f64>()) - 1.0) as usize
}

fn text(random: &mut ChaCha8Rng, words: usize) -> String {
    let mut text = String::new();
    for index in 0..words {
        let word = word(rank(random));
        match random.random_range(0..60) {
            _ if index == 0 => text.push_str(&word),
            0 => text.push_str(&format!(". {word}")),
            1 => text.push_str(&format!(", {word}é")),
            2 => text.push_str(&format!(" \"{word}\"")),
            3 => text.push_str(&format!("\n\n{word}")),
            _ => text.push_str(&format!(" {word}")),
        }
    }
    text + "."
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let megabytes: u64 = std::env::args().nth(1).ok_or("usage: generate MEGABYTES")?.parse()?;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut written = 0;
    let system = text(&mut random, 90);
    for conversation in 0.. {
        let id = format!("{conversation:08x}-0000-4000-8000-000000000000");
        let mut history: Vec<Value> = Vec::new();
        for turn in 1..=4 {
            let (input_words, answer_words) = (random.random_range(30..90), random.random_range(80..350));
            let (input, answer) = (text(&mut random, input_words), text(&mut random, answer_words));
            history.push(
                json!({"turn": 2 * turn - 1, "role": "user", "content": input, "emotional_state": {"primary": "shame", "intensity": 0.8}}),
            );
            let line = json!({
                "id": format!("turn{turn}_{conversation}"), "conversation_id": id, "turn_number": 2 * turn,
                "conversation_metadata": {"client_persona": "Ines Duarte - The Nervous Returner", "persona_archetype": "nervous_returner",
                    "client_background": "Age 58, recently retired teacher, back on a bicycle after twenty years.",
                    "emotional_arc": "Shame → Relief", "emotional_arc_key": "shame_to_relief", "training_topic": word(conversation % 40),
                    "training_topic_key": word(conversation % 40), "conversation_phase": "opening"},
                "system_prompt": system, "conversation_history": history, "current_user_input": input,
                "emotional_context": {"detected_emotions": {"primary": "shame", "primary_confidence": 0.8, "valence": "negative"}},
                "target_response": answer,
                "training_metadata": {"quality_score": 4.5, "human_reviewed": false, "reviewer_notes": null,
                    "demonstrates_skills": ["emotional_validation"], "quality_criteria": {"empathy_score": 4.7, "clarity_score": 4.6}},
            })
            .to_string();
            written += line.len() as u64 + 1;
            writeln!(out, "{line}")?;
            history.push(json!({"turn": 2 * turn, "role": "assistant", "content": answer}));
        }
        if written > megabytes * 1_000_000 {
            break;
        }
    }
    Ok(out.flush()?)
}
