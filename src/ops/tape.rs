//! The backward pass of the fused operations.
//!
//! candle's own adds every gradient to a fresh tensor of zeros and keeps one tensor for each weight's gradient. Here an
//! operation writes down, as it runs, how its gradient is computed (a Wengert list); the list is walked from its end,
//! what nobody needs any more is freed on the way, and weights' gradients are summed where they stay, in [`Gradients`].

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use candle_core::{Result, Tensor, TensorId};
use rayon::prelude::*;

use super::matmul::{Sum, To, View, compute};
use super::simd::square_sum;
use super::values::add_to;
use crate::cancel::Cancel;

/// What ran in one forward pass, as far as it depends on the parameters.
#[derive(Default)]
pub struct Tape {
    /// The parameters, and every result that depends on one.
    tracked: RefCell<HashSet<TensorId>>,
    nodes: RefCell<Vec<Node>>,
}

/// From the gradients of an operation's results, of those that have one, to those of its inputs.
type Backward = Box<dyn FnOnce(Vec<Option<Vec<f32>>>, &mut Sink<'_>) -> Result<()>>;

struct Node {
    outputs: Vec<TensorId>,
    backward: Backward,
}

impl Tape {
    /// An empty tape for the gradients of the parameters in `gradients`.
    pub fn new(gradients: &Gradients) -> Self {
        Self { tracked: RefCell::new(gradients.index.keys().copied().collect()), nodes: RefCell::default() }
    }

    /// Whether the gradient of `tensor` leads to a parameter.
    pub fn tracks(&self, tensor: &Tensor) -> bool {
        self.tracked.borrow().contains(&tensor.id())
    }

    /// Adds dL/dθ of every parameter θ to `gradients`, from `seed` = dL/d`output`.
    ///
    /// # Errors
    /// If an operation fails, or the seed is of another size than the output. Returns `false` after `cancel`, when `gradients` is half done.
    pub fn backward(self, output: &Tensor, seed: Vec<f32>, gradients: &mut Gradients, cancel: &Cancel) -> Result<bool> {
        if seed.len() != output.elem_count() {
            candle_core::bail!("backward: {} gradients for an output of {:?}", seed.len(), output.dims());
        }
        let tracked = self.tracked.into_inner();
        let mut sink = Sink { tracked: &tracked, activations: HashMap::from([(output.id(), seed)]), gradients };
        for node in self.nodes.into_inner().into_iter().rev() {
            if cancel.is_cancelled() {
                return Ok(false);
            }
            let found: Vec<_> = node.outputs.iter().map(|output| sink.activations.remove(output)).collect();
            if found.iter().any(Option::is_some) {
                (node.backward)(found, &mut sink)?;
            }
        }
        Ok(true)
    }
}

/// Writes an operation down if any of its inputs leads to a parameter; `backward` is made only then.
pub(super) fn record<B>(tape: Option<&Tape>, inputs: &[&Tensor], output: &Tensor, backward: impl FnOnce() -> B)
where
    B: FnOnce(Vec<f32>, &mut Sink<'_>) -> Result<()> + 'static,
{
    record_all(tape, inputs, std::slice::from_ref(output), || {
        let backward = backward();
        move |mut gradients, sink| match gradients.pop().flatten() {
            Some(gradient) => backward(gradient, sink),
            None => Ok(()),
        }
    });
}

/// The same for an operation with several results.
pub(super) fn record_all<B>(tape: Option<&Tape>, inputs: &[&Tensor], outputs: &[Tensor], backward: impl FnOnce() -> B)
where
    B: FnOnce(Vec<Option<Vec<f32>>>, &mut Sink<'_>) -> Result<()> + 'static,
{
    let Some(tape) = tape.filter(|tape| inputs.iter().any(|input| tape.tracks(input))) else { return };
    let outputs: Vec<_> = outputs.iter().map(Tensor::id).collect();
    tape.tracked.borrow_mut().extend(&outputs);
    tape.nodes.borrow_mut().push(Node { outputs, backward: Box::new(backward()) });
}

/// Where gradients go during a backward pass.
pub(super) struct Sink<'a> {
    tracked: &'a HashSet<TensorId>,
    activations: HashMap<TensorId, Vec<f32>>,
    gradients: &'a mut Gradients,
}

impl Sink<'_> {
    /// Whether the gradient of this tensor leads to a parameter.
    pub fn wants(&self, id: TensorId) -> bool {
        self.tracked.contains(&id)
    }

    /// Adds a gradient of a tensor; one that nobody wants is dropped.
    pub fn give(&mut self, id: TensorId, gradient: Vec<f32>) {
        if let Some(&i) = self.gradients.index.get(&id) {
            self.gradients
                .add(i, |sum, is_first| if is_first { sum.copy_from_slice(&gradient) } else { add_to(sum, &gradient) });
        } else if self.wants(id) {
            match self.activations.get_mut(&id) {
                Some(sum) => add_to(sum, &gradient),
                None => drop(self.activations.insert(id, gradient)),
            }
        }
    }

    /// Lets `write` add a gradient of a tensor of `len` values where the sum is kept: `write(sum, is_first)` overwrites
    /// what it finds if it is the first, and must write every value then.
    pub fn add(&mut self, id: TensorId, len: usize, write: impl FnOnce(&mut [f32], bool)) {
        if let Some(&i) = self.gradients.index.get(&id) {
            self.gradients.add(i, write);
        } else if self.wants(id) {
            let is_first = !self.activations.contains_key(&id);
            write(self.activations.entry(id).or_insert_with(|| vec![0.0; len]), is_first);
        }
    }

    /// Adds products a·b, all computed together; those of one tensor are summed on the way. What nobody wants is left out.
    pub fn add_products(&mut self, products: Vec<(TensorId, [View; 2])>) {
        let mut wanted: Vec<(TensorId, Vec<[View; 2]>)> = Vec::new();
        for (id, product) in products.into_iter().filter(|(id, _)| self.wants(*id)) {
            match wanted.iter_mut().find(|(known, _)| *known == id) {
                Some((_, products)) => products.push(product),
                None => wanted.push((id, vec![product])),
            }
        }
        let mut taken: Vec<_> = wanted.iter().map(|(id, _)| self.take(*id)).collect();
        let sums = wanted.iter().zip(&mut taken).map(|((id, terms), (sum, is_first))| {
            let to = if *is_first { To::New(sum) } else { To::Added(sum) };
            Sum { is_measured: self.gradients.index.contains_key(id), ..Sum::to(to, terms.clone()) }
        });
        let squares = compute(&mut sums.collect::<Vec<_>>());
        for (((id, _), (sum, _)), squares) in wanted.into_iter().zip(taken).zip(squares) {
            match self.gradients.index.get(&id) {
                Some(&i) => self.gradients.put(i, sum, squares),
                None => drop(self.activations.insert(id, sum)),
            }
        }
    }

    /// A tensor's gradient as far as it is known, and whether nothing is.
    fn take(&mut self, id: TensorId) -> (Vec<f32>, bool) {
        match self.gradients.index.get(&id) {
            Some(&i) => self.gradients.take(i),
            None => self.activations.remove(&id).map_or((Vec::new(), true), |sum| (sum, false)),
        }
    }

    /// Adds `grad [rows, width]` to the rows `rows`, one after another, of a tensor `[n, width]`.
    pub fn add_rows(&mut self, id: TensorId, [n, width]: [usize; 2], rows: &[u32], grad: &[f32]) {
        match self.gradients.index.get(&id) {
            Some(&i) => self.gradients.add_rows(i, width, rows, grad),
            None => self.add(id, n * width, |sum, is_first| {
                add_rows(sum, is_first, width, rows, grad);
            }),
        }
    }
}

/// Adds `grad` to the rows of `sum` and returns by how much that changes Σ sum².
fn add_rows(sum: &mut [f32], is_first: bool, width: usize, rows: &[u32], grad: &[f32]) -> f64 {
    if is_first {
        sum.fill(0.0);
    }
    let mut change = 0.0;
    for (&row, grad) in rows.iter().zip(grad.chunks(width)) {
        let sum = &mut sum[row as usize * width..][..width];
        let before = square_sum(sum);
        sum.iter_mut().zip(grad).for_each(|(sum, g)| *sum += g);
        change += square_sum(sum) - before;
    }
    change
}

/// The sum of the parameters' gradients over backward passes, f32, in buffers that stay.
#[derive(Debug, Default)]
pub struct Gradients {
    index: HashMap<TensorId, usize>,
    lengths: Vec<usize>,
    /// Allocated when first written.
    buffers: Vec<Vec<f32>>,
    /// Whether a buffer holds something of this sum.
    written: Vec<bool>,
    /// Σ of a buffer's squares, where it was found as the buffer was written.
    squares: Vec<Option<f64>>,
}

impl Gradients {
    /// Of these parameters, in this order.
    pub fn new<'a>(parameters: impl IntoIterator<Item = &'a Tensor>) -> Self {
        let mut gradients = Self::default();
        for (i, tensor) in parameters.into_iter().enumerate() {
            gradients.index.insert(tensor.id(), i);
            gradients.lengths.push(tensor.elem_count());
            gradients.buffers.push(Vec::new());
            gradients.written.push(false);
            gradients.squares.push(None);
        }
        gradients
    }

    /// Begins a new sum.
    pub fn clear(&mut self) {
        self.written.fill(false);
    }

    /// The sum for parameter `i`; zeros where no backward pass reached it.
    pub fn get_mut(&mut self, i: usize) -> &mut [f32] {
        self.add(i, |sum, is_first| {
            if is_first {
                sum.fill(0.0);
            }
        });
        &mut self.buffers[i]
    }

    /// Lets `write` add to the sum for parameter `i` where it is kept: `write(sum, is_first)` overwrites what it finds if it
    /// is the first, and must write every value then.
    pub fn add(&mut self, i: usize, write: impl FnOnce(&mut [f32], bool)) {
        self.squares[i] = None;
        let (sum, is_first) = self.open(i);
        write(sum, is_first);
    }

    /// Adds the product a·b to the sum for parameter `i`.
    pub fn add_product(&mut self, i: usize, a: View, b: View) {
        let (mut sum, is_first) = self.take(i);
        let to = if is_first { To::New(&mut sum) } else { To::Added(&mut sum) };
        let squares = compute(&mut [Sum { is_measured: true, ..Sum::to(to, vec![[a, b]]) }]);
        self.put(i, sum, squares.into_iter().flatten().next());
    }

    /// The buffer of parameter `i`, to be [`put`](Self::put) back, and whether nothing of this sum was written to it so far.
    fn take(&mut self, i: usize) -> (Vec<f32>, bool) {
        (std::mem::take(&mut self.buffers[i]), !self.written[i])
    }

    /// Puts the buffer of parameter `i` back, and Σ of its squares if it is known.
    fn put(&mut self, i: usize, sum: Vec<f32>, squares: Option<f64>) {
        (self.buffers[i], self.written[i], self.squares[i]) = (sum, true, squares);
    }

    /// Adds `grad [rows, width]` to rows of the sum for parameter `i`, which is a matrix of that width.
    fn add_rows(&mut self, i: usize, width: usize, rows: &[u32], grad: &[f32]) {
        let (sum, is_first) = self.open(i);
        let change = add_rows(sum, is_first, width, rows, grad);
        self.squares[i] = match is_first {
            true => Some(change),
            false => self.squares[i].map(|squares| squares + change),
        };
    }

    /// The buffer of parameter `i`, and whether nothing of this sum was written to it so far.
    fn open(&mut self, i: usize) -> (&mut [f32], bool) {
        if self.buffers[i].is_empty() {
            self.buffers[i] = vec![0.0; self.lengths[i]];
        }
        let is_first = !std::mem::replace(&mut self.written[i], true);
        (&mut self.buffers[i], is_first)
    }

    /// Which buffer a parameter has.
    pub(super) fn index_of(&self, tensor: &Tensor) -> Option<usize> {
        self.index.get(&tensor.id()).copied()
    }

    /// The sums of all parameters, by parameter; zeros where no backward pass reached one.
    pub fn finished(&mut self) -> &[Vec<f32>] {
        for i in 0..self.buffers.len() {
            if !self.written[i] {
                self.get_mut(i);
            }
        }
        &self.buffers
    }

    /// Σ g² of every parameter's finished gradient, in f32 over short runs and in f64 over all.
    pub fn square_sums(&mut self) -> Vec<f64> {
        self.finished();
        let known = self.squares.par_iter().zip(&self.buffers);
        known.map(|(squares, buffer)| trusted(*squares).unwrap_or_else(|| square_sum(buffer))).collect()
    }
}

/// The squares' sum if f32 held what it was made of: neither too large, nor so small that squares vanish.
fn trusted(squares: Option<f64>) -> Option<f64> {
    squares.filter(|squares| squares.is_finite() && *squares > 1e-24)
}
