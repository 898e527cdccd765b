//! What is measured, in which order.

use anyhow::{Context, Result};
use candle_core::Device;
use rayon::ThreadPoolBuilder;
use serde_json::Value;

use super::alone::{Alone, Work};
use super::lengths::{self, Length};
use super::line::{Bar, Line, Unit};
use super::pytorch::PyTorch;
use super::rounds::{Rounds, Runs};
use super::sheet::{Products, SCALED, Scaling, Sheet};
use super::subject::{Subject, Training, methods};
use super::{QUICK, masks, products, screen};
use crate::cli::bench::Part;
use crate::command::bar;
use crate::model::Model;
use crate::source::{Embedded, Source};
use crate::train::Method;

/// The weights of SmolLM2-135M, whose the bars are.
const PARAMETERS: usize = 134_515_008;
/// What scoring may take, by tokens, as a ratio to PyTorch's forward pass.
const SCORE: [(usize, f64); 3] = [(32, 0.5), (128, 0.6), (512, 0.65)];
/// What a full step and one of LoRA may take, as a ratio to PyTorch's full step.
const STEPS: [(usize, [f64; 2]); 2] = [(32, [0.5, 0.25]), (128, [0.65, 0.4])];
/// What a step of 32 tokens on an embedded model may take, full and LoRA, in seconds.
const EMBEDDED_STEPS: [f64; 2] = [10e-3, 6e-3];
const EMBEDDED: [Embedded; 2] = [Embedded::TinyBase, Embedded::TinyChat];
/// Tokens that are written.
const WRITTEN: usize = 128;
/// The bytes that may be resident at 128 tokens.
const RESIDENT: [(Work, &str, f64); 3] =
    [(Work::Score, "scoring", 0.8e9), (Work::Lora, "LoRA r8", 1.0e9), (Work::Full, "full training", 2.6e9)];
/// Runs of one length in a process of its own, beside the first, which does not count.
const LONG_RUNS: usize = 3;

/// A run of everything.
pub struct Bench {
    is_quick: bool,
    /// What `--model` takes.
    model: String,
    sheet: Sheet,
    rounds: Rounds,
    python: Option<PyTorch>,
    progress: bar::Bar,
}

impl Bench {
    pub fn new(is_quick: bool, model: &str, sheet: Sheet, rounds: Rounds, python: Option<PyTorch>) -> Self {
        Self { is_quick, model: model.to_owned(), sheet, rounds, python, progress: bar::Bar::new() }
    }

    /// Measures these parts, those of the model as far as there is one.
    ///
    /// # Errors
    /// If a run fails or is interrupted.
    pub fn run(&mut self, parts: &[Part], subject: Option<&Subject>) -> Result<()> {
        self.sheet.begin()?;
        parts.iter().try_for_each(|part| match (part, subject) {
            (Part::Model, Some(subject)) => self.model(subject),
            (Part::Embedded, _) => self.embedded(),
            (Part::Screen, _) => self.screen(),
            (Part::Masks, _) => self.masks(),
            (Part::Products, subject) => self.products(subject),
            (Part::Threads, Some(subject)) => self.scaling(subject),
            (Part::Lengths, Some(subject)) => self.lengths(subject),
            (Part::Model | Part::Threads | Part::Lengths, None) => Ok(()),
        })
    }

