//! Files that were mended: what is left, and that it is as good as the report says.

use crate::support::{Words, chat, check, check_with, codes, document, found, jsonl, pair, pairs};
use dataset::{DatasetError, FixPlan, FixReport, ValidateOptions, fix};
use domain::dataset::DatasetFix::{self, *};
use serde_json::{Value, json};
use std::io::Write;
use std::ops::ControlFlow;

fn go(_: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn plan(fixes: &[DatasetFix]) -> FixPlan {
    FixPlan { fixes: fixes.to_vec(), max_tokens: Some(70), samples: 5, ..FixPlan::default() }
}

/// The mended file, after a preview that must say the same.
fn mend(bytes: &[u8], fixes: &[DatasetFix]) -> (Vec<u8>, FixReport) {
    let plan = plan(fixes);
    let preview = fix(bytes, None, &plan, None, Some(&Words), &mut go).unwrap();
    let mut out = Vec::new();
    let report = fix(bytes, Some(&mut out as &mut dyn Write), &plan, Some(&preview.totals), Some(&Words), &mut go).unwrap();
    assert_eq!(report.bytes_written, out.len() as u64);
    assert_eq!(
        (report.figures.records, report.figures.dropped, report.figures.examples_after, &report.totals),
        (preview.figures.records, preview.figures.dropped, preview.figures.examples_after, &preview.totals)
    );
    assert!(check(&out).statistics.rejected_pairs == 0 || !fixes.contains(&DropRejected));
    (out, report)
}

#[test]
fn nothing_to_mend_leaves_every_byte() {
    let bytes = jsonl(&pairs());
    let (out, report) = mend(
        &bytes,
        DatasetFix::ALL.iter().filter(|fix| !matches!(fix, DropOverLong | SplitOverLong)).copied().collect::<Vec<_>>().as_slice(),
    );
    assert_eq!(out, bytes);
    assert!(!report.changes_anything() && !report.stopped && report.samples.is_empty(), "{report:?}");
}

#[test]
fn what_cannot_be_used_goes_and_the_totals_follow() {
    let mut records = pairs();
    records[2]["target_response"] = json!(7);
    records.insert(0, json!({"_meta": {"total_pairs": 12, "file_name": "x"}}));
    let mut bytes = jsonl(&records);
    bytes.extend_from_slice(b"oops\n{\"cut\": ");
    let (out, report) = mend(&bytes, &[DropRejected]);
    assert_eq!(
        (report.figures.records, report.figures.dropped, report.figures.examples_before, report.figures.examples_after),
        (14, 3, 11, 11)
    );
    assert_eq!(codes(&check(&out)), ["few_pairs"]);
    assert!(out.starts_with(b"{\"_meta\":{\"file_name\":\"x\",\"total_pairs\":11}}\n"), "{}", String::from_utf8_lossy(&out[..80]));
    assert_eq!(report.figures.by_fix, [(DropRejected, 3), (CorrectTotals, 1)].into());
}

#[test]
fn duplicates_go_but_for_the_first() {
    let mut records = pairs();
    records.extend([records[4].clone(), records[5].clone(), records[4].clone()]);
    let (out, report) = mend(&jsonl(&records), &[DropDuplicates]);
    assert_eq!(out, jsonl(&pairs()));
    assert_eq!((report.figures.dropped, report.figures.by_fix[&DropDuplicates]), (3, 3));
    let sample = &report.samples[0];
    assert_eq!((sample.line, sample.fixes.as_slice(), sample.after.len()), (13, [DropDuplicates].as_slice(), 0));
    assert!(!sample.before.is_empty());
}

#[test]
fn what_is_dropped_is_not_what_others_are_compared_with() {
    let mut records = pairs();
    records[0]["training_metadata"]["quality_score"] = json!(1.5);
    let mut copy = records[0].clone();
    copy["training_metadata"]["quality_score"] = json!(5);
    records.push(copy);
    let (out, report) = mend(&jsonl(&records), &[DropLowQuality, DropDuplicates]);
    assert_eq!((report.figures.by_fix.get(&DropLowQuality), report.figures.by_fix.get(&DropDuplicates)), (Some(&1), None));
    assert_eq!(check(&out).statistics.total_training_pairs, 12);
}

#[test]
fn documents_keep_what_surrounds_their_pairs() {
    let mut document = document();
    document["extra"] = json!({"kept": [1, 2]});
    for pair in document["conversations"][1]["training_pairs"].as_array_mut().unwrap() {
        pair["target_response"] = json!(7);
    }
    document["conversations"][2]["training_pairs"][1]["target_response"] = json!("It stops at \\");
    document["conversations"][2]["note"] = json!("kept too");
    for text in [document.to_string(), serde_json::to_string_pretty(&document).unwrap()] {
        let (out, report) = mend(text.as_bytes(), &[DropRejected, DropTruncated]);
        let new: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(new["conversations"].as_array().unwrap().len(), 3, "a conversation of which nothing is left goes");
        assert_eq!((&new["extra"], &new["consultant_profile"]), (&document["extra"], &document["consultant_profile"]));
        assert_eq!((&new["conversations"][1]["note"], &new["conversations"][2]), (&json!("kept too"), &document["conversations"][3]));
        assert_eq!(new["conversations"][1]["training_pairs"].as_array().unwrap().len(), 5);
        assert_eq!(new["training_file_metadata"]["total_training_pairs"], 17);
        assert_eq!(new["training_file_metadata"]["total_conversations"], 3);
        assert_eq!((report.figures.records, report.figures.dropped), (24, 7));
        let after = check(&out);
        assert!(
            found(&after, "totals_differ").is_empty() && after.trainable == (after.statistics.total_training_pairs >= 10),
            "{:?}",
            codes(&after)
        );
        assert_eq!(after.statistics.total_training_pairs, report.figures.examples_after);
    }
}

#[test]
fn a_document_that_breaks_off_can_be_ended() {
    let text = document().to_string();
    let cut = &text[..text.len() * 3 / 4];
    let (out, report) = mend(cut.as_bytes(), &[DropRejected]);
    let new: Value = serde_json::from_slice(&out).unwrap();
    let kept: usize = new["conversations"].as_array().unwrap().iter().map(|one| one["training_pairs"].as_array().unwrap().len()).sum();
    assert_eq!(kept as u64, report.totals.documents[0].0);
    assert!(check(&out).trainable == (report.figures.examples_after >= 10));
    let refused = fix(cut.as_bytes(), None, &plan(&[DropDuplicates]), None, None, &mut go).unwrap_err();
    assert!(matches!(refused, DatasetError::Unusable(finding) if finding.code == "truncated_file"));
    let array = json!(pairs()).to_string();
    let (out, _) = mend(&array.as_bytes()[..array.len() - 40], &[DropRejected]);
    assert_eq!(serde_json::from_slice::<Vec<Value>>(&out).unwrap(), pairs()[..11]);
}

#[test]
fn texts_are_repaired_and_masked_in_place() {
    let mut records = pairs();
    records[2]["target_response"] = json!("The cafÃ© is at jo@acme.org\u{7} or sk-abcDEF1234567890abcdef.");
    records[2]["notes"] = json!("cafÃ©");
    let all = [RepairEncoding, MaskPersonalData, MaskSecrets];
    let (out, report) = mend(&jsonl(&records), &all);
    let mut expected = records.clone();
    expected[2]["target_response"] = json!("The café is at [email] or [secret].");
    assert_eq!(out, jsonl(&expected), "only what is trained on changes");
    assert_eq!((report.figures.changed, report.samples.len()), (1, 1));
    assert_eq!(report.samples[0].fixes, all);
    assert!(report.samples[0].before.last().unwrap().content.contains("acme"));
    assert!(report.samples[0].after[0].last().unwrap().content.contains("[secret]"));
    assert_eq!(codes(&check(&out)), ["few_pairs"]);
}

#[test]
fn another_encoding_becomes_utf8() {
    let text = String::from_utf8(jsonl(&pairs())).unwrap().replace("hope", "hopé");
    let single: Vec<u8> = text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'>')).collect();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [single, wide, format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes()] {
        let (out, _) = mend(&bytes, &[RepairEncoding]);
        assert_eq!(codes(&check(&out)), ["few_pairs"]);
        assert!(String::from_utf8(out).unwrap().contains("hopé"));
    }
}

