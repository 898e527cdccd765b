//! From random weights to readable words: which model, on what, and how.

use super::TrainingData;
use crate::data::{Raw, Records};
use crate::sample::Record;
use crate::source::Embedded;
use crate::train::{Optimizer, Schedule, Settings, Shape};

/// The sizes that there are to choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scratch {
    Mini,
    Small,
    Full,
}

/// What the film shows: written as the texts that are learned, and none of them.
pub const TEXT: &str =
    "Once upon a time there was a little girl named Lily. She had a red ball. The cat sat on the mat.";

pub const WORDS: &str = "A model of random weights: it guesses, and every token costs about ln V. It learns simple English \
     from nothing, sixteen short texts a step, none of them the one on screen. Watch the film: what comes often is learned \
     first, the full stop, “ the”, “ a”; then which words go together; names last. The samples show what it writes, then \
     and now.";

/// The texts, and how many of them: what more would teach takes longer to see.
static TEXTS: &[u8] = include_bytes!("../../../../sample_data/simple_english.jsonl.xz");
const MOST: usize = 2000;

/// Steps between two looks at what it writes.
pub const WRITES: usize = 20;

impl Scratch {
    /// Its name in the list and over the plot.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mini => "from scratch, 0.4 M weights",
            Self::Small => "from scratch, 1.3 M weights",
            Self::Full => "from scratch, 3.2 M weights",
        }
    }

    /// What to expect, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::Mini => "from random weights: words within a minute",
            Self::Small => "slower steps, better words",
            Self::Full => "the size of the embedded models",
        }
    }

    /// The model of random weights.
    pub fn model(self) -> Embedded {
        match self {
            Self::Mini => Embedded::RandomMini,
            Self::Small => Embedded::RandomSmall,
            Self::Full => Embedded::Random,
        }
    }

    /// How many steps the run has.
    pub fn steps(self) -> usize {
        match self {
            Self::Mini => 300,
            Self::Small | Self::Full => 200,
        }
    }

    /// How its steps are taken.
    pub fn settings(self, alike: Settings) -> Settings {
        let schedule = Schedule { shape: Shape::Cosine, warmup: 10, total: self.steps() };
        let lr = match self {
            Self::Mini => 8e-3,
            Self::Small => 5e-3,
            Self::Full => 3e-3,
        };
        Settings { optimizer: Optimizer::AdamW, lr, schedule, batch: 16, clip: 1.0, shuffle: true, ..alike }
    }
}

/// What is learned.
pub fn data() -> TrainingData {
    let read = |raw: Raw| raw.read(None).ok();
    let records = Records::embedded(TEXTS, "simple English").into_iter().flatten().flatten().filter_map(read);
    let samples: Vec<Record> = records.take(MOST).collect();
    TrainingData::Samples { name: "simple English".into(), samples: samples.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn the_text_on_screen_is_none_of_those_that_are_learned() {
        let TrainingData::Samples { samples, .. } = data() else { panic!("samples") };
        assert_eq!(samples.len(), MOST);
        assert!(samples.iter().all(|record| record.sample != Sample::Text(TEXT.into())));
    }
}
