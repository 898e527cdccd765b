//! How far a run is on the way to its goal.

use super::Goal;

/// Share of the best loss by which a loss has to be below it to count as fallen.
const FALL: f64 = 0.001;

/// What a goal is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps of this run.
    taken: usize,
    /// The lowest loss that counted as fallen.
    best: f64,
    steps_since_best: usize,
    last: f64,
}

impl Default for Progress {
    fn default() -> Self {
        Self { taken: 0, best: f64::INFINITY, steps_since_best: 0, last: f64::INFINITY }
    }
}

impl Progress {
    /// Counts a step whose loss before it was `loss`.
    pub fn count(&mut self, loss: f64) {
        self.taken += 1;
        self.last = loss;
        if loss < self.best * (1.0 - FALL) {
            (self.best, self.steps_since_best) = (loss, 0);
        } else {
            self.steps_since_best += 1;
        }
    }

    /// Why the run is over, in words; `None` while it is not.
    pub fn reached(&self, goal: &Goal) -> Option<String> {
        if let Some(steps) = goal.steps.filter(|&steps| self.taken >= steps) {
            return Some(format!("{steps} step{}", if steps == 1 { "" } else { "s" }));
        }
        if let Some(loss) = goal.loss.filter(|&loss| self.last < loss) {
            return Some(format!("the loss is below {loss}"));
        }
        let plateau = goal.plateau.filter(|&plateau| self.taken > 0 && self.steps_since_best >= plateau);
        plateau.map(|steps| format!("the loss has not fallen for {steps} steps"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends_after(goal: Goal, losses: &[f64]) -> Option<usize> {
        let mut progress = Progress::default();
        losses.iter().enumerate().find_map(|(i, &loss)| {
            progress.count(loss);
            progress.reached(&goal).map(|_| i + 1)
        })
    }

    #[test]
    fn the_first_limit_that_is_reached_ends_the_run() {
        let losses = [3.0, 2.0, 2.0, 1.9999, 2.5, 0.5];
        let none = Goal::default();
        assert_eq!(ends_after(none, &losses), None);
        assert_eq!(ends_after(Goal { steps: Some(2), ..none }, &losses), Some(2));
        assert_eq!(ends_after(Goal { loss: Some(2.0), ..none }, &losses), Some(4));
        assert_eq!(ends_after(Goal { plateau: Some(3), ..none }, &losses), Some(5));
        assert_eq!(ends_after(Goal { steps: Some(9), loss: Some(1.0), plateau: Some(2) }, &losses), Some(4));
    }
}
