//! What a run did, read off its curves: until where it learned, what got better with it, and what got worse.

use super::{LastTenth, Training, TrainingData, smoothed};
use crate::app::App;
use crate::loss::Means;

/// Nats below which a change is none.
const CHANGE: f64 = 0.05;
/// Share of a fall that may be left where it counts as done.
const LEFT: f64 = 0.05;
/// Rows of the film that are looked at: a screen is drawn from them.
const ROWS: usize = 100_000;
/// Measured states from which on there is something to say.
const LEAST: usize = 4;

/// How a loss went over the steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    pub from: f64,
    pub to: f64,
    /// The lowest value and the first step that had it.
    pub best: (usize, f64),
    pub last_step: usize,
    /// The first step at which all but a twentieth of the fall was done; `None` where nothing fell.
    pub better_until: Option<usize>,
    /// The first step from which on it was clearly above its lowest, to the end; `None` where it does not end there.
    pub worse_from: Option<usize>,
}

impl Course {
    /// Of step and loss in nats, ascending by step; `None` with fewer than two finite values.
    pub fn new(losses: &[(usize, f64)]) -> Option<Self> {
        let finite: Vec<(usize, f64)> = losses.iter().copied().filter(|(_, loss)| loss.is_finite()).collect();
        let (&(_, from), &(last_step, to)) = (finite.first()?, finite.last()?);
        let best = finite.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))?;
        let fall = from - best.1;
        let is_done = |loss: f64| loss <= best.1 + LEFT * fall;
        let better_until = finite.iter().find(|(_, loss)| fall >= CHANGE && is_done(*loss)).map(|(step, _)| *step);
        // The last value that is still near the lowest, and the one after it.
        let near = finite.iter().rposition(|(_, loss)| loss - best.1 < CHANGE)?;
        let worse_from = finite.get(near + 1).map(|(step, _)| *step);
        (finite.len() > 1).then_some(Self { from, to, best, last_step, better_until, worse_from })
    }

    /// The course in a few words, without what it cost.
    fn short(&self) -> String {
        match (self.better_until, self.worse_from) {
            (None, None) => "as before".into(),
            (None, Some(worse)) => format!("worse from step {worse}"),
            (Some(better), _) if better == self.last_step => "better to the end".into(),
            (Some(better), None) => format!("better until step {better}"),
            (Some(better), Some(worse)) => format!("better until step {better}, worse from step {worse}"),
        }
    }
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Of what is learned, if it has a loss.
    pub learned: Option<Course>,
    /// Each probe that was measured often enough.
    pub probes: Vec<(String, Course)>,
}

impl Verdict {
    /// A sentence for what is learned and one for each probe, with their figures in nats.
    pub fn sentences(&self) -> Vec<String> {
        let learned = self.learned.as_ref().map(|course| {
            let figures = format!("{:.3} → {:.3} nats", course.from, course.best.1);
            match (course.better_until, course.worse_from) {
                (None, None) => format!("nothing was learned: the loss is {:.3} as it was", course.to),
                (None, Some(worse)) => {
                    format!("the loss rose from step {worse} on: {:.3} → {:.3} nats", course.from, course.to)
                }
                (Some(step), None) if step == course.last_step => {
                    format!("learned to the last step: {figures}; more steps would learn more")
                }
                (Some(step), None) => format!("learned until step {step}: {figures}"),
                (Some(step), Some(worse)) => {
                    format!(
                        "learned until step {step}: {figures}; lost again from step {worse} on, {:.3} now",
                        course.to
                    )
                }
            }
        });
        let of_probe = |(name, course): &(String, Course)| {
            let now = if course.to - course.best.1 >= CHANGE && course.better_until.is_some() {
                format!(", {:.3} at best", course.best.1)
            } else {
                String::new()
            };
            format!("{name}: {} ({:.3} → {:.3}{now})", course.short(), course.from, course.to)
        };
        learned.into_iter().chain(self.probes.iter().map(of_probe)).collect()
    }

    /// The same in one line without figures.
    pub fn summary(&self) -> String {
        let learned = self.learned.as_ref().map(|course| match course.better_until {
            Some(step) if step == course.last_step => "still learning".into(),
            Some(step) => format!("learned until step {step}"),
            None => "nothing learned".to_owned(),
        });
        let probes = self.probes.iter().map(|(name, course)| format!("{name} {}", course.short()));
        learned.into_iter().chain(probes).collect::<Vec<_>>().join("; ")
    }
}

