//! The form of the training settings: what there is to set, and how.

use strum::{EnumIter, IntoEnumIterator};

use crate::app::{InputLine, Training, next};
use crate::train;

/// What the learning rate may be.
pub(in crate::app) const LOWEST_RATE: f64 = 1e-8;
pub(in crate::app) const HIGHEST_RATE: f64 = 10.0;

/// The open form.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsForm {
    /// Where keys go.
    pub chosen: Setting,
    /// A value that is being typed for it.
    pub typed: InputLine,
}

/// One line of the form, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter)]
pub enum Setting {
    Method,
    Rank,
    Alpha,
    Projections,
    Layers,
    Optimizer,
    Momentum,
    Rate,
    Shape,
    Warmup,
    Total,
    WeightDecay,
    Clip,
    Batch,
    Accumulate,
    Seed,
    Steps,
    LossBelow,
    Plateau,
    ProbeEvery,
    Temperature,
}

use Setting::{
    Accumulate, Alpha, Batch, Clip, Layers, LossBelow, Method, Momentum, Optimizer, Plateau, ProbeEvery, Projections,
    Rank, Rate, Seed, Shape, Steps, Temperature, Total, Warmup, WeightDecay,
};

/// Which numbers a setting takes.
struct Numbers {
    least: f64,
    greatest: f64,
    is_whole: bool,
    /// There may be none: the limit does not hold.
    may_be_none: bool,
    by: By,
}

/// How the arrow keys change a number.
enum By {
    Add(f64),
    Double,
    /// 1, 2, 5, 10, 20 … from this number on; below it lies the least.
    Rounds(f64),
}

impl Default for SettingsForm {
    fn default() -> Self {
        Self { chosen: Method, typed: InputLine::default() }
    }
}

impl SettingsForm {
    /// The lines that apply under these settings.
    pub fn lines(training: &Training) -> Vec<Setting> {
        Setting::iter().filter(|setting| setting.applies(training)).collect()
    }

    /// Another line is chosen.
    pub(in crate::app) fn step(&mut self, training: &Training, by: isize) {
        let lines = Self::lines(training);
        let at = lines.iter().position(|&line| line == self.chosen).unwrap_or(0);
        self.choose(training, at.saturating_add_signed(by).min(lines.len() - 1));
    }

    /// Line `at` is chosen.
    pub(in crate::app) fn choose(&mut self, training: &Training, at: usize) {
        if let Some(&line) = Self::lines(training).get(at) {
            self.chosen = line;
            self.typed.clear();
        }
    }
}

