//! Forward and backward pass of one example.

use std::collections::HashMap;

use candle_core::{D, Tensor, Var};

use super::parameters::Parameter;
use super::recorder::RowRecorder;
use super::{Example, TrainError};
use crate::cancel::Cancel;
use crate::decoder::{Adapter, Decoder, DecoderError};
use crate::ops::{Counted, Gradients, Tape, WatchRows, cross_entropy, differentiate, select_rows};

/// How gradients are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backward {
    /// By the fused operations' own tape; on the CPU.
    Fused,
    /// By candle's graph of composed operations, on any device; weights' gradients are brought to the CPU.
    Composed,
}

/// What the passes of one step have in common.
pub(super) struct Pass<'a> {
    pub backward: Backward,
    pub decoder: &'a Decoder,
    pub parameters: &'a [Parameter],
    /// What Σ w·nll of the whole step is divided by.
    pub denominator: f64,
}

impl Pass<'_> {
    /// Adds the gradient of Σ wₜ·nllₜ / D over the example's targets to `gradients` and returns Σ wₜ·nllₜ in nats.
    /// `recorder` keeps what is computed on the way.
    ///
    /// # Errors
    /// If the decoder does not take the ids, or `cancel` was set; `gradients` is half done then.
    pub fn of(
        &self,
        example: &Example,
        gradients: &mut Gradients,
        recorder: Option<&mut RowRecorder>,
        cancel: &Cancel,
    ) -> Result<f64, TrainError> {
        let scored: Vec<usize> = example.targets().filter(|(_, weight)| *weight != 0.0).map(|(t, _)| t).collect();
        // What no row sees that counts has no part in the loss: the last target itself is only predicted.
        let Some(last) = scored.last().and_then(|&t| example.labels.row(t)) else { return Ok(0.0) };
        let end = (last + 1).max(example.visibility.mask.ahead().min(example.ids.len()));
        let recorder = recorder.map(|recorder| {
            recorder.begin(&scored, end);
            &*recorder
        });
        let work = Work { pass: self, ids: &example.ids[..end], scored: &scored, example, recorder };
        match self.backward {
            Backward::Fused => work.fused(gradients, cancel),
            Backward::Composed => work.composed(gradients, cancel),
        }
    }
}

struct Work<'a> {
    pass: &'a Pass<'a>,
    ids: &'a [u32],
    /// The targets that count.
    scored: &'a [usize],
    example: &'a Example,
    recorder: Option<&'a RowRecorder>,
}

impl Work<'_> {
    /// The row that predicts each scored target.
    fn rows(&self) -> Vec<u32> {
        self.scored.iter().filter_map(|&t| self.example.labels.row(t)).map(|row| row as u32).collect()
    }

    /// What each scored target counts.
    fn counted(&self) -> Vec<Counted> {
        let counted = |&t: &usize| Counted {
            id: self.example.ids[t],
            coefficient: self.example.weights[t] / self.pass.denominator,
        };
        self.scored.iter().map(counted).collect()
    }

    fn fused(&self, gradients: &mut Gradients, cancel: &Cancel) -> Result<f64, TrainError> {
        let (decoder, weight) = (self.pass.decoder, |t: usize| self.example.weights[t]);
        let tape = Tape::new(gradients);
        let hidden = decoder.record(self.ids, &self.example.visibility, &tape, cancel)?;
        let rows = select_rows(&hidden, &self.rows(), Some(&tape))?;
        let watch = self.recorder.map(|recorder| recorder as &dyn WatchRows);
        let (nll, seed) = cross_entropy(&rows, decoder.head_weight(), &self.counted(), gradients, watch)?;
        if !tape.backward(&rows, seed, gradients, cancel)? {
            return Err(DecoderError::Cancelled.into());
        }
        if let Some(recorder) = self.recorder {
            recorder.nlls(&nll);
        }
        Ok(self.scored.iter().zip(nll).map(|(&t, nll)| weight(t) * nll).sum())
    }

    fn composed(&self, gradients: &mut Gradients, cancel: &Cancel) -> Result<f64, TrainError> {
        let device = self.pass.decoder.device();
        let (decoder, variables) = with_variables(self.pass.decoder, self.pass.parameters)?;
        let hidden = decoder.run(self.ids, None, self.example.visibility.clone(), cancel)?;
        let rows = Tensor::new(self.rows(), device)?;
        let logits = decoder.head(&hidden.index_select(&rows, 0)?)?;
        let labels: Vec<u32> = self.scored.iter().map(|&t| self.example.ids[t]).collect();
        let labels = Tensor::new(labels, device)?.unsqueeze(1)?;
        let nll = candle_nn::ops::log_softmax(&logits, D::Minus1)?.gather(&labels, 1)?.squeeze(1)?.neg()?;
        if let Some(recorder) = self.recorder {
            self.show_rows(&logits, recorder)?;
            recorder.nlls(&nll.to_vec1::<f32>()?.into_iter().map(f64::from).collect::<Vec<_>>());
        }
        let weights: Vec<f32> = self.scored.iter().map(|&t| self.example.weights[t] as f32).collect();
        let sum = (&nll * Tensor::new(weights, device)?)?.sum_all()?;
        let found = (&sum / self.pass.denominator)?.backward()?;
        for (i, variable) in variables.iter().enumerate() {
            let Some(gradient) = found.get(variable) else { continue };
            let gradient = gradient.flatten_all()?.to_vec1::<f32>()?;
            gradients.add(i, |sum, is_first| match is_first {
                true => sum.copy_from_slice(&gradient),
                false => crate::ops::add_to(sum, &gradient),
            });
        }
        Ok(f64::from(sum.to_scalar::<f32>()?))
    }

    /// candle's graph drops the gradient of the logits once it has passed it on: it is made again by its formula.
    fn show_rows(&self, logits: &Tensor, recorder: &RowRecorder) -> Result<(), TrainError> {
        for (row, counted) in self.counted().into_iter().enumerate() {
            let mut logits: Vec<f32> = logits.get(row)?.to_vec1()?;
            recorder.logits(row, &logits);
            differentiate(&mut logits, counted);
            recorder.gradient(row, &logits);
        }
        Ok(())
    }
}

/// The decoder with copies of the parameters that candle records a graph for, and those copies.
fn with_variables(decoder: &Decoder, parameters: &[Parameter]) -> Result<(Decoder, Vec<Tensor>), TrainError> {
    let copy = |tensor: &Tensor| Var::from_tensor(tensor).map(Var::into_inner);
    let variables = parameters.iter().map(|parameter| copy(&parameter.tensor)).collect::<Result<Vec<_>, _>>()?;
    let by_name: HashMap<&str, &Tensor> =
        parameters.iter().zip(&variables).map(|(parameter, variable)| (parameter.name.as_str(), variable)).collect();
    let or_variable = |name: &str, tensor: Tensor| by_name.get(name).map_or(tensor, |&variable| variable.clone());
    let weights = decoder.named_tensors().iter();
    let weights = weights.map(|named| (named.name.clone(), or_variable(&named.name, named.tensor.clone()))).collect();
    let mut copied = Decoder::new(decoder.config(), weights)?;
    let adapters = decoder.adapters().into_iter().map(|(name, Adapter { a, b, scale })| {
        let a = or_variable(&format!("{name}.lora_A.weight"), a);
        let b = or_variable(&format!("{name}.lora_B.weight"), b);
        (name, Adapter { a, b, scale })
    });
    copied.attach(adapters.collect())?;
    Ok((copied, variables))
}
