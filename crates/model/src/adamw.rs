//! AdamW (Loshchilov and Hutter, 2019), computed as `torch.optim.AdamW` does.

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;

/// The factors of one step, worked out in f64 and applied in f32, as torch does: betas 0.9 and 0.999, eps 1e-8.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
    /// What gradients are multiplied by first, for clipping.
    pub clip: f32,
    /// What weights are multiplied by: `1 - rate · weight_decay`.
    pub keep: f32,
    /// `1 - beta1`.
    pub lerp: f32,
    /// Decay of the squares.
    pub beta2: f32,
    /// `1 - beta2`.
    pub rest: f32,
    /// `rate / (1 - beta1^step)`.
    pub step_size: f32,
    /// `sqrt(1 - beta2^step)`.
    pub correction: f32,
    /// Added to the denominator.
    pub eps: f32,
}

impl AdamW {
    /// The step with this number, counted from 1, at a learning rate.
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    pub fn new(step: u64, rate: f64, weight_decay: f64, clip: f32) -> Self {
        let exponent = i32::try_from(step).unwrap_or(i32::MAX);
        Self {
            clip,
            keep: (1.0 - rate * weight_decay) as f32,
            lerp: (1.0 - BETA1) as f32,
            beta2: BETA2 as f32,
            rest: (1.0 - BETA2) as f32,
            step_size: (rate / (1.0 - BETA1.powi(exponent))) as f32,
            correction: (1.0 - BETA2.powi(exponent)).sqrt() as f32,
            eps: EPS as f32,
        }
    }

    /// The step for weights with their gradients and moments, which all have one length.
    pub fn apply(&self, weights: &mut [f32], gradients: &[f32], mean: &mut [f32], square: &mut [f32]) {
        assert!(weights.len() == gradients.len() && weights.len() == mean.len() && weights.len() == square.len(), "all have one length");
        for ((w, g), (m, v)) in weights.iter_mut().zip(gradients).zip(mean.iter_mut().zip(square)) {
            let g = *g * self.clip;
            *w *= self.keep;
            *m += self.lerp * (g - *m);
            *v = *v * self.beta2 + self.rest * g * g;
            *w -= self.step_size * (*m / (v.sqrt() / self.correction + self.eps));
        }
    }
}
