//! What it takes to go back: the base weights, states kept along the way, and every step's settings and examples.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::optimizer::OptimizerState;
use super::parameters::{exchange_values, parameters, set_values, values};
use super::{Example, Method, Optimizer, Settings, TrainError};
use crate::decoder::{Adapter, Decoder};

/// A state larger than this is kept only after every [`APART`] steps; those between are reached by replay.
const LARGE: usize = 256 << 20;
const APART: usize = 8;

/// How a step was taken.
#[derive(Clone, Debug)]
pub struct Record {
    pub settings: Arc<Settings>,
    pub examples: Arc<[Arc<Example>]>,
}

/// The way back. Without a budget nothing is kept.
#[derive(Debug, Default)]
pub struct History {
    /// Bytes that states may take, beside the base weights.
    budget: Option<usize>,
    /// A step that is likely to be gone back to, and how large a state may be that is kept for it beyond the budget.
    wanted: Option<usize>,
    most_wanted: usize,
    /// Where the run began: 0, or the step it was resumed at.
    start: usize,
    method: Option<Method>,
    /// Base values of every weight that a method of this run has moved, in the order in which they first were.
    base: Vec<(String, Vec<f32>)>,
    states: BTreeMap<usize, State>,
    /// `records[i]` is step start + i + 1.
    records: Vec<Record>,
}

/// Weights and optimizer after a step.
#[derive(Debug)]
struct State {
    method: Option<Method>,
    /// Of the first so many weights of `base`; the others had their base values.
    values: Vec<Vec<f32>>,
    adapters: Vec<(String, Adapter)>,
    optimizer: OptimizerState,
}

impl State {
    fn bytes(&self) -> usize {
        let adapters = self.adapters.iter().map(|(_, adapter)| adapter.a.elem_count() + adapter.b.elem_count());
        let values = self.values.iter().map(Vec::len);
        4 * values.chain(adapters).sum::<usize>() + self.optimizer.bytes()
    }
}

impl History {
    pub fn new(budget: Option<usize>) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Nothing before this step is known.
    pub fn begin_at(&mut self, step: usize) {
        *self = Self { budget: self.budget, most_wanted: self.most_wanted, start: step, ..Self::default() };
    }

    /// What leads to that step stays, as long as its state takes at most `most` bytes.
    pub fn keep(&mut self, step: Option<usize>, most: usize) {
        (self.wanted, self.most_wanted) = (step, most);
    }

    /// Where the run began.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The earliest step that can be reached from `now`.
    pub fn oldest(&self, now: usize) -> usize {
        self.states.keys().next().map_or(now, |&step| step.min(now))
    }

    /// The latest kept state at or before `step`.
    pub fn nearest(&self, step: usize) -> Option<usize> {
        self.states.range(..=step).next_back().map(|(&step, _)| step)
    }

    /// How the steps after `range.start` up to `range.end` were taken.
    pub fn records(&self, range: Range<usize>) -> Vec<Record> {
        self.records[range.start - self.start..range.end - self.start].to_vec()
    }

    /// What came after this step is undone.
    pub fn forget_after(&mut self, step: usize) {
        self.states.retain(|&kept, _| kept <= step);
        self.records.truncate(step.saturating_sub(self.start));
    }

    pub fn record(&mut self, record: Record) {
        if self.budget.is_some() {
            self.records.push(record);
        }
    }

    pub fn set_method(&mut self, method: Method) {
        self.method = Some(method);
    }

    /// Keeps the base values of the weights that a method is about to move, as far as they are not kept yet.
    pub fn keep_base(&mut self, decoder: &Decoder, method: &Method) -> Result<(), TrainError> {
        if self.budget.is_none() {
            return Ok(());
        }
        let mut names: Vec<String> = match method {
            Method::Lora(_) => Vec::new(),
            other => parameters(decoder, other)?.into_iter().map(|parameter| parameter.name).collect(),
        };
        // Adapters that are there will go into their projections' weights.
        names.extend(decoder.adapters().into_iter().map(|(name, _)| format!("{name}.weight")));
        for named in decoder.named_tensors() {
            if names.contains(&named.name) && !self.base.iter().any(|(kept, _)| *kept == named.name) {
                self.base.push((named.name.clone(), values(&named.tensor)?));
            }
        }
        Ok(())
    }

