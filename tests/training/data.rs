//! The order in which a data set is gone through.

use lossglass::train::{Settings, batch};
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_record_comes_once_a_pass_in_an_order_of_the_seed(
        records in 1_usize..40, size in 1_usize..9, accumulate in 1_usize..4, seed: u64,
    ) {
        let settings = Settings { batch: size, accumulate, seed, ..Settings::default() };
        let steps = (3 * records).div_ceil(size * accumulate) + 1;
        let picked: Vec<usize> = (1..=steps).flat_map(|step| batch(records, step, &settings)).collect();
        prop_assert!(picked.len() >= 3 * records);
        for pass in picked.chunks_exact(records) {
            let mut sorted = pass.to_vec();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..records).collect::<Vec<_>>());
        }
        prop_assert_eq!(batch(records, 2, &settings), batch(records, 2, &settings));
    }
}

#[test]
fn seeds_and_passes_shuffle_differently() {
    let order = |seed, step| batch(50, step, &Settings { batch: 50, seed, ..Settings::default() });
    assert!(order(1, 1) != order(2, 1) && order(1, 1) != order(1, 2));
    assert!(batch(0, 1, &Settings::default()).is_empty());
}
