//! Single questions with answers: Alpaca, and prompt and completion.

use super::message::{ASSISTANT, SYSTEM, USER, message};
use super::{Body, Draft, split};
use crate::codes;
use crate::example::Labels;
use crate::problem::Problem;
use crate::record::Record;

/// `{"instruction", "input", "output"}`; the input, where there is one, follows the instruction after a blank line.
pub(super) fn alpaca(record: &Record, draft: &mut Draft) -> Option<Body> {
    let instruction = draft.optional(&record.instruction, "instruction");
    let input = draft.optional(&record.input, "input");
    let question = match (instruction, input) {
        (Some(instruction), Some(input)) => Some(format!("{instruction}\n\n{input}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => {
            draft.problem(Problem::field(codes::EMPTY_VALUE, "/instruction", "`instruction` and `input` are both blank."));
            None
        }
    };
    let answer = draft.required(&record.output, "output");
    finish(record, &question?, answer?, draft)
}

/// `{"prompt", "completion"}`.
pub(super) fn prompt_completion(record: &Record, draft: &mut Draft) -> Option<Body> {
    let prompt = draft.required(&record.prompt, "prompt");
    let completion = draft.required(&record.completion, "completion");
    finish(record, prompt?, completion?, draft)
}

fn finish(record: &Record, question: &str, answer: &str, draft: &mut Draft) -> Option<Body> {
    let system = draft.optional(&record.system, "system").map(|system| message(SYSTEM, system));
    let messages = system.into_iter().chain([message(USER, question), message(ASSISTANT, answer)]).collect();
    Some(draft.example(record, messages, Labels::default(), split(&record.split)))
}
