//! Rendering, tokens and the label mask.

use crate::support::{TEMPLATE, write_tokenizer};
use domain::dataset::Message;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trainer::tokenizer::ChatTokenizer;
use trainer::{TokenisedExample, TrainerError, tokenise};

fn say(role: &str, content: &str, trained: bool) -> Message {
    Message { role: role.into(), content: content.into(), trained }
}

fn tokenizer(template: &str) -> (TempDir, ChatTokenizer) {
    let folder = tempfile::tempdir().expect("temporary folder");
    write_tokenizer(folder.path(), template);
    let tokenizer = ChatTokenizer::load(folder.path()).expect("loads");
    (folder, tokenizer)
}

/// What is learned, as text.
fn learned(tokenizer: &ChatTokenizer, example: &TokenisedExample) -> Vec<String> {
    example.labels.iter().map(|r| tokenizer.decode(&example.ids[r.clone()], false).expect("decodes")).collect()
}

#[test]
fn only_the_answer_and_its_end_of_turn_are_learned() {
    let (_folder, tokenizer) = tokenizer(TEMPLATE);
    let messages = [say("system", "Be kind.", true), say("user", "hi", true), say("assistant", "Hé  ho\n", true)];
    let example = tokenise(&tokenizer, &messages, 512).expect("tokenises");
    assert_eq!(learned(&tokenizer, &example), ["Hé  ho\n<|end|>"]);
    assert_eq!(example.label_tokens(), "Hé  ho\n".len() + 1);
}

#[test]
fn of_several_turns_the_trained_ones_are_learned() {
    let (_folder, tokenizer) = tokenizer(TEMPLATE);
    let turn = |trained| [say("user", "q", true), say("assistant", "a", trained)];
    let messages = [turn(true), turn(false), turn(true)].concat();
    let example = tokenise(&tokenizer, &messages, 512).expect("tokenises");
    assert_eq!(learned(&tokenizer, &example), ["a<|end|>", "a<|end|>"]);
    let none = tokenise(&tokenizer, &turn(false), 512).expect("tokenises");
    assert_eq!((none.labels.len(), none.label_tokens()), (0, 0));
}

#[test]
fn an_end_of_turn_written_by_a_user_does_not_end_the_answer() {
    let (_folder, tokenizer) = tokenizer(TEMPLATE);
    let messages = [say("user", "what does <|end|> mean?", true), say("assistant", "<|end|> ends a turn.", true)];
    let example = tokenise(&tokenizer, &messages, 512).expect("tokenises");
    assert_eq!(learned(&tokenizer, &example), ["<|end|> ends a turn.<|end|>"]);
}

#[test]
fn a_template_that_rewrites_earlier_turns_is_masked_as_it_prints_the_whole() {
    let rewriting = "{% for m in messages %}<|{{ m.role }}|>{% if loop.last %}{{ m.content }}{% endif %}<|end|>{% endfor %}\
         {% if add_generation_prompt %}<|assistant|>{% endif %}";
    let (_folder, tokenizer) = tokenizer(rewriting);
    let messages = [say("user", "q", true), say("assistant", "a", true), say("user", "r", true), say("assistant", "b", true)];
    let example = tokenise(&tokenizer, &messages, 512).expect("tokenises");
    assert_eq!((learned(&tokenizer, &example), example.rewritten), (vec!["b<|end|>".to_owned()], true));
}

#[test]
fn a_template_that_mixes_an_answer_with_other_text_is_refused() {
    let mixing = "{% for m in messages %}{{ messages[-1].content }}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}\
         {% if add_generation_prompt %}<|assistant|>{% endif %}";
    let (_folder, tokenizer) = tokenizer(mixing);
    let error = tokenise(&tokenizer, &[say("user", "q", true), say("assistant", "a", true)], 512).expect_err("refused");
    assert!(matches!(error, TrainerError::TemplateRewritesTurns { message: 2 }), "{error}");
}

#[test]
fn an_answer_that_nothing_ends_is_counted() {
    let (_folder, tokenizer) = tokenizer("{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}");
    let example = tokenise(&tokenizer, &[say("user", "q", true), say("assistant", "a", true)], 512).expect("tokenises");
    assert_eq!(example.open_answers, 1);
}

#[test]
fn a_template_in_a_file_of_its_own_wins() {
    let (folder, _) = tokenizer("{{ raise_exception('not this one') }}");
    std::fs::write(folder.path().join("chat_template.jinja"), "{{ messages[0].content }}{{ eos_token }}").expect("written");
    let tokenizer = ChatTokenizer::load(folder.path()).expect("loads");
    assert_eq!(tokenizer.render(&[say("user", "x", true)], false).expect("renders"), "x<|end|>");
}

#[test]
fn a_model_without_template_is_refused() {
    let (folder, _) = tokenizer(TEMPLATE);
    std::fs::write(folder.path().join("tokenizer_config.json"), "{}").expect("written");
    let error = ChatTokenizer::load(folder.path()).map(|_| ()).expect_err("no template");
    assert_eq!(error.code(), "no_chat_template");
}

