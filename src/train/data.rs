//! Which records of a data set a step takes.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::Settings;

/// The records of step `step`, counted from 1: all of them once in every pass, in an order that only the seed and the
/// pass decide, or in that of the data. A step at the end of a pass goes on in the next.
pub fn batch(records: usize, step: usize, settings: &Settings) -> Vec<usize> {
    if records == 0 {
        return Vec::new();
    }
    let size = settings.examples_a_step().max(1);
    let first = (step.max(1) - 1) * size;
    let mut picked = Vec::with_capacity(size);
    let mut order = (usize::MAX, Vec::new());
    for at in first..first + size {
        let pass = at / records;
        if order.0 != pass {
            order = (pass, order_of_pass(records, settings, pass));
        }
        picked.push(order.1[at % records]);
    }
    picked
}

fn order_of_pass(records: usize, settings: &Settings, pass: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..records).collect();
    if settings.shuffle {
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        random.set_stream(pass as u64);
        order.shuffle(&mut random);
    }
    order
}
