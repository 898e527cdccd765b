//! How often each value was seen, exact as long as there are not too many different ones.

use std::collections::BTreeMap;

/// Different values that are kept apart.
const DISTINCT: usize = 1 << 20;
/// Bits of a value's fraction that are kept beyond that: it is exact to 1 in 100,000.
const KEPT: u32 = 16;

/// Least, median and greatest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub min: f64,
    /// Of an even number of values the lower of the two in the middle.
    pub median: f64,
    pub max: f64,
    /// There are more different values than are kept apart: the median is one of them to 1 in 100,000.
    pub is_rounded: bool,
}

/// Counts of values that are not negative. What it says does not depend on the order in which they come, and its size not
/// on how many there are.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// By the value's bits, which stand in the order of the values.
    counts: BTreeMap<u64, u64>,
    values: u64,
    range: Option<(f64, f64)>,
    distinct: usize,
    is_rounded: bool,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::keeping(DISTINCT)
    }
}

impl Histogram {
    fn keeping(distinct: usize) -> Self {
        Self { counts: BTreeMap::new(), values: 0, range: None, distinct, is_rounded: false }
    }

    /// Counts one more value, from 0 on.
    pub fn add(&mut self, value: f64) {
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
        self.values += 1;
        *self.counts.entry(self.key(value.to_bits())).or_default() += 1;
        if self.counts.len() > self.distinct && !self.is_rounded {
            self.is_rounded = true;
            for (bits, count) in std::mem::take(&mut self.counts) {
                *self.counts.entry(self.key(bits)).or_default() += count;
            }
        }
    }

    fn key(&self, bits: u64) -> u64 {
        let dropped = f64::MANTISSA_DIGITS - 1 - KEPT;
        if self.is_rounded { bits >> dropped << dropped } else { bits }
    }

    /// What the values come to; `None` of none.
    pub fn spread(&self) -> Option<Spread> {
        let (min, max) = self.range?;
        let (middle, mut passed) = ((self.values - 1) / 2, 0);
        let mut is_middle = |count: u64| {
            passed += count;
            passed > middle
        };
        let (&bits, _) = self.counts.iter().find(|(_, count)| is_middle(**count))?;
        // Rounding down may lead below the least one.
        let median = f64::from_bits(bits).max(min);
        Some(Spread { min, median, max, is_rounded: self.is_rounded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[f64], distinct: usize) -> Histogram {
        let mut histogram = Histogram::keeping(distinct);
        values.iter().for_each(|&value| histogram.add(value));
        histogram
    }

    proptest! {
        #[test]
        fn the_median_is_the_lower_one_in_the_middle(mut values in prop::collection::vec(0.0..1e6_f64, 1..60)) {
            let spread = of(&values, 100).spread().expect("there are values");
            let rounded = of(&values, 3).spread().expect("there are values");
            values.sort_by(f64::total_cmp);
            let median = values[(values.len() - 1) / 2];
            let (min, max) = (values[0], values[values.len() - 1]);
            prop_assert_eq!(spread, Spread { min, median, max, is_rounded: false });
            values.dedup();
            prop_assert_eq!((rounded.min, rounded.max, rounded.is_rounded), (min, max, values.len() > 3));
            prop_assert!((rounded.median - median).abs() <= median * 2e-5, "{} for {median}", rounded.median);
        }

        #[test]
        fn order_makes_no_difference(mut values in prop::collection::vec(0.0..1.0_f64, 1..60), distinct in 1_usize..60) {
            let forward = of(&values, distinct).spread();
            values.reverse();
            prop_assert_eq!(forward, of(&values, distinct).spread());
        }
    }

    #[test]
    fn no_values_have_no_spread() {
        assert_eq!(Histogram::default().spread(), None);
    }
}
