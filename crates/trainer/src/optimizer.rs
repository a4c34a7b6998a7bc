//! Optimisers over the adapter's matrices, in f32.
//!
//! AdamW and SGD compute what `torch.optim.AdamW` (see [`AdamW`]) and `torch.optim.SGD` (momentum 0.9, weight decay added
//! to the gradient) compute; Adafactor what transformers' `Adafactor` does with the trainer's settings (`scale_parameter` and
//! `relative_step` off, no first moment).

use crate::error::TrainerError;
use domain::job::OptimizerType;
use model::AdamW;
use rayon::prelude::*;

const MOMENTUM: f32 = 0.9;
/// Adafactor: added to squared gradients.
const EPS_SQUARE: f32 = 1e-30;
/// Adafactor: the decay at step t is 1 - t^this.
const DECAY_RATE: f64 = -0.8;

/// A named matrix of an optimiser's state.
#[derive(Debug, Clone, PartialEq)]
pub struct StateTensor {
    /// Slot and parameter, such as `exp_avg.base_model.…lora_A.weight`.
    pub name: String,
    /// Elements.
    pub data: Vec<f32>,
}

/// An optimiser with its state.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    kind: OptimizerType,
    weight_decay: f64,
    steps: u64,
    parameters: Vec<Parameter>,
}

#[derive(Debug, Clone, PartialEq)]
struct Parameter {
    name: String,
    /// Rows and columns.
    shape: [usize; 2],
    /// One entry for each of [`slots`].
    state: Vec<Vec<f32>>,
}

const fn slots(kind: OptimizerType) -> &'static [&'static str] {
    match kind {
        OptimizerType::Adamw => &["exp_avg", "exp_avg_sq"],
        OptimizerType::Sgd => &["momentum_buffer"],
        OptimizerType::Adafactor => &["exp_avg_sq_row", "exp_avg_sq_col"],
    }
}

impl Optimizer {
    /// An optimiser that has made no step, for parameters with these names and shapes, in this order.
    pub fn new<'a>(kind: OptimizerType, weight_decay: f64, parameters: impl IntoIterator<Item = (&'a str, [usize; 2])>) -> Self {
        let make = |(name, shape): (&str, [usize; 2])| {
            let state = match kind {
                OptimizerType::Adamw => vec![vec![0.0; shape[0] * shape[1]]; 2],
                OptimizerType::Sgd => vec![vec![0.0; shape[0] * shape[1]]],
                OptimizerType::Adafactor => vec![vec![0.0; shape[0]], vec![0.0; shape[1]]],
            };
            Parameter { name: name.to_owned(), shape, state }
        };
        Self { kind, weight_decay, steps: 0, parameters: parameters.into_iter().map(make).collect() }
    }

    /// Steps made.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step with learning rate `rate`. Parameters and gradients come in the order given to [`Self::new`]. Each matrix is worked on by
    /// one thread, so the result does not depend on their number.
    ///
    /// # Errors
    /// When the shapes are not those of [`Self::new`].
    pub fn step(&mut self, parameters: &mut [&mut [f32]], gradients: &[&[f32]], rate: f64) -> Result<(), TrainerError> {
        let count = self.parameters.len();
        let fits = |(p, (w, g)): (&Parameter, (&&mut [f32], &&[f32]))| w.len() == p.shape[0] * p.shape[1] && g.len() == w.len();
        let pairs = parameters.iter().zip(gradients);
        if parameters.len() != count || gradients.len() != count || !self.parameters.iter().zip(pairs).all(fits) {
            return Err(TrainerError::Internal("the optimiser was made for other parameters".to_owned()));
        }
        self.steps += 1;
        let (kind, decay, steps) = (self.kind, self.weight_decay, self.steps);
        self.parameters.par_iter_mut().zip(parameters.par_iter_mut()).zip(gradients.par_iter()).for_each(
            |((parameter, weights), gradient)| match kind {
                OptimizerType::Adamw => adamw(parameter, weights, gradient, AdamW::new(steps, rate, decay, 1.0)),
                OptimizerType::Sgd => sgd(parameter, weights, gradient, rate, decay, steps),
                OptimizerType::Adafactor => adafactor(parameter, weights, gradient, rate, decay, steps),
            },
        );
        Ok(())
    }

    /// The next step, to be made where the weights are, with gradients multiplied by `clip` first; none where the optimiser is not AdamW.
    pub(crate) fn next_adamw(&mut self, rate: f64, clip: f32) -> Option<AdamW> {
        (self.kind == OptimizerType::Adamw).then(|| {
            self.steps += 1;
            AdamW::new(self.steps, rate, self.weight_decay, clip)
        })
    }

    /// AdamW's moments of each parameter, first and second; none of another optimiser.
    pub(crate) fn moments(&self) -> Option<Vec<[&[f32]; 2]>> {
        if self.kind != OptimizerType::Adamw {
            return None;
        }
        self.parameters
            .iter()
            .map(|p| if let [mean, square] = p.state.as_slice() { Some([mean.as_slice(), square]) } else { None })
            .collect()
    }

    /// The same, to be written.
    pub(crate) fn moments_mut(&mut self) -> impl Iterator<Item = [&mut [f32]; 2]> {
        let is_adamw = self.kind == OptimizerType::Adamw;
        self.parameters.iter_mut().filter(move |_| is_adamw).filter_map(|p| {
            let [mean, square] = p.state.as_mut_slice() else { return None };
            Some([mean.as_mut_slice(), square])
        })
    }

    /// The whole state, by name.
    pub fn state(&self) -> Vec<StateTensor> {
        self.slots().map(|(name, data)| StateTensor { name, data: data.to_vec() }).collect()
    }

    /// The same, for a checkpoint.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (String, &[f32])> {
        let kind = self.kind;
        self.parameters
            .iter()
            .flat_map(move |p| slots(kind).iter().zip(&p.state).map(move |(slot, data)| (format!("{slot}.{}", p.name), data.as_slice())))
    }

    /// Takes back a state that [`Self::state`] gave, after `steps` steps. `find` yields the tensor of a name.
    ///
    /// # Errors
    /// The name of a tensor that is missing or has another size.
    pub fn restore(&mut self, steps: u64, find: impl Fn(&str) -> Option<Vec<f32>>) -> Result<(), String> {
        for parameter in &mut self.parameters {
            for (slot, data) in slots(self.kind).iter().zip(&mut parameter.state) {
                let name = format!("{slot}.{}", parameter.name);
                let found = find(&name).filter(|f| f.len() == data.len());
                *data = found.ok_or_else(|| format!("the optimiser state '{name}' is missing or has another size"))?;
            }
        }
        self.steps = steps;
        Ok(())
    }
}

