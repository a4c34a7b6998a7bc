//! Frequencies of the rotary embedding (RoPE; Su et al., 2021), and how they are stretched for contexts longer than a model first saw.
//!
//! The formulas and their names are those of transformers' `modeling_rope_utils.py`.

use serde::Deserialize;
use std::f64::consts::PI;

use crate::ModelError;

/// The rotary embedding of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rope {
    /// Base of the frequencies: pair i of a head of width d turns by `theta^(-2i/d)` a position.
    pub theta: f64,
    /// How the frequencies are changed.
    pub scaling: RopeScaling,
}

impl Rope {
    /// The plain embedding.
    pub const fn plain(theta: f64) -> Self {
        Self { theta, scaling: RopeScaling::Default }
    }
}

/// How the frequencies are changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RopeScaling {
    /// Not at all.
    Default,
    /// Positions are divided (Chen et al., 2023, "Position Interpolation").
    Linear {
        /// The divisor.
        factor: f64,
    },
    /// The base grows with the length of the batch once that passes the context of the training (dynamic NTK).
    Dynamic {
        /// Factor on the context.
        factor: f64,
        /// Context of the training.
        original_context: f64,
    },
    /// Low frequencies are divided, high ones stay, those between are mixed (Llama 3.1).
    Llama3 {
        /// The divisor.
        factor: f64,
        /// Wavelengths above the original context divided by this are low frequencies.
        low_freq_factor: f64,
        /// Wavelengths below the original context divided by this are high frequencies.
        high_freq_factor: f64,
        /// Context of the training.
        original_context: f64,
    },
    /// Interpolation by parts with a temperature on the attention (Peng et al., 2023, "YaRN").
    Yarn {
        /// The divisor.
        factor: f64,
        /// Rotations within the original context above which a frequency stays.
        beta_fast: f64,
        /// Rotations within the original context below which a frequency is divided.
        beta_slow: f64,
        /// Context of the training.
        original_context: f64,
        /// Factor on cosines and sines.
        attention_factor: f64,
        /// Whether the borders of the ramp are rounded to whole dimensions.
        truncate: bool,
    },
}

/// `rope_scaling` or `rope_parameters` of a `config.json`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct RawRope {
    #[serde(alias = "type")]
    rope_type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    low_freq_factor: Option<f64>,
    high_freq_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    attention_factor: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
    partial_rotary_factor: Option<f64>,
}

/// YaRN's attention temperature for a factor on the context.
fn mscale(factor: f64, weight: f64) -> f64 {
    if factor <= 1.0 { 1.0 } else { 0.1 * weight * factor.ln() + 1.0 }
}

impl RawRope {
    /// The base, where this is the place in which the configuration keeps it.
    pub(crate) fn theta(&self) -> Option<f64> {
        self.rope_theta
    }

    /// Share of each head that is rotated, where the configuration says so.
    pub(crate) fn partial_rotary_factor(&self) -> Option<f64> {
        self.partial_rotary_factor
    }

    /// The scaling; `context` is the model's `max_position_embeddings`.
    pub(crate) fn scaling(&self, context: f64) -> Result<RopeScaling, ModelError> {
        let kind = self.rope_type.as_deref().unwrap_or("default");
        let number = |name: &str, value: Option<f64>| match value {
            Some(value) if value.is_finite() && value > 0.0 => Ok(value),
            Some(value) => Err(ModelError::invalid_config(format!("{name} of RoPE type {kind:?} is {value}, but must be above 0"))),
            None => Err(ModelError::invalid_config(format!("RoPE type {kind:?} needs {name}"))),
        };
        let original = self.original_max_position_embeddings.unwrap_or(context);
        match kind {
            "default" => Ok(RopeScaling::Default),
            "linear" => Ok(RopeScaling::Linear { factor: number("factor", self.factor)? }),
            "dynamic" => Ok(RopeScaling::Dynamic { factor: number("factor", self.factor)?, original_context: original }),
            "llama3" => {
                let (low, high) = (number("low_freq_factor", self.low_freq_factor)?, number("high_freq_factor", self.high_freq_factor)?);
                if high <= low {
                    return Err(ModelError::invalid_config("high_freq_factor must be above low_freq_factor"));
                }
                Ok(RopeScaling::Llama3 {
                    factor: number("factor", self.factor)?,
                    low_freq_factor: low,
                    high_freq_factor: high,
                    original_context: number("original_max_position_embeddings", Some(original))?,
                })
            }
            "yarn" => self.yarn(number("factor", self.factor)?, number("original_max_position_embeddings", Some(original))?),
            other => Err(ModelError::unsupported(format!("RoPE type {other:?}"), "use default, linear, dynamic, llama3 or yarn")),
        }
    }

