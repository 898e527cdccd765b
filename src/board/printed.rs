//! What a trainer of transformers prints: a Python dictionary of values, and behind it the bar that says at which step.
//!
//! ```text
//! {'loss': '4.632', 'grad_norm': '2.689', 'learning_rate': '0.001', 'epoch': '4.5'}
//!  56%|█████▋    | 9/16 [00:03<00:02,  2.60it/s]
//! ```

use super::{Series, lines};

/// What was printed and has no step yet.
#[derive(Default)]
pub struct Printed {
    /// Steps of the first bar, which is that of the whole run; others are of evaluations and files.
    pub total: Option<usize>,
    waiting: Vec<(String, f64)>,
}

impl Printed {
    /// Takes in a line, with all that a bar wrote over; whether a step has values by it.
    pub fn take(&mut self, line: &str, series: &mut Series) -> bool {
        let mut is_new = false;
        for part in line.split(['\r', '\n']) {
            match (bar(part), dictionary(part)) {
                (Some((step, total)), _) => {
                    if *self.total.get_or_insert(total) == total {
                        is_new |= !self.waiting.is_empty();
                        self.waiting.drain(..).for_each(|(name, value)| series.add(&name, step, value));
                    }
                }
                (None, Some(values)) => self.waiting.extend(values),
                (None, None) => {}
            }
        }
        is_new
    }
}

/// Steps done and in all, of a bar without a name.
fn bar(text: &str) -> Option<(usize, usize)> {
    let (percent, rest) = text.trim_start().split_once("%|")?;
    percent.parse::<u8>().ok()?;
    let (done, rest) = rest.rsplit_once("| ")?.1.split_once('/')?;
    Some((done.trim().parse().ok()?, rest.split_once(" [")?.0.parse().ok()?))
}

/// The numbers of a dictionary, under the names that TensorBoard has for them.
fn dictionary(text: &str) -> Option<Vec<(String, f64)>> {
    let entries = text.trim().strip_prefix("{'")?.strip_suffix('}')?;
    let entry = |entry: &str| {
        let (key, value) = entry.split_once("': ")?;
        let value = value.trim_matches('\'').parse().ok()?;
        Some((lines::name(key.trim_start_matches('\'')), value))
    };
    Some(entries.split(", ").filter_map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_at_the_step_of_the_bar_behind_them() {
        let (mut printed, mut series) = (Printed::default(), Series::default());
        let mut take = |line: &str| printed.take(line, &mut series);
        assert!(!take("  0%|          | 0/16 [00:00<?, ?it/s]\r  6%|▋         | 1/16 [00:00<00:09,  1.6it/s]"));
        assert!(!take(
            "{'loss': '4.632', 'grad_norm': 2.689, 'learning_rate': '1e-05', 'note': 'a, b', 'epoch': '4.5'}"
        ));
        assert!(!take("Writing model shards: 100%|██████████| 1/1 [00:00<00:00, 394.80it/s]"));
        assert!(!take("100%|██████████| 1/1 [00:00<00:00, 394.80it/s]"), "a bar of something else");
        assert!(take("\r 12%|█▎        | 2/16 [00:00<00:09,  1.6it/s]"));
        assert!(!take("{'eval_loss': 'nan', 'eval_runtime': '0.1'}") && take(" 25%|██▌       | 4/16 [00:01<00:08]"));
        assert_eq!(series.of("train/loss"), [(2, 4.632)]);
        assert_eq!(series.of("train/learning_rate"), [(2, 1e-5)]);
        assert!(series.at("eval/loss", 9).is_some_and(|(step, loss)| step == 4 && loss.is_nan()));
        assert_eq!((series.of("train/note").len(), printed.total), (0, Some(16)));
    }
}
