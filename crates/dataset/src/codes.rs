//! The one table of what validation can find. Codes are stable: clients and translations rely on them. `docs/dataset-findings.md` is
//! made of it.

use domain::dataset::DatasetFix::{
    self, CorrectTotals, DropDuplicates, DropEmptyMessages, DropLowQuality, DropNearDuplicates, DropOverLong, DropRejected,
    DropSplitOverlap, DropTruncated, MaskPersonalData, MaskSecrets, MergeTurns, RepairEncoding, SplitOverLong,
};
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
    /// When it is found, and what follows.
    pub meaning: &'static str,
    /// What to do about it.
    pub fix: &'static str,
    /// What mends it without a hand on the file, the best first.
    pub fixes: &'static [DatasetFix],
}

macro_rules! codes {
    ($($name:ident = $code:literal, $severity:ident, $title:literal, $meaning:literal, $fix:literal, $fixes:expr;)+) => {
        $(
            #[doc = concat!("`", $code, "`: ", $title, ".")]
            pub const $name: &Code =
                &Code { code: $code, severity: $severity, title: $title, meaning: $meaning, fix: $fix, fixes: $fixes };
        )+

        /// Every code there is.
        pub const ALL: &[&Code] = &[$($name),+];
    };
}

codes! {
    // About the whole file.
    EMPTY_FILE = "empty_file", Error, "The file is empty",
        "The file has no bytes, or only blanks.",
        "Upload a file that holds conversations, in JSON or JSONL.", &[];
    BINARY_FILE = "binary_file", Error, "The file is not text",
        "The first bytes are those of an archive, a document, an image or other binary data.",
        "Upload the data as UTF-8 text in JSON or JSONL; unpack an archive first.", &[];
    NOT_UTF8 = "not_utf8", Error, "The file is not UTF-8",
        "Some bytes are not UTF-8, so the file is in another encoding and its other texts cannot be trusted either.",
        "Save the file as UTF-8 and upload it again.", &[RepairEncoding];
    UNKNOWN_FORMAT = "unknown_format", Error, "The format is not known",
        "The content is not JSON, or its records have none of the keys of a format that is read.",
        "Use BrightRun v4 (JSON or JSONL), OpenAI chat, ShareGPT, Alpaca, or prompt and completion.", &[];
    TRUNCATED_FILE = "truncated_file", Error, "The file ends too early",
        "The last line or the document ends in the middle of its JSON: an export or upload broke off.",
        "Export or upload the file again, in full.", &[DropRejected];
    TRAILING_DATA = "trailing_data", Error, "Something follows the document",
        "After the end of the JSON document there is more that is not a document.",
        "Remove what comes after the end of the JSON document.", &[];
    NO_TRAINABLE_EXAMPLES = "no_trainable_examples", Error, "Nothing to train on",
        "No pair has an answer, or all that have one were rejected.",
        "Give the pairs answers (`target_response`, or assistant messages) and mend the rejected ones.", &[];
    TOO_FEW_EXAMPLES = "too_few_examples", Error, "Too few examples",
        "Fewer pairs can be trained on than a training needs (10, unless configured otherwise).",
        "Add more pairs with answers, or mend the rejected ones.", &[];
    // About one line or pair, which is rejected.
    INVALID_JSON = "invalid_json", Error, "Invalid JSON",
        "The JSON has a fault at this line and column. In JSONL the line is rejected and the rest is read; in a document the rest cannot be read.",
        "Mend the JSON at this place; a backslash or a quote inside a text must be escaped.", &[DropRejected];
    TOO_DEEP = "too_deep", Error, "Nested too deeply",
        "Brackets are nested more than 127 levels deep, as no format does. The record is rejected.",
        "Flatten the value: at most 127 levels are read.", &[DropRejected];
    LINE_TOO_LONG = "line_too_long", Error, "Too long",
        "A line or record has more than 8 MiB. It is passed over.",
        "Put one conversation or pair on each line, of at most 8 MiB.", &[DropRejected];
    NOT_AN_OBJECT = "not_an_object", Error, "Not a JSON object",
        "A line or element is a number, a text or a list where an object is expected. It is rejected.",
        "Make each line or element an object `{…}`.", &[DropRejected];
    UNKNOWN_RECORD = "unknown_record", Error, "No known keys",
        "The record has none of the keys of a format that is read. It is rejected.",
        "Give the record the keys of its format, for v4 `current_user_input` and `target_response`.", &[DropRejected];
    MISSING_FIELD = "missing_field", Error, "A field is missing",
        "A field that the format needs is absent or null. The record is rejected.",
        "Add the field with its value.", &[DropRejected];
    INVALID_TYPE = "invalid_type", Error, "A field has the wrong type",
        "A field holds another type of JSON value than the format asks for. The record is rejected.",
        "Give the field a value of the type that the format asks for.", &[DropRejected];
    EMPTY_VALUE = "empty_value", Error, "A field is empty",
        "A text that is needed is blank, or a list of messages has none. The record is rejected.",
        "Fill in the text, or remove the pair.", &[DropRejected];
    UNKNOWN_ROLE = "unknown_role", Error, "Unknown role",
        "A message has a role that stands for none of system, user, assistant and tool (or human, gpt and the like). The record is rejected.",
        "Use the roles system, user, assistant and tool.", &[DropRejected];
    MISSING_ASSISTANT = "missing_assistant", Error, "No answer to train on",
        "A conversation has no assistant message, or none with text and weight. It is rejected.",
        "Add an assistant message, or remove the conversation.", &[DropRejected];
    // Trainable, but somebody should look.
    FORMAT_MISMATCH = "format_mismatch", Warning, "Another format than declared",
        "The content is of another format than the data set was declared with. What is found counts.",
        "Nothing needs to be done if the detected format is right.", &[];
    MIXED_FORMATS = "mixed_formats", Warning, "More than one format in the file",
        "A record is of another format than the first. All are read.",
        "Check that the file was not joined from different sources by mistake.", &[];
    LEGACY_V3 = "legacy_v3", Warning, "Legacy format",
        "The file is `brightrun-lora-v3`: it can be trained on, but has no personas, arcs and topics.",
        "Upgrade the data to v4 to get personas, arcs and topics.", &[];
    FEW_PAIRS = "few_pairs", Warning, "Fewer than 500 pairs",
        "The file can be trained on, but small files teach little and overfit soon.",
        "Add pairs: at least 500 are recommended.", &[];
    LOW_QUALITY = "low_quality", Warning, "Low quality scores",
        "The mean of the quality scores in the file is below 3.0 of 5.",
        "Review the conversations and improve or remove the weak ones.", &[DropLowQuality];
    QUALITY_OUT_OF_RANGE = "quality_out_of_range", Warning, "Quality score out of range",
        "A quality score is no number from 1 to 5. It is left out of the mean.",
        "Give quality scores from 1 to 5.", &[];
    TRUNCATED_TARGET = "truncated_target", Warning, "The answer looks cut off",
        "The answer ends in an unfinished escape such as a lone backslash: an exporter cut it at a quote.",
        "Complete the answer, or remove the pair.", &[DropTruncated];
    OVER_LONG = "over_long", Warning, "Longer than the base model's context",
        "The rendered example has more tokens than the base model reads at a time. Training cuts it, oldest context first.",
        "Choose a base model with a longer context, or shorten the conversations: what is beyond is not trained on.",
        &[SplitOverLong, DropOverLong];
    DUPLICATE = "duplicate", Warning, "Duplicate",
        "The messages of an example are word for word those of an earlier one. The first 1,800,000 different examples are compared.",
        "Remove the repeated examples: they weigh more than the others.", &[DropDuplicates];
    NEAR_DUPLICATE = "near_duplicate", Warning, "Nearly a duplicate",
        "Input and answer share about 80 % or more of their runs of three words with an earlier example (MinHash of 128 bins, 21 bands of 6; \
         87 % where there are at most 64 runs; under 12 words: the same words but for case and punctuation). Each is compared with the last 262,144 different ones.",
        "Remove or rewrite the repeated examples: they weigh more than the others.", &[DropNearDuplicates];
    SPLIT_OVERLAP = "split_overlap", Warning, "Training and validation overlap",
        "The file splits itself, and a conversation, or an example that is (nearly) the same, is on both sides: validation loss will look too \
         good.",
        "Keep each conversation, and what is like it, on one side of the split.", &[DropSplitOverlap];
    DUPLICATE_CONVERSATION_ID = "duplicate_conversation_id", Warning, "A conversation's id occurs twice",
        "Two conversations of a document have the same id. They are treated as one.",
        "Give each conversation its own id; those that share one are treated as one.", &[];
    ROLES_NOT_ALTERNATING = "roles_not_alternating", Warning, "Roles do not alternate",
        "User and assistant do not take turns, or the assistant begins. Strict chat templates refuse such conversations.",
        "Let user and assistant take turns, beginning with the user: some chat templates refuse anything else.", &[MergeTurns];
    MISSING_SYSTEM_PROMPT = "missing_system_prompt", Warning, "No system prompt",
        "A pair has no system prompt where its format has one.",
        "Add the `system_prompt`, or leave it out of every pair.", &[];
    EMPTY_MESSAGE = "empty_message", Warning, "An empty message",
        "A message in a conversation or history is blank. It is kept and never trained on.",
        "Fill in the message, or remove it.", &[DropEmptyMessages];
    EMPTY_SCAFFOLDING = "empty_scaffolding", Warning, "Persona, arc or topic is empty",
        "A v4 pair names no persona, emotional arc or topic, so that it counts as unknown in the distributions.",
        "Fill in the keys, so that the distribution tells something.", &[];
    TOTALS_DIFFER = "totals_differ", Warning, "Declared totals differ",
        "The file says that it has more or fewer pairs or conversations than it has.",
        "Check that the file is complete, and correct the totals.", &[CorrectTotals];
    MISREAD_ENCODING = "misread_encoding", Warning, "Text that was misread",
        "A text has UTF-8 that was read as Windows-1252 on its way, such as `Ã©` for é. The model would learn to write like that.",
        "Read the source as UTF-8 and export it again.", &[RepairEncoding];
    REPLACEMENT_CHARACTER = "replacement_character", Warning, "Lost characters",
        "A text has U+FFFD (�), which stands for a character that was lost in a conversion.",
        "Export the text again from its source, or put the characters back by hand.", &[];
    CONTROL_CHARACTERS = "control_characters", Warning, "Control characters",
        "A text has control characters other than tabs and line ends.",
        "Remove them.", &[RepairEncoding];
    EMAIL_ADDRESS = "email_address", Warning, "An e-mail address",
        "A text has what looks like somebody's e-mail address (those of example.com and the like are left out). A model can repeat it to others.",
        "Replace it, unless it is meant to be public.", &[MaskPersonalData];
    PHONE_NUMBER = "phone_number", Warning, "A phone number",
        "A text has what looks like a phone number, international, North American, or written in groups with a leading 0. A model can repeat \
         it to others.",
        "Replace it, unless it is meant to be public.", &[MaskPersonalData];
    CARD_NUMBER = "card_number", Warning, "A payment card's number",
        "A text has 13 to 19 digits with the check digit of a payment card. A model can repeat it to others.",
        "Replace it.", &[MaskPersonalData];
    SECRET_KEY = "secret_key", Warning, "A key or token",
        "A text has what looks like a key, a token or a private key of a well-known service. A model can repeat it to others.",
        "Revoke the key, and replace it in the text.", &[MaskSecrets];
    // For information.
    LOW_QUALITY_EXAMPLE = "low_quality_example", Info, "An example of low quality",
        "The pair's own quality score is below 3.0 of 5, in a file whose mean may be good.",
        "Improve the pair, or remove it.", &[DropLowQuality];
    META_TOTAL_DIFFERS = "meta_total_differs", Info, "`_meta.total_pairs` counts more",
        "The first line of JSONL counts more pairs than follow, as exporters do that leave out pairs without an answer.",
        "Nothing, if the exporter counted the pairs without an answer that it left out.", &[CorrectTotals];
    CONTEXT_PAIRS = "context_pairs", Info, "Pairs without an answer",
        "A pair's `target_response` is null: a user's turn. It is context, not an example.",
        "Nothing: they are context and are not trained on.", &[];
    SHORT_TARGET = "short_target", Info, "A short answer without an end",
        "The answer has 30 to 100 characters and does not end a sentence.",
        "Check that the answer was not cut off.", &[];
    DUPLICATE_PAIR_ID = "duplicate_pair_id", Info, "A pair's id occurs twice in its conversation",
        "Ids of pairs are unique only within a conversation, and here not even there.",
        "Nothing, unless you look pairs up by their ids.", &[];
    TOOL_CALLS_AS_TEXT = "tool_calls_as_text", Info, "Tools",
        "The record calls or defines tools. Calls are kept as JSON in the text of their message; definitions are not trained on.",
        "Nothing, if plain text is what the model shall learn.", &[];
    TURNS_FORM = "turns_form", Info, "Read as chat",
        "The records hold `turns` instead of `messages`.",
        "Nothing: `turns` are read like OpenAI's `messages`.", &[];
    NEWER_VERSION = "newer_version", Info, "A newer version of the format",
        "The file says that it is v5, which has the same pairs as v4.",
        "Nothing: it is read like v4.", &[];
    BYTE_ORDER_MARK = "byte_order_mark", Info, "A byte order mark",
        "The file begins with the mark that some editors write. It is passed over.",
        "Nothing; other programs may stumble over it.", &[RepairEncoding];
    CRLF_LINE_ENDS = "crlf_line_ends", Info, "Line ends of Windows",
        "Lines of the file end with a carriage return and a line feed.",
        "Nothing; other programs may stumble over them.", &[RepairEncoding];
    COUNTS_CAPPED = "counts_capped", Info, "More than is compared",
        "The file has more different examples or words than are kept in memory.",
        "Nothing: only the search for repetitions and the count of words stop there.", &[];
}