#[derive(Deserialize)]
struct Rendered {
    name: String,
    messages: Vec<Message>,
    add_generation_prompt: bool,
    text: String,
    input_ids: Vec<u32>,
}

/// Texts and ids of the shipped model as transformers makes them (`scripts/`, which wrote the fixture).
#[test]
fn the_shipped_model_renders_as_in_transformers() {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tokenizer = ChatTokenizer::load(&root.join("models/tiny-chat")).expect("loads");
    let fixture = std::fs::read_to_string(root.join("fixtures/chat_template/tiny-chat.json")).expect("fixture");
    let cases: Vec<Rendered> = serde_json::from_str(&fixture).expect("parses");
    assert!(cases.len() > 5);
    for case in cases {
        let text = tokenizer.render(&case.messages, case.add_generation_prompt).expect("renders");
        assert_eq!(text, case.text, "{}", case.name);
        assert_eq!(tokenizer.encode(&text).expect("encodes").ids, case.input_ids, "{}", case.name);
    }
}

#[derive(Deserialize)]
struct Style {
    name: String,
    template: String,
    bos_token: Option<String>,
    eos_token: String,
    cases: Vec<StyleCase>,
}

#[derive(Deserialize)]
struct StyleCase {
    name: String,
    messages: Vec<Message>,
    add_generation_prompt: bool,
    text: Option<String>,
    #[serde(default)]
    input_ids: Vec<u32>,
    assistant_spans: Option<Vec<[usize; 2]>>,
    error: Option<String>,
}

fn styles() -> Vec<Style> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/chat_template/styles.json");
    serde_json::from_slice(&std::fs::read(file).expect("fixture")).expect("styles")
}

/// A style's tokenizer, on the day for which the fixture was written.
fn style_tokenizer(style: &Style) -> (TempDir, ChatTokenizer) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/chat_template");
    std::fs::copy(fixtures.join("styles-tokenizer.json"), folder.path().join("tokenizer.json")).expect("copied");
    let config = serde_json::json!({ "bos_token": style.bos_token, "eos_token": style.eos_token, "chat_template": style.template });
    std::fs::write(folder.path().join("tokenizer_config.json"), config.to_string()).expect("written");
    let day = "2026-01-17T12:00:00Z".parse().expect("a day");
    let tokenizer = ChatTokenizer::load(folder.path()).and_then(|t| t.with_date(day)).expect("loads");
    (folder, tokenizer)
}

#[test]
fn well_known_templates_give_the_text_and_the_ids_of_transformers() {
    let styles = styles();
    assert!(styles.len() >= 12);
    for style in &styles {
        let (_folder, tokenizer) = style_tokenizer(style);
        for case in &style.cases {
            let (what, found) = (format!("{}: {}", style.name, case.name), tokenizer.render(&case.messages, case.add_generation_prompt));
            match (&case.error, found) {
                (None, Ok(text)) => {
                    assert_eq!(Some(&text), case.text.as_ref(), "{what}");
                    assert_eq!(tokenizer.encode(&text).expect("encodes").ids, case.input_ids, "{what}");
                }
                (Some(raised), Err(error)) => assert!(error.to_string().contains(raised.trim_end_matches('.')), "{what}: {error}"),
                (wanted, found) => panic!("{what}: {found:?}, wanted {wanted:?}"),
            }
        }
    }
}

#[test]
fn masks_without_generation_marks_are_those_of_transformers_with_them() {
    let mut compared = 0;
    for style in styles() {
        let (_folder, tokenizer) = style_tokenizer(&style);
        for case in style.cases.iter().filter(|case| !case.add_generation_prompt) {
            let Some(wanted) = &case.assistant_spans else { continue };
            let example = tokenise(&tokenizer, &case.messages, 4096).expect("tokenises");
            let found: Vec<[usize; 2]> = example.labels.iter().map(|range| [range.start, range.end]).collect();
            assert_eq!(&found, wanted, "{}: {}", style.name, case.name);
            assert_eq!(example.open_answers, 0, "{}: {}", style.name, case.name);
            compared += 1;
        }
    }
    assert!(compared > 60, "{compared}");
}

#[test]
fn thoughts_that_a_template_takes_out_are_not_looked_for() {
    let style = styles().into_iter().find(|style| style.name == "qwen3").expect("there");
    let (_folder, tokenizer) = style_tokenizer(&style);
    let case = style.cases.iter().find(|case| case.name == "thoughts").expect("there");
    let example = tokenise(&tokenizer, &case.messages, 4096).expect("tokenises");
    assert!(example.rewritten);
    let wanted = ["4<|im_end|>", "<think>\nThree twice.\n</think>\n\n6<|im_end|>"];
    assert_eq!(learned(&tokenizer, &example), wanted);
}
