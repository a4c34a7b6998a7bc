//! Paired bootstrap (Koehn, 2004): the held-out units are drawn anew with replacement, the same for both models, and the difference of
//! their figures is taken each time.

use crate::data::generator;
use domain::evaluation::{Interval, ResampledUnit};
use rand::Rng;
use std::collections::BTreeMap;

/// How often is drawn.
const RESAMPLES: u32 = 1000;
/// Share of the differences that the interval holds.
const LEVEL: f64 = 0.95;
/// Units below which no interval is given: draws of fewer tell little.
const FEWEST: usize = 5;
/// Stream of the random generator; epochs and the split have their own.
const STREAM: u64 = u64::MAX - 1;

/// The interval of `difference` over what is drawn, where there is enough to draw from. `conversations` names the conversation of each
/// example; `difference` gets the places of the drawn examples.
pub(crate) fn interval(conversations: &[u32], seed: u64, difference: impl Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
    let (unit, units) = units(conversations)?;
    let mut generator = generator(seed, STREAM);
    let mut differences = Vec::with_capacity(RESAMPLES as usize);
    let mut drawn = Vec::new();
    for _ in 0..RESAMPLES {
        drawn.clear();
        (0..units.len()).for_each(|_| drawn.extend_from_slice(&units[generator.random_range(0..units.len())]));
        differences.push(difference(&drawn).filter(|d| d.is_finite())?);
    }
    differences.sort_unstable_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a thousand")]
    let outside = ((1.0 - LEVEL) / 2.0 * differences.len() as f64) as usize;
    let (low, high) = (differences[outside], differences[differences.len() - 1 - outside]);
    Some(Interval { low, high, level: LEVEL, resamples: RESAMPLES, unit })
}

/// Conversations where there are enough of them, else examples.
fn units(conversations: &[u32]) -> Option<(ResampledUnit, Vec<Vec<usize>>)> {
    let mut by_conversation: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (place, conversation) in conversations.iter().enumerate() {
        by_conversation.entry(*conversation).or_default().push(place);
    }
    if by_conversation.len() >= FEWEST {
        return Some((ResampledUnit::Conversation, by_conversation.into_values().collect()));
    }
    (conversations.len() >= FEWEST).then(|| (ResampledUnit::Example, (0..conversations.len()).map(|place| vec![place]).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn mean(values: &[f64], drawn: &[usize]) -> Option<f64> {
        Some(drawn.iter().map(|place| values[*place]).sum::<f64>() / drawn.len() as f64)
    }

    #[test]
    fn an_interval_is_about_two_standard_errors_each_way() {
        // Values -1 and 1 in turn: standard deviation 1, standard error 0.05 for 400 of them.
        let values: Vec<f64> = (0..400).map(|i| if i % 2 == 0 { 0.5 } else { 2.5 }).collect();
        let found = interval(&(0..400).collect::<Vec<_>>(), 3, |drawn| mean(&values, drawn)).expect("enough");
        assert!((found.low - 1.4).abs() < 0.02 && (found.high - 1.6).abs() < 0.02, "{found:?}");
        assert_eq!((found.unit, found.resamples), (ResampledUnit::Conversation, 1000));
        let again = interval(&(0..400).collect::<Vec<_>>(), 3, |drawn| mean(&values, drawn));
        assert_eq!(again, Some(found));
        assert_ne!(interval(&(0..400).collect::<Vec<_>>(), 4, |drawn| mean(&values, drawn)), again);
    }

    #[test]
    fn examples_of_a_conversation_are_drawn_together() {
        // Within a conversation all are alike, so the interval is as wide as that of the conversations alone.
        let conversations: Vec<u32> = (0..10).flat_map(|c| [c; 20]).collect();
        let values: Vec<f64> = conversations.iter().map(|c| f64::from(c % 2)).collect();
        let clustered = interval(&conversations, 1, |drawn| mean(&values, drawn)).expect("enough");
        assert!(clustered.high - clustered.low > 0.5, "{clustered:?}");
        let few: Vec<u32> = (0..200).map(|i| i % 4).collect();
        let single = interval(&few, 1, |drawn| mean(&values, drawn)).expect("enough");
        assert!(single.unit == ResampledUnit::Example && single.high - single.low < 0.2, "{single:?}");
    }

    #[test]
    fn too_few_give_none() {
        assert_eq!(interval(&[0, 1, 2, 3], 1, |_| Some(1.0)), None);
        assert_eq!(interval(&[0, 0, 0, 0, 0], 1, |_| None), None);
    }
}
