//! Every kind of finding: what causes it, where it says it is, and what becomes of the record.

use crate::support::{Words, chat, check, check_with, codes, document, examples, found, jsonl, pair, pairs};
use dataset::{DatasetError, ValidateOptions, ValidationReport, validate};
use domain::dataset::DatasetFormat;
use serde_json::{Value, json};
use std::io::Read;
use std::ops::ControlFlow;

/// Good pairs in which the one on line 3 is changed.
fn with(change: impl FnOnce(&mut Value)) -> ValidationReport {
    let mut records = pairs();
    change(&mut records[2]);
    check(&jsonl(&records))
}

/// The only finding beside the small number of pairs, which must be on line 3.
#[track_caller]
fn only(report: &ValidationReport, code: &str, pointer: &str) {
    let others: Vec<_> = codes(report).into_iter().filter(|code| *code != "few_pairs").collect();
    assert_eq!(others, [code]);
    let finding = &found(report, code)[0];
    assert_eq!((finding.line, finding.pointer.as_deref()), (Some(3), Some(pointer)));
    assert!(!finding.message.is_empty() && !finding.fix.is_empty());
}

#[test]
fn a_good_file_has_none() {
    let report = check(&jsonl(&pairs()));
    assert_eq!(codes(&report), ["few_pairs"]);
    assert!(report.trainable && report.review_recommended && !report.fatal && report.summary.is_empty());
    assert_eq!(report.format, Some(DatasetFormat::BrightrunLoraV4));
}

#[test]
fn a_pair_that_cannot_be_used_is_rejected_and_the_rest_goes_on() {
    for (key, value, code, pointer) in [
        ("target_response", Some(json!(7)), "invalid_type", "/target_response"),
        ("target_response", Some(json!([1])), "invalid_type", "/target_response"),
        ("target_response", Some(json!("  \n")), "empty_value", "/target_response"),
        ("target_response", None, "missing_field", "/target_response"),
        ("current_user_input", None, "missing_field", "/current_user_input"),
        ("current_user_input", Some(json!("")), "empty_value", "/current_user_input"),
        ("current_user_input", Some(json!(true)), "invalid_type", "/current_user_input"),
        ("system_prompt", Some(json!(1.5)), "invalid_type", "/system_prompt"),
        ("conversation_history", Some(json!("none")), "invalid_type", "/conversation_history"),
        ("conversation_history", Some(json!([7])), "invalid_type", "/conversation_history/0"),
        ("conversation_history", Some(json!([{"content": "x"}])), "missing_field", "/conversation_history/0/role"),
        ("conversation_history", Some(json!([{"role": "user"}])), "missing_field", "/conversation_history/0/content"),
        ("conversation_history", Some(json!([{"role": "user", "content": 1}])), "invalid_type", "/conversation_history/0/content"),
        ("conversation_history", Some(json!([{"role": "narrator", "content": "x"}])), "unknown_role", "/conversation_history/0/role"),
    ] {
        let report = with(|record| match value {
            Some(value) => record[key] = value,
            None => drop(record.as_object_mut().unwrap().remove(key)),
        });
        only(&report, code, pointer);
        assert_eq!((report.statistics.rejected_pairs, report.statistics.total_training_pairs), (1, 11), "{code} {pointer}");
        assert!(report.trainable && report.review_recommended);
    }
}

#[test]
fn a_pair_that_only_deserves_a_look_is_kept() {
    let long = "word ".repeat(30);
    for (change, code, pointer) in [
        (json!({"target_response": "And then she said \\"}), "truncated_target", "/target_response"),
        (json!({"target_response": "It is a short answer that just stops in the"}), "short_target", "/target_response"),
        (json!({"system_prompt": null}), "missing_system_prompt", "/system_prompt"),
        (json!({"conversation_history": [{"role": "assistant", "content": "Hi."}]}), "roles_not_alternating", "/conversation_history"),
        (
            json!({"conversation_metadata": {"persona_archetype": "", "emotional_arc_key": "a", "training_topic_key": "t"}}),
            "empty_scaffolding",
            "/conversation_metadata",
        ),
        (json!({"training_metadata": {"quality_score": 0}}), "quality_out_of_range", "/training_metadata/quality_score"),
        (json!({"training_metadata": {"quality_score": "good"}}), "quality_out_of_range", "/training_metadata/quality_score"),
    ] {
        let report = with(|record| record.as_object_mut().unwrap().extend(change.as_object().unwrap().clone()));
        only(&report, code, pointer);
        assert_eq!(report.statistics.total_training_pairs, 12, "{code}");
    }
    let report = with(|record| record["conversation_history"][1]["content"] = json!(" "));
    only(&report, "empty_message", "/conversation_history/1/content");
    let report = with(|record| record["target_response"] = json!(long.clone() + "ends without a stop but is long"));
    assert_eq!(codes(&report), ["few_pairs"], "long answers may end as they like");
}