    /// Prints what is left to print.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn end(&mut self, is_whole: bool) -> Result<()> {
        self.progress.clear();
        Ok(self.sheet.end(is_whole)?)
    }

    fn line(&mut self, line: Line) -> Result<()> {
        self.progress.clear();
        Ok(self.sheet.line(line)?)
    }

    /// Measures ours, and what PyTorch is ordered to do where there is one, alternating.
    fn beside(&mut self, mut ours: impl FnMut() -> Result<f64>, order: Option<Value>) -> Result<(Runs, Option<Runs>)> {
        match self.python.as_mut().zip(order) {
            None => Ok((self.rounds.alternate([&mut ours])?[0], None)),
            Some((python, order)) => {
                let [ours, theirs] = self.rounds.alternate([&mut ours, &mut || python.run(&order)])?;
                Ok((ours, Some(theirs)))
            }
        }
    }

    fn model(&mut self, subject: &Subject) -> Result<()> {
        self.sheet.head(&subject.name)?;
        let has_bars = subject.decoder.parameters() == PARAMETERS;
        let bar = |bar: Bar| has_bars.then_some(bar);
        let context = subject.decoder.config().context;
        for (tokens, most) in SCORE.into_iter().filter(|(tokens, _)| *tokens <= context) {
            let what = format!("score {tokens} tokens");
            self.progress.doing(&what);
            let (ours, theirs) = self.beside(|| subject.score(tokens), subject.order("score", tokens))?;
            self.line(Line::seconds(what, ours).beside("PyTorch", theirs).bar(bar(Bar::RatioAtMost(most))))?;
        }
        self.progress.doing("append a token");
        let [append, afresh] = self.rounds.alternate([&mut || subject.append(128), &mut || subject.score(129)])?;
        let line = Line::seconds("append a token to 128", append).beside("scoring afresh", Some(afresh));
        self.line(line.bar(bar(Bar::RatioAtMost(0.1))))?;
        for (tokens, most) in STEPS {
            self.steps(subject, tokens, most.map(|most| bar(Bar::RatioAtMost(most))))?;
        }
        self.generation(subject, bar(Bar::RatioAtMost(0.7)))?;
        for (work, what, most) in RESIDENT {
            self.resident(work, what, bar(Bar::AtMost(most)))?;
        }
        Ok(())
    }

    fn generation(&mut self, subject: &Subject, bar: Option<Bar>) -> Result<()> {
        self.progress.doing("generation");
        let (ours, theirs) = self.beside(|| subject.generate(WRITTEN), subject.order("generate", WRITTEN))?;
        let line = Line::seconds(format!("greedy generation of {WRITTEN} tokens"), ours).beside("transformers", theirs);
        self.line(line.bar(bar))
    }

    /// A full step and one of LoRA, both beside PyTorch's full one.
    fn steps(&mut self, subject: &Subject, tokens: usize, bars: [Option<Bar>; 2]) -> Result<()> {
        let [mut full, mut lora] = methods().map(|(_, method)| Training::new(subject, method, tokens));
        self.progress.doing(&format!("training steps of {tokens} tokens"));
        let (mut full, mut lora) = (|| full.step(), || lora.step());
        let (runs, theirs) = match self.python.as_mut().zip(subject.order("train", tokens)) {
            None => (self.rounds.alternate([&mut full, &mut lora])?, None),
            Some((python, order)) => {
                let [full, lora, theirs] = self.rounds.alternate([&mut full, &mut lora, &mut || python.run(&order)])?;
                ([full, lora], Some(theirs))
            }
        };
        for (((name, _), runs), bar) in methods().into_iter().zip(runs).zip(bars) {
            let line = Line::seconds(format!("{name} step, {tokens} tokens"), runs);
            self.line(line.beside("PyTorch's full step", theirs).bar(bar))?;
        }
        Ok(())
    }

    /// The most bytes that a process needs for it.
    fn resident(&mut self, work: Work, what: &str, bar: Option<Bar>) -> Result<()> {
        let what = format!("resident memory, {what}, 128 tokens");
        self.progress.doing(&what);
        let outcome = Alone { work, tokens: 128, runs: 2 }.in_a_process(&self.model, &self.rounds.stop)?;
        match outcome.resident {
            None => self.sheet.note(format!("{what}: this system does not say")),
            Some(bytes) => {
                let runs = Runs { median: bytes as f64, best: bytes as f64, runs: 1 };
                self.line(Line { unit: Unit::Bytes, ..Line::seconds(what, runs) }.bar(bar))?;
            }
        }
        Ok(())
    }

    fn embedded(&mut self) -> Result<()> {
        self.sheet.head("embedded models")?;
        for embedded in EMBEDDED {
            let subject = self.embedded_subject(embedded)?;
            for ((name, method), most) in methods().into_iter().zip(EMBEDDED_STEPS) {
                let what = format!("{} {name} step, 32 tokens", subject.name);
                self.progress.doing(&what);
                let mut training = Training::new(&subject, method, 32);
                let runs = self.rounds.often(|| training.step())?;
                self.line(Line::seconds(what, runs).bar(Some(Bar::AtMost(most))))?;
            }
        }
        Ok(())
    }

    fn embedded_subject(&self, embedded: Embedded) -> Result<Subject> {
        let source = Source::Embedded(embedded);
        let model = Model::load(&source, &Device::Cpu, &self.rounds.stop, &mut |_| {})?;
        Ok(Subject::new(model, &self.rounds.stop))
    }

    fn screen(&mut self) -> Result<()> {
        let Self { sheet, progress, rounds, .. } = self;
        sheet.head("what a user waits for on screen")?;
        progress.doing("the screen");
        screen::measure(rounds, &mut |line| {
            progress.clear();
            sheet.line(line)?;
            progress.doing("the screen");
            Ok(())
        })
    }

    fn masks(&mut self) -> Result<()> {
        self.sheet.head("data sets")?;
        self.progress.doing("masks of a data set");
        let line = masks::measure(&self.rounds, self.python.as_mut(), self.is_quick)?;
        self.line(line)
    }

    fn products(&mut self, subject: Option<&Subject>) -> Result<()> {
        let tiny = self.embedded_subject(EMBEDDED[0])?;
        for subject in subject.into_iter().filter(|subject| subject.name != tiny.name).chain([&tiny]) {
            for shape in products::shapes(&subject.name, subject.decoder.config()) {
                self.progress.doing(&format!("products, {}", shape.what));
                let reach = |&tokens: &usize| products::reach(&shape, tokens, &self.rounds.stop);
                let reached = self.sheet.tokens.iter().map(reach).collect::<Result<_>>()?;
                self.progress.clear();
                self.sheet.products(Products { shape, reached })?;
            }
        }
        Ok(())
    }

    /// 1 thread, 2, 4 … and all of them.
    fn scaling(&mut self, subject: &Subject) -> Result<()> {
        let all = self.sheet.setting.threads;
        let doubled = std::iter::successors(Some(1), |threads| Some(threads * 2)).take_while(|&threads| threads < all);
        for threads in doubled.chain([all]) {
            self.progress.doing(&format!("{threads} of {all} threads"));
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().context("threads")?;
            let mut training = Training::new(subject, Method::Full, SCALED.1);
            let mut score = || pool.install(|| subject.score(SCALED.0));
            let mut step = || pool.install(|| training.step());
            let rounds = Rounds { count: QUICK.min(self.rounds.count), stop: self.rounds.stop.clone(), ..self.rounds };
            let [score, step] = rounds.alternate([&mut score, &mut step])?;
            self.progress.clear();
            self.sheet.scaling(Scaling { threads, score, step })?;
        }
        Ok(())
    }

    fn lengths(&mut self, subject: &Subject) -> Result<()> {
        let lengths: &[usize] = if self.is_quick { &lengths::QUICK } else { &lengths::LENGTHS };
        let context = subject.decoder.config().context;
        for &tokens in lengths.iter().filter(|&&tokens| tokens <= context) {
            self.progress.doing(&format!("a text of {tokens} tokens"));
            let runs = 1 + if self.is_quick { 1 } else { LONG_RUNS };
            let alone = Alone { work: Work::Score, tokens, runs };
            let mut outcome = alone.in_a_process(&self.model, &self.rounds.stop)?;
            outcome.seconds.remove(0);
            let operations = lengths::operations(&subject.decoder, tokens);
            let (seconds, resident) = (Runs::of_seconds(outcome.seconds), outcome.resident);
            self.progress.clear();
            self.sheet.length(Length { tokens, seconds, resident, operations })?;
        }
        Ok(())
    }
}
