//! Figures of texts: sentences, likeness of their vectors, repetition.

use std::collections::HashSet;

/// Words in a row that count as repeated.
const RUN: usize = 4;

/// The sentences of a text: cut at line ends, and behind a full stop, question or exclamation mark that a blank follows. What has no
/// letter or digit is none.
pub(crate) fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut from = 0;
        let mut ended = false;
        for (at, c) in line.char_indices() {
            match c {
                '.' | '!' | '?' | '…' => ended = true,
                // Closing marks belong to the sentence before.
                '"' | '\'' | ')' | '”' | '’' | '»' => {}
                // These end a sentence without a blank.
                '。' | '！' | '？' => {
                    found.push(&line[from..at + c.len_utf8()]);
                    (from, ended) = (at + c.len_utf8(), false);
                }
                c if c.is_whitespace() && ended => {
                    found.push(&line[from..at]);
                    (from, ended) = (at, false);
                }
                _ => ended = false,
            }
        }
        found.push(&line[from..]);
    }
    found.into_iter().map(str::trim).filter(|sentence| sentence.chars().any(char::is_alphanumeric)).collect()
}

/// Share of the runs of four words that stood in the text before; zero for fewer words.
#[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^53")]
pub(crate) fn repetition(text: &str) -> f64 {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let runs = words.windows(RUN);
    let (all, distinct) = (runs.len(), runs.collect::<HashSet<_>>().len());
    if all == 0 { 0.0 } else { (all - distinct) as f64 / all as f64 }
}

/// The mean of vectors.
#[expect(clippy::cast_precision_loss, reason = "counts of texts are far below 2^53")]
pub(crate) fn mean(vectors: &[Vec<f32>]) -> Vec<f64> {
    let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    sum.iter_mut().for_each(|value| *value /= vectors.len() as f64);
    sum
}

/// Cosine of two vectors as seen from `centre`; what points away from each other is as unlike as what has nothing in common: 0.
pub(crate) fn likeness(a: &[f32], b: &[f32], centre: &[f64]) -> f64 {
    let (mut product, mut a_square, mut b_square) = (0.0, 0.0, 0.0);
    for ((a, b), centre) in a.iter().zip(b).zip(centre) {
        let (a, b) = (f64::from(*a) - centre, f64::from(*b) - centre);
        product += a * b;
        a_square += a * a;
        b_square += b * b;
    }
    let length = (a_square * b_square).sqrt();
    if length > 0.0 { (product / length).clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_at_marks_and_lines() {
        let text = "Check it. Is it 3.5 bar? \"Yes!\" she said.\n\n- a point\n...\nEnd";
        assert_eq!(sentences(text), ["Check it.", "Is it 3.5 bar?", "\"Yes!\"", "she said.", "- a point", "End"]);
        assert_eq!(sentences("はい。いいえ。"), ["はい。", "いいえ。"]);
        assert!(sentences(" \n...").is_empty());
    }

    #[test]
    fn repetition_is_the_share_of_runs_seen_before() {
        assert_eq!(repetition("one two three"), 0.0);
        assert_eq!(repetition("a b c d e f g"), 0.0);
        assert_eq!(repetition("so so so so so so so"), 0.75);
    }

    #[test]
    fn likeness_is_a_cosine_from_the_centre() {
        assert_eq!(likeness(&[2.0, 1.0], &[3.0, 1.0], &[1.0, 1.0]), 1.0);
        assert_eq!(likeness(&[2.0, 1.0], &[1.0, 5.0], &[1.0, 1.0]), 0.0);
        assert_eq!(likeness(&[2.0, 1.0], &[0.0, 1.0], &[1.0, 1.0]), 0.0);
        assert_eq!(likeness(&[1.0, 1.0], &[1.0, 1.0], &[1.0, 1.0]), 0.0);
        assert_eq!(mean(&[vec![1.0, 2.0], vec![3.0, 4.0]]), [2.0, 3.0]);
    }
}
