//! What one checkpoint has gained on another, tensor by tensor.

use candle_core::{Device, Result as CandleResult, Tensor};
use rayon::prelude::*;

use super::coder::{Decoder, Encoder, Expected};
use super::directions::directions;

/// Vectors are few, and each of their values is in every token's way: their steps are finer by so much.
const OF_VECTORS: f64 = 1.0 / 32.0;
/// A direction whose values are this much of a step on average is left out: few would round to anything.
const FAINT: f64 = 0.35;
/// What is nearer to 0 than this, in steps, is 0: it costs less and is hardly worse.
const NEAR: f32 = 0.6;

/// What the tensors of a model have gained, ready to be rounded more or less coarsely.
#[derive(Debug)]
pub struct Gained(Vec<Spread>);

/// A difference in the directions in which it is spread.
#[derive(Debug)]
struct Spread {
    /// Long side by short side.
    matrix: Tensor,
    /// The root of the sum of squares along each direction, the widest first.
    widths: Vec<f64>,
    /// One a row.
    directions: Vec<Vec<f64>>,
    /// How large the weights are themselves.
    scale: f64,
}

/// Rows and columns of a tensor: of a vector one column.
fn sides(shape: &[usize]) -> (usize, usize) {
    let columns = if shape.len() > 1 { shape[shape.len() - 1] } else { 1 };
    (shape.iter().product::<usize>() / columns.max(1), columns)
}

impl Gained {
    /// What `after` has that `before` has not: each tensor's shape and values, in the same order.
    ///
    /// # Errors
    /// If there is no memory.
    pub fn new(shapes: &[Vec<usize>], before: &[Vec<f32>], after: &[Vec<f32>]) -> CandleResult<Self> {
        let all = shapes.par_iter().zip(before).zip(after);
        all.map(|((shape, before), after)| Spread::new(shape, before, after)).collect::<CandleResult<_>>().map(Self)
    }

    /// The difference, rounded to steps that are so much of the size of each tensor's weights.
    ///
    /// # Errors
    /// If there is no memory.
    pub fn rounded(&self, coarseness: f64) -> CandleResult<Vec<u8>> {
        let parts: Vec<Vec<u8>> =
            self.0.par_iter().map(|spread| spread.rounded(coarseness * spread.scale)).collect::<CandleResult<_>>()?;
        Ok(parts.concat())
    }
}

impl Spread {
    fn new(shape: &[usize], before: &[f32], after: &[f32]) -> CandleResult<Self> {
        let (rows, columns) = sides(shape);
        let gained: Vec<f32> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        let matrix = Tensor::from_vec(gained, (rows, columns), &Device::Cpu)?;
        let matrix = if rows < columns { matrix.t()?.contiguous()? } else { matrix };
        let square: Vec<f32> = matrix.t()?.contiguous()?.matmul(&matrix)?.flatten_all()?.to_vec1()?;
        let (squares, directions) = directions(square.into_iter().map(f64::from).collect(), rows.min(columns));
        let mean = after.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / after.len().max(1) as f64;
        let finer = if columns == 1 { OF_VECTORS } else { 1.0 };
        Ok(Self {
            matrix,
            widths: squares.into_iter().map(f64::sqrt).collect(),
            directions,
            scale: finer * mean.sqrt(),
        })
    }

