//! Runs that make a point in a minute: what is trained, and what is watched while it is.

mod scratch;

pub use self::scratch::Scratch;
use super::{Probe, TrainingData};
use crate::engine::Measure;
use crate::loss::Denominator;
use crate::sample::{BUILT_IN, Chat, Record, Sample};
use crate::source::{Embedded, Source};
use crate::train::{Goal, Method, Optimizer, Schedule, Settings, Shape};

/// A run of one copy that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demonstration {
    /// One question, two answers in turn: each step punishes the other.
    TwoAnswers,
    /// The true text and the model's own, while the true one is learned.
    OwnText,
    /// A model of random weights learns simple English.
    FromScratch(Scratch),
}

/// A demonstration under way.
#[derive(Clone, Debug)]
pub struct Stage {
    pub demonstration: Demonstration,
    /// What is watched of it, beside the probes.
    pub probes: Vec<Probe>,
    /// How large a part of the data each of them is, 0…1; nothing where that says nothing.
    pub shares: Vec<f64>,
    /// How steps were taken before it.
    pub(in crate::app) before: Box<(Settings, Goal, TrainingData)>,
}

impl Demonstration {
    /// Every one, in the order of the list.
    pub const EVERY: [Self; 5] = [
        Self::TwoAnswers,
        Self::OwnText,
        Self::FromScratch(Scratch::Mini),
        Self::FromScratch(Scratch::Small),
        Self::FromScratch(Scratch::Full),
    ];

    /// Its name in the list and over the plot.
    pub fn title(self) -> &'static str {
        match self {
            Self::TwoAnswers => "two right answers",
            Self::OwnText => "true text and own text",
            Self::FromScratch(size) => size.title(),
        }
    }

    /// What it shows, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Self::TwoAnswers => "each step punishes the other",
            Self::OwnText => "its own words are cheap to it, right or wrong",
            Self::FromScratch(size) => size.about(),
        }
    }

    /// What is shown and what to look at, before the first step.
    pub fn words(self) -> &'static str {
        match self {
            Self::TwoAnswers => {
                "One question, two right answers, learned in turn: “The capital of France is Paris.” and “Paris.”. A step \
                 on one makes the other less likely, for one row of logits has one sum of 1 to give away. What comes out \
                 is no winner: the p of each first token settles at the share of its answer in the data. The loss is a sum, so \
                 that every token weighs alike: divided by each answer's own length (d), it would favour the short one."
            }
            Self::OwnText => {
                "Teacher forcing asks what the true text costs, with the true text to read. Left alone the model reads its \
                 own words, and these are cheap to it whether they are right or wrong: a low loss on its own text is no \
                 sign of having learned. The two lines meet when it says the true text by itself."
            }
            Self::FromScratch(_) => scratch::WORDS,
        }
    }

    /// The sample that has to be on screen; `None` = whatever is.
    pub(in crate::app) fn sample(self) -> Option<(Sample, &'static str)> {
        match self {
            Self::TwoAnswers => {
                let capital = BUILT_IN.iter().find(|built_in| built_in.name == "capital.json")?;
                Some((capital.sample(), capital.name))
            }
            Self::OwnText => None,
            Self::FromScratch(_) => Some((Sample::Text(scratch::TEXT.into()), "from scratch")),
        }
    }

    /// The model that takes the place of one that knows already what this is about.
    pub(in crate::app) fn untaught(self, source: &Source) -> Option<Source> {
        let wanted = match self {
            Self::OwnText if *source == Source::Embedded(Embedded::TinyChat) => Embedded::TinyBase,
            Self::FromScratch(size) => size.model(),
            Self::TwoAnswers | Self::OwnText => return None,
        };
        Some(Source::Embedded(wanted)).filter(|wanted| wanted != source)
    }

    /// What is learned and how: from the settings that were chosen, for what is on screen.
    pub fn stage(self, sample: &Sample, before: (Settings, Goal, TrainingData)) -> Stage {
        let watched: Vec<(String, Sample, Measure)> = match self {
            Self::TwoAnswers => {
                let answers = [sample.clone(), with_answer(sample, "Paris.")];
                answers.map(|answer| (p_name(&answer), answer, Measure::First)).into()
            }
            Self::OwnText => vec![
                ("true text".into(), sample.clone(), Measure::TrueText),
                ("own text".into(), sample.clone(), Measure::OwnText),
            ],
            Self::FromScratch(_) => Vec::new(),
        };
        let shares = match self {
            Self::TwoAnswers => vec![1.0 / watched.len() as f64; watched.len()],
            Self::OwnText | Self::FromScratch(_) => Vec::new(),
        };
        let probe = |(name, sample, measure)| Probe { measure, ..Probe::new(name, sample) };
        Stage { demonstration: self, probes: watched.into_iter().map(probe).collect(), shares, before: before.into() }
    }
}

