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
fn a_template_that_rewrites_earlier_turns_is_refused() {
    let rewriting = "{% for m in messages %}<|{{ m.role }}|>{% if loop.last %}{{ m.content }}{% endif %}<|end|>{% endfor %}\
         {% if add_generation_prompt %}<|assistant|>{% endif %}";
    let (_folder, tokenizer) = tokenizer(rewriting);
    let messages = [say("user", "q", true), say("assistant", "a", true)];
    let error = tokenise(&tokenizer, &messages, 512).expect_err("refused");
    assert!(matches!(error, TrainerError::TemplateRewritesTurns { message: 2 }), "{error}");
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
