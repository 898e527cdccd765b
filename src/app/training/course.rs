//! What steps are taken with, and what of it changed from one step to the next.

use crate::mask::Paint;
use crate::train::{Settings, Shape};

/// Everything that decides the next steps, in comparable form.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub settings: Settings,
    /// The mask's name.
    pub mask: String,
    /// What lies over it; its name says only how much.
    pub paint: Paint,
    /// What the steps are taken on, in words.
    pub data: String,
}

/// A setting that was changed after some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub after: usize,
    /// In a few words: `lr 1e-4`.
    pub what: String,
}

/// The courses of a run, each with the step after which it holds.
#[derive(Clone, Debug, Default)]
pub struct Courses(Vec<(usize, Course)>);

impl Courses {
    /// The steps after step `after` are taken with `course`; what is different then is appended to `changes`.
    pub fn hold(&mut self, after: usize, course: Course, changes: &mut Vec<Change>) {
        self.go_back(after, changes);
        let before = self.0.last().map(|(_, course)| course);
        let different = before.map_or_else(Vec::new, |before| before.differences(&course));
        changes.extend(different.into_iter().map(|what| Change { after, what }));
        if before != Some(&course) {
            self.0.push((after, course));
        }
    }

    /// What held only after step `step` is forgotten.
    pub fn go_back(&mut self, step: usize, changes: &mut Vec<Change>) {
        self.0.retain(|(after, _)| *after < step);
        changes.retain(|change| change.after < step);
    }

    /// What was asked for last.
    pub fn last(&self) -> Option<&Course> {
        self.0.last().map(|(_, course)| course)
    }
}

impl Course {
    /// What `after` has otherwise, in a few words each.
    fn differences(&self, after: &Self) -> Vec<String> {
        let (old, new) = (&self.settings, &after.settings);
        let words = [
            (old.method != new.method).then(|| format!("method {}", new.method)),
            (old.optimizer != new.optimizer).then(|| new.optimizer.to_string()),
            (old.lr != new.lr).then(|| format!("lr {:e}", new.lr)),
            (old.schedule != new.schedule).then(|| schedule(new)),
            (old.weight_decay != new.weight_decay).then(|| format!("weight decay {}", new.weight_decay)),
            (old.clip != new.clip).then(|| format!("clip {}", new.clip)),
            (old.batch != new.batch).then(|| format!("batch {}", new.batch)),
            (old.accumulate != new.accumulate).then(|| format!("accumulate {}", new.accumulate)),
            (old.denominator != new.denominator).then(|| format!("denominator {}", new.denominator.name())),
            (old.seed != new.seed).then(|| format!("seed {}", new.seed)),
            (self.mask != after.mask || self.paint != after.paint).then(|| format!("mask {}", after.mask)),
            (self.data != after.data).then(|| format!("on {}", after.data)),
        ];
        words.into_iter().flatten().collect()
    }
}

fn schedule(settings: &Settings) -> String {
    let schedule = settings.schedule;
    let mut words = format!("{} schedule", schedule.shape.name());
    if schedule.warmup > 0 {
        words.push_str(&format!(", warm-up {}", schedule.warmup));
    }
    if schedule.shape != Shape::Constant {
        words.push_str(&format!(", {} steps", schedule.total));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_steps_were_taken_with_is_a_change() {
        let course = |lr, mask: &str| Course {
            settings: Settings { lr, ..Settings::default() },
            mask: mask.into(),
            paint: Paint::default(),
            data: "the screen".into(),
        };
        let (mut courses, mut changes) = (Courses::default(), Vec::new());
        let said = |changes: &[Change]| -> Vec<(usize, String)> {
            changes.iter().map(|change| (change.after, change.what.clone())).collect()
        };
        courses.hold(0, course(1e-4, "all"), &mut changes);
        assert_eq!(said(&changes), []);
        courses.hold(3, course(2e-4, "all"), &mut changes);
        courses.hold(3, course(5e-4, "assistant"), &mut changes);
        let third = [(3, "lr 5e-4".to_owned()), (3, "mask assistant".to_owned())];
        assert_eq!(said(&changes), third, "the last word before a step counts");
        courses.hold(5, course(1e-4, "assistant"), &mut changes);
        assert_eq!(changes.len(), 3);
        courses.go_back(5, &mut changes);
        assert_eq!(said(&changes), third, "what held for step 5 still did");
        courses.hold(5, course(5e-4, "assistant"), &mut changes);
        assert_eq!(said(&changes), third, "nothing is different from step 5");
        courses.hold(3, course(1e-4, "all"), &mut changes);
        assert_eq!(said(&changes), []);
    }
}
