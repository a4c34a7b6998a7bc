//! Chat templates, rendered as transformers renders them (`apply_chat_template` with its sandboxed Jinja environment: blocks trimmed,
//! Python's string methods, loop controls, `raise_exception`, `strftime_now`, and a `tojson` that escapes no HTML).

use crate::error::TrainerError;
use chrono::{DateTime, Utc};
use domain::dataset::Message;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Kwargs;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Value, context};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

const NAME: &str = "chat_template";
/// Instructions that one rendering may take; a template that loops for ever ends with an error.
const FUEL: u64 = 5_000_000;

/// A compiled chat template.
#[derive(Debug)]
pub struct ChatTemplate {
    environment: Environment<'static>,
    special_tokens: BTreeMap<String, String>,
}

impl ChatTemplate {
    /// Compiles `source`. `special_tokens` are the variables such as `bos_token`; `today` is what `strftime_now` shows.
    ///
    /// # Errors
    /// The syntax error of a template that does not parse.
    pub fn new(source: &str, special_tokens: BTreeMap<String, String>, today: DateTime<Utc>) -> Result<Self, String> {
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(false).build();
        environment.set_syntax(syntax.map_err(|e| e.to_string())?);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        environment.set_fuel(Some(FUEL));
        environment.add_filter("tojson", tojson);
        environment.add_function("raise_exception", raise_exception);
        environment.add_function("strftime_now", move |format: String| strftime(today, &format));
        let source = generation_blocks_as_if(source);
        environment.add_template_owned(NAME, source).map_err(|e| format!("its chat template has an error: {e}"))?;
        Ok(Self { environment, special_tokens })
    }

    /// Renders a conversation; with `add_generation_prompt` it ends where the assistant is to begin.
    ///
    /// # Errors
    /// [`TrainerError::ChatTemplate`] when the template raises or fails.
    pub fn render(&self, messages: &[Message], add_generation_prompt: bool) -> Result<String, TrainerError> {
        let turns: Vec<Value> = messages.iter().map(|m| context! { role => m.role.as_str(), content => m.content.as_str() }).collect();
        let special = Value::from_pairs(self.special_tokens.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let base = context! { messages => turns, add_generation_prompt, tools => (), documents => () };
        let fail = |e: Error| TrainerError::ChatTemplate { reason: reason(&e) };
        self.environment.get_template(NAME).and_then(|t| t.render(context! { ..base, ..special })).map_err(fail)
    }
}

/// What a template said, without its position where it raised on purpose.
fn reason(error: &Error) -> String {
    let detail = error.detail().map_or_else(|| error.to_string(), str::to_owned);
    detail.trim_end_matches('.').to_owned()
}

fn raise_exception(message: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, message))
}

fn strftime(today: DateTime<Utc>, format: &str) -> Result<String, Error> {
    use std::fmt::Write;
    let mut text = String::new();
    write!(text, "{}", today.format(format))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("strftime_now does not know the format '{format}'")))?;
    Ok(text)
}

/// Python's `json.dumps(value, ensure_ascii=False, indent=indent)`.
fn tojson(value: Value, kwargs: Kwargs) -> Result<Value, Error> {
    let indent: Option<usize> = kwargs.get("indent")?;
    // Two options that transformers passes on; only the usual values are supported.
    let _: Option<bool> = kwargs.get("ensure_ascii")?;
    kwargs.assert_all_used()?;
    let mut out = Vec::new();
    let done = match indent {
        Some(width) => {
            let spaces = " ".repeat(width);
            let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, formatter))
        }
        None => value.serialize(&mut serde_json::Serializer::with_formatter(&mut out, PythonFormatter)),
    };
    done.map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))?;
    let text = String::from_utf8(out).map_err(|e| Error::new(ErrorKind::BadSerialization, e.to_string()))?;
    Ok(Value::from_safe_string(text))
}

/// `", "` between items and `": "` after keys.
struct PythonFormatter;

impl serde_json::ser::Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

/// transformers' `{% generation %}` marks what the assistant said. It prints nothing, so it is an `if` that is always true.
fn generation_blocks_as_if(source: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(source.len()), source);
    while let Some(open) = rest.find("{%") {
        let Some(length) = rest[open..].find("%}") else { break };
        let (tag_start, tag_end) = (open + 2, open + length);
        let inner = &rest[tag_start..tag_end];
        out.push_str(&rest[..tag_start]);
        match inner.trim_matches(|c: char| c == '-' || c == '+' || c.is_whitespace()) {
            "generation" => out.push_str(&inner.replace("generation", "if true")),
            "endgeneration" => out.push_str(&inner.replace("endgeneration", "endif")),
            _ => out.push_str(inner),
        }
        rest = &rest[tag_end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(source: &str) -> ChatTemplate {
        let special = BTreeMap::from([("bos_token".to_owned(), "<s>".to_owned())]);
        ChatTemplate::new(source, special, DateTime::UNIX_EPOCH).expect("compiles")
    }

    fn say(role: &str, content: &str) -> Message {
        Message { role: role.into(), content: content.into(), trained: true }
    }

    #[test]
    fn blocks_are_trimmed_as_in_transformers() {
        let source = "{{ bos_token }}\n{% for m in messages %}\n    {% if m.role == 'user' %}\n[{{ m['content'].strip() }}]\n    {% endif %}\n{% endfor %}\n";
        let text = template(source).render(&[say("user", " a "), say("assistant", "b")], false).expect("renders");
        assert_eq!(text, "<s>\n[a]\n");
    }

    #[test]
    fn python_idioms_work() {
        let source = "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.content.split('x')[-1] }}{% break %}{% endfor %}\
             {{ {'a': [1, 'é<'], 'b': none} | tojson }}{% if add_generation_prompt %}>{% endif %}{{ strftime_now('%d %b %Y') }}";
        let text = template(source).render(&[say("user", "q"), say("assistant", "1x2"), say("user", "n")], true).expect("renders");
        assert_eq!(text, "2{\"a\": [1, \"é<\"], \"b\": null}>01 Jan 1970");
    }

    #[test]
    fn generation_marks_print_nothing() {
        let source = "{% for m in messages %}\n{%- generation -%}\n{{ m.content }}\n{%- endgeneration -%}\n{% endfor %}";
        assert_eq!(template(source).render(&[say("assistant", "a")], false).expect("renders"), "a");
    }

    #[test]
    fn what_a_template_raises_is_the_reason() {
        let error = template("{{ raise_exception('System role not supported') }}").render(&[say("user", "q")], false).expect_err("raises");
        assert_eq!(error.code(), "chat_template_failed");
        assert!(error.to_string().contains("System role not supported"), "{error}");
        let mut special = BTreeMap::new();
        special.insert("bos_token".to_owned(), String::new());
        assert!(ChatTemplate::new("{% for %}", special, DateTime::UNIX_EPOCH).is_err());
    }

    #[test]
    fn an_endless_template_ends() {
        let endless =
            template("{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}x{% endfor %}{% endfor %}{% endfor %}");
        assert!(endless.render(&[], false).is_err());
    }
}