    fn yarn(&self, factor: f64, original_context: f64) -> Result<RopeScaling, ModelError> {
        let attention_factor = match (self.attention_factor, self.mscale, self.mscale_all_dim) {
            (Some(factor), ..) => factor,
            (None, Some(one), Some(all)) if one != 0.0 && all != 0.0 => mscale(factor, one) / mscale(factor, all),
            _ => mscale(factor, 1.0),
        };
        if !(attention_factor.is_finite() && attention_factor > 0.0) {
            return Err(ModelError::invalid_config(format!("attention_factor is {attention_factor}, but must be above 0")));
        }
        let (beta_fast, beta_slow) = (self.beta_fast.unwrap_or(32.0), self.beta_slow.unwrap_or(1.0));
        if !(beta_slow > 0.0 && beta_fast >= beta_slow && beta_fast.is_finite()) {
            return Err(ModelError::invalid_config("beta_fast must be at least beta_slow, and beta_slow above 0"));
        }
        Ok(RopeScaling::Yarn { factor, beta_fast, beta_slow, original_context, attention_factor, truncate: self.truncate.unwrap_or(true) })
    }
}

impl Rope {
    /// The longest sequence that the embedding is made for, from the model's `max_position_embeddings`.
    pub(crate) fn context(&self, max_position_embeddings: usize) -> usize {
        match self.scaling {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a number of tokens")]
            RopeScaling::Dynamic { factor, .. } if factor > 1.0 => (max_position_embeddings as f64 * factor) as usize,
            _ => max_position_embeddings,
        }
    }

    /// The length by which the frequencies of a batch of sequences of `length` are made: 0 but where they depend on it.
    pub(crate) fn length_that_matters(&self, length: usize) -> usize {
        match self.scaling {
            #[expect(clippy::cast_precision_loss, reason = "a number of tokens")]
            RopeScaling::Dynamic { original_context, .. } if length as f64 > original_context => length,
            _ => 0,
        }
    }

    /// Frequencies of the pairs of a head for sequences of `length`, and the factor on cosines and sines. Rounded to f32 where
    /// transformers does, so that long sequences agree.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "sizes are small, and f32 is what is wanted")]
    fn frequencies(&self, head_dim: usize, length: usize) -> (Vec<f32>, f64) {
        let dim = head_dim as f64;
        let of_base = |theta: f64| (0..head_dim / 2).map(move |i| 1.0 / theta.powf(2.0 * i as f64 / dim));
        let plain = of_base(self.theta);
        let narrow = |values: Vec<f64>| values.into_iter().map(|f| f as f32).collect::<Vec<f32>>();
        match self.scaling {
            RopeScaling::Default => (narrow(plain.collect()), 1.0),
            RopeScaling::Linear { factor } => (narrow(plain.map(|f| f / factor).collect()), 1.0),
            RopeScaling::Dynamic { factor, original_context } => {
                let length = (length as f64).max(original_context);
                let grown = self.theta * (factor * length / original_context - (factor - 1.0)).powf(dim / (dim - 2.0));
                (narrow(of_base(grown).collect()), 1.0)
            }
            RopeScaling::Llama3 { factor, low_freq_factor, high_freq_factor, original_context } => {
                let (low, high) = (original_context / low_freq_factor, original_context / high_freq_factor);
                let scaled = plain.map(|f| {
                    let wavelength = 2.0 * PI / f;
                    if wavelength > low {
                        return f / factor;
                    }
                    if wavelength < high {
                        return f;
                    }
                    let smooth = (original_context / wavelength - low_freq_factor) / (high_freq_factor - low_freq_factor);
                    (1.0 - smooth) * f / factor + smooth * f
                });
                (narrow(scaled.collect()), 1.0)
            }
            RopeScaling::Yarn { factor, beta_fast, beta_slow, original_context, attention_factor, truncate } => {
                let dimension_of = |rotations: f64| dim * (original_context / (rotations * 2.0 * PI)).ln() / (2.0 * self.theta.ln());
                let (low, high) = (dimension_of(beta_fast), dimension_of(beta_slow));
                let (low, high) = if truncate { (low.floor(), high.ceil()) } else { (low, high) };
                let (low, high) = (low.max(0.0), high.min(dim - 1.0));
                let width = if high > low { high - low } else { 0.001 };
                let mixed = plain.enumerate().map(|(i, f)| {
                    let interpolated = ((i as f64 - low) / width).clamp(0.0, 1.0);
                    f / factor * interpolated + f * (1.0 - interpolated)
                });
                (narrow(mixed.collect()), attention_factor)
            }
        }
    }

