//! The evaluation of a finished adapter beside its base model, on the held-out examples only. Formulas are in `docs/evaluation.md`.
//!
//! Its time is bounded: what was not measured within it is left out, for both models alike.

mod answers;
mod bleu;
mod bootstrap;
mod judge;
mod text;

use crate::batch::{PaddedBatch, validation_batches};
use crate::engine::Engine;
use crate::event::{Emitter, StopFlag, seconds_between};
use crate::halt::Halt;
use crate::rehearsal::longest_batch;
use crate::session::Session;
use crate::tokenizer::ChatTokenizer;
use answers::Answered;
use bleu::Counts;
use chrono::{DateTime, Utc};
use domain::evaluation::{Evaluation, EvaluationScores};
use domain::job::{JobStage, LogLevel, StageGroup};
use domain::run::TrainerEventKind;
use model::SequenceScore;
use std::collections::BTreeSet;
use std::path::Path;

/// Share of the time after which no more answers are begun, so that those that there are can be judged.
const FOR_ANSWERS: f64 = 0.85;
/// Seconds between two signs of life.
const SIGN_SECONDS: f64 = 1.0;

/// Tokens that are looked at together at most, so that a stop is heeded soon.
const MOST_TOGETHER: usize = 4096;

/// Bounds, clock, stop and progress of an evaluation.
struct Watch<'w, 'e> {
    emitter: &'w mut Emitter<'e>,
    stop: &'w StopFlag,
    begin: DateTime<Utc>,
    limit: f64,
    /// Tokens that are looked at together, but for a longer text that stands alone: no more than the longest batch of the training had, so
    /// that the evaluation takes no more memory.
    together: usize,
    /// Epoch and steps, which do not change any more.
    at: (u32, u64),
    signed_at: DateTime<Utc>,
    /// Seconds that it will probably take, as it was estimated before it began.
    expected: f64,
}

impl Watch<'_, '_> {
    fn seconds(&self) -> f64 {
        seconds_between(self.begin, self.emitter.now())
    }

    /// Whether `share` of the time has passed.
    fn is_over(&self, share: f64) -> bool {
        self.seconds() >= share * self.limit
    }

    fn stage(&mut self, message: String) -> Result<(), Halt> {
        Ok(self.emitter.stage(JobStage::Validating, StageGroup::Finalization, message)?)
    }

    /// Reports the time that is left, at most once a second, and tells whether the run is asked to stop.
    fn sign(&mut self) -> Result<(), Halt> {
        if self.stop.is_set() {
            return Err(Halt::Stopped);
        }
        let now = self.emitter.now();
        if seconds_between(self.signed_at, now) < SIGN_SECONDS {
            return Ok(());
        }
        self.signed_at = now;
        let (epoch, step) = self.at;
        let left = (self.expected.min(self.limit) - self.seconds()).max(1.0);
        let estimated_time_remaining = Some(left);
        Ok(self.emitter.emit(TrainerEventKind::Progress { progress: 100.0, epoch, step, total_steps: step, estimated_time_remaining })?)
    }
}

/// What both models make of one held-out example.
struct Scored {
    example: usize,
    base: SequenceScore,
    adapter: SequenceScore,
}

/// Cuts items into groups of at most `most` items and `together` tokens; a larger item stands alone.
fn groups<T>(items: &[T], tokens: impl Fn(&T) -> usize, (most, together): (usize, usize)) -> Vec<&[T]> {
    let (mut groups, mut from, mut sum) = (Vec::new(), 0, 0);
    for (place, item) in items.iter().enumerate() {
        if place > from && (place - from == most || sum + tokens(item) > together) {
            groups.push(&items[from..place]);
            (from, sum) = (place, 0);
        }
        sum += tokens(item);
    }
    if from < items.len() {
        groups.push(&items[from..]);
    }
    groups
}

/// Evaluates the weights of a session, which are those to be exported. None where nothing was held out.
pub(crate) fn evaluate(session: &mut Session<'_, '_>, base_model: &Path) -> Result<Option<Evaluation>, Halt> {
    if session.data.validation.is_empty() {
        return Ok(None);
    }
    let (limit, expected) = (session.evaluation_limit(), session.evaluation_seconds());
    let Session { engine, weights, data, settings, emitter, stop, hyperparameters, state, .. } = session;
    engine.release();
    let batch = longest_batch(data, hyperparameters.batch_size as usize);
    let together = batch.into_iter().map(|example| data.set.ids(example).len()).sum::<usize>().min(MOST_TOGETHER);
    let begin = emitter.now();
    let at = (state.epochs_done.clamp(1, hyperparameters.num_epochs), state.step);
    let mut watch = Watch { emitter, stop, begin, limit, together, at, signed_at: begin, expected };
    let mut scored = Vec::with_capacity(data.validation.len());
    watch.stage(format!("Evaluating: the base model and the adapter on {} held-out examples", data.validation.len()))?;
    for examples in validation_batches(&data.set, &data.validation, hyperparameters.batch_size as usize) {
        watch.sign()?;
        if watch.is_over(1.0) {
            break;
        }
        let batch = PaddedBatch::new(&data.set, &examples);
        let base = engine.score(None, &batch)?;
        watch.sign()?;
        let adapter = engine.score(Some(weights), &batch)?;
        let both = base.into_iter().zip(adapter);
        scored.extend(examples.iter().zip(both).map(|(&example, (base, adapter))| Scored { example, base, adapter }));
    }
    let mut evaluation = losses(&scored, |example| data.set.conversation(example), settings.seed);
    let asked = (settings.evaluation_examples as usize).min(data.validation.len());
    if asked > 0 && !watch.is_over(FOR_ANSWERS) {
        let tokenizer = ChatTokenizer::load(base_model)?;
        let answered = answers::answer(engine, weights, data, &tokenizer, (asked, settings.seed), &mut watch)?;
        add_answers(&mut evaluation, engine, &tokenizer, &answered, settings.seed, &mut watch)?;
    }
    let fewer = scored.len() < data.validation.len() || evaluation.generated_examples < asked as u64;
    evaluation.time_limit_reached = fewer && watch.is_over(FOR_ANSWERS);
    evaluation.seconds = watch.seconds();
    tell(&evaluation, watch.emitter, (data.validation.len(), asked))?;
    Ok(Some(evaluation))
}

