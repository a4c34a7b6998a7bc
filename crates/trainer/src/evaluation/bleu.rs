//! Corpus BLEU with one reference, as sacreBLEU computes it: tokenizer 13a, words up to four in a row, exponential smoothing, case kept
//! (Papineni et al., 2002; Post, 2018).

use std::collections::HashMap;

/// Longest run of words that is compared.
const ORDER: usize = 4;

/// What one answer adds to a corpus.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    correct: [u64; ORDER],
    total: [u64; ORDER],
    answer: u64,
    reference: u64,
}

impl Counts {
    /// Compares an answer with its reference.
    pub fn of(answer: &str, reference: &str) -> Self {
        let (answer, reference) = (tokens(answer), tokens(reference));
        let mut counts = Self { answer: answer.len() as u64, reference: reference.len() as u64, ..Self::default() };
        for order in 1..=ORDER {
            let wanted = runs(&reference, order);
            for (run, count) in runs(&answer, order) {
                counts.total[order - 1] += count;
                counts.correct[order - 1] += count.min(wanted.get(run).copied().unwrap_or(0));
            }
        }
        counts
    }

    /// The sum over answers.
    pub fn sum<'a>(all: impl Iterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for counts in all {
            for order in 0..ORDER {
                sum.correct[order] += counts.correct[order];
                sum.total[order] += counts.total[order];
            }
            sum.answer += counts.answer;
            sum.reference += counts.reference;
        }
        sum
    }

    /// BLEU of the corpus, 0 to 100.
    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^53")]
    pub fn score(&self) -> f64 {
        if self.correct.iter().all(|count| *count == 0) || self.total.contains(&0) {
            return 0.0;
        }
        let mut smoothing = 1.0;
        let mut logarithms = 0.0;
        for (correct, total) in self.correct.iter().zip(&self.total) {
            let precision = if *correct == 0 {
                smoothing *= 2.0;
                1.0 / (smoothing * *total as f64)
            } else {
                *correct as f64 / *total as f64
            };
            logarithms += (100.0 * precision).ln();
        }
        self.brevity_penalty() * (logarithms / ORDER as f64).exp()
    }

    /// 1, or less where the answers are shorter than the references.
    #[expect(clippy::cast_precision_loss, reason = "counts of words are far below 2^53")]
    fn brevity_penalty(&self) -> f64 {
        match (self.answer, self.reference) {
            (0, _) => 0.0,
            (answer, reference) if answer < reference => (1.0 - reference as f64 / answer as f64).exp(),
            _ => 1.0,
        }
    }
}

fn runs(words: &[String], order: usize) -> HashMap<&[String], u64> {
    let mut runs = HashMap::new();
    for run in words.windows(order) {
        *runs.entry(run).or_insert(0) += 1;
    }
    runs
}

/// Python's idea of a blank.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words and marks of a text by mteval-v13a.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_blank).replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let text = format!(" {text} ");
    let mut spaced = Vec::with_capacity(2 * text.len());
    for c in text.chars() {
        match c {
            '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/' => spaced.extend([' ', c, ' ']),
            _ => spaced.push(c),
        }
    }
    let point = |c: char| matches!(c, '.' | ',');
    let digit = |c: char| c.is_ascii_digit();
    // A point or comma stands apart unless a digit is before it, then unless a digit is behind it; a dash does where a digit is before it.
    let spaced = pairs(&spaced, |a, b| !digit(a) && point(b), |a, b| vec![a, ' ', b, ' ']);
    let spaced = pairs(&spaced, |a, b| point(a) && !digit(b), |a, b| vec![' ', a, ' ', b]);
    let spaced = pairs(&spaced, |a, b| digit(a) && b == '-', |a, b| vec![a, ' ', b, ' ']);
    spaced.split(|c| is_blank(*c)).filter(|word| !word.is_empty()).map(|word| word.iter().collect()).collect()
}

/// Replaces pairs of characters from left to right; a character that was in one is in no other.
fn pairs(text: &[char], is_one: impl Fn(char, char) -> bool, instead: impl Fn(char, char) -> Vec<char>) -> Vec<char> {
    let (mut made, mut at) = (Vec::with_capacity(2 * text.len()), 0);
    while at < text.len() {
        match text.get(at + 1) {
            Some(next) if is_one(text[at], *next) => {
                made.extend(instead(text[at], *next));
                at += 2;
            }
            _ => {
                made.push(text[at]);
                at += 1;
            }
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Corpus {
        hypotheses: Vec<String>,
        references: Vec<String>,
        tokens: Vec<String>,
        score: f64,
        brevity_penalty: f64,
        lengths: [u64; 2],
    }

    #[test]
    fn scores_are_those_of_sacrebleu() {
        let corpora: Vec<Corpus> = serde_json::from_str(include_str!("../../tests/fixtures/bleu.json")).expect("fixture");
        assert!(corpora.len() > 20);
        for corpus in corpora {
            for (text, wanted) in corpus.hypotheses.iter().zip(&corpus.tokens) {
                assert_eq!(&tokens(text).join(" "), wanted);
            }
            let counts: Vec<Counts> = corpus.hypotheses.iter().zip(&corpus.references).map(|(h, r)| Counts::of(h, r)).collect();
            let sum = Counts::sum(counts.iter());
            assert_eq!([sum.answer, sum.reference], corpus.lengths, "{:?}", corpus.hypotheses);
            assert!((sum.brevity_penalty() - corpus.brevity_penalty).abs() < 1e-12);
            assert!((sum.score() - corpus.score).abs() < 1e-9, "{} instead of {}: {:?}", sum.score(), corpus.score, corpus.hypotheses);
        }
    }
}
