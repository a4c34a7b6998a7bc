//! Every format written as every other, and read again: what is trained on stays the same.

use crate::support::{chat, check, codes, document, examples, jsonl, pair, pairs};
use dataset::browse::{Conversation, Place, conversations};
use dataset::convert::{ConvertOptions, ConvertReport, Loss, TARGETS, convert};
use domain::dataset::DatasetFormat::{self, *};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

fn converted(bytes: &[u8], to: DatasetFormat) -> (Vec<u8>, ConvertReport) {
    let go = &mut |_| ControlFlow::Continue(());
    let options = ConvertOptions { to, hint: None, stop_after: None };
    let mut out = Vec::new();
    let report = convert(bytes, Some(&mut out as &mut dyn Write), options, go).unwrap();
    assert_eq!(convert(bytes, None, options, go).unwrap(), report, "a report alone says the same");
    assert_eq!(report.bytes_written, out.len() as u64);
    (out, report)
}

/// Every answer that is trained on, with all that comes before it.
fn lessons(bytes: &[u8]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for example in examples(bytes) {
        for (index, message) in example.messages.iter().enumerate().filter(|(_, message)| message.role == "assistant" && message.trained) {
            let before: Vec<_> = example.messages[..index].iter().map(|message| (message.role.as_str(), message.content.trim())).collect();
            all.insert(format!("{before:?} {}", message.content.trim()));
        }
    }
    all
}

fn good_files() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/datasets");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(|path| path.is_file() && !path.ends_with("expected.json"));
    files.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn every_format_becomes_every_other_and_what_is_lost_is_counted() {
    for (name, bytes) in good_files() {
        let before = lessons(&bytes);
        for to in TARGETS {
            let (out, report) = converted(&bytes, to);
            let read = check(&out);
            assert_eq!(read.format, Some(to), "{name} to {to}");
            assert_eq!((read.statistics.rejected_pairs, read.fatal), (0, false), "{name} to {to}: {:?}", codes(&read));
            let single = matches!(to, Alpaca | PromptCompletion);
            if single || report.losses.contains_key(&Loss::Roles) {
                assert!(!single || report.losses.contains_key(&Loss::History) || lessons(&out) == before, "{name} to {to}: {report:?}");
            } else {
                assert_eq!(lessons(&out), before, "{name} to {to}");
            }
            assert_eq!(read.statistics.total_training_pairs, before.len() as u64, "{name} to {to}: every answer stays one");
        }
    }
}

#[test]
fn pairs_of_a_conversation_come_together_again() {
    let (out, report) = converted(document().to_string().as_bytes(), OpenaiChat);
    assert_eq!((report.examples, report.records), (12, 4));
    assert_eq!(report.losses, [(Loss::ContextPairs, 12), (Loss::Labels, 12), (Loss::Quality, 12), (Loss::OtherFields, 12)].into());
    let first: Value = serde_json::from_slice(out.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((first["messages"].as_array().unwrap().len(), &first["conversation_id"]), (7, &json!("c1")));
    assert!(first["messages"].as_array().unwrap().iter().all(|message| message.get("weight").is_none()));
    // A pair whose history belongs to no other pair keeps its earlier answers from being trained on.
    let (out, _) = converted(&jsonl(&[pair("x", 2)]), Sharegpt);
    let record: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&record["conversations"][2]["weight"], &record["conversations"][4].get("weight")), (&json!(0), &None));
}

#[test]
fn v4_documents_become_lines_with_all_their_fields() {
    let (out, report) = converted(&serde_json::to_vec_pretty(&document()).unwrap(), BrightrunLoraV4);
    assert_eq!(report.losses, [(Loss::ContextPairs, 12)].into());
    let lines: Vec<Value> =
        out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(lines.len(), 13);
    assert_eq!(lines[1..], pairs(), "with the conversation's own id");
}

fn pages(bytes: &[u8], limit: usize) -> Vec<Vec<Conversation>> {
    pages_with(bytes, limit, None)
}

fn pages_with(bytes: &[u8], limit: usize, search: Option<&str>) -> Vec<Vec<Conversation>> {
    let mut all = Vec::new();
    let mut place: Option<Place> = None;
    loop {
        let from = usize::try_from(place.as_ref().map_or(0, Place::offset)).unwrap();
        let page = conversations(&bytes[from..], place, None, limit, search).unwrap();
        all.push(page.conversations);
        match page.next {
            Some(next) => place = Some(Place::from_text(&next.to_text()).unwrap()),
            None => return all,
        }
    }
}

#[test]
fn a_file_is_read_by_pages_from_where_the_last_one_ended() {
    for (name, bytes) in good_files() {
        let whole: Vec<Conversation> = pages(&bytes, 1000).into_iter().flatten().collect();
        assert!(whole.iter().map(|one| one.examples).sum::<u64>() > 0, "{name}");
        for limit in [1, 2, 3] {
            let parts = pages(&bytes, limit);
            assert!(parts.iter().all(|page| page.len() <= limit));
            assert_eq!(parts.into_iter().flatten().collect::<Vec<_>>(), whole, "{name} by {limit}");
        }
    }
    let read = pages(document().to_string().as_bytes(), 2);
    assert_eq!(read.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
    let one = &read[1][0];
    assert_eq!((one.id.as_str(), one.examples, one.context, one.messages.len(), one.line), ("c3", 3, 3, 7, 1));
    assert!(one.messages.iter().all(|message| message.trained), "each answer is trained on in its own pair");
}

#[test]
fn only_places_are_places() {
    for text in ["", "zz", "7b7d", &hex::encode(br#"{"offset":1,"at":{"line":1,"column":99}}"#)] {
        assert!(Place::from_text(text).is_none(), "{text}");
    }
    let page = conversations(jsonl(&[chat("a", 1), chat("b", 1)]).as_slice(), None, None, 1, None).unwrap();
    let text = page.next.unwrap().to_text();
    let huge = String::from_utf8(hex::decode(&text).unwrap()).unwrap().replace("\"ordinal\":1", &format!("\"ordinal\":{}", u64::MAX));
    assert!(Place::from_text(&text).is_some() && Place::from_text(&hex::encode(huge)).is_none());
}

#[test]
fn a_search_finds_the_same_conversations_on_pages_of_any_size() {
    let talk = |n: u32, text: &str| {
        let messages = serde_json::json!([{"role": "user", "content": text}, {"role": "assistant", "content": format!("answer {n}")}]);
        format!("{}\n", serde_json::json!({ "messages": messages }))
    };
    let words = ["the Chain slips", "nothing", "a chain", "", "brakes", "CHAINS", "nothing more"];
    let bytes: String = (0..70).map(|n| talk(n, words[n as usize % words.len()])).collect();
    let all: Vec<Conversation> = pages(bytes.as_bytes(), 1000).concat();
    let wanted: Vec<_> = all.iter().filter(|one| one.messages[0].content.to_lowercase().contains("chain")).cloned().collect();
    assert_eq!(wanted.len(), 30);
    for limit in [1, 2, 7, 1000] {
        let found = pages_with(bytes.as_bytes(), limit, Some("cHaIn"));
        assert!(found.iter().all(|page| page.len() <= limit));
        assert_eq!(found.concat(), wanted, "{limit} a page");
    }
    assert_eq!(pages_with(bytes.as_bytes(), 10, Some("answer 69")).concat().len(), 1);
    assert_eq!(pages_with(bytes.as_bytes(), 10, Some("tandem")).concat(), []);
}
