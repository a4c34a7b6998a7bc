//! Likeness, coherence and fluency of answers, judged by the base model's own hidden states and likelihoods.

use super::answers::Answered;
use super::text::{likeness, mean, repetition, sentences};
use super::{Watch, groups};
use crate::engine::Engine;
use crate::halt::Halt;
use crate::tokenizer::ChatTokenizer;
use domain::evaluation::EvaluationScores;

/// Texts below which their mean says nothing of what texts of this kind have in common.
const FEWEST: usize = 4;
/// Tokens of a text that are looked at.
const TEXT_TOKENS: usize = 512;

/// Scores of one model's answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Judged {
    similarity: Option<f64>,
    coherence: Option<f64>,
    fluency: Option<f64>,
}

/// Puts scores beside those that were measured before.
pub(crate) fn add(scores: &mut EvaluationScores, judged: Judged) {
    scores.semantic_similarity = judged.similarity;
    scores.coherence = judged.coherence;
    scores.fluency = judged.fluency;
}

/// Judges the answers of the base model and of the adapter. None where the time does not suffice.
pub(crate) fn judge(
    engine: &mut Engine,
    tokenizer: &ChatTokenizer,
    answered: &[Answered],
    watch: &mut Watch<'_, '_>,
) -> Result<Option<[Judged; 2]>, Halt> {
    watch.stage(format!("Evaluating: judging {} answers", 2 * answered.len()))?;
    let texts = |pick: fn(&Answered) -> &String| answered.iter().map(|a| pick(a).as_str()).collect::<Vec<_>>();
    let columns = [texts(|a| &a.reference), texts(|a| &a.base), texts(|a| &a.adapter)];
    let mut similar = Vec::with_capacity(3);
    let mut flowing = Vec::with_capacity(3);
    let mut losses = Vec::with_capacity(3);
    for column in &columns {
        let parts: Vec<Vec<&str>> = column.iter().map(|text| sentences(text)).collect();
        let all_parts: Vec<&str> = parts.iter().flatten().copied().collect();
        let Some(vectors) = vectors(engine, tokenizer, column, watch)? else { return Ok(None) };
        let Some(part_vectors) = self::vectors(engine, tokenizer, &all_parts, watch)? else { return Ok(None) };
        let Some(column_losses) = text_losses(engine, tokenizer, column, watch)? else { return Ok(None) };
        similar.push(vectors);
        flowing.push((parts, part_vectors));
        losses.push(column_losses);
    }
    let reference_loss = mean_loss(&losses[0]);
    let judged = |which: usize| {
        let (parts, vectors) = &flowing[which];
        Judged {
            similarity: similarity(&similar[which], &similar[0]),
            coherence: coherence(parts, vectors, &flowing[0].1),
            fluency: Some(fluency(&columns[which], &losses[which], reference_loss)),
        }
    };
    Ok(Some([judged(1), judged(2)]))
}

/// Mean likeness of each answer to its reference, as seen from the mean of the references. An empty answer is like nothing.
#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
fn similarity(answers: &[Vec<f32>], references: &[Vec<f32>]) -> Option<f64> {
    let full: Vec<Vec<f32>> = references.iter().filter(|vector| !vector.is_empty()).cloned().collect();
    if full.len() < FEWEST {
        return None;
    }
    let centre = mean(&full);
    let sum: f64 = answers.iter().zip(references).map(|(a, r)| likeness(a, r, &centre)).sum();
    Some(sum / answers.len() as f64)
}

/// Mean over the answers of the mean likeness of neighbouring sentences; a sentence said again counts as none. Answers of one sentence do
/// not count.
#[expect(clippy::cast_precision_loss, reason = "counts of sentences are far below 2^53")]
fn coherence(parts: &[Vec<&str>], vectors: &[Vec<f32>], reference_vectors: &[Vec<f32>]) -> Option<f64> {
    let full: Vec<Vec<f32>> = reference_vectors.iter().filter(|vector| !vector.is_empty()).cloned().collect();
    if full.len() < FEWEST {
        return None;
    }
    let centre = mean(&full);
    let (mut place, mut means) = (0, Vec::new());
    for sentences in parts {
        let vectors = &vectors[place..place + sentences.len()];
        place += sentences.len();
        if sentences.len() < 2 {
            continue;
        }
        let pairs = sentences.windows(2).zip(vectors.windows(2));
        let sum: f64 = pairs.map(|(s, v)| if s[0] == s[1] { 0.0 } else { likeness(&v[0], &v[1], &centre) }).sum();
        means.push(sum / (sentences.len() - 1) as f64);
    }
    (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64)
}

