//! The figures, against ones worked out by hand.

use crate::support::{Words, check, check_with, document, jsonl, pair, pairs};
use dataset::{ValidateOptions, validate};
use domain::dataset::{LENGTH_BINS, TopicCount};
use serde_json::json;
use std::ops::ControlFlow;

#[test]
fn figures_of_pairs() {
    let report = check(&jsonl(&pairs()));
    let figures = &report.statistics;
    assert_eq!((figures.total_training_pairs, figures.total_conversations), (12, 4));
    // A question has 6 words and an answer 25; the prompt has 2, and each message costs 2 more.
    let lengths = [1, 2, 3].map(|turns| 4 + turns * (6 + 2 + 25 + 2));
    assert_eq!(figures.total_tokens, 4 * lengths.iter().sum::<u64>());
    let spread = &figures.length_distribution;
    assert_eq!((spread.min, spread.median, spread.p95, spread.max), (lengths[0], lengths[1], lengths[2], lengths[2]));
    assert!((spread.mean - 74.0).abs() < 1e-9);
    assert_eq!(figures.length_histogram.len(), LENGTH_BINS);
    assert_eq!(figures.length_histogram[..3], [4, 8, 0]);
    assert!((figures.avg_turns_per_conversation - 6.0).abs() < 1e-9);
    assert!((figures.avg_tokens_per_turn - 15.5).abs() < 1e-9, "each turn counts once, not again in every later history");
    assert_eq!(figures.tokenizer, "words");
    assert_eq!(figures.topic_distribution, [TopicCount { topic: "first_steps".into(), count: 12 }]);
    let cell = &figures.scaffolding[0];
    assert_eq!(
        (cell.persona.as_str(), cell.persona_name.as_str(), cell.arc.as_str(), cell.pairs),
        ("calm_planner", "Calm Planner", "doubt_to_trust", 12)
    );
    assert_eq!((figures.quality_score, figures.human_reviewed_percent, figures.unique_speakers), (Some(4.0), Some(100.0), 1));
    // you help what about c1..c4 at turn 1..3 it goes well with in every way that one could hope for and will stay so a long time
    assert_eq!(figures.vocabulary_size, 2 + 2 + 4 + 2 + 3 + 19);
    assert_eq!((figures.vertical.as_deref(), figures.declared_pairs), (None, None));
}

#[test]
fn figures_of_a_document() {
    let report = check(document().to_string().as_bytes());
    let figures = &report.statistics;
    assert_eq!((figures.total_training_pairs, figures.context_pairs, figures.total_conversations), (12, 12, 4));
    assert_eq!(figures.declared_pairs, Some(24));
    assert_eq!(figures.vertical.as_deref(), Some("gardening"));
    assert_eq!(figures.consultant_name.as_deref(), Some("Ada Long, MSc"));
    assert_eq!(figures.consultant_title.as_deref(), Some("PhD"));
    assert_eq!(figures.total_tokens, check(&jsonl(&pairs())).statistics.total_tokens);
    assert_eq!(report.sample.len(), 3);
    assert_eq!((report.sample[1].conversation_id.as_str(), report.sample[1].messages.len()), ("c2", 7));
    assert_eq!(report.sample[0].persona.as_deref(), Some("Ada Long"));
}

#[test]
fn what_is_absent_stays_absent() {
    let records: Vec<_> = (0..12).map(|number| json!({"prompt": format!("p{number}"), "completion": "c"})).collect();
    let report = validate(jsonl(&records).as_slice(), None, &ValidateOptions::default(), None, &mut |_| ControlFlow::Continue(())).unwrap();
    let figures = &report.statistics;
    assert!(figures.topic_distribution.is_empty() && figures.scaffolding.is_empty() && figures.length_histogram.is_empty());
    assert_eq!((figures.quality_score, figures.human_reviewed_percent), (None, None));
    assert_eq!((figures.total_tokens, figures.tokenizer.as_str(), figures.unique_speakers), (0, "", 2));
}

#[test]
fn pairs_held_out_by_the_file_are_counted() {
    let mut records = pairs();
    records[0]["split"] = json!("validation");
    let figures = check(&jsonl(&records)).statistics;
    assert_eq!((figures.total_training_pairs, figures.total_validation_pairs), (12, 1));
}

#[test]
fn blank_labels_are_unknown() {
    let mut records = pairs();
    records[0]["conversation_metadata"] = json!({"persona_archetype": "", "emotional_arc_key": ""});
    let figures = check(&jsonl(&records)).statistics;
    let cell = figures.scaffolding.iter().find(|cell| cell.persona == "unknown").unwrap();
    assert_eq!((cell.arc.as_str(), cell.pairs), ("unknown", 1));
}

#[test]
fn long_texts_in_the_sample_are_cut() {
    let mut record = pair("long", 1);
    record["target_response"] = json!("ä".repeat(10_000) + ".");
    let report = check(&jsonl(&[record]));
    let shown = &report.sample[0].messages[2].content;
    assert!(shown.ends_with('…') && shown.chars().count() == 4001);
}

#[test]
fn the_hash_is_that_of_the_file_and_figures_do_not_depend_on_how_it_comes() {
    use sha2::{Digest, Sha256};
    use std::io::Read;
    struct Drip<'a>(&'a [u8]);
    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(7).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    let bytes = serde_json::to_vec_pretty(&document()).unwrap();
    let at_once = check(&bytes);
    assert_eq!(at_once.sha256.as_deref(), Some(hex::encode(Sha256::digest(&bytes)).as_str()));
    assert_eq!(check_with(Drip(&bytes), &ValidateOptions::default()), at_once);
    let mut last = 0;
    let size = bytes.len() as u64;
    validate(Drip(&bytes), Some(size), &ValidateOptions::default(), Some(&Words), &mut |read| {
        assert!(read >= last);
        last = read;
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(last, size);
}
