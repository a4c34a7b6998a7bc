//! The base model's tokenizer together with its chat template.

use crate::counting::PieceCounter;
use crate::error::TrainerError;
use crate::template::ChatTemplate;
use chrono::{DateTime, Utc};
use domain::dataset::Message;
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokenizers::Tokenizer;

/// Variables that a template may use, by their names in `tokenizer_config.json`.
const SPECIAL_TOKENS: [&str; 7] = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/// A text as tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ids.
    pub ids: Vec<u32>,
    /// Bytes of the text that each token stands for: first, and one past the last.
    pub offsets: Vec<(usize, usize)>,
}

/// Renders conversations with the model's own chat template and turns them into tokens.
pub struct ChatTokenizer {
    tokenizer: Arc<Tokenizer>,
    counter: Arc<PieceCounter>,
    template: ChatTemplate,
    template_source: String,
    special_tokens: BTreeMap<String, String>,
    special_ids: Arc<HashSet<u32>>,
    name: String,
}

impl ChatTokenizer {
    /// Reads `tokenizer.json`, `tokenizer_config.json` and, where there is one, `chat_template.jinja` in `dir`. Templates that print
    /// today's date see 1 January 1970; [`Self::with_date`] sets another.
    ///
    /// # Errors
    /// When a file is missing or cannot be read, or there is no chat template.
    pub fn load(dir: &Path) -> Result<Self, TrainerError> {
        let file = dir.join("tokenizer.json");
        let bytes = fs::read(&file).map_err(|e| TrainerError::io("read", &file, e))?;
        let mut tokenizer =
            Tokenizer::from_bytes(&bytes).map_err(|e| TrainerError::Tokenizer { path: file.clone(), reason: e.to_string() })?;
        tokenizer.with_truncation(None).map_err(|e| TrainerError::Tokenizer { path: file, reason: e.to_string() })?;
        tokenizer.with_padding(None);
        let special_ids: HashSet<u32> =
            tokenizer.get_added_tokens_decoder().into_iter().filter(|(_, t)| t.special).map(|(id, _)| id).collect();
        let (template_source, special_tokens) = read_config(dir)?;
        let template = compile(dir, &template_source, &special_tokens, DateTime::UNIX_EPOCH)?;
        let name = dir.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let counter = Arc::new(PieceCounter::new(&tokenizer));
        let (tokenizer, special_ids) = (Arc::new(tokenizer), Arc::new(special_ids));
        Ok(Self { tokenizer, counter, template, template_source, special_tokens, special_ids, name })
    }

    /// Checks that every token has a row in an embedding of `vocab_size`.
    ///
    /// # Errors
    /// Names the token with the highest id where it has none; `dir` is the folder of both.
    pub fn check_fits(&self, dir: &Path, vocab_size: usize) -> Result<(), TrainerError> {
        let vocabulary = self.tokenizer.get_vocab(true);
        let Some((token, id)) = vocabulary.iter().max_by_key(|(_, id)| **id).filter(|(_, id)| **id as usize >= vocab_size) else {
            return Ok(());
        };
        let reason = format!(
            "its token {token:?} has the id {id}, but vocab_size in config.json is {vocab_size}, so that the embedding has no row for it; \
             use the tokenizer that belongs to these weights"
        );
        Err(TrainerError::Tokenizer { path: dir.join("tokenizer.json"), reason })
    }

    /// The same with the date that templates print.
    ///
    /// # Errors
    /// None in practice: the template compiled before.
    pub fn with_date(mut self, today: DateTime<Utc>) -> Result<Self, TrainerError> {
        self.template = compile(Path::new(&self.name), &self.template_source, &self.special_tokens, today)?;
        Ok(self)
    }

    /// The same with another date, beside this one; shares what is large.
    ///
    /// # Errors
    /// None in practice: the template compiled before.
    pub fn dated(&self, today: DateTime<Utc>) -> Result<Self, TrainerError> {
        let template = compile(Path::new(&self.name), &self.template_source, &self.special_tokens, today)?;
        Ok(Self {
            tokenizer: self.tokenizer.clone(),
            counter: self.counter.clone(),
            template,
            template_source: self.template_source.clone(),
            special_tokens: self.special_tokens.clone(),
            special_ids: self.special_ids.clone(),
            name: self.name.clone(),
        })
    }

