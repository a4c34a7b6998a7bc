//! The one table of what validation can find. Codes are stable: clients and translations rely on them.

use domain::dataset::Severity::{self, Error, Info, Warning};

/// A kind of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// A few words for a heading.
    pub title: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

macro_rules! codes {
    ($($name:ident = $code:literal, $severity:ident, $title:literal, $fix:literal;)+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".")]
            pub const $name: &Code = &Code { code: $code, severity: $severity, title: $title, fix: $fix };
        )+

        /// Every code there is.
        pub const ALL: &[&Code] = &[$($name),+];
    };
}

codes! {
    // About the whole file.
    EMPTY_FILE = "empty_file", Error, "The file is empty",
        "Upload a file that holds conversations, in JSON or JSONL.";
    BINARY_FILE = "binary_file", Error, "The file is not text",
        "Upload the data as UTF-8 text in JSON or JSONL; unpack an archive first.";
    NOT_UTF8 = "not_utf8", Error, "The file is not UTF-8",
        "Save the file as UTF-8 and upload it again.";
    UNKNOWN_FORMAT = "unknown_format", Error, "The format is not known",
        "Use BrightRun v4 (JSON or JSONL), OpenAI chat, ShareGPT, Alpaca, or prompt and completion.";
    TRUNCATED_FILE = "truncated_file", Error, "The file ends too early",
        "Export or upload the file again, in full.";
    TRAILING_DATA = "trailing_data", Error, "Something follows the document",
        "Remove what comes after the end of the JSON document.";
    NO_TRAINABLE_EXAMPLES = "no_trainable_examples", Error, "Nothing to train on",
        "Give the pairs answers (`target_response`, or assistant messages) and mend the rejected ones.";
    TOO_FEW_EXAMPLES = "too_few_examples", Error, "Too few examples",
        "Add more pairs with answers, or mend the rejected ones.";
    // About one line or pair, which is rejected.
    INVALID_JSON = "invalid_json", Error, "Invalid JSON",
        "Mend the JSON at this place; a backslash or a quote inside a text must be escaped.";
    TOO_DEEP = "too_deep", Error, "Nested too deeply",
        "Flatten the value: at most 127 levels are read.";
    LINE_TOO_LONG = "line_too_long", Error, "Too long",
        "Put one conversation or pair on each line, of at most 8 MiB.";
    NOT_AN_OBJECT = "not_an_object", Error, "Not a JSON object",
        "Make each line or element an object `{…}`.";
    UNKNOWN_RECORD = "unknown_record", Error, "No known keys",
        "Give the record the keys of its format, for v4 `current_user_input` and `target_response`.";
    MISSING_FIELD = "missing_field", Error, "A field is missing",
        "Add the field with its value.";
    INVALID_TYPE = "invalid_type", Error, "A field has the wrong type",
        "Give the field a value of the type that the format asks for.";
    EMPTY_VALUE = "empty_value", Error, "A field is empty",
        "Fill in the text, or remove the pair.";
    UNKNOWN_ROLE = "unknown_role", Error, "Unknown role",
        "Use the roles system, user, assistant and tool.";
    MISSING_ASSISTANT = "missing_assistant", Error, "No answer to train on",
        "Add an assistant message, or remove the conversation.";
    // Trainable, but somebody should look.
    FORMAT_MISMATCH = "format_mismatch", Warning, "Another format than declared",
        "Nothing needs to be done if the detected format is right.";
    MIXED_FORMATS = "mixed_formats", Warning, "More than one format in the file",
        "Check that the file was not joined from different sources by mistake.";
    LEGACY_V3 = "legacy_v3", Warning, "Legacy format",
        "Upgrade the data to v4 to get personas, arcs and topics.";
    FEW_PAIRS = "few_pairs", Warning, "Fewer than 500 pairs",
        "Add pairs: at least 500 are recommended.";
    LOW_QUALITY = "low_quality", Warning, "Low quality scores",
        "Review the conversations and improve or remove the weak ones.";
    QUALITY_OUT_OF_RANGE = "quality_out_of_range", Warning, "Quality score out of range",
        "Give quality scores from 1 to 5.";
    TRUNCATED_TARGET = "truncated_target", Warning, "The answer looks cut off",
        "Complete the answer, or remove the pair.";
    OVER_LONG = "over_long", Warning, "Longer than the base model's context",
        "Choose a base model with a longer context, or shorten the conversations: what is beyond is not trained on.";
    DUPLICATE = "duplicate", Warning, "Duplicate",
        "Remove the repeated examples: they weigh more than the others.";
    DUPLICATE_CONVERSATION_ID = "duplicate_conversation_id", Warning, "A conversation's id occurs twice",
        "Give each conversation its own id; those that share one are treated as one.";
    ROLES_NOT_ALTERNATING = "roles_not_alternating", Warning, "Roles do not alternate",
        "Let user and assistant take turns, beginning with the user: some chat templates refuse anything else.";
    MISSING_SYSTEM_PROMPT = "missing_system_prompt", Warning, "No system prompt",
        "Add the `system_prompt`, or leave it out of every pair.";
    EMPTY_MESSAGE = "empty_message", Warning, "An empty message",
        "Fill in the message, or remove it.";
    EMPTY_SCAFFOLDING = "empty_scaffolding", Warning, "Persona, arc or topic is empty",
        "Fill in the keys, so that the distribution tells something.";
    TOTALS_DIFFER = "totals_differ", Warning, "Declared totals differ",
        "Check that the file is complete, and correct the totals.";
    // For information.
    META_TOTAL_DIFFERS = "meta_total_differs", Info, "`_meta.total_pairs` counts more",
        "Nothing, if the exporter counted the pairs without an answer that it left out.";
    CONTEXT_PAIRS = "context_pairs", Info, "Pairs without an answer",
        "Nothing: they are context and are not trained on.";
    SHORT_TARGET = "short_target", Info, "A short answer without an end",
        "Check that the answer was not cut off.";
    DUPLICATE_PAIR_ID = "duplicate_pair_id", Info, "A pair's id occurs twice in its conversation",
        "Nothing, unless you look pairs up by their ids.";
    TOOL_CALLS_AS_TEXT = "tool_calls_as_text", Info, "Tools",
        "Nothing, if plain text is what the model shall learn.";
    TURNS_FORM = "turns_form", Info, "Read as chat",
        "Nothing: `turns` are read like OpenAI's `messages`.";
    NEWER_VERSION = "newer_version", Info, "A newer version of the format",
        "Nothing: it is read like v4.";
    COUNTS_CAPPED = "counts_capped", Info, "More than is compared",
        "Nothing: only the search for repetitions and the count of words stop there.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_tell_what_to_do() {
        for (index, code) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.code != code.code), "{} occurs twice", code.code);
            assert!(code.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            assert!(code.fix.ends_with('.') && !code.title.ends_with('.'));
        }
    }
}
