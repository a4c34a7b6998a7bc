//! Watches the loss for a training that blows up without ever leaving the finite numbers.
//!
//! A step has exploded when its loss is above twice the median of the last sound steps, and at least one nat above it. One such step, or
//! some, may be hard examples; [`PATIENCE`] of them in a row end the run. Exploded steps do not enter the median, so that it does not
//! follow them.

use serde::{Deserialize, Serialize};

/// How far above the median of the sound steps is too far.
const TIMES_MEDIAN: f64 = 2.0;
/// The least distance that counts, in nats: small losses double by chance.
const NATS: f64 = 1.0;
/// Sound steps that the median is of, at most and at least.
const REMEMBERED: usize = 64;
const NEEDED: usize = 8;
/// Exploded steps in a row that end a run. Where two in five examples are that hard, chance brings so many once in two million steps.
const PATIENCE: u32 = 16;
/// A validation loss that has grown so much, and was never better than before the training, has exploded too.
const TIMES_INITIAL: f64 = 1.5;

/// The losses that new ones are compared with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct LossWatch {
    /// Of the last sound steps, oldest first.
    sound: Vec<f64>,
    /// Exploded steps up to now, without a sound one between them.
    pub exploded: u32,
}

impl LossWatch {
    /// Takes the loss of a step.
    ///
    /// # Errors
    /// When the training has exploded, with the reason.
    pub fn take(&mut self, loss: f64) -> Result<(), String> {
        let median = self.median();
        if self.sound.len() < NEEDED || loss <= TIMES_MEDIAN * median || loss <= median + NATS {
            self.exploded = 0;
            self.sound.push(loss);
            if self.sound.len() > REMEMBERED {
                self.sound.remove(0);
            }
            return Ok(());
        }
        self.exploded += 1;
        if self.exploded < PATIENCE {
            return Ok(());
        }
        Err(format!("it is {loss:.4}, and for {PATIENCE} steps has been more than twice the {median:.4} that were usual before"))
    }

    fn median(&self) -> f64 {
        let mut sorted = self.sound.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or(f64::INFINITY)
    }
}

/// Judges a validation loss by that before the training and those since.
///
/// # Errors
/// When the training has exploded, with the reason.
pub(crate) fn judge_validation(loss: f64, initial: Option<f64>, before: &[f64]) -> Result<(), String> {
    match initial {
        Some(initial) if loss > TIMES_INITIAL * initial && before.iter().all(|earlier| *earlier >= initial) => {
            Err(format!("the validation loss is {loss:.4}, from {initial:.4} before the training, and was never better"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exploded_at(losses: impl IntoIterator<Item = f64>) -> Option<usize> {
        let mut watch = LossWatch::default();
        losses.into_iter().position(|loss| watch.take(loss).is_err())
    }

    #[test]
    fn many_steps_far_above_all_before_are_an_explosion() {
        let falling = (0..40).map(|i| 4.0 - f64::from(i) * 0.05);
        assert_eq!(exploded_at(falling.clone()), None);
        assert_eq!(exploded_at(falling.clone().chain([11.0; 15]).chain([2.0]).chain([11.0; 15])), None, "a sound step between them");
        assert_eq!(exploded_at(falling.clone().chain([11.0; 30])), Some(55));
        assert_eq!(exploded_at(falling.clone().chain((0..40).map(|i| 2.0 + f64::from(i)))), Some(60), "also little by little");
        assert_eq!(exploded_at(falling.chain((1..30).map(|i| 10f64.powi(i)))), Some(55), "the median does not follow");
    }

    #[test]
    fn hard_examples_and_small_losses_are_none() {
        let mixed = (0..400).map(|i| if i % 40 >= 25 { 4.5 } else { 0.02 });
        assert_eq!(exploded_at(mixed), None, "fifteen hard ones in a row");
        assert_eq!(exploded_at((0..400).map(|i| if i % 100 < 50 { 0.01 } else { 0.9 })), None);
    }

    #[test]
    fn a_validation_far_above_the_first_is_an_explosion_unless_it_was_better() {
        assert!(judge_validation(3.0, Some(2.1), &[]).is_ok() && judge_validation(30.0, None, &[]).is_ok());
        assert!(judge_validation(3.3, Some(2.0), &[1.5]).is_ok(), "that is overfitting");
        assert!(judge_validation(3.3, Some(2.0), &[2.5]).expect_err("worse").contains("3.3000, from 2.0000"));
    }
}