    /// Whether the chat template prints the date.
    pub fn prints_date(&self) -> bool {
        self.template_source.contains("strftime_now")
    }

    /// The same with the name that statistics show, such as the base model's id.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The conversation as text; with `add_generation_prompt` it ends where the assistant is to begin.
    ///
    /// # Errors
    /// When the template refuses the conversation.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String, TrainerError> {
        self.template.render(messages, add_generation_prompt)
    }

    /// The text as tokens. Nothing is added: the template writes the special tokens.
    ///
    /// # Errors
    /// When the tokenizer fails on the text.
    pub fn encode(&self, text: &str) -> Result<Tokens, TrainerError> {
        let encoding = self
            .tokenizer
            .encode(text, false)
            .map_err(|e| TrainerError::Tokenizer { path: PathBuf::from(&self.name), reason: format!("it failed on a text: {e}") })?;
        Ok(Tokens { ids: encoding.get_ids().to_vec(), offsets: encoding.get_offsets().to_vec() })
    }

    /// The tokens as text.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String, TrainerError> {
        self.tokenizer
            .decode(ids, skip_special_tokens)
            .map_err(|e| TrainerError::Tokenizer { path: PathBuf::from(&self.name), reason: format!("it failed on ids: {e}") })
    }

    /// Whether a token is a special one, such as the end of a turn.
    pub fn is_special(&self, id: u32) -> bool {
        self.special_ids.contains(&id)
    }
}

impl dataset::TokenCounter for ChatTokenizer {
    /// A conversation that the template refuses is counted as its plain text.
    fn count_example(&self, messages: &[Message]) -> usize {
        match self.render(messages, false) {
            Ok(text) => self.count_text(&text),
            Err(_) => messages.iter().map(|m| self.count_text(&m.content)).sum(),
        }
    }

    fn count_text(&self, text: &str) -> usize {
        // Without offsets, which nobody asks for here.
        let count = |piece: &str| self.tokenizer.encode_fast(piece, false).map_or(0, |encoding| encoding.len());
        self.counter.count(text, count)
    }

    fn name(&self) -> &str {
        &self.name
    }
}

fn compile(
    dir: &Path,
    source: &str,
    special_tokens: &BTreeMap<String, String>,
    today: DateTime<Utc>,
) -> Result<ChatTemplate, TrainerError> {
    ChatTemplate::new(source, special_tokens.clone(), today).map_err(|reason| TrainerError::Tokenizer { path: dir.to_owned(), reason })
}

/// The chat template and the special tokens of a model's folder. `chat_template.jinja` wins over `tokenizer_config.json`, as in
/// transformers.
fn read_config(dir: &Path) -> Result<(String, BTreeMap<String, String>), TrainerError> {
    let file = dir.join("tokenizer_config.json");
    let text = fs::read_to_string(&file).map_err(|e| TrainerError::io("read", &file, e))?;
    let config: Value =
        serde_json::from_str(&text).map_err(|e| TrainerError::Tokenizer { path: file.clone(), reason: format!("it is not JSON: {e}") })?;
    let mut special = BTreeMap::new();
    for name in SPECIAL_TOKENS {
        let value = &config[name];
        if let Some(token) = value.as_str().or_else(|| value["content"].as_str()) {
            special.insert(name.to_owned(), token.to_owned());
        }
    }
    let jinja = dir.join("chat_template.jinja");
    if jinja.is_file() {
        let source = fs::read_to_string(&jinja).map_err(|e| TrainerError::io("read", &jinja, e))?;
        return Ok((source, special));
    }
    let template = template_in(&config["chat_template"]).ok_or_else(|| TrainerError::NoChatTemplate { path: dir.to_owned() })?;
    Ok((template.to_owned(), special))
}

/// A template given as text, or as a list of named ones of which `default` is taken.
fn template_in(value: &Value) -> Option<&str> {
    let named = || value.as_array()?.iter().find(|t| t["name"] == "default")?["template"].as_str();
    value.as_str().or_else(named)
}