impl Setting {
    /// What the line is called.
    pub fn name(self) -> &'static str {
        match self {
            Method => "method",
            Rank => "LoRA rank",
            Alpha => "LoRA alpha",
            Projections => "LoRA on",
            Layers => "last layers",
            Optimizer => "optimizer",
            Momentum => "momentum",
            Rate => "learning rate",
            Shape => "schedule",
            Warmup => "warm-up steps",
            Total => "steps of the schedule",
            WeightDecay => "weight decay",
            Clip => "clip the gradient at",
            Batch => "batch",
            Accumulate => "accumulate",
            Seed => "seed",
            Steps => "a run stops after steps",
            LossBelow => "… at a loss below",
            Plateau => "… at a plateau of steps",
            ProbeEvery => "score probes every",
            Temperature => "temperature of samples",
        }
    }

    fn applies(self, training: &Training) -> bool {
        let settings = &training.settings;
        match self {
            Rank | Alpha | Projections => matches!(settings.method, train::Method::Lora(_)),
            Layers => matches!(settings.method, train::Method::Last { .. }),
            Momentum => matches!(settings.optimizer, train::Optimizer::Sgd { .. }),
            Total => settings.schedule.shape != train::Shape::Constant,
            _ => true,
        }
    }

    /// The value as it is written on screen.
    pub fn value(self, training: &Training) -> String {
        let settings = &training.settings;
        match (self, &settings.method, self.number(training)) {
            (Method, method, _) => method.name().into(),
            (Projections, train::Method::Lora(lora), _) => lora.projections.name().into(),
            (Optimizer, ..) => settings.optimizer.name().into(),
            (Shape, ..) => settings.schedule.shape.name().into(),
            (Clip, _, Some(0.0)) => "never".into(),
            (Rate, _, Some(rate)) => format!("{rate:e}"),
            (.., Some(number)) => number.to_string(),
            (.., None) => "–".into(),
        }
    }

    /// The next value up or down, or the next choice.
    pub(in crate::app) fn turn(self, training: &mut Training, is_up: bool) {
        let settings = &mut training.settings;
        let by = if is_up { 1 } else { -1 };
        match (self, &mut settings.method) {
            (Method, method) => *method = turned_method(method, by),
            (Projections, train::Method::Lora(lora)) => {
                lora.projections = next(&train::Projections::EVERY, lora.projections, by);
            }
            (Optimizer, _) => {
                settings.optimizer = match settings.optimizer {
                    train::Optimizer::AdamW => train::Optimizer::Sgd { momentum: 0.0 },
                    train::Optimizer::Sgd { .. } => train::Optimizer::AdamW,
                };
            }
            (Shape, _) => {
                let shape = next(&train::Shape::EVERY, settings.schedule.shape, by);
                settings.schedule.shape = shape;
            }
            _ => {
                let Some(numbers) = self.numbers() else { return };
                let next = numbers.next(self.number(training), is_up);
                self.put(training, next);
            }
        }
    }

    /// Takes a value that was typed.
    ///
    /// # Errors
    /// One sentence on what the setting takes.
    pub(in crate::app) fn set(self, training: &mut Training, typed: &str) -> Result<(), String> {
        let Some(numbers) = self.numbers() else {
            return Err(format!("{} is chosen with ← and →", self.name()));
        };
        let fits = |number: &f64| {
            (numbers.least..=numbers.greatest).contains(number) && (!numbers.is_whole || number.fract() == 0.0)
        };
        match typed.parse::<f64>().ok().filter(fits) {
            Some(number) => {
                self.put(training, Some(number));
                Ok(())
            }
            None => {
                let kind = if numbers.is_whole { "a whole number" } else { "a number" };
                let (name, least, greatest) = (self.name(), written(numbers.least), written(numbers.greatest));
                Err(format!("{name} takes {kind} from {least} to {greatest}, not {typed}"))
            }
        }
    }

    fn numbers(self) -> Option<Numbers> {
        let whole = |least, greatest, by| Numbers { least, greatest, is_whole: true, may_be_none: false, by };
        let real = |least, greatest, by| Numbers { is_whole: false, ..whole(least, greatest, by) };
        Some(match self {
            Method | Projections | Optimizer | Shape => return None,
            Rank => whole(1.0, 1024.0, By::Double),
            Alpha => real(0.01, 4096.0, By::Double),
            Layers => whole(1.0, 256.0, By::Add(1.0)),
            Momentum => real(0.0, 0.999, By::Add(0.1)),
            Rate => real(LOWEST_RATE, HIGHEST_RATE, By::Rounds(LOWEST_RATE)),
            Warmup => whole(0.0, 1e6, By::Rounds(1.0)),
            Total => whole(0.0, 1e6, By::Rounds(1.0)),
            WeightDecay => real(0.0, 10.0, By::Rounds(1e-4)),
            Clip => real(0.0, 1e6, By::Rounds(0.1)),
            Batch | Accumulate => whole(1.0, 4096.0, By::Double),
            Seed => whole(0.0, 1e15, By::Add(1.0)),
            Steps => Numbers { may_be_none: true, ..whole(1.0, 1e9, By::Rounds(1.0)) },
            LossBelow => Numbers { may_be_none: true, ..real(1e-6, 100.0, By::Rounds(0.01)) },
            Plateau => Numbers { may_be_none: true, ..whole(1.0, 1e6, By::Rounds(1.0)) },
            ProbeEvery => whole(1.0, 1e6, By::Rounds(1.0)),
            Temperature => real(0.0, 5.0, By::Add(0.1)),
        })
    }

    fn number(self, training: &Training) -> Option<f64> {
        let (settings, goal) = (&training.settings, &training.goal);
        match (self, &settings.method, settings.optimizer) {
            (Method | Projections | Optimizer | Shape, ..) => None,
            (Rank, train::Method::Lora(lora), _) => Some(lora.rank as f64),
            (Alpha, train::Method::Lora(lora), _) => Some(lora.alpha),
            (Layers, train::Method::Last { layers }, _) => Some(*layers as f64),
            (Momentum, _, train::Optimizer::Sgd { momentum }) => Some(momentum),
            (Rank | Alpha | Layers | Momentum, ..) => None,
            (Rate, ..) => Some(settings.lr),
            (Warmup, ..) => Some(settings.schedule.warmup as f64),
            (Total, ..) => Some(settings.schedule.total as f64),
            (WeightDecay, ..) => Some(settings.weight_decay),
            (Clip, ..) => Some(settings.clip),
            (Batch, ..) => Some(settings.batch as f64),
            (Accumulate, ..) => Some(settings.accumulate as f64),
            (Seed, ..) => Some(settings.seed as f64),
            (Steps, ..) => goal.steps.map(|steps| steps as f64),
            (LossBelow, ..) => goal.loss,
            (Plateau, ..) => goal.plateau.map(|steps| steps as f64),
            (ProbeEvery, ..) => Some(training.probe_every as f64),
            (Temperature, ..) => Some(training.sample_temperature),
        }
    }

    /// `None` only where a limit is taken away.
    fn put(self, training: &mut Training, number: Option<f64>) {
        let (settings, goal) = (&mut training.settings, &mut training.goal);
        let real = number.unwrap_or_default();
        let whole = real as usize;
        match (self, &mut settings.method, &mut settings.optimizer) {
            (Rank, train::Method::Lora(lora), _) => lora.rank = whole,
            (Alpha, train::Method::Lora(lora), _) => lora.alpha = real,
            (Layers, train::Method::Last { layers }, _) => *layers = whole,
            (Momentum, _, train::Optimizer::Sgd { momentum }) => *momentum = real,
            (Rate, ..) => settings.lr = real,
            (Warmup, ..) => settings.schedule.warmup = whole,
            (Total, ..) => settings.schedule.total = whole,
            (WeightDecay, ..) => settings.weight_decay = real,
            (Clip, ..) => settings.clip = real,
            (Batch, ..) => settings.batch = whole,
            (Accumulate, ..) => settings.accumulate = whole,
            (Seed, ..) => settings.seed = real as u64,
            (Steps, ..) => goal.steps = number.map(|_| whole),
            (LossBelow, ..) => goal.loss = number,
            (Plateau, ..) => goal.plateau = number.map(|_| whole),
            (ProbeEvery, ..) => training.probe_every = whole,
            (Temperature, ..) => training.sample_temperature = real,
            (Method | Rank | Alpha | Projections | Layers | Optimizer | Momentum | Shape, ..) => {}
        }
    }
}