/// The table as a page of the documentation.
#[must_use]
pub fn markdown() -> String {
    use std::fmt::Write;
    let mut page = String::from(
        "# Findings of the data set doctor\n\nMade from the table in `crates/dataset/src/codes.rs` by `make generate`; do not edit.\n\n\
         Every occurrence is counted, and the first 100 of each code are kept with line, JSON pointer and message. An **error** rejects its \
         record, or the whole file where it is about the file. A **warning** leaves the data set trainable, with a review recommended. \
         **Info** needs no action. Private data is shown masked only. `one click` names what `POST /api/datasets/{id}/fixes` and \
         `brightrun fix` can do about it.\n",
    );
    for (severity, heading) in [(Error, "Errors"), (Warning, "Warnings"), (Info, "Information")] {
        // Writing to a string cannot fail.
        let _ = writeln!(page, "\n## {heading}\n\n| code | title | meaning | fix | one click |\n|---|---|---|---|---|");
        for code in ALL.iter().filter(|code| code.severity == severity) {
            let fixes: Vec<String> = code.fixes.iter().map(|fix| format!("`{fix}`")).collect();
            let _ = writeln!(page, "| `{}` | {} | {} | {} | {} |", code.code, code.title, code.meaning, code.fix, fixes.join(", "));
        }
    }
    page.push_str("\n## One-click fixes\n\nEach makes a new version of the data set; nothing is changed in place.\n\n| fix | what it does |\n|---|---|\n");
    for fix in DatasetFix::ALL {
        let _ = writeln!(page, "| `{fix}` | {} |", fix.description());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_tell_what_to_do() {
        for (index, code) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.code != code.code), "{} occurs twice", code.code);
            assert!(code.code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
            assert!(code.fix.ends_with('.') && code.meaning.ends_with('.') && !code.title.ends_with('.'));
            assert!(!code.meaning.contains('|') && !code.fix.contains('|'));
        }
        for fix in DatasetFix::ALL {
            assert!(ALL.iter().any(|code| code.fixes.contains(fix)), "{fix} mends nothing");
        }
    }
}