    fn rounded(&self, step: f64) -> CandleResult<Vec<u8>> {
        let (long, short) = self.matrix.dims2()?;
        let faint = FAINT * step * (long as f64).sqrt();
        let kept = self.widths.iter().take_while(|&&width| width > faint).count();
        // What no direction has taken yet: rounded directions overlap a little, and what one took is not another's.
        let mut left: Vec<f32> = self.matrix.flatten_all()?.to_vec1()?;
        let (mut encoder, mut expected) = (Encoder::new(), [Expected::default(), Expected::default()]);
        let mut gains = Vec::new();
        for (direction, width) in self.directions[..kept].iter().zip(&self.widths) {
            let direction: Vec<i32> = direction.iter().map(|part| (width * part / step).round() as i32).collect();
            let length = length(&direction).max(1.0);
            let far: Vec<f32> = left.chunks(short).map(|row| dot(row, &direction) / length).collect();
            let steps: Vec<i32> = far.iter().map(|&value| nearest(value / step as f32)).collect();
            let (product, square) = far.iter().zip(&steps).fold((0.0, 0.0), |(product, square), (&value, &steps)| {
                (product + f64::from(value) * f64::from(steps), square + f64::from(steps).powi(2))
            });
            let gain = (product / f64::max(square, 1.0)) as f32 / length;
            for (row, &steps) in left.chunks_mut(short).zip(&steps) {
                row.iter_mut().zip(&direction).for_each(|(left, &part)| *left -= gain * part as f32 * steps as f32);
            }
            gains.push(gain);
            direction.iter().for_each(|&value| encoder.put(value, &mut expected[0]));
            steps.iter().for_each(|&value| encoder.put(value, &mut expected[1]));
        }
        let codes = encoder.finish();
        let mut bytes = u32::try_from(kept).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        bytes.extend(u32::try_from(codes.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(gains.iter().flat_map(|gain| gain.to_le_bytes()));
        bytes.extend(codes);
        Ok(bytes)
    }
}

fn length(direction: &[i32]) -> f32 {
    direction.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
}

fn dot(row: &[f32], direction: &[i32]) -> f32 {
    row.iter().zip(direction).map(|(value, &part)| value * part as f32).sum()
}

fn nearest(value: f32) -> i32 {
    let steps = (value.abs() + 1.0 - NEAR).floor() as i32;
    if value < 0.0 { -steps } else { steps }
}

/// A decoded difference, ready to be added.
#[derive(Debug)]
pub struct Change(Vec<Option<Product>>);

/// What a tensor gains: the product of directions `[kept, short]` and how far each line goes along them, `[kept, long]`.
#[derive(Debug)]
struct Product {
    directions: Tensor,
    far: Tensor,
}

impl Change {
    /// Decodes what the next checkpoint has gained.
    ///
    /// # Errors
    /// What is wrong with the difference, in words.
    pub fn read(shapes: &[Vec<usize>], mut difference: &[u8]) -> Result<Self, String> {
        let parts: Option<Vec<Part<'_>>> = shapes.iter().map(|shape| Part::read(shape, &mut difference)).collect();
        let parts = parts.filter(|_| difference.is_empty()).ok_or("its differences are not those of this model")?;
        let each = shapes.par_iter().zip(parts);
        each.map(|(shape, part)| part.product(shape)).collect::<CandleResult<_>>().map(Self).map_err(|e| e.to_string())
    }

    /// Adds it to the values of each tensor.
    ///
    /// # Errors
    /// If there is no memory; the values are then worth nothing.
    pub fn add_to(&self, shapes: &[Vec<usize>], values: &mut [Vec<f32>]) -> CandleResult<()> {
        let each = shapes.par_iter().zip(values).zip(&self.0);
        each.try_for_each(|((shape, values), product)| match product {
            Some(product) => product.add_to(shape, values),
            None => Ok(()),
        })
    }
}

/// Adds to the values of each tensor what the next checkpoint has gained.
///
/// # Errors
/// What is wrong with the difference, in words; the values are then worth nothing.
pub fn advance(shapes: &[Vec<usize>], values: &mut [Vec<f32>], difference: &[u8]) -> Result<(), String> {
    Change::read(shapes, difference)?.add_to(shapes, values).map_err(|error| error.to_string())
}

impl Product {
    fn add_to(&self, shape: &[usize], values: &mut [f32]) -> CandleResult<()> {
        let (rows, columns) = sides(shape);
        let Self { directions, far } = self;
        let gained = if rows < columns { directions.t()?.matmul(far)? } else { far.t()?.matmul(directions)? };
        let gained: Vec<f32> = gained.flatten_all()?.to_vec1()?;
        values.iter_mut().zip(gained).for_each(|(value, gained)| *value += gained);
        Ok(())
    }
}

/// A tensor's part of a difference, not decoded yet.
struct Part<'a> {
    gains: Vec<f32>,
    codes: &'a [u8],
}

impl<'a> Part<'a> {
    fn read(shape: &[usize], bytes: &mut &'a [u8]) -> Option<Self> {
        let (rows, columns) = sides(shape);
        let number = |bytes: &mut &'a [u8]| bytes.split_off(..4)?.try_into().ok().map(u32::from_le_bytes);
        let kept = number(bytes)? as usize;
        let length = number(bytes)? as usize;
        if kept > rows.min(columns) {
            return None;
        }
        let gains = bytes.split_off(..4 * kept)?.chunks_exact(4);
        let gains = gains.filter_map(|four| four.try_into().ok().map(f32::from_le_bytes)).collect();
        Some(Self { gains, codes: bytes.split_off(..length)? })
    }

