//! What is found in the texts themselves, and by comparing examples with each other.

use crate::support::{check, check_with, codes, found, jsonl, pair, pairs};
use dataset::ValidateOptions;
use serde_json::{Value, json};
use std::path::Path;

/// Good pairs, of which the answer on line 3 is another.
fn with_answer(answer: &str) -> Vec<u8> {
    let mut records = pairs();
    records[2]["target_response"] = json!(answer);
    jsonl(&records)
}

#[test]
fn texts_that_are_not_as_they_should_be_are_named_and_never_shown() {
    for (answer, code, secret) in [
        ("It costs 5 â‚¬ at the cafÃ© on the corner.", "misread_encoding", "caf"),
        ("There was a \u{fffd} in it, which is lost.", "replacement_character", "lost"),
        ("There was a bell \u{7} in the text.", "control_characters", "bell"),
        ("Write to jo.smith@acme.org about it.", "email_address", "jo.smith@acme.org"),
        ("Call +49 171 2345678 about it.", "phone_number", "2345678"),
        ("Pay with 4111 1111 1111 1111 then.", "card_number", "4111 1111"),
        ("Use the key sk-abcDEF1234567890abcdef here.", "secret_key", "abcDEF"),
    ] {
        let report = check(&with_answer(answer));
        assert_eq!(codes(&report), [code, "few_pairs"], "{answer}");
        let finding = &found(&report, code)[0];
        assert_eq!(finding.line, Some(3));
        assert!(finding.message.contains("assistant") && !format!("{:?}", report.groups).contains(secret), "{}", finding.message);
        assert!(report.trainable && report.review_recommended);
    }
}

#[test]
fn a_text_that_recurs_in_later_histories_is_named_once() {
    let mut records: Vec<Value> = (1..=12).map(|turn| pair("c", turn)).collect();
    for record in &mut records {
        if let Some(first) = record["conversation_history"].as_array_mut().unwrap().first_mut() {
            first["content"] = json!("My address is jo@acme.org, and I ask this.");
        }
    }
    let report = check(&jsonl(&records));
    assert_eq!(found(&report, "email_address").len(), 1);
}

#[test]
fn marks_and_line_ends_are_for_information() {
    let text = String::from_utf8(jsonl(&pairs())).unwrap();
    let report = check(format!("\u{feff}{}", text.replace('\n', "\r\n")).as_bytes());
    assert_eq!(codes(&report), ["few_pairs", "byte_order_mark", "crlf_line_ends"]);
}

#[test]
fn near_duplicates_name_the_first() {
    let long = |end: &str| {
        let words: Vec<String> = (0..60).map(|number| format!("word{}", number * 7 % 61)).collect();
        format!("{} {end}.", words.join(" "))
    };
    let mut records = pairs();
    records[2]["target_response"] = json!(long("one"));
    records[7]["target_response"] = json!(long("other"));
    records[9]["target_response"] = json!(long("third").to_uppercase());
    for index in [2, 7, 9] {
        records[index]["current_user_input"] = json!("What then?");
        records[index]["conversation_history"] = json!([]);
    }
    let report = check(&jsonl(&records));
    let places: Vec<_> = found(&report, "near_duplicate").iter().map(|finding| (finding.line.unwrap(), &finding.message)).collect();
    assert_eq!(places.iter().map(|place| place.0).collect::<Vec<_>>(), [8, 10]);
    assert!(places.iter().all(|place| place.1.contains("line 3")), "{places:?}");
}

#[test]
fn pairs_of_low_quality_are_named() {
    let mut records = pairs();
    records[4]["training_metadata"]["quality_score"] = json!(2.9);
    let report = check(&jsonl(&records));
    let finding = &found(&report, "low_quality_example")[0];
    assert_eq!((finding.line, finding.pointer.as_deref()), (Some(5), Some("/training_metadata/quality_score")));
    assert_eq!(found(&report, "low_quality"), [], "the mean is good");
}

#[test]
fn what_is_on_both_sides_of_the_files_split_is_named() {
    let mut records = pairs();
    for record in &mut records {
        record["split"] = json!("train");
    }
    assert_eq!(codes(&check(&jsonl(&records))), ["few_pairs"]);
    records[5]["split"] = json!("validation");
    let mut copy = records[0].clone();
    copy["conversation_id"] = json!("c9");
    copy["split"] = json!("test");
    records.push(copy);
    let report = check(&jsonl(&records));
    let places: Vec<_> = found(&report, "split_overlap").iter().map(|finding| finding.line.unwrap()).collect();
    assert_eq!(places, [6, 13], "the conversation of line 6, and the example of line 1 again");
    records.truncate(12);
    records[5]["split"] = Value::Null;
    assert_eq!(codes(&check(&jsonl(&records))), ["few_pairs"], "what has no side is trained on");
}

/// Every good fixture, cut at every place, is not blamed for the cut.
#[test]
fn a_head_of_any_format_may_be_cut_anywhere() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/datasets");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() || path.ends_with("expected.json") {
            continue;
        }
        let whole = std::fs::read(&path).unwrap();
        let report = check(&whole);
        let declared = report.format;
        let whole_text = String::from_utf8_lossy(&whole);
        let options = ValidateOptions { partial: true, declared, ..ValidateOptions::default() };
        for end in (1..whole.len().min(102_400)).step_by(whole.len() / 400 + 1).chain(1..200) {
            let report = check_with(&whole[..end], &options);
            let errors: Vec<_> = report.groups.iter().filter(|group| group.severity == domain::dataset::Severity::Error).collect();
            assert!(errors.is_empty(), "{} cut at {end}: {errors:?}", path.display());
            // As a browser hands it over: what the cut leaves of a character is U+FFFD.
            let text = String::from_utf8_lossy(&whole[..end]);
            if end >= 3 && (text.len() != end || !whole_text.starts_with(&*text)) {
                let report = check_with(text.as_bytes(), &options);
                assert!(!report.fatal, "{} cut at {end}", path.display());
                assert!(found(&report, "replacement_character").is_empty());
            }
        }
    }
}
