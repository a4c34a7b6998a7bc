//! The models' own answers to held-out questions, by greedy generation.

use super::{FOR_ANSWERS, Watch, groups};
use crate::data::{TrainingData, generator};
use crate::engine::Engine;
use crate::halt::Halt;
use crate::tokenizer::ChatTokenizer;
use model::{LoraWeights, Prompt};
use rand::seq::SliceRandom;
use std::collections::BTreeSet;
use std::ops::Range;

/// Stream of the random generator for the choice of the questions.
const STREAM: u64 = u64::MAX - 2;
/// Questions that are answered side by side.
const GROUP: usize = 8;
/// Tokens of an answer: twice those of the data set's own, but at least and at most these.
const ANSWER_TOKENS: Range<usize> = 32..512;

/// A held-out question with its three answers.
pub(crate) struct Answered {
    pub conversation: u32,
    /// The data set's.
    pub reference: String,
    pub base: String,
    pub adapter: String,
}

/// Where the question of an example ends, and its answer.
struct Question {
    example: usize,
    answer: Range<usize>,
}

/// Lets both models answer `asked` held-out questions, chosen by the seed. Fewer where the time does not suffice.
pub(crate) fn answer(
    engine: &mut Engine,
    weights: &LoraWeights,
    data: &TrainingData,
    tokenizer: &ChatTokenizer,
    (asked, seed): (usize, u64),
    watch: &mut Watch<'_, '_>,
) -> Result<Vec<Answered>, Halt> {
    let set = &data.set;
    let stop_tokens = ends(data, tokenizer);
    let questions = choose(data, &stop_tokens, asked, seed);
    let mut answered: Vec<Answered> = Vec::with_capacity(questions.len());
    for group in groups(&questions, |q| q.answer.start + room(q), (GROUP, watch.together)) {
        watch.stage(format!("Evaluating: {} of {} held-out questions answered", answered.len(), questions.len()))?;
        let prompts: Vec<Prompt<'_>> =
            group.iter().map(|q| Prompt { tokens: &set.ids(q.example)[..q.answer.start], max_new_tokens: room(q) }).collect();
        let mut both = Vec::with_capacity(2);
        for lora in [None, Some(weights)] {
            let mut halt = None;
            let made = engine.generate(lora, &prompts, &stop_tokens, &mut || match watch.sign() {
                Ok(()) => !watch.is_over(FOR_ANSWERS),
                Err(stopped) => {
                    halt = Some(stopped);
                    false
                }
            })?;
            if let Some(stopped) = halt {
                return Err(stopped);
            }
            let Some(made) = made else { return Ok(answered) };
            both.push(made.iter().map(|ids| text(tokenizer, ids)).collect::<Result<Vec<_>, _>>()?);
        }
        let (Some(adapter), Some(base)) = (both.pop(), both.pop()) else { continue };
        for ((question, base), adapter) in group.iter().zip(base).zip(adapter) {
            let reference = text(tokenizer, &set.ids(question.example)[question.answer.clone()])?;
            answered.push(Answered { conversation: set.conversation(question.example), reference, base, adapter });
        }
    }
    Ok(answered)
}

/// Tokens that an answer may have.
fn room(question: &Question) -> usize {
    (2 * question.answer.len()).clamp(ANSWER_TOKENS.start, ANSWER_TOKENS.end)
}

fn text(tokenizer: &ChatTokenizer, ids: &[u32]) -> Result<String, Halt> {
    Ok(tokenizer.decode(ids, true)?.trim().to_owned())
}

/// The special tokens that end an answer anywhere in the data.
fn ends(data: &TrainingData, tokenizer: &ChatTokenizer) -> Vec<u32> {
    let last = |example: usize| data.set.labels(example).iter().map(move |range| data.set.ids(example)[range.end as usize - 1]);
    let all: BTreeSet<u32> = (0..data.set.len()).flat_map(last).filter(|id| tokenizer.is_special(*id)).collect();
    all.into_iter().collect()
}

/// Questions in the order of their length. An example whose answer was cut off is passed over where others end as they should.
fn choose(data: &TrainingData, ends: &[u32], asked: usize, seed: u64) -> Vec<Question> {
    let question = |example: usize| {
        let range = data.set.labels(example).last()?;
        let answer = range.start as usize..range.end as usize;
        (answer.start > 0 && !answer.is_empty()).then_some(Question { example, answer })
    };
    let all: Vec<Question> = data.validation.iter().filter_map(|&example| question(example)).collect();
    let is_whole = |q: &Question| ends.contains(&data.set.ids(q.example)[q.answer.end - 1]);
    let (mut questions, cut): (Vec<_>, Vec<_>) = all.into_iter().partition(is_whole);
    if questions.is_empty() {
        questions = cut;
    }
    questions.shuffle(&mut generator(seed, STREAM));
    questions.truncate(asked);
    questions.sort_by_key(|q| (q.answer.start, q.example));
    questions
}
