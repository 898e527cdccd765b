//! Takes steps, and goes back.

use std::sync::Arc;
use std::time::Instant;

use super::history::{History, Record};
use super::optimizer::OptimizerState;
use super::parameters::{Parameter, new_adapters, parameters};
use super::pass::{Backward, Pass};
use super::recorder::{Recorder, RowRecorder};
use super::{Example, GradientNorm, Method, Settings, SlowStep, StepReport, TrainError};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::loss::Denominator;
use crate::ops::Gradients;
use crate::threads::together;

/// Trains a decoder in place. The decoder stays the caller's: it is handed in with every call, always the same one.
pub struct Trainer {
    backward: Backward,
    /// The method whose parameters these are; `None` before the first step.
    method: Option<Method>,
    parameters: Vec<Parameter>,
    gradients: Gradients,
    optimizer: OptimizerState,
    /// How many updates the weights have had.
    step: usize,
    /// Whether weights other than adapters are no longer those the run began with.
    has_moved_base: bool,
    history: History,
    /// Bytes that may be kept for one step beyond the history's budget.
    keepsake: usize,
}

impl Trainer {
    /// A trainer for `decoder` that keeps what it takes to go back in at most about `budget` bytes beside the base
    /// weights; without a budget nothing is kept and there is no way back.
    pub fn new(decoder: &Decoder, budget: Option<usize>) -> Self {
        let backward = if decoder.device().is_cpu() { Backward::Fused } else { Backward::Composed };
        Self::with_backward(backward, budget)
    }

    /// As [`new`](Self::new), with gradients computed the given way.
    pub fn with_backward(backward: Backward, budget: Option<usize>) -> Self {
        Self {
            backward,
            method: None,
            parameters: Vec::new(),
            gradients: Gradients::default(),
            optimizer: OptimizerState::new(super::Optimizer::AdamW),
            step: 0,
            has_moved_base: false,
            history: History::new(budget),
            keepsake: budget.unwrap_or(0),
        }
    }

    /// What [`keep`](Self::keep) may take beyond the budget, in bytes; without a word as much as the budget.
    pub fn keep_within(mut self, bytes: usize) -> Self {
        self.keepsake = bytes;
        self
    }

    /// The weights after this step are likely to be gone back to: the kept state that leads there is not given up for the
    /// budget's sake, if it is not too large. One step at a time; going back to any other takes no other weights, only
    /// longer.
    pub fn keep(&mut self, step: Option<usize>) {
        self.history.keep(step, self.keepsake);
    }

    /// How many updates the weights have had.
    pub fn steps(&self) -> usize {
        self.step
    }

    /// The earliest step that [`rewind`](Self::rewind) reaches.
    pub fn oldest(&self) -> usize {
        self.history.oldest(self.step)
    }

    /// The weights that the current method moves.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The method of the last step.
    pub fn method(&self) -> Option<&Method> {
        self.method.as_ref()
    }

    /// Whether any weight beside the adapters is no longer what it was when the run began.
    pub fn has_moved_base(&self) -> bool {
        self.has_moved_base
    }

    /// What the optimizer remembers.
    pub fn optimizer(&self) -> &OptimizerState {
        &self.optimizer
    }

    /// The gradient of the last step by parameter, before clipping; f32.
    pub fn gradients(&mut self) -> &[Vec<f32>] {
        self.gradients.finished()
    }

    /// Forward, loss, backward, clip, update (MASKING.md "A training step"). Numerators and denominators of all examples
    /// are summed before they are divided.
    ///
    /// # Errors
    /// Nothing scored, a loss or gradient that is not finite, cancelled, a method that does not fit: the weights are
    /// then as they were before.
    pub fn step(
        &mut self,
        decoder: &mut Decoder,
        examples: &[Arc<Example>],
        settings: &Settings,
        cancel: &Cancel,
    ) -> Result<StepReport, TrainError> {
        self.take_step(decoder, examples, settings, None, cancel)
    }