impl Stage {
    /// How its steps are taken, how many, and on what.
    pub(in crate::app) fn plan(&self) -> (Settings, Goal, TrainingData) {
        let (chosen, ..) = &*self.before;
        let alike = Settings { method: Method::Full, weight_decay: 0.0, batch: 1, accumulate: 1, ..chosen.clone() };
        let (steps, settings, data) = match self.demonstration {
            Demonstration::TwoAnswers => {
                let steps = 60;
                let records = self.probes.iter().map(|probe| Record::from(probe.sample.clone()));
                let data = TrainingData::Samples { name: "two answers".into(), samples: records.collect() };
                let settings = Settings {
                    // Without a memory of earlier steps, so that each is seen to undo the one before.
                    optimizer: Optimizer::Sgd { momentum: 0.0 },
                    lr: 0.004,
                    schedule: Schedule { shape: Shape::Cosine, warmup: 0, total: steps },
                    // A gradient that is cut to one length, or divided by the answer's, weighs the short answer more.
                    clip: 0.0,
                    denominator: Denominator::Sum,
                    shuffle: false,
                    ..alike
                };
                (steps, settings, data)
            }
            Demonstration::OwnText => {
                let (optimizer, schedule) = (Optimizer::AdamW, Schedule::default());
                (24, Settings { optimizer, lr: 5e-4, schedule, ..alike }, TrainingData::Screen)
            }
            Demonstration::FromScratch(size) => (size.steps(), size.settings(alike), scratch::data()),
        };
        (settings, Goal { steps: Some(steps), ..Goal::default() }, data)
    }

    /// Whether p is drawn, and not −log p.
    pub fn is_of_probability(&self) -> bool {
        self.demonstration == Demonstration::TwoAnswers
    }

    /// Whether what it watches has a plot of its own, beside the loss.
    pub fn is_plotted(&self) -> bool {
        !self.probes.is_empty()
    }

    /// Whether what the model writes is told after that step, while the run goes on.
    pub fn writes_after(&self, step: usize) -> bool {
        matches!(self.demonstration, Demonstration::FromScratch(_)) && step.is_multiple_of(scratch::WRITES)
    }

    /// What a measured −log p in nats is drawn as.
    pub fn drawn(&self, nll: f64) -> f64 {
        if self.is_of_probability() { (-nll).exp() } else { nll }
    }

    /// What came of it, from the last values; `None` before any.
    pub fn outcome(&self) -> Option<String> {
        let last = |probe: &Probe| probe.losses.last().map(|&(_, nll)| self.drawn(nll));
        let values: Vec<f64> = self.probes.iter().map(last).collect::<Option<_>>()?;
        match self.demonstration {
            Demonstration::TwoAnswers => {
                let each = self.probes.iter().zip(&values).zip(&self.shares);
                let words = each.map(|((probe, p), share)| format!("{} {p:.2}, share {share:.2}", probe.name));
                Some(words.collect::<Vec<_>>().join(" · "))
            }
            Demonstration::OwnText => Some(format!("true text {:.3} nats, own text {:.3}", values[0], values[1])),
            Demonstration::FromScratch(_) => None,
        }
    }
}

/// The same question with another answer.
fn with_answer(sample: &Sample, answer: &str) -> Sample {
    let Sample::Chat(chat) = sample else { return sample.clone() };
    let mut chat: Chat = chat.clone();
    if let Some(last) = chat.messages.last_mut() {
        answer.clone_into(&mut last.content);
        last.given.remove("content");
    }
    Sample::Chat(chat)
}

/// What the p of a chat's answer is called, by its first word.
fn p_name(sample: &Sample) -> String {
    let Sample::Chat(chat) = sample else { return String::new() };
    let answer = chat.messages.last().map_or("", |message| message.content.as_str());
    let word: String = answer.chars().take_while(|c| c.is_alphanumeric()).collect();
    format!("p({word}…)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(demonstration: Demonstration) -> Stage {
        let (sample, _) = Demonstration::TwoAnswers.sample().unwrap();
        demonstration.stage(&sample, (Settings::default(), Goal::default(), TrainingData::Screen))
    }

    #[test]
    fn two_answers_to_one_question_are_learned_in_turn() {
        let stage = staged(Demonstration::TwoAnswers);
        let names: Vec<&str> = stage.probes.iter().map(|probe| probe.name.as_str()).collect();
        assert_eq!((names, &stage.shares), (vec!["p(The…)", "p(Paris…)"], &vec![0.5, 0.5]));
        let (settings, goal, data) = stage.plan();
        let TrainingData::Samples { samples, .. } = data else { panic!("{data:?}") };
        let asked: Vec<_> = samples.iter().filter_map(|record| record.clone().chat()).collect();
        assert_eq!(asked[0].messages[0], asked[1].messages[0]);
        assert_ne!(asked[0].messages[1].content, asked[1].messages[1].content);
        assert!(!settings.shuffle && settings.examples_a_step() == 1 && goal.steps == Some(settings.schedule.total));
    }

    #[test]
    fn what_came_of_it_is_told_once_it_is_measured() {
        let mut stage = staged(Demonstration::TwoAnswers);
        assert_eq!(stage.outcome(), None);
        for (probe, p) in stage.probes.iter_mut().zip([0.25_f64, 0.75]) {
            probe.losses.push((1, -p.ln()));
        }
        assert_eq!(stage.outcome().unwrap(), "p(The…) 0.25, share 0.50 · p(Paris…) 0.75, share 0.50");
    }
}