#[test]
fn long_conversations_are_cut_where_an_answer_ends() {
    let mut long = chat("a", 6);
    long["messages"].as_array_mut().unwrap().insert(0, json!({"role": "system", "content": "You help."}));
    long["id"] = json!("kept");
    let (out, report) = mend(&jsonl(&[long.clone()]), &[SplitOverLong]);
    let lines: Vec<Value> =
        out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!((lines.len(), report.figures.added, report.figures.examples_after), (6, 5, 6), "one exchange takes 37 of 70 tokens");
    assert!(
        lines
            .iter()
            .all(|line| line["messages"][0]["role"] == "system" && line["messages"][2]["role"] == "assistant" && line["id"] == "kept")
    );
    let report = check_with(out.as_slice(), &ValidateOptions { max_seq_length_hint: Some(70), ..ValidateOptions::default() });
    assert!(found(&report, "over_long").is_empty());
    let together: Vec<&Value> = lines.iter().flat_map(|line| line["messages"].as_array().unwrap().iter().skip(1)).collect();
    assert!(together.into_iter().eq(long["messages"].as_array().unwrap().iter().skip(1)), "nothing is lost");
}

#[test]
fn long_histories_lose_their_oldest_turns() {
    let (out, report) = mend(&jsonl(&[pair("c", 3)]), &[SplitOverLong]);
    let record: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(record["conversation_history"].as_array().unwrap().len(), 1, "the input itself stays");
    assert_eq!((record["target_response"].clone(), report.figures.not_mended), (pair("c", 3)["target_response"].clone(), 0));
    let mut endless = pair("c", 1);
    endless["target_response"] = json!("word ".repeat(100));
    let (out, report) = mend(&jsonl(&[endless.clone()]), &[SplitOverLong]);
    assert_eq!((out, report.figures.not_mended), (jsonl(&[endless.clone()]), 1));
    assert_eq!(mend(&jsonl(&[endless]), &[DropOverLong]).1.figures.dropped, 1);
}

#[test]
fn roles_are_made_to_take_turns() {
    let record =
        json!({"conversations": [{"from": "human", "value": "a"}, {"from": "human", "value": "b"}, {"from": "gpt", "value": "c"}]});
    let (out, _) = mend(&jsonl(&[record]), &[MergeTurns]);
    let report = check(&out);
    assert!(found(&report, "roles_not_alternating").is_empty());
    assert!(String::from_utf8(out).unwrap().contains("a\\n\\nb"));
}

#[test]
fn a_preview_can_stop_early() {
    let records: Vec<Value> = (0..5000).map(|number| pair(&number.to_string(), 1)).collect();
    let plan = FixPlan { stop_after: Some(100_000), ..plan(&[DropDuplicates]) };
    let report = fix(jsonl(&records).as_slice(), None, &plan, None, None, &mut go).unwrap();
    assert!(report.stopped && report.figures.records > 50 && report.figures.records < 200, "{}", report.figures.records);
}
