//! Values by name and step.

use std::collections::BTreeMap;

/// What was logged: for each name its values by step, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(BTreeMap<String, Vec<(usize, f64)>>);

impl Series {
    /// The values of that name.
    pub fn of(&self, name: &str) -> &[(usize, f64)] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every name with its values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[(usize, f64)])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The last step that anything was logged at.
    pub fn last_step(&self) -> Option<usize> {
        self.0.values().filter_map(|values| values.last()).map(|(step, _)| *step).max()
    }

    /// The value of that name at the latest step up to `step`.
    pub fn at(&self, name: &str, step: usize) -> Option<(usize, f64)> {
        let values = self.of(name);
        values[..values.partition_point(|(at, _)| *at <= step)].last().copied()
    }

    /// Takes in a value. A step that was there before is taken anew: what that name had from it on is of a past that the run
    /// went back on.
    pub(super) fn add(&mut self, name: &str, step: usize, value: f64) {
        let values = match self.0.get_mut(name) {
            Some(values) => values,
            None => self.0.entry(name.to_owned()).or_default(),
        };
        values.truncate(values.partition_point(|(at, _)| *at < step));
        values.push((step, value));
    }

    /// Goes on with what a later log has: from its first step on, nothing of before holds. That step, if it went back.
    pub(super) fn go_on(&mut self, later: &Series) -> Option<usize> {
        let first = later.of("train/loss").first().map(|(step, _)| *step);
        let went_back = first.filter(|&first| self.last_step().is_some_and(|last| first <= last));
        if let Some(first) = first {
            self.0.values_mut().for_each(|values| values.truncate(values.partition_point(|(at, _)| *at < first)));
        }
        for (name, values) in later.iter() {
            values.iter().for_each(|&(step, value)| self.add(name, step, value));
        }
        self.0.retain(|_, values| !values.is_empty());
        went_back
    }

    /// Takes in what another log of the same run has that this one lacks: of each name what came before its first value, of
    /// a name that is not there all up to the last step.
    pub(super) fn fill_in(&mut self, other: &Series) {
        let last = self.last_step().unwrap_or(usize::MAX);
        for (name, values) in other.iter() {
            let own = self.0.entry(name.to_owned()).or_default();
            let before = own.first().map_or(last.saturating_add(1), |(step, _)| *step);
            own.splice(..0, values.iter().copied().filter(|(step, _)| *step < before));
        }
        self.0.retain(|_, values| !values.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(all: &[(&str, &[usize])]) -> Series {
        let mut series = Series::default();
        for (name, steps) in all {
            steps.iter().for_each(|&step| series.add(name, step, step as f64));
        }
        series
    }

    fn steps(series: &Series, name: &str) -> Vec<usize> {
        series.of(name).iter().map(|(step, _)| *step).collect()
    }

    #[test]
    fn a_step_that_comes_again_takes_the_place_of_what_came_after_it() {
        let mut one = series(&[("train/loss", &[1, 2, 3, 4]), ("eval/loss", &[2, 4])]);
        one.add("train/loss", 3, 9.0);
        assert_eq!(one.of("train/loss"), [(1, 1.0), (2, 2.0), (3, 9.0)]);
        assert_eq!((one.last_step(), one.at("eval/loss", 3), one.at("eval/loss", 1)), (Some(4), Some((2, 2.0)), None));
    }

    #[test]
    fn a_run_that_was_gone_on_with_forgets_what_it_went_back_on() {
        let mut killed = series(&[("train/loss", &[1, 2, 3, 4, 5, 6]), ("eval/loss", &[2, 4, 6])]);
        assert_eq!(killed.go_on(&series(&[("train/loss", &[5, 6, 7])])), Some(5));
        assert_eq!(steps(&killed, "train/loss"), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(steps(&killed, "eval/loss"), [2, 4], "the evaluation of step 6 was of other weights");
        assert_eq!(killed.go_on(&series(&[("train/loss", &[8])])), None);
        assert_eq!(killed.go_on(&series(&[("train/loss", &[1])])), Some(1));
        assert_eq!((steps(&killed, "train/loss"), steps(&killed, "eval/loss")), (vec![1], vec![]));
    }

    #[test]
    fn another_log_fills_in_what_one_lacks() {
        let mut events = series(&[("train/loss", &[5, 6, 7])]);
        events.fill_in(&series(&[("train/loss", &[4, 5, 6, 7, 8]), ("eval/loss", &[4, 8])]));
        assert_eq!((steps(&events, "train/loss"), steps(&events, "eval/loss")), (vec![4, 5, 6, 7], vec![4]));
        let mut nothing = Series::default();
        nothing.fill_in(&events);
        assert_eq!(nothing, events);
    }
}