    /// Keeps the state before a step, unless it is large and a recent one is kept.
    pub fn before_step(
        &mut self,
        step: usize,
        decoder: &Decoder,
        optimizer: &OptimizerState,
    ) -> Result<(), TrainError> {
        let Some(budget) = self.budget else { return Ok(()) };
        if let Some((&last, state)) = self.states.last_key_value()
            && (step <= last || (state.bytes() > LARGE && step < last + APART))
        {
            return Ok(());
        }
        let tensor = |name: &str| decoder.named_tensors().iter().find(|named| named.name == name);
        let moved = self.base.iter().filter_map(|(name, _)| tensor(name));
        // Before the first step the weights are the base's.
        let kept = if step == self.start {
            Vec::new()
        } else {
            moved.map(|named| values(&named.tensor)).collect::<Result<_, _>>()?
        };
        let copy = |(name, Adapter { a, b, scale }): (String, Adapter)| {
            Ok((name, Adapter { a: a.copy()?, b: b.copy()?, scale }))
        };
        let adapters = decoder.adapters().into_iter().map(copy).collect::<Result<Vec<_>, candle_core::Error>>()?;
        let (method, optimizer) = (self.method.clone(), optimizer.clone());
        self.states.insert(step, State { method, values: kept, adapters, optimizer });
        self.thin(budget);
        Ok(())
    }

    /// Drops states until they fit the budget, where the gap that is left is smallest; never the first, the newest, and
    /// the one that leads to the step that is wanted.
    fn thin(&mut self, budget: usize) {
        let wanted = self.wanted.and_then(|step| self.nearest(step));
        let wanted = wanted.filter(|step| self.states[step].bytes() <= self.most_wanted);
        let counted = |states: &BTreeMap<usize, State>| -> usize {
            states.iter().filter(|(step, _)| Some(**step) != wanted).map(|(_, state)| state.bytes()).sum()
        };
        while counted(&self.states) > budget {
            let steps: Vec<usize> = self.states.keys().copied().filter(|step| Some(*step) != wanted).collect();
            let Some(least) = steps.windows(3).min_by_key(|window| window[2] - window[0]).map(|window| window[1])
            else {
                break;
            };
            self.states.remove(&least);
        }
    }

    /// The kept states next to `step`, that of `step` itself left out: the latest before it, the first after it.
    pub fn beside(&self, step: usize) -> [Option<usize>; 2] {
        let after = self.states.range(step + 1..).next().map(|(&step, _)| step);
        [self.states.range(..step).next_back().map(|(&step, _)| step), after]
    }

    /// Exchanges the decoder's weights with those of the state kept of `step`, without a copy of either; done once more,
    /// both are what they were, to the bit. Whether such a state is kept.
    pub fn exchange(&mut self, decoder: &mut Decoder, step: usize) -> Result<bool, TrainError> {
        let Some(state) = self.states.get_mut(&step) else { return Ok(false) };
        // Weights that only later steps moved had their base values.
        for (i, (name, base)) in self.base.iter_mut().enumerate() {
            if let Some(named) = decoder.named_tensors().iter().find(|named| named.name == *name) {
                exchange_values(&named.tensor, state.values.get_mut(i).unwrap_or(base))?;
            }
        }
        let present = decoder.adapters();
        decoder.detach_adapters();
        decoder.attach(std::mem::replace(&mut state.adapters, present))?;
        Ok(true)
    }

    /// Writes a kept state back into the decoder; returns its method and optimizer.
    pub fn restore(
        &mut self,
        decoder: &mut Decoder,
        step: usize,
    ) -> Result<(Option<Method>, OptimizerState), TrainError> {
        let nothing = || (None, OptimizerState::new(Optimizer::AdamW));
        let Some(state) = self.states.get(&step) else { return Ok(nothing()) };
        for (i, (name, base)) in self.base.iter().enumerate() {
            if let Some(named) = decoder.named_tensors().iter().find(|named| named.name == *name) {
                set_values(&named.tensor, state.values.get(i).unwrap_or(base))?;
            }
        }
        let copy = |(name, Adapter { a, b, scale }): &(String, Adapter)| {
            Ok((name.clone(), Adapter { a: a.copy()?, b: b.copy()?, scale: *scale }))
        };
        let adapters = state.adapters.iter().map(copy).collect::<Result<Vec<_>, candle_core::Error>>()?;
        decoder.detach_adapters();
        decoder.attach(adapters)?;
        self.method = state.method.clone();
        Ok((state.method.clone(), state.optimizer.clone()))
    }
}
