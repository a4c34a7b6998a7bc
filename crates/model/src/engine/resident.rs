//! Training adapters where the model is: weights, the gradients of a step and AdamW's moments stay on the device between the passes.

use super::{Model, Workspace};
use crate::{AdamW, Backend, Batch, BatchLoss, DropoutKey, LoraWeights, LossScale, ModelError, backend::Moments};

/// Adapters on a device, tensor by tensor in the order of [`LoraWeights::params`].
pub struct ResidentAdapters<B: Backend> {
    weights: Vec<B::Buffer>,
    gradients: Vec<B::Buffer>,
    means: Vec<B::Buffer>,
    squares: Vec<B::Buffer>,
}

impl<B: Backend> Model<B> {
    /// Brings adapters and AdamW's moments, first and second for each tensor, to the device. The gradients are zero.
    ///
    /// # Errors
    /// When they do not fit the model, or the device fails.
    pub fn resident<'a>(
        &self,
        lora: &LoraWeights,
        moments: impl IntoIterator<Item = [&'a [f32]; 2]>,
    ) -> Result<ResidentAdapters<B>, ModelError> {
        lora.check_fits(&self.config)?;
        let upload = |numbers: &[f32]| self.backend.upload(numbers.to_vec());
        let params = lora.params();
        let weights: Vec<B::Buffer> = params.iter().map(|tensor| upload(tensor.data)).collect();
        let gradients = params.iter().map(|tensor| self.backend.upload(vec![0.0; tensor.data.len()])).collect();
        let (mut means, mut squares) = (Vec::with_capacity(params.len()), Vec::with_capacity(params.len()));
        for (tensor, [mean, square]) in params.iter().zip(moments) {
            if mean.len() != tensor.data.len() || square.len() != tensor.data.len() {
                return Err(ModelError::AdapterMismatch { reason: format!("the moments of {} have another size", tensor.name) });
            }
            means.push(upload(mean));
            squares.push(upload(square));
        }
        if means.len() != params.len() {
            return Err(ModelError::AdapterMismatch { reason: "there are moments for other weights".to_owned() });
        }
        self.backend.finish()?;
        Ok(ResidentAdapters { weights, gradients, means, squares })
    }

    /// As [`Model::forward_backward`], with the weights and gradients on the device; `lora` says what they belong to.
    ///
    /// # Errors
    /// As there.
    pub fn forward_backward_resident(
        &self,
        (lora, adapters): (&LoraWeights, &mut ResidentAdapters<B>),
        batch: &Batch<'_>,
        loss_scale: LossScale,
        dropout: Option<DropoutKey>,
        ws: &mut Workspace<B>,
    ) -> Result<BatchLoss, ModelError> {
        if adapters.weights.len() != lora.params().len() {
            return Err(foreign());
        }
        std::mem::swap(&mut ws.adapters, &mut adapters.weights);
        let loss = self.there_and_back(lora, batch, loss_scale, dropout, ws, Workspace::make_room);
        std::mem::swap(&mut ws.adapters, &mut adapters.weights);
        let loss = loss?;
        if loss.label_tokens > 0 {
            for (gradient, total) in ws.gradients.iter().zip(&mut adapters.gradients) {
                self.backend.add_to_rows(gradient, total);
            }
        }
        self.backend.finish()?;
        Ok(loss)
    }

    /// Sets the gradients to zero, for the next step.
    ///
    /// # Errors
    /// When the device fails.
    pub fn zero_gradients(&self, adapters: &mut ResidentAdapters<B>) -> Result<(), ModelError> {
        adapters.gradients.iter_mut().for_each(|gradient| self.backend.zero(gradient));
        self.backend.finish()
    }

    /// Euclidean norm over all elements of all gradients, summed in f64 in a fixed order.
    ///
    /// # Errors
    /// When the device fails.
    pub fn gradient_norm(&self, adapters: &ResidentAdapters<B>) -> Result<f64, ModelError> {
        let norm = self.backend.squared_norm(&adapters.gradients).sqrt();
        self.backend.finish().map(|()| norm)
    }

    /// A step of AdamW.
    ///
    /// # Errors
    /// When the device fails.
    pub fn update(&self, adapters: &mut ResidentAdapters<B>, step: AdamW) -> Result<(), ModelError> {
        let ResidentAdapters { weights, gradients, means, squares } = adapters;
        for ((weights, gradients), (mean, square)) in weights.iter_mut().zip(gradients).zip(means.iter_mut().zip(squares)) {
            self.backend.adamw(step, weights, gradients, Moments { mean, square });
        }
        self.backend.finish()
    }

    /// Copies weights, and moments in their order, to the host.
    ///
    /// # Errors
    /// When they belong to other weights, or the device fails.
    pub fn collect<'a>(
        &self,
        adapters: &ResidentAdapters<B>,
        lora: &mut LoraWeights,
        moments: impl IntoIterator<Item = [&'a mut [f32]; 2]>,
    ) -> Result<(), ModelError> {
        let mut count = 0;
        for (index, (tensor, [mean, square])) in lora.params_mut().into_iter().zip(moments).enumerate() {
            let Some(weights) = adapters.weights.get(index) else { break };
            self.backend.read(weights, tensor.data);
            self.backend.read(&adapters.means[index], mean);
            self.backend.read(&adapters.squares[index], square);
            count += 1;
        }
        if count != adapters.weights.len() {
            return Err(foreign());
        }
        self.backend.finish()
    }
}

fn foreign() -> ModelError {
    ModelError::AdapterMismatch { reason: "the adapters on the device belong to other weights".to_owned() }
}