    /// The very same step, with what it computed on its way.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn step_slowly(
        &mut self,
        decoder: &mut Decoder,
        examples: &[Arc<Example>],
        settings: &Settings,
        cancel: &Cancel,
    ) -> Result<SlowStep, TrainError> {
        let mut recorder = Recorder::new(examples);
        let report = self.take_step(decoder, examples, settings, Some(&mut recorder), cancel)?;
        Ok(recorder.finish(report, settings, &self.optimizer))
    }

    fn take_step(
        &mut self,
        decoder: &mut Decoder,
        examples: &[Arc<Example>],
        settings: &Settings,
        recorder: Option<&mut Recorder>,
        cancel: &Cancel,
    ) -> Result<StepReport, TrainError> {
        let denominator = denominator(examples, settings.denominator)?;
        self.history.before_step(self.step, decoder, &self.optimizer)?;
        let before = self.method.clone();
        let done = together(|| self.try_step(decoder, examples, settings, denominator, recorder, cancel));
        if done.is_err() && self.method != before && self.history.nearest(self.step) == Some(self.step) {
            self.restore(decoder, self.step)?;
        }
        done
    }

    fn try_step(
        &mut self,
        decoder: &mut Decoder,
        examples: &[Arc<Example>],
        settings: &Settings,
        denominator: f64,
        mut recorder: Option<&mut Recorder>,
        cancel: &Cancel,
    ) -> Result<StepReport, TrainError> {
        let start = Instant::now();
        self.prepare(decoder, settings)?;
        let rows = recorder.as_deref_mut().map(|recorder| recorder.rows_under(denominator));
        let (loss, grad_norm, parts) = self.evaluate(decoder, examples, denominator, rows, cancel)?;
        if let Some(recorder) = &mut recorder {
            recorder.take_squares(self.gradients.square_sums());
        }
        let step = self.step + 1;
        let clipped = settings.clip > 0.0 && grad_norm > settings.clip;
        // PyTorch's clip_grad_norm_ adds the same 1e-6.
        let scale = if clipped { settings.clip / (grad_norm + 1e-6) } else { 1.0 };
        let lr = settings.lr_at(step);
        self.optimizer.update(&self.parameters, self.gradients.finished(), settings, [lr, scale], recorder)?;
        self.step = step;
        self.has_moved_base |= !matches!(settings.method, Method::Lora(_));
        self.history.record(Record { settings: Arc::new(settings.clone()), examples: examples.into() });
        let scored = examples.iter().map(|example| example.scored()).sum();
        let tokens = examples.iter().map(|example| example.ids.len()).sum();
        let seconds = start.elapsed().as_secs_f64();
        Ok(StepReport { step, loss, scored, tokens, grad_norm, clipped, lr, seconds, parts })
    }

    /// Whether a further step on these examples would find a finite loss and gradient, as good weights do; moves nothing.
    /// To be asked of a method that has taken a step.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn check(
        &mut self,
        decoder: &Decoder,
        examples: &[Arc<Example>],
        settings: &Settings,
        cancel: &Cancel,
    ) -> Result<(), TrainError> {
        let denominator = denominator(examples, settings.denominator)?;
        together(|| self.evaluate(decoder, examples, denominator, None, cancel)).map(drop)
    }

    /// The loss, the gradient's norm and that of each part of the model; all finite.
    fn evaluate(
        &mut self,
        decoder: &Decoder,
        examples: &[Arc<Example>],
        denominator: f64,
        rows: Option<&mut [RowRecorder]>,
        cancel: &Cancel,
    ) -> Result<(f64, f64, Vec<GradientNorm>), TrainError> {
        let loss = self.differentiate(decoder, examples, denominator, rows, cancel)? / denominator;
        let (grad_norm, parts) = self.norms();
        let broken = [("loss", loss), ("gradient", grad_norm)].into_iter().find(|(_, value)| !value.is_finite());
        match broken {
            Some((what, _)) => Err(TrainError::NotFinite { what, step: self.step + 1 }),
            None => Ok((loss, grad_norm, parts)),
        }
    }

    /// Makes the weights those after step `to` again, bit for bit: from the nearest kept state before it, by taking the
    /// steps from there once more. `on_progress` gets 0…1.
    ///
    /// # Errors
    /// A step that is ahead, or further back than what is kept; cancelled, which leaves the weights at an earlier step
    /// than asked for (see [`steps`](Self::steps)).
    pub fn rewind(
        &mut self,
        decoder: &mut Decoder,
        to: usize,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(f32),
    ) -> Result<(), TrainError> {
        let Some(from) = self.history.nearest(to).filter(|_| to <= self.step) else {
            return Err(TrainError::OutOfReach { step: to, oldest: self.oldest(), newest: self.step });
        };
        if to == self.step {
            return Ok(());
        }
        self.restore(decoder, from)?;
        let records = self.history.records(from..to);
        self.history.forget_after(from);
        for (i, record) in records.iter().enumerate() {
            on_progress(i as f32 / records.len() as f32);
            self.step(decoder, &record.examples, &record.settings, cancel)?;
        }
        Ok(())
    }

    /// What `work` makes of the weights after step `step`, if they are kept; no step is taken for it. Afterwards the weights
    /// are the present ones, to the bit, whatever came of it.
    ///
    /// # Errors
    /// A step whose weights are not kept, see [`nearest`](Self::nearest). Where weights on a device cannot be written, the
    /// decoder is of no more use.
    pub fn look_back<R>(
        &mut self,
        decoder: &mut Decoder,
        step: usize,
        work: impl FnOnce(&Decoder) -> R,
    ) -> Result<R, TrainError> {
        if step == self.step {
            return Ok(work(decoder));
        }
        if step > self.step || !self.history.exchange(decoder, step)? {
            return Err(TrainError::NotKept { step });
        }
        let made = work(decoder);
        self.history.exchange(decoder, step)?;
        Ok(made)
    }

    /// The steps nearest to `step`, before and after it, whose weights are there to [look back](Self::look_back) at.
    pub fn nearest(&self, step: usize) -> [Option<usize>; 2] {
        let [before, after] = self.history.beside(step);
        [before, after.or((step < self.step).then_some(self.step))]
    }

    /// The exact base weights, no adapters, nothing remembered.
    ///
    /// # Errors
    /// If the base weights were not kept.
    pub fn reset(&mut self, decoder: &mut Decoder) -> Result<(), TrainError> {
        if self.step > 0 && self.history.nearest(0).is_none() {
            return Err(TrainError::OutOfReach { step: 0, oldest: self.step, newest: self.step });
        }
        self.restore(decoder, 0)?;
        self.history.forget_after(0);
        Ok(())
    }

    /// Goes on from a saved state: the optimizer's memory and the number of steps taken. The weights, adapters
    /// included, are to be in the decoder already.
    ///
    /// # Errors
    /// If the state does not belong to the method's parameters.
    pub fn resume(
        &mut self,
        decoder: &mut Decoder,
        settings: &Settings,
        optimizer: OptimizerState,
        step: usize,
    ) -> Result<(), TrainError> {
        self.method = Some(settings.method.clone());
        self.collect(decoder, &settings.method)?;
        let lengths = |moments: &[Vec<f32>]| moments.iter().map(Vec::len).collect::<Vec<_>>();
        let expected: Vec<usize> = self.parameters.iter().map(|parameter| parameter.tensor.elem_count()).collect();
        for moments in [&optimizer.first, &optimizer.second] {
            if !moments.is_empty() && lengths(moments) != expected {
                return Err(TrainError::Method("the saved optimizer state belongs to other weights".into()));
            }
        }
        (self.optimizer, self.step) = (optimizer, step);
        self.history.begin_at(step);
        self.history.set_method(settings.method.clone());
        if !matches!(settings.method, Method::Lora(_)) {
            self.history.keep_base(decoder, &settings.method)?;
        }
        Ok(())
    }

    fn restore(&mut self, decoder: &mut Decoder, step: usize) -> Result<(), TrainError> {
        let (method, optimizer) = self.history.restore(decoder, step)?;
        self.step = step;
        self.has_moved_base &= step > self.history.start();
        self.method = method;
        match self.method.clone() {
            Some(method) => self.collect(decoder, &method)?,
            None => (self.parameters, self.gradients) = Default::default(),
        }
        self.optimizer = optimizer;
        Ok(())
    }

    /// Makes the settings' method the current one: what an adapter of another one has learned goes into the weights,
    /// and the optimizer begins anew, as it does when it is another one.
    fn prepare(&mut self, decoder: &mut Decoder, settings: &Settings) -> Result<(), TrainError> {
        if self.method.as_ref() == Some(&settings.method) {
            if !self.optimizer.fits(settings.optimizer) {
                self.optimizer = OptimizerState::new(settings.optimizer);
            }
            return Ok(());
        }
        // Checked before anything changes.
        let adapters = match &settings.method {
            Method::Lora(lora) => new_adapters(decoder, lora, settings.seed)?,
            other => parameters(decoder, other).map(|_| Vec::new())?,
        };
        self.history.keep_base(decoder, &settings.method)?;
        self.has_moved_base |= !decoder.adapters().is_empty();
        decoder.merge_adapters()?;
        decoder.attach(adapters)?;
        self.method = Some(settings.method.clone());
        self.history.set_method(settings.method.clone());
        self.optimizer = OptimizerState::new(settings.optimizer);
        self.collect(decoder, &settings.method)
    }

    fn collect(&mut self, decoder: &Decoder, method: &Method) -> Result<(), TrainError> {
        self.parameters = parameters(decoder, method)?;
        self.gradients = Gradients::new(self.parameters.iter().map(|parameter| &parameter.tensor));
        Ok(())
    }

    /// Sums the gradients of all examples and returns Σ w·nll; `rows` has a recorder for each.
    fn differentiate(
        &mut self,
        decoder: &Decoder,
        examples: &[Arc<Example>],
        denominator: f64,
        rows: Option<&mut [RowRecorder]>,
        cancel: &Cancel,
    ) -> Result<f64, TrainError> {
        self.gradients.clear();
        let pass = Pass { backward: self.backward, decoder, parameters: &self.parameters, denominator };
        let gradients = &mut self.gradients;
        let mut recorders = rows.into_iter().flatten();
        let mut sum = 0.0;
        for example in examples {
            sum += pass.of(example, gradients, recorders.next(), cancel)?;
        }
        Ok(sum)
    }

    /// The gradient's norm, of all parameters and of each part of the model.
    fn norms(&mut self) -> (f64, Vec<GradientNorm>) {
        let squares = self.gradients.square_sums();
        let mut parts: Vec<(super::Part, f64)> = Vec::new();
        for (parameter, square) in self.parameters.iter().zip(&squares) {
            match parts.iter_mut().find(|(part, _)| *part == parameter.part) {
                Some((_, sum)) => *sum += square,
                None => parts.push((parameter.part, *square)),
            }
        }
        parts.sort_by_key(|(part, _)| *part);
        let norm = |(part, sum): (super::Part, f64)| GradientNorm { part: part.to_string(), norm: sum.sqrt() };
        (squares.iter().sum::<f64>().sqrt(), parts.into_iter().map(norm).collect())
    }
}

/// What Σ w·nll of all the examples is divided by.
pub(super) fn denominator(examples: &[Arc<Example>], denominator: Denominator) -> Result<f64, TrainError> {
    let targets = || examples.iter().flat_map(|example| example.targets().map(|(_, weight)| weight));
    if let Some(weight) = targets().find(|weight| !weight.is_finite() || *weight < 0.0) {
        return Err(TrainError::Weight(weight));
    }
    let scored = targets().filter(|&weight| weight != 0.0).count();
    if scored == 0 {
        return Err(TrainError::NothingScored);
    }
    Ok(match denominator {
        Denominator::Scored => scored as f64,
        Denominator::Weights => targets().sum(),
        Denominator::All => targets().count() as f64,
        Denominator::Sum => 1.0,
    })
}