fn adamw(parameter: &mut Parameter, weights: &mut [f32], gradient: &[f32], step: AdamW) {
    if let [mean, square] = parameter.state.as_mut_slice() {
        step.apply(weights, gradient, mean, square);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "factors are worked out in f64 and applied in f32, as torch does")]
fn sgd(parameter: &mut Parameter, weights: &mut [f32], gradient: &[f32], rate: f64, decay: f64, steps: u64) {
    let [buffer] = parameter.state.as_mut_slice() else { return };
    let (rate, decay) = (rate as f32, decay as f32);
    for ((w, g), b) in weights.iter_mut().zip(gradient).zip(buffer) {
        let slope = *g + decay * *w;
        *b = if steps == 1 { slope } else { MOMENTUM * *b + slope };
        *w -= rate * *b;
    }
}

/// Shazeer and Stern, "Adafactor", 2018: the second moment of a matrix from its row and column means.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as above; sizes are far below 2^53")]
fn adafactor(parameter: &mut Parameter, weights: &mut [f32], gradient: &[f32], rate: f64, decay: f64, steps: u64) {
    let [rows, columns] = parameter.shape;
    let [row_mean, column_mean] = parameter.state.as_mut_slice() else { return };
    let beta2 = 1.0 - (steps as f64).powf(DECAY_RATE);
    let (keep, rest) = (beta2 as f32, (1.0 - beta2) as f32);
    let square = |g: f32| g * g + EPS_SQUARE;
    let mut column_sums = vec![0f32; columns];
    for (row, mean) in gradient.chunks_exact(columns).zip(row_mean.iter_mut()) {
        let sum: f32 = row.iter().map(|g| square(*g)).sum();
        *mean = *mean * keep + rest * (sum / columns as f32);
        column_sums.iter_mut().zip(row).for_each(|(s, g)| *s += square(*g));
    }
    column_mean.iter_mut().zip(column_sums).for_each(|(m, sum)| *m = *m * keep + rest * (sum / rows as f32));
    let overall = row_mean.iter().sum::<f32>() / rows as f32;
    let row_factor: Vec<f32> = row_mean.iter().map(|m| 1.0 / (m / overall).sqrt()).collect();
    let column_factor: Vec<f32> = column_mean.iter().map(|m| 1.0 / m.sqrt()).collect();
    let update = |i: usize| row_factor[i / columns] * column_factor[i % columns] * gradient[i];
    let norm = (0..gradient.len()).map(|i| f64::from(update(i)).powi(2)).sum::<f64>().sqrt();
    let rms = norm / (gradient.len() as f64).sqrt();
    let scale = (rate / rms.max(1.0)) as f32;
    let decayed = (rate * decay) as f32;
    for (i, w) in weights.iter_mut().enumerate() {
        *w -= decayed * *w;
        *w -= scale * update(i);
    }
}

/// What to multiply gradients by so that their global norm is at most `limit` (`torch.nn.utils.clip_grad_norm_`); zero means no limit.
#[expect(clippy::cast_possible_truncation, reason = "applied in f32, as torch does")]
pub fn clip_factor(norm: f64, limit: f64) -> f32 {
    if limit <= 0.0 { 1.0 } else { (limit / (norm + 1e-6)).min(1.0) as f32 }
}
