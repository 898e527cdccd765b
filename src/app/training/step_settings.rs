//! What steps are taken with, and what of it changed from one step to the next.

use crate::mask::Paint;
use crate::train::{Settings, Shape};

/// Everything that decides the next steps, in comparable form.
#[derive(Clone, Debug, PartialEq)]
pub struct StepSettings {
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

/// What the steps of a run were taken with, each with the step after which it holds.
#[derive(Clone, Debug, Default)]
pub struct StepLog(Vec<(usize, StepSettings)>);

impl StepLog {
    /// The steps after step `after` are taken with `settings`; what is different then is appended to `changes`.
    pub fn hold(&mut self, after: usize, settings: StepSettings, changes: &mut Vec<Change>) {
        self.go_back(after, changes);
        let before = self.0.last().map(|(_, settings)| settings);
        let different = before.map_or_else(Vec::new, |before| before.differences(&settings));
        changes.extend(different.into_iter().map(|what| Change { after, what }));
        if before != Some(&settings) {
            self.0.push((after, settings));
        }
    }

    /// What held only after step `step` is forgotten.
    pub fn go_back(&mut self, step: usize, changes: &mut Vec<Change>) {
        self.0.retain(|(after, _)| *after < step);
        changes.retain(|change| change.after < step);
    }

    /// What the first of them were taken with.
    pub fn first(&self) -> Option<&StepSettings> {
        self.0.first().map(|(_, settings)| settings)
    }

    /// What was asked for last.
    pub fn last(&self) -> Option<&StepSettings> {
        self.0.last().map(|(_, settings)| settings)
    }
}

impl StepSettings {
    /// What `after` has otherwise, in a few words each.
    pub(super) fn differences(&self, after: &Self) -> Vec<String> {
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
            (old.shuffle != new.shuffle).then(|| order(new.shuffle).into()),
            (old.seed != new.seed).then(|| format!("seed {}", new.seed)),
            (self.mask != after.mask || self.paint != after.paint).then(|| format!("mask {}", after.mask)),
            (self.data != after.data).then(|| format!("on {}", after.data)),
        ];
        words.into_iter().flatten().collect()
    }
}

fn order(is_shuffled: bool) -> &'static str {
    if is_shuffled { "shuffled" } else { "in the data's order" }
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
        let settings = |lr, mask: &str| StepSettings {
            settings: Settings { lr, ..Settings::default() },
            mask: mask.into(),
            paint: Paint::default(),
            data: "the screen".into(),
        };
        let (mut log, mut changes) = (StepLog::default(), Vec::new());
        let said = |changes: &[Change]| -> Vec<(usize, String)> {
            changes.iter().map(|change| (change.after, change.what.clone())).collect()
        };
        log.hold(0, settings(1e-4, "all"), &mut changes);
        assert_eq!(said(&changes), []);
        log.hold(3, settings(2e-4, "all"), &mut changes);
        log.hold(3, settings(5e-4, "assistant"), &mut changes);
        let third = [(3, "lr 5e-4".to_owned()), (3, "mask assistant".to_owned())];
        assert_eq!(said(&changes), third, "the last word before a step counts");
        log.hold(5, settings(1e-4, "assistant"), &mut changes);
        assert_eq!(changes.len(), 3);
        log.go_back(5, &mut changes);
        assert_eq!(said(&changes), third, "what held for step 5 still did");
        log.hold(5, settings(5e-4, "assistant"), &mut changes);
        assert_eq!(said(&changes), third, "nothing is different from step 5");
        log.hold(3, settings(1e-4, "all"), &mut changes);
        assert_eq!(said(&changes), []);
    }
}
