//! Which records a step takes.

use lossglass::train::{Settings, batch};
use proptest::prelude::*;

fn settings(seed: u64, batch: usize, accumulate: usize) -> Settings {
    Settings { seed, batch, accumulate, ..Settings::default() }
}

proptest! {
    #[test]
    fn every_pass_takes_every_record_once(records in 1..40usize, seed: u64, size in 1..7usize, passes in 1..5usize) {
        let settings = settings(seed, size, 1);
        let steps = (records * passes).div_ceil(size);
        let taken: Vec<usize> = (1..=steps).flat_map(|step| batch(records, step, &settings)).collect();
        for pass in taken.chunks_exact(records) {
            let mut pass = pass.to_vec();
            pass.sort_unstable();
            prop_assert!(pass.into_iter().eq(0..records));
        }
    }

    #[test]
    fn a_step_s_records_follow_from_seed_and_step(records in 1..40usize, seed: u64, size in 1..4usize, step in 1..50usize) {
        let same = batch(records, step, &settings(seed, size, 2));
        prop_assert_eq!(&same, &batch(records, step, &settings(seed, 2, size)), "passes of a step do not matter");
        prop_assert_eq!(same.len(), 2 * size);
        let single: Vec<usize> =
            (0..2 * size).flat_map(|i| batch(records, (step - 1) * 2 * size + i + 1, &settings(seed, 1, 1))).collect();
        prop_assert_eq!(same, single, "steps go through one order");
    }
}

#[test]
fn another_seed_and_another_pass_have_another_order() {
    let order = |seed, pass| batch(20, pass, &settings(seed, 20, 1));
    assert_ne!(order(0, 1), order(1, 1));
    assert_ne!(order(0, 1), order(0, 2));
    assert!(batch(0, 1, &settings(0, 1, 1)).is_empty());
}