#[test]
fn a_pair_without_an_answer_is_context() {
    let report = with(|record| record["target_response"] = Value::Null);
    only(&report, "context_pairs", "/target_response");
    let figures = &report.statistics;
    assert_eq!((figures.total_training_pairs, figures.context_pairs, figures.rejected_pairs), (11, 1, 0));
}

#[test]
fn broken_lines_are_named_and_passed_over() {
    let good = jsonl(&pairs());
    for (line, code, column) in [
        (r#"{"current_user_input": "a", "target_response": "b"#, "invalid_json", Some(50)),
        (r#"{"current_user_input": "a\w", "target_response": "b"}"#, "invalid_json", Some(26)),
        (r#"{"current_user_input": "a" "target_response": "b"}"#, "invalid_json", Some(28)),
        (r#"{"current_user_input": "a", "current_user_input": "b"}"#, "invalid_json", Some(48)),
        ("oops", "invalid_json", Some(1)),
        ("[1, 2]", "not_an_object", None),
        ("7", "not_an_object", None),
        (r#"{"question": "a"}"#, "unknown_record", None),
    ] {
        let bytes = [good.as_slice(), line.as_bytes(), b"\n", &jsonl(&[pair("last", 1)])].concat();
        let report = check(&bytes);
        let finding = &found(&report, code)[0];
        assert_eq!((finding.line, finding.column), (Some(13), column), "{line}");
        let figures = &report.statistics;
        assert_eq!((figures.total_training_pairs, figures.rejected_pairs), (13, 1), "{line}");
        assert!(report.trainable, "{line}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused() {
    let mut bytes = jsonl(&pairs());
    bytes.truncate(bytes.len() - 20);
    let report = check(&bytes);
    assert!(report.fatal && report.summary.contains("Line 12"), "{}", report.summary);
    assert_eq!(codes(&report), ["truncated_file"]);
    let mut bytes = document().to_string().into_bytes();
    bytes.truncate(bytes.len() / 2);
    let report = check(&bytes);
    assert!(report.fatal && found(&report, "truncated_file")[0].column == Some(bytes.len() as u64 + 1));
    assert!(report.statistics.total_training_pairs > 0, "what came before the cut is still measured");
}

#[test]
fn a_document_with_a_fault_is_refused_with_its_place() {
    let text = serde_json::to_string_pretty(&document()).unwrap();
    let broken = text.replacen("It goes well with c2", "It \\goes well with c2", 1);
    let line = broken.lines().position(|line| line.contains("\\goes")).unwrap();
    let column = broken.lines().nth(line).unwrap().find("\\goes").unwrap();
    let report = check(broken.as_bytes());
    let finding = &found(&report, "invalid_json")[0];
    assert_eq!((finding.line, finding.column), (Some(line as u64 + 1), Some(column as u64 + 1)));
    assert!(report.fatal && report.summary.contains(&format!("Line {}, column {}", line + 1, column + 1)));
    let report = check(format!("{text} trailing").as_bytes());
    assert!(report.fatal && codes(&report).contains(&"trailing_data"));
}

#[test]
fn a_pair_of_a_document_is_named_by_its_pointer() {
    let mut document = document();
    document["conversations"][1]["training_pairs"][3]["target_response"] = json!(7);
    document["conversations"][2]["training_pairs"][0] = json!("not a pair");
    let report = check(document.to_string().as_bytes());
    let pointer = |code| found(&report, code)[0].pointer.clone().unwrap();
    assert_eq!(pointer("invalid_type"), "/conversations/1/training_pairs/3/target_response");
    assert_eq!(pointer("not_an_object"), "/conversations/2/training_pairs/0");
    assert_eq!((report.statistics.rejected_pairs, report.statistics.total_training_pairs), (2, 11));
    assert_eq!(found(&report, "totals_differ"), [], "rejected pairs are pairs of the file");
}

#[test]
fn bytes_that_are_not_utf8_refuse_the_file() {
    let mut bytes = jsonl(&pairs());
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 30;
    bytes[at] = 0xE9;
    let report = check(&bytes);
    assert!(report.fatal && report.summary.contains("Line 2, column 30"), "{}", report.summary);
    assert!(found(&report, "not_utf8")[0].message.contains(&at.to_string()));
    assert_eq!(report.statistics.rejected_pairs, 1, "the others are still measured");
}

#[test]
fn a_line_that_is_too_long_is_passed_over() {
    let mut long = pair("long", 1);
    long["target_response"] = json!("x".repeat(10_000_000));
    let mut records = pairs();
    records.insert(2, long.clone());
    let report = check(&jsonl(&records));
    assert_eq!((found(&report, "line_too_long")[0].line, report.statistics.rejected_pairs), (Some(3), 1));
    assert!(report.trainable);
    let report = check(&jsonl(&[long]));
    assert!(report.fatal && found(&report, "line_too_long")[0].line == Some(1) && report.summary.contains("line 1"), "{}", report.summary);
    let report = check(&vec![b'x'; 10_000_000]);
    assert!(report.fatal && codes(&report) == ["unknown_format"]);
}

#[test]
fn a_document_of_one_long_line_is_no_trouble() {
    let mut document = document();
    for conversation in document["conversations"].as_array_mut().unwrap() {
        for pair in conversation["training_pairs"].as_array_mut().unwrap() {
            pair["notes"] = json!("n".repeat(500_000));
        }
    }
    let text = document.to_string();
    assert!(text.len() > 10_000_000);
    let report = check(text.as_bytes());
    assert!(report.trainable, "{}", report.summary);
    assert_eq!(report.statistics.total_training_pairs, 12);
}

#[test]
fn deep_nesting_is_a_finding() {
    let deep = format!("{{\"messages\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let report = check(deep.as_bytes());
    assert!(report.fatal && found(&report, "too_deep")[0].line == Some(1));
    let bytes = [jsonl(&pairs()), deep.into_bytes()].concat();
    let report = check(&bytes);
    assert!(report.trainable && found(&report, "too_deep")[0].line == Some(13));
    let report = check(format!("[{}", "{\"a\":".repeat(100_000)).as_bytes());
    assert!(report.fatal, "{:?}", codes(&report));
}

#[test]
fn nothing_or_too_little_to_train_on_refuses_the_file() {
    let report = check(&jsonl(&pairs()[..9]));
    assert!(report.fatal && report.summary.contains("9 of at least 10"), "{}", report.summary);
    assert_eq!(codes(&report), ["too_few_examples"]);
    let options = ValidateOptions { min_trainable: 9, ..ValidateOptions::default() };
    assert!(check_with(jsonl(&pairs()[..9]).as_slice(), &options).trainable);
    let mut records = pairs();
    records.iter_mut().for_each(|record| record["target_response"] = Value::Null);
    let report = check(&jsonl(&records));
    assert!(report.fatal && report.summary.contains("12 without an answer"), "{}", report.summary);
    assert_eq!(codes(&report)[0], "no_trainable_examples");
    let report = check(b"{\"_meta\":{\"total_pairs\":0}}\n");
    assert_eq!(codes(&report), ["no_trainable_examples"]);
    let report = check(br#"[{"a": 1}, {"b": 2}]"#);
    assert!(report.fatal && report.format.is_none() && codes(&report).contains(&"unknown_format"));
}

#[test]
fn totals_that_differ_are_named() {
    let mut document = document();
    document["training_file_metadata"]["total_training_pairs"] = json!(99);
    document["training_file_metadata"]["total_conversations"] = json!(7);
    let report = check(document.to_string().as_bytes());
    let messages: Vec<_> = found(&report, "totals_differ").iter().map(|finding| finding.message.clone()).collect();
    assert!(messages[0].contains("99") && messages[0].contains("24") && messages[1].contains('7') && messages[1].contains('4'));
    assert_eq!(report.statistics.declared_pairs, Some(99));
    for (claimed, code) in [(24, "meta_total_differs"), (7, "totals_differ")] {
        let mut records = pairs();
        records.insert(0, json!({"_meta": {"total_pairs": claimed}}));
        assert!(codes(&check(&jsonl(&records))).contains(&code));
    }
    let mut records = pairs();
    records.insert(0, json!({"_meta": {"total_pairs": 12}}));
    assert_eq!(codes(&check(&jsonl(&records))), ["few_pairs"]);
}

#[test]
fn duplicates_name_the_first() {
    let mut records = pairs();
    records.push(records[4].clone());
    let report = check(&jsonl(&records));
    assert!(found(&report, "duplicate")[0].message.contains("line 5"));
    assert_eq!(found(&report, "duplicate_pair_id").len(), 0, "the id may recur in another conversation, as it does here");
    records[1] = records[0].clone();
    assert_eq!(found(&check(&jsonl(&records)), "duplicate_pair_id")[0].line, Some(2));
    let mut document = document();
    document["conversations"][3]["conversation_metadata"]["conversation_id"] = json!("c1");
    assert_eq!(found(&check(document.to_string().as_bytes()), "duplicate_conversation_id").len(), 1);
}

#[test]
fn examples_beyond_the_context_are_counted() {
    let options = ValidateOptions { max_seq_length_hint: Some(70), ..ValidateOptions::default() };
    let report = check_with(jsonl(&pairs()).as_slice(), &options);
    let lines: Vec<_> = found(&report, "over_long").iter().map(|finding| finding.line.unwrap()).collect();
    assert_eq!(lines, [2, 3, 5, 6, 8, 9, 11, 12]);
    assert!(found(&report, "over_long")[0].message.contains("70"));
}

#[test]
fn formats_that_are_not_as_expected() {
    let options = ValidateOptions { declared: Some(DatasetFormat::Alpaca), ..ValidateOptions::default() };
    let report = check_with(jsonl(&pairs()).as_slice(), &options);
    assert!(report.trainable && found(&report, "format_mismatch")[0].message.contains("alpaca"));
    let mut records = pairs();
    records.push(chat("d", 2));
    let report = check(&jsonl(&records));
    assert_eq!((found(&report, "mixed_formats")[0].line, report.statistics.total_training_pairs), (Some(13), 14));
    let records: Vec<_> =
        (0..12).map(|n| json!({"conversation_id": n.to_string(), "turns": chat(&n.to_string(), 1)["messages"]})).collect();
    let report = check(&jsonl(&records));
    assert_eq!((codes(&report), report.format), (vec!["few_pairs", "turns_form"], Some(DatasetFormat::OpenaiChat)));
    let mut newer = document();
    newer["training_file_metadata"]["version"] = json!("5.0.0");
    newer["training_file_metadata"]["format_spec"] = json!("brightrun-lora-v5");
    assert!(codes(&check(newer.to_string().as_bytes())).contains(&"newer_version"));
}

#[test]
fn low_quality_is_named() {
    let mut records = pairs();
    records.iter_mut().for_each(|record| record["training_metadata"]["quality_score"] = json!(2.5));
    assert!(found(&check(&jsonl(&records)), "low_quality")[0].message.contains("2.5"));
}

#[test]
fn chats_that_cannot_be_used() {
    let good: Vec<Value> = (0..12).map(|number| chat(&number.to_string(), 1)).collect();
    for (messages, code, pointer) in [
        (json!([]), "empty_value", "/messages"),
        (json!({}), "invalid_type", "/messages"),
        (Value::Null, "invalid_type", "/messages"),
        (json!([{"role": "user", "content": "x"}]), "missing_assistant", "/messages"),
        (json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "weight": 0}]), "missing_assistant", "/messages"),
        (json!([{"role": "judge", "content": "x"}]), "unknown_role", "/messages/0/role"),
        (json!([null]), "invalid_type", "/messages/0"),
        (json!([{"role": "user", "content": [{"type": "image_url"}]}]), "invalid_type", "/messages/0/content"),
        (
            json!([{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "weight": "1"}]),
            "invalid_type",
            "/messages/1/weight",
        ),
    ] {
        let mut records = good.clone();
        records[2] = json!({"messages": messages});
        let report = check(&jsonl(&records));
        only(&report, code, pointer);
        assert_eq!(report.statistics.total_training_pairs, 11);
    }
}

#[test]
fn the_first_hundred_of_a_code_are_kept_and_all_are_counted() {
    let mut records: Vec<Value> = (0..300).map(|number| pair(&number.to_string(), 1)).collect();
    records.iter_mut().skip(20).for_each(|record| record["target_response"] = json!(1));
    let report = check(&jsonl(&records));
    let group = report.groups.iter().find(|group| group.code == "invalid_type").unwrap();
    assert_eq!((group.count, group.findings.len()), (280, 100));
}

#[test]
fn findings_do_not_show_the_data() {
    let secret = "SECRET";
    let mut records = pairs();
    records[0]["target_response"] = json!([secret]);
    records[1]["conversation_history"] = json!([{"role": "user", "content": {"x": secret}}]);
    let bytes = [jsonl(&records), format!("{{\"target_response\": \"{secret}\" \"{secret}\"}}\n{secret}\n").into_bytes()].concat();
    let report = check(&bytes);
    assert_eq!(report.statistics.rejected_pairs, 4);
    assert!(!format!("{:?}", report.groups).contains(secret));
}

#[test]
fn the_beginning_of_a_file_is_not_blamed_for_its_end() {
    let options = ValidateOptions { partial: true, ..ValidateOptions::default() };
    for whole in [jsonl(&pairs()), document().to_string().into_bytes(), serde_json::to_vec_pretty(&document()).unwrap()] {
        for end in (2000..whole.len()).step_by(97) {
            let report = check_with(&whole[..end], &options);
            assert!(!report.fatal, "{end}: {:?}", report.groups);
            assert!(codes(&report).iter().all(|code| *code == "context_pairs"), "{end}: {:?}", report.groups);
            assert_eq!(report.sha256, None);
        }
    }
}

#[test]
fn the_stream_itself_can_fail() {
    let bytes = jsonl(&pairs());
    let options = ValidateOptions::default();
    let go = &mut |_| ControlFlow::Continue(());
    let size = bytes.len() as u64;
    let short = validate(&bytes[..1000], Some(size), &options, None, go).unwrap_err();
    assert!(matches!(short, DatasetError::ShortRead { read: 1000, expected } if expected == size), "{short}");
    let stopped = validate(bytes.as_slice(), None, &options, None, &mut |_| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(stopped, DatasetError::Cancelled));
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("gone"))
        }
    }
    let failed = validate(bytes.chain(Fails), None, &options, Some(&Words), go).unwrap_err();
    assert!(matches!(failed, DatasetError::Io { offset, .. } if offset == size), "{failed}");
}

#[test]
fn the_legacy_format_is_told_by_what_it_lacks() {
    let mut records = pairs();
    for record in &mut records {
        record.as_object_mut().unwrap().remove("conversation_metadata");
        record["conversation_history"] = json!([]);
    }
    let document = |meta: Value, pairs: &[Value]| json!({"dataset_metadata": meta, "training_pairs": pairs}).to_string();
    for meta in [json!({"version": "3.4.3"}), json!({})] {
        let report = check(document(meta, &records).as_bytes());
        assert_eq!(report.format, Some(DatasetFormat::BrightrunLoraV3));
        assert!(report.trainable && codes(&report).contains(&"legacy_v3"));
        assert_eq!(report.statistics.total_conversations, 4);
    }
    let report = check(document(json!({}), &pairs()).as_bytes());
    assert_eq!(report.format, Some(DatasetFormat::BrightrunLoraV4), "with scaffolding it is an individual conversation of v4");
    let early: Vec<_> = records
        .iter()
        .cloned()
        .map(|mut record| {
            record["target_response"] = json!({"content": record["target_response"]});
            record
        })
        .collect();
    let text = document(json!({"schema_version": "emotional-v3.4"}), &early);
    assert_eq!(check(text.as_bytes()).statistics.total_training_pairs, 12, "early drafts wrote texts as objects");
    assert_eq!(examples(text.as_bytes()).len(), 12);
}

#[test]
fn bounds_that_were_reached_are_named() {
    let mut records = pairs();
    let words: Vec<String> = (0..200_100).map(|number| format!("word{number}")).collect();
    records[0]["target_response"] = json!(words.join(" ") + ".");
    let report = check(&jsonl(&records));
    assert!(found(&report, "counts_capped")[0].message.contains("200000"));
    assert_eq!(report.statistics.vocabulary_size, 200_000);
}
