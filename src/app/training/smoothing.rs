//! A noisy loss, smoothed.

/// How much of the average so far goes into the next value of it.
pub const SMOOTHING: f64 = 0.9;

/// The exponential moving average of `losses`, corrected for its start at 0 as Adam's moments are (Kingma and Ba 2015):
/// the first value is the first loss. A loss that is not finite is left out of it.
pub fn smoothed(losses: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let (mut average, mut weight) = (0.0, 0.0);
    let losses = losses.into_iter().map(|loss| {
        if loss.is_finite() {
            average = SMOOTHING * average + (1.0 - SMOOTHING) * loss;
            weight = SMOOTHING * weight + (1.0 - SMOOTHING);
        }
        average / weight
    });
    losses.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_begins_at_the_first_loss_and_follows() {
        let all = smoothed([4.0, 2.0, 2.0]);
        assert!((all[0] - 4.0).abs() < 1e-12);
        // (0.9·4 + 2) / 1.9
        assert!((all[1] - 5.6 / 1.9).abs() < 1e-12);
        assert!(all[2] < all[1] && all[2] > 2.0);
        assert!(smoothed([3.0; 50]).iter().all(|loss| (loss - 3.0).abs() < 1e-12));
    }

    #[test]
    fn a_loss_that_is_no_number_does_not_spoil_the_rest() {
        let all = smoothed([4.0, f64::NAN, 4.0]);
        assert!(all.iter().all(|loss| (loss - 4.0).abs() < 1e-12), "{all:?}");
        assert!(smoothed([f64::INFINITY])[0].is_nan());
    }
}
