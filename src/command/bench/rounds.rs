//! Runs that are timed: sides that alternate, so that what else the machine does meets them alike, and medians.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;

use crate::cancel::Cancel;

/// What some runs took or reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Runs {
    pub median: f64,
    /// The run that other work on the machine disturbed least.
    pub best: f64,
    /// How many there were.
    pub runs: usize,
}

impl Runs {
    /// Of seconds, of which the fewest are best. There is at least one.
    pub fn of_seconds(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self { median: seconds[seconds.len() / 2], best: seconds[0], runs: seconds.len() }
    }

    /// The same as something a second, of which there were `count` in a run.
    pub fn rate(self, count: usize) -> Self {
        let rate = |seconds: f64| count as f64 / seconds;
        Self { median: rate(self.median), best: rate(self.best), ..self }
    }
}

/// Ctrl-C was pressed.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Ends with [`Interrupted`] what did not come to its end.
pub fn finished(is_done: bool) -> Result<()> {
    if is_done { Ok(()) } else { Err(Interrupted.into()) }
}

/// How often a side runs, and what stops it.
pub struct Rounds {
    pub count: usize,
    /// Between two runs: another program's threads may still spin for a while after their work.
    pub pause: Duration,
    pub stop: Cancel,
}

/// One run, which returns its seconds.
pub type Side<'a> = &'a mut dyn FnMut() -> Result<f64>;

impl Rounds {
    /// Runs every side so often, alternating, after one run of each that does not count.
    ///
    /// # Errors
    /// What a side fails with, and [`Interrupted`].
    pub fn alternate<const N: usize>(&self, mut sides: [Side; N]) -> Result<[Runs; N]> {
        let mut seconds: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
        for round in 0..=self.count {
            for (seconds, side) in seconds.iter_mut().zip(sides.each_mut()) {
                finished(!self.stop.is_cancelled())?;
                std::thread::sleep(self.pause);
                let run = side()?;
                if round > 0 {
                    seconds.push(run);
                }
            }
        }
        Ok(seconds.map(Runs::of_seconds))
    }

    /// The same of one side that takes little time: as often as half a second has room for.
    ///
    /// # Errors
    /// As [`alternate`](Self::alternate).
    pub fn often(&self, mut side: impl FnMut() -> Result<f64>) -> Result<Runs> {
        side()?;
        let (start, mut seconds) = (Instant::now(), Vec::new());
        while seconds.len() < self.count || start.elapsed() < Duration::from_millis(500) {
            finished(!self.stop.is_cancelled())?;
            seconds.push(side()?);
        }
        Ok(Runs::of_seconds(seconds))
    }
}

/// How long it takes.
///
/// # Errors
/// What it fails with.
pub fn time(run: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    run()?;
    Ok(start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(count: usize) -> Rounds {
        Rounds { count, pause: Duration::ZERO, stop: Cancel::default() }
    }

    #[test]
    fn sides_alternate_and_the_first_run_of_each_does_not_count() {
        let order = std::cell::RefCell::new(Vec::new());
        let mut first = [100.0, 3.0, 1.0, 2.0].into_iter();
        let mut one = || {
            order.borrow_mut().push(1);
            Ok(first.next().expect("four runs"))
        };
        let mut two = || {
            order.borrow_mut().push(2);
            Ok(5.0)
        };
        let [one, two] = rounds(3).alternate([&mut one, &mut two]).expect("no run fails");
        assert_eq!(one, Runs { median: 2.0, best: 1.0, runs: 3 });
        assert_eq!((two.median, one.rate(10).best), (5.0, 10.0));
        assert_eq!(*order.borrow(), [1, 2].repeat(4));
    }

    #[test]
    fn an_interrupt_ends_it_between_two_runs() {
        let rounds = rounds(3);
        let stop = rounds.stop.clone();
        let mut side = || {
            stop.cancel();
            Ok(1.0)
        };
        let error = rounds.alternate([&mut side]).expect_err("interrupted");
        assert!(error.is::<Interrupted>());
    }
}