/// One line of what was found, and a warning where the time did not suffice.
fn tell(evaluation: &Evaluation, emitter: &mut Emitter<'_>, (held_out, asked): (usize, usize)) -> Result<(), Halt> {
    if evaluation.time_limit_reached {
        let (scored, answered) = (evaluation.examples, evaluation.generated_examples);
        let message = format!(
            "The time for the evaluation ran out: {scored} of {held_out} held-out examples were scored and {answered} of {asked} answered. \
             Raise evaluationMinutes to measure more."
        );
        emitter.log(LogLevel::Warning, message)?;
    }
    let figures = |scores: &EvaluationScores| {
        let named = [("perplexity", scores.perplexity), ("token accuracy", scores.token_accuracy), ("BLEU", scores.bleu)];
        let named = named.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value:.3}")));
        named.collect::<Vec<_>>().join(", ")
    };
    if evaluation.examples > 0 {
        let message = format!("Evaluated: adapter {}; base model {}.", figures(&evaluation.adapter), figures(&evaluation.base));
        emitter.log(LogLevel::Info, message)?;
    }
    Ok(())
}

/// The figures that come from losses.
fn losses(scored: &[Scored], conversation: impl Fn(usize) -> u32, seed: u64) -> Evaluation {
    let label_tokens: usize = scored.iter().map(|s| s.adapter.label_tokens).sum();
    if label_tokens == 0 {
        return Evaluation::default();
    }
    let conversations: Vec<u32> = scored.iter().map(|s| conversation(s.example)).collect();
    let (base, adapter) = (loss_scores(scored.iter().map(|s| s.base)), loss_scores(scored.iter().map(|s| s.adapter)));
    let reduction = |base: f64, adapter: f64| 100.0 * (base - adapter) / base;
    let loss_interval = bootstrap::interval(&conversations, seed, |drawn| {
        let mean = |pick: fn(&Scored) -> SequenceScore| loss_scores(drawn.iter().map(|place| pick(&scored[*place]))).loss;
        Some(mean(|s| s.base)? - mean(|s| s.adapter)?)
    });
    Evaluation {
        examples: scored.len() as u64,
        label_tokens: label_tokens as u64,
        conversations: conversations.iter().collect::<BTreeSet<_>>().len() as u64,
        perplexity_reduction: base.perplexity.zip(adapter.perplexity).map(|(base, adapter)| reduction(base, adapter)),
        improvement: adapter.over(&base),
        base,
        adapter,
        loss_interval,
        ..Evaluation::default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
fn loss_scores(scores: impl Iterator<Item = SequenceScore>) -> EvaluationScores {
    let (mut loss, mut tokens, mut correct) = (0.0, 0, 0);
    for score in scores {
        loss += score.loss_sum;
        tokens += score.label_tokens;
        correct += score.correct;
    }
    if tokens == 0 {
        return EvaluationScores::default();
    }
    let loss = Some(loss / tokens as f64).filter(|loss| loss.is_finite());
    let perplexity = loss.map(f64::exp).filter(|perplexity| perplexity.is_finite());
    EvaluationScores { loss, perplexity, token_accuracy: Some(correct as f64 / tokens as f64), ..EvaluationScores::default() }
}

/// Adds the figures of the models' own answers.
fn add_answers(
    evaluation: &mut Evaluation,
    engine: &mut Engine,
    tokenizer: &ChatTokenizer,
    answered: &[Answered],
    seed: u64,
    watch: &mut Watch<'_, '_>,
) -> Result<(), Halt> {
    evaluation.generated_examples = answered.len() as u64;
    if answered.is_empty() {
        return Ok(());
    }
    let counts = |pick: fn(&Answered) -> &String| answered.iter().map(|a| Counts::of(pick(a), &a.reference)).collect::<Vec<_>>();
    let (base, adapter) = (counts(|a| &a.base), counts(|a| &a.adapter));
    let conversations: Vec<u32> = answered.iter().map(|a| a.conversation).collect();
    evaluation.bleu_interval = bootstrap::interval(&conversations, seed, |drawn| {
        let bleu = |counts: &[Counts]| Counts::sum(drawn.iter().map(|place| &counts[*place])).score();
        Some(bleu(&adapter) - bleu(&base))
    });
    evaluation.base.bleu = Some(Counts::sum(base.iter()).score());
    evaluation.adapter.bleu = Some(Counts::sum(adapter.iter()).score());
    if let Some([base, adapter]) = judge::judge(engine, tokenizer, answered, watch)? {
        judge::add(&mut evaluation.base, base);
        judge::add(&mut evaluation.adapter, adapter);
    }
    evaluation.improvement = evaluation.adapter.over(&evaluation.base);
    Ok(())
}