    /// What the codes say; `None` of a tensor that has not moved.
    fn product(&self, shape: &[usize]) -> CandleResult<Option<Product>> {
        let ((rows, columns), kept) = (sides(shape), self.gains.len());
        if kept == 0 {
            return Ok(None);
        }
        let (long, short) = (rows.max(columns), rows.min(columns));
        let (mut decoder, mut expected) = (Decoder::new(self.codes), [Expected::default(), Expected::default()]);
        let (mut directions, mut far) = (Vec::with_capacity(kept * short), Vec::with_capacity(kept * long));
        let mut next = |which: usize| {
            let number = decoder.take(&mut expected[which]);
            number.map(|number| number as f32).ok_or_else(|| candle_core::Error::msg("its numbers are damaged"))
        };
        for gain in &self.gains {
            for _ in 0..short {
                directions.push(next(0)? * gain);
            }
            for _ in 0..long {
                far.push(next(1)?);
            }
        }
        let directions = Tensor::from_vec(directions, (kept, short), &Device::Cpu)?;
        Ok(Some(Product { directions, far: Tensor::from_vec(far, (kept, long), &Device::Cpu)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something of few directions, and a little of all.
    fn learned(rows: usize, columns: usize) -> Vec<f32> {
        let entry = |i: usize, j: usize| {
            let (i, j) = (i as f32, j as f32);
            (0.3 * i).sin() * (0.7 * j).cos() + 0.3 * (1.1 * i).cos() * (0.2 * j).sin() + 0.01 * (i * j).sin()
        };
        (0..rows * columns).map(|at| entry(at / columns, at % columns)).collect()
    }

    #[test]
    fn the_finer_the_steps_the_nearer_is_what_is_decoded() {
        let shapes = vec![vec![40, 24], vec![24, 40], vec![40], vec![8, 8]];
        let before: Vec<Vec<f32>> = shapes.iter().map(|shape| vec![0.5; shape.iter().product()]).collect();
        let gained = shapes.iter().map(|shape| learned(sides(shape).0, sides(shape).1));
        let mut after: Vec<Vec<f32>> =
            before.iter().zip(gained).map(|(old, new)| old.iter().zip(new).map(|(a, b)| a + b).collect()).collect();
        after[3] = before[3].clone(); // what has not moved costs next to nothing
        let gained = Gained::new(&shapes, &before, &after).expect("in memory");
        let mut last = (f32::INFINITY, 0);
        for coarseness in [1.0, 0.1, 0.01] {
            let bytes = gained.rounded(coarseness).expect("in memory");
            let mut values = before.clone();
            advance(&shapes, &mut values, &bytes).expect("decoded");
            let wrong = |(a, b): (&f32, &f32)| (a - b).powi(2);
            let error: f32 = values.concat().iter().zip(&after.concat()).map(wrong).sum();
            assert!(error < last.0 && bytes.len() > last.1, "{coarseness}: {error} in {} bytes", bytes.len());
            assert_eq!(values[3], after[3]);
            last = (error, bytes.len());
            let cut = advance(&shapes, &mut before.clone(), &bytes[..bytes.len() - 1]);
            assert!(cut.is_err_and(|why| why.contains("this model")));
        }
        assert!(last.0 / (after.concat().len() as f32) < 1e-4, "{last:?}");
    }
}
