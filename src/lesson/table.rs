//! An example of a distribution that the reader edits: five candidates or so, which no model gave.

/// Candidates with their probabilities, of which one is the target.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub candidates: Vec<(String, f64)>,
    pub target: usize,
}

impl Table {
    /// Reads `mat 0.78, floor 0.12, …`; the first one is the target.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let candidate = |part: &str| {
            let (word, p) =
                part.trim().rsplit_once(' ').ok_or_else(|| format!("{part:?} is no candidate: mat 0.78"))?;
            let p: f64 = p.parse().map_err(|_| format!("{p:?} is no probability"))?;
            Ok((word.trim().to_owned(), p))
        };
        let candidates = text.split(',').map(candidate).collect::<Result<Vec<_>, String>>()?;
        let sum: f64 = candidates.iter().map(|(_, p)| p).sum();
        match () {
            () if candidates.len() < 2 => Err("a table needs two candidates at least: mat 0.78, floor 0.22".into()),
            () if candidates.iter().any(|(_, p)| !(0.0..=1.0).contains(p)) => {
                Err("a probability lies between 0 and 1".into())
            }
            () if (sum - 1.0).abs() > 1e-6 => Err(format!("the probabilities come to {sum}, and not to 1")),
            () => Ok(Self { candidates, target: 0 }),
        }
    }

    /// Gives candidate `at` this probability; the others share the rest in the proportions that they had.
    pub fn set(&mut self, at: usize, p: f64) {
        let p = p.clamp(0.0, 1.0);
        let Some(&(_, before)) = self.candidates.get(at) else { return };
        let others = self.candidates.len() - 1;
        let rest = 1.0 - before;
        for (i, (_, other)) in self.candidates.iter_mut().enumerate() {
            *other = match () {
                () if i == at => p,
                () if rest > 1e-12 => *other / rest * (1.0 - p),
                () => (1.0 - p) / others as f64,
            };
        }
    }

    /// The probability of the candidate of that name.
    pub fn p(&self, word: &str) -> Option<f64> {
        self.candidates.iter().find(|(candidate, _)| candidate == word).map(|(_, p)| *p)
    }

    /// Cross-entropy −Σ y·log p: y is 1 for the target and 0 for all others, so that −log p of the target is left. In nats.
    pub fn loss(&self) -> f64 {
        self.candidates.get(self.target).map_or(f64::NAN, |(_, p)| -p.ln())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::parse("mat 0.78, floor 0.12, chair 0.05, bed 0.03, wall 0.02").expect("a table")
    }

    #[test]
    fn the_loss_is_that_of_the_target() {
        let mut table = table();
        for (p, loss) in [(0.78, "0.25"), (0.99, "0.01"), (0.01, "4.61")] {
            table.set(0, p);
            assert_eq!(format!("{:.2}", table.loss()), loss);
        }
    }

    #[test]
    fn it_stays_a_distribution_whatever_is_set() {
        for at in 0..5 {
            for p in [0.0, 0.3, 1.0, 0.5] {
                let mut table = table();
                table.set(at, p);
                table.set((at + 2) % 5, 1.0 - p);
                let sum: f64 = table.candidates.iter().map(|(_, p)| p).sum();
                assert!((sum - 1.0).abs() < 1e-9, "{table:?}");
            }
        }
        let mut table = table();
        table.set(0, 0.56);
        assert!((table.p("floor").expect("there") - 0.24).abs() < 1e-9, "twice as much is left");
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for (text, why) in [
            ("mat 1", "two candidates"),
            ("mat 0.5, floor 0.4", "come to 0.9"),
            ("mat 1.5, floor -0.5", "between 0 and 1"),
            ("mat, floor 1", "no candidate"),
            ("mat x, floor 1", "no probability"),
        ] {
            assert!(Table::parse(text).expect_err(text).contains(why), "{text}");
        }
    }
}