    /// Cosines and sines, each `[positions, head_dim / 2]`: position p turns pair i by p times its frequency.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "positions are small, and f32 is what is wanted")]
    pub(crate) fn table(&self, positions: usize, head_dim: usize, length: usize) -> (Vec<f32>, Vec<f32>) {
        let (frequencies, factor) = self.frequencies(head_dim, length);
        let factor = factor as f32;
        let angles = (0..positions).flat_map(|position| frequencies.iter().map(move |frequency| position as f32 * frequency));
        angles.map(|angle| (angle.cos() * factor, angle.sin() * factor)).unzip()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Result<RopeScaling, ModelError> {
        serde_json::from_str::<RawRope>(json).unwrap().scaling(64.0)
    }

    #[test]
    fn scalings_are_read_with_their_defaults() {
        assert_eq!(raw("{}").unwrap(), RopeScaling::Default);
        assert_eq!(raw(r#"{"type":"linear","factor":4.0}"#).unwrap(), RopeScaling::Linear { factor: 4.0 });
        let dynamic = raw(r#"{"rope_type":"dynamic","factor":2.0}"#).unwrap();
        assert_eq!(dynamic, RopeScaling::Dynamic { factor: 2.0, original_context: 64.0 });
        let RopeScaling::Yarn { attention_factor, beta_fast, truncate, .. } = raw(r#"{"rope_type":"yarn","factor":4.0}"#).unwrap() else {
            panic!("yarn")
        };
        assert!((attention_factor - (0.1 * 4f64.ln() + 1.0)).abs() < 1e-12 && beta_fast == 32.0 && truncate);
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for (json, named) in [
            (r#"{"rope_type":"linear"}"#, "factor"),
            (r#"{"rope_type":"llama3","factor":8.0,"low_freq_factor":4.0,"high_freq_factor":1.0}"#, "high_freq_factor"),
            (r#"{"rope_type":"yarn","factor":-1.0}"#, "factor"),
            (r#"{"rope_type":"longrope"}"#, "longrope"),
        ] {
            let error = raw(json).unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn only_dynamic_frequencies_depend_on_the_length() {
        let rope = |scaling| Rope { theta: 10_000.0, scaling };
        let dynamic = rope(RopeScaling::Dynamic { factor: 2.0, original_context: 64.0 });
        assert_eq!((dynamic.length_that_matters(64), dynamic.length_that_matters(65), dynamic.context(64)), (0, 65, 128));
        assert_eq!(dynamic.table(8, 8, 64), Rope::plain(10_000.0).table(8, 8, 0));
        assert_ne!(dynamic.table(8, 8, 128), dynamic.table(8, 8, 64));
        assert_eq!(rope(RopeScaling::Linear { factor: 4.0 }).length_that_matters(1000), 0);
    }
}