impl App {
    /// Which tokens the end of the run's fall came from; `None` where nothing fell.
    pub fn last_tenth(&self) -> Option<LastTenth> {
        LastTenth::new(&self.training.film.spread(ROWS), self.mask()?)
    }

    /// What the run did so far; `None` while too little is measured.
    pub fn verdict(&self) -> Option<Verdict> {
        let of = |losses: &[(usize, f64)]| if losses.len() >= LEAST { Course::new(losses) } else { None };
        let learned = of(&self.learned_losses());
        let probes = self.training.probes.iter().filter_map(|probe| Some((probe.name.clone(), of(&probe.losses)?)));
        let verdict = Verdict { learned, probes: probes.collect() };
        (verdict.learned.is_some() || !verdict.probes.is_empty()).then_some(verdict)
    }

    /// What the learned text costs after each step; of a data set the smoothed loss that each step was taken on, over the
    /// updates before it.
    fn learned_losses(&self) -> Vec<(usize, f64)> {
        let training = &self.training;
        if training.data != TrainingData::Screen {
            let steps = training.steps.iter().map(|report| report.step.saturating_sub(1));
            return steps.zip(smoothed(training.steps.iter().map(|report| report.loss))).collect();
        }
        let Some(mask) = self.mask() else { return Vec::new() };
        let mean = |frame: &super::Frame| Some((frame.step, Means::new(mask, &frame.scores).scored?));
        training.film.spread(ROWS).into_iter().filter_map(mean).collect()
    }
}

impl Training {
    /// The probe that decides which step is best.
    pub fn decider(&self) -> Option<&super::Probe> {
        self.probes.get(self.deciding).or(self.probes.first())
    }

    /// The step after which that probe cost least, and what it cost, in nats; the first of several. `None` before any step
    /// was measured.
    pub fn best(&self) -> Option<(usize, f64)> {
        let losses = &self.decider()?.losses;
        losses.last().filter(|(step, _)| *step > 0)?;
        Some(Course::new(losses)?.best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(losses: &[f64]) -> Course {
        let losses: Vec<(usize, f64)> = losses.iter().copied().enumerate().collect();
        Course::new(&losses).unwrap()
    }

    #[test]
    fn a_fall_is_done_when_a_twentieth_of_it_is_left() {
        let falling = course(&[2.0, 1.0, 0.5, 0.08, 0.01, 0.0]);
        assert_eq!((falling.better_until, falling.worse_from, falling.best), (Some(3), None, (5, 0.0)));
        assert_eq!(falling.short(), "better until step 3");
        assert_eq!(course(&[3.0, 2.0, 1.0]).short(), "better to the end");
    }

    #[test]
    fn what_rises_in_the_end_is_worse_from_the_step_after_which_it_stays_up() {
        let back = course(&[2.0, 1.0, 1.2, 1.01, 1.3, 1.5]);
        assert_eq!((back.better_until, back.worse_from), (Some(1), Some(4)));
        assert_eq!(back.short(), "better until step 1, worse from step 4");
        assert_eq!(course(&[1.0, 1.0, 1.2, 1.4]).short(), "worse from step 2");
        assert_eq!(course(&[1.0, 1.4, 1.2, 1.01]).short(), "as before", "it came back");
    }

    #[test]
    fn less_than_the_least_change_is_none_and_what_is_no_number_does_not_count() {
        assert_eq!(course(&[1.0, 0.97, 1.02, 1.0]).short(), "as before");
        let broken = course(&[2.0, f64::NAN, 1.0, f64::INFINITY]);
        assert_eq!((broken.best, broken.last_step), ((2, 1.0), 2));
        assert_eq!((Course::new(&[]), Course::new(&[(0, 1.0), (1, f64::NAN)])), (None, None));
    }

    #[test]
    fn the_verdict_has_a_sentence_for_each() {
        let probes = vec![("kin".to_owned(), course(&[2.0, 1.0, 1.5])), ("other".to_owned(), course(&[4.0, 4.2, 4.4]))];
        let verdict = Verdict { learned: Some(course(&[3.0, 0.1, 0.0])), probes };
        assert_eq!(
            verdict.sentences(),
            [
                "learned until step 1: 3.000 → 0.000 nats",
                "kin: better until step 1, worse from step 2 (2.000 → 1.500, 1.000 at best)",
                "other: worse from step 1 (4.000 → 4.400)",
            ]
        );
        let short = "learned until step 1; kin better until step 1, worse from step 2; other worse from step 1";
        assert_eq!(verdict.summary(), short);
    }
}