/// Mean of `min(1, e^(reference loss − loss)) · (1 − repetition)`; an empty answer counts as none.
#[expect(clippy::cast_precision_loss, reason = "counts of answers are far below 2^53")]
fn fluency(texts: &[&str], losses: &[(f64, usize)], reference_loss: Option<f64>) -> f64 {
    let one = |(text, (loss, tokens)): (&&str, &(f64, usize))| {
        if text.is_empty() {
            return 0.0;
        }
        let likely = match reference_loss {
            Some(reference) if *tokens > 0 => (reference - loss / *tokens as f64).exp().min(1.0),
            _ => 1.0,
        };
        likely * (1.0 - repetition(text))
    };
    texts.iter().zip(losses).map(one).sum::<f64>() / texts.len().max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^53")]
fn mean_loss(losses: &[(f64, usize)]) -> Option<f64> {
    let (loss, tokens) = losses.iter().fold((0.0, 0), |(l, t), (loss, tokens)| (l + loss, t + tokens));
    (tokens > 0).then(|| loss / tokens as f64)
}

/// A vector for each text, empty for a text without tokens.
fn vectors(
    engine: &mut Engine,
    tokenizer: &ChatTokenizer,
    texts: &[&str],
    watch: &mut Watch<'_, '_>,
) -> Result<Option<Vec<Vec<f32>>>, Halt> {
    let mut found = Vec::with_capacity(texts.len());
    for group in groups(&tokenised(engine, tokenizer, texts)?, Vec::len, (usize::MAX, watch.together)) {
        watch.sign()?;
        if watch.is_over(1.0) {
            return Ok(None);
        }
        let full: Vec<&[u32]> = group.iter().map(Vec::as_slice).filter(|ids| !ids.is_empty()).collect();
        let mut states = engine.mean_states(&full)?.into_iter();
        found.extend(group.iter().map(|ids| if ids.is_empty() { Vec::new() } else { states.next().unwrap_or_default() }));
    }
    Ok(Some(found))
}

/// For each text alone: the base model's loss, summed, and over how many tokens.
fn text_losses(
    engine: &mut Engine,
    tokenizer: &ChatTokenizer,
    texts: &[&str],
    watch: &mut Watch<'_, '_>,
) -> Result<Option<Vec<(f64, usize)>>, Halt> {
    let mut found = Vec::with_capacity(texts.len());
    for group in groups(&tokenised(engine, tokenizer, texts)?, Vec::len, (usize::MAX, watch.together)) {
        watch.sign()?;
        if watch.is_over(1.0) {
            return Ok(None);
        }
        found.extend(engine.text_losses(group)?);
    }
    Ok(Some(found))
}

fn tokenised(engine: &Engine, tokenizer: &ChatTokenizer, texts: &[&str]) -> Result<Vec<Vec<u32>>, Halt> {
    let most = TEXT_TOKENS.min(engine.context());
    let one = |text: &&str| {
        let mut ids = tokenizer.encode(text)?.ids;
        ids.truncate(most);
        Ok(ids)
    };
    texts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_like_its_reference_and_unlike_the_others_is_similar() {
        let references = vec![vec![1.0, 0.0], vec![0.0, 1.0], vec![-1.0, 0.0], vec![0.0, -1.0]];
        assert_eq!(similarity(&references, &references), Some(1.0));
        let turned: Vec<Vec<f32>> = references.iter().cycle().skip(1).take(4).cloned().collect();
        assert_eq!(similarity(&turned, &references), Some(0.0));
        let (mut half, empty) = (references.clone(), Vec::new());
        (half[0], half[1]) = (empty.clone(), empty);
        assert_eq!(similarity(&half, &references), Some(0.5));
        assert_eq!(similarity(&references[..3], &references[..3]), None);
    }

    #[test]
    fn coherence_is_of_neighbours_and_repeats_do_not_count() {
        let centre = vec![vec![1.0, 0.0], vec![-1.0, 0.0], vec![0.0, 1.0], vec![0.0, -1.0]];
        let parts = [vec!["a", "b"], vec!["alone"], vec!["c", "c", "d"]];
        let vectors = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0]].map(|v| v.to_vec());
        assert_eq!(coherence(&parts, &vectors, &centre), Some(0.5));
        assert_eq!(coherence(&parts[1..2], &vectors[..1], &centre), None);
        assert_eq!(coherence(&parts, &vectors, &centre[..2]), None);
    }

    #[test]
    fn fluent_is_as_likely_as_the_references_and_without_repetition() {
        let texts = ["a b c d e", "so so so so so so so", "", "unlikely words"];
        let losses = [(2.0, 4), (1.0, 6), (0.0, 0), (4.0, 2)];
        let wanted = (1.0 + 0.25 + 0.0 + (-1f64).exp()) / 4.0;
        assert!((fluency(&texts, &losses, Some(1.0)) - wanted).abs() < 1e-12);
        assert_eq!(mean_loss(&[(2.0, 1), (4.0, 2)]), Some(2.0));
    }
}