impl Numbers {
    fn next(&self, from: Option<f64>, is_up: bool) -> Option<f64> {
        let first = match self.by {
            By::Rounds(first) => first,
            By::Add(_) | By::Double => self.least,
        };
        let Some(from) = from else { return is_up.then_some(first) };
        let is_lowest = from <= if self.may_be_none { first } else { self.least };
        if !is_up && is_lowest && self.may_be_none {
            return None;
        }
        let next = match self.by {
            // Tenths have no exact form: rounded, so that ten of them are one.
            By::Add(by) => ((from + if is_up { by } else { -by }) * 1e3).round() / 1e3,
            By::Double => from * if is_up { 2.0 } else { 0.5 },
            By::Rounds(first) if is_up && from < first => first,
            By::Rounds(first) if !is_up && from <= first => self.least,
            By::Rounds(_) => next_round(from, is_up),
        };
        let next = if self.is_whole { next.floor() } else { next };
        Some(next.clamp(self.least, self.greatest))
    }
}

fn turned_method(method: &train::Method, by: isize) -> train::Method {
    use train::Method::{Embeddings, Full, Last, Lora};
    let every = [Full, Lora(train::LoraSettings::default()), Last { layers: 1 }, Embeddings];
    let at = every.iter().position(|one| one.name() == method.name()).unwrap_or(0) as isize;
    every[(at + by).rem_euclid(every.len() as isize) as usize].clone()
}

/// The next number of 1, 2, 5, 10, 20 … up or down.
pub(in crate::app) fn next_round(from: f64, is_up: bool) -> f64 {
    let exponent = from.log10().floor() as i32;
    // Parsed, so that it is the number that one would have written.
    let rounds = (exponent - 1..=exponent + 1)
        .flat_map(|exponent| ["1", "2", "5"].map(|digit| format!("{digit}e{exponent}").parse().unwrap_or(from)));
    let near = 1e-9;
    match is_up {
        true => rounds.filter(|&round: &f64| round > from * (1.0 + near)).reduce(f64::min),
        false => rounds.filter(|&round: &f64| round < from * (1.0 - near)).reduce(f64::max),
    }
    .unwrap_or(from)
}

fn written(number: f64) -> String {
    if number != 0.0 && !(1e-3..1e7).contains(&number) { format!("{number:e}") } else { number.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_go_by_one_two_five() {
        let up = |from| next_round(from, true);
        let down = |from| next_round(from, false);
        assert_eq!((up(5e-5), up(1e-4), up(2e-4), up(3e-4)), (1e-4, 2e-4, 5e-4, 5e-4));
        assert_eq!((down(1e-4), down(5e-5), down(2e-5), down(3e-4)), (5e-5, 2e-5, 1e-5, 2e-4));
        let there: f64 = (0..12).fold(5e-5, |rate, _| up(rate));
        assert_eq!((0..12).fold(there, |rate, _| down(rate)), 5e-5);
    }

    #[test]
    fn every_setting_stays_in_its_range_both_ways() {
        let mut training = Training::default();
        for method in 0..4 {
            for setting in Setting::iter() {
                let Some(numbers) = setting.numbers().filter(|_| setting.applies(&training)) else { continue };
                for is_up in [true, false] {
                    for _ in 0..100 {
                        setting.turn(&mut training, is_up);
                        let number = setting.number(&training);
                        let fits = number
                            .map_or(numbers.may_be_none, |number| (numbers.least..=numbers.greatest).contains(&number));
                        assert!(fits, "{} is {number:?} under method {method}", setting.name());
                    }
                }
                let lowest = (!numbers.may_be_none).then_some(numbers.least);
                assert_eq!(setting.number(&training), lowest, "{}", setting.name());
            }
            Method.turn(&mut training, true);
            Optimizer.turn(&mut training, true);
        }
    }
}
