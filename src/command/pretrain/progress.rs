//! What a run says of itself while it goes on.

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

use crate::cli::train::TrainFormat;
use crate::command::bar::Bar;
use crate::memory::size_text;
use crate::pretrain::{Corpus, Entry, Event, Measured, Packed, Recipe, Stage};
use crate::sequence::visible_text;
use crate::train::memory::Need;
use crate::train::{Method, Optimizer};

/// Tells a run on standard output, and how far it is on a terminal's standard error.
pub struct Progress<'a> {
    recipe: &'a Recipe,
    format: TrainFormat,
    bar: Bar,
    /// Steps that were there when this sitting began, once it is known.
    from: Option<usize>,
}

impl<'a> Progress<'a> {
    pub fn new(recipe: &'a Recipe, format: TrainFormat) -> Self {
        Self { recipe, format, bar: Bar::new(), from: None }
    }

    /// What would be trained.
    ///
    /// # Errors
    /// If writing fails.
    pub fn plan(&self) -> io::Result<()> {
        let config = self.recipe.config(self.recipe.vocab_size().map_err(io::Error::other)?);
        let weights: usize = crate::train::memory::trainable(&config, &Method::Full);
        let mut out = io::stdout().lock();
        writeln!(out, "a llama of {weights} weights with at most {} tokens in its vocabulary", config.vocab_size)?;
        for stage in &self.recipe.stages {
            let tokens = stage.steps * stage.batch * stage.length;
            let sources: Vec<&str> = stage.sources.iter().map(|source| source.name.as_str()).collect();
            let name = visible_text(&stage.name);
            writeln!(
                out,
                "{name}: {} steps on at most {tokens} tokens of {}",
                stage.steps,
                visible_text(&sources.join(", "))
            )?;
        }
        let longest = self.recipe.stages.iter().map(|stage| stage.batch * stage.length).max().unwrap_or(0);
        let need = Need::of_training(&config, &Method::Full, Optimizer::AdamW, longest.min(4096));
        writeln!(out, "memory beside the tokens: {}", size_text(need.total()))
    }

    /// Tells what happened.
    ///
    /// # Errors
    /// If writing fails.
    pub fn tell(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event {
            Event::Reading { what, share } => {
                let what = format!("reading {}", visible_text(what));
                self.bar.share(&what, share.unwrap_or(0.0));
            }
            Event::Note(note) => {
                self.clear();
                eprintln!("note: {}", visible_text(note));
            }
            Event::Stage { stage, step, corpus } => {
                self.clear();
                self.stage(stage, *step, corpus)?;
            }
            Event::Step { step, report } => {
                let from = *self.from.get_or_insert(step - 1);
                self.bar.step(step - from, self.recipe.steps() - from, report.loss);
            }
            Event::Entry(entry) => {
                self.clear();
                self.entry(entry)?;
            }
            Event::Saving(share) => self.bar.share("saving", *share),
        }
        Ok(())
    }

    fn stage(&self, stage: &Stage, step: usize, corpus: &Corpus) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.format == TrainFormat::Json {
            let tokens = |of: &[crate::pretrain::Tokens]| of.iter().map(|tokens| tokens.len()).collect::<Vec<_>>();
            let sources: Vec<&str> = stage.sources.iter().map(|source| source.name.as_str()).collect();
            let line = json!({
                "event": "stage", "stage": stage.name, "step": step, "steps": stage.steps, "sources": sources,
                "tokens": tokens(&corpus.trained), "held_out_tokens": tokens(&corpus.held_out),
            });
            return writeln!(out, "{line}");
        }
        let going_on = if step > 0 { format!(", going on after step {step}") } else { String::new() };
        writeln!(
            out,
            "{}: {} steps of {} sequences of {} tokens{going_on}",
            visible_text(&stage.name),
            stage.steps,
            stage.batch,
            stage.length,
        )?;
        let all: f64 = stage.sources.iter().map(|source| source.weight).sum();
        for ((source, trained), held_out) in stage.sources.iter().zip(&corpus.trained).zip(&corpus.held_out) {
            let share = source.weight / all;
            let seen = share * (stage.steps * stage.batch) as f64 / trained.sequences() as f64;
            writeln!(
                out,
                "  {}: {:.0} % of the sequences; {} tokens to learn from, seen {seen:.1} times; {} held out",
                visible_text(&source.name),
                100.0 * share,
                trained.len(),
                held_out.len(),
            )?;
        }
        Ok(())
    }

    fn entry(&self, entry: &Entry) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.format == TrainFormat::Json {
            let mut line = serde_json::to_value(entry)?;
            line["event"] = "look".into();
            return writeln!(out, "{line}");
        }
        let loss = entry.loss.map_or_else(|| "–".into(), |loss| format!("{loss:.4}"));
        let pace = entry.tokens_per_second.map_or_else(String::new, |pace| format!("  {pace:.0} tokens/s"));
        let (step, steps) = (entry.step, self.recipe.steps());
        write!(out, "step {step}/{steps}  loss {loss}{pace}")?;
        for held_out in &entry.held_out {
            let bits = held_out.bits_per_byte.map_or_else(String::new, |bits| format!(" ({bits:.3} bits/byte)"));
            write!(out, "  {} {:.4} nats{bits}", visible_text(&held_out.source), held_out.nats)?;
        }
        writeln!(out)?;
        for sample in &entry.samples {
            writeln!(out, "  {}│{}", visible_text(&sample.prompt), visible_text(&sample.text))?;
        }
        out.flush()
    }

    /// Where the weights are.
    ///
    /// # Errors
    /// If writing fails.
    pub fn done(&self, out: &Path) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        match self.format {
            TrainFormat::Json => writeln!(stdout, "{}", json!({"event": "done", "steps": self.recipe.steps()})),
            TrainFormat::Table => writeln!(
                stdout,
                "done: {} steps; `lossglass --model {}` opens it",
                self.recipe.steps(),
                visible_text(&out.display().to_string())
            ),
        }
    }

    /// What a model's loss on a source is.
    ///
    /// # Errors
    /// If writing fails.
    pub fn measured(&self, Measured { loss, passages, bytes }: &Measured) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.format == TrainFormat::Json {
            let mut line = serde_json::to_value(loss)?;
            (line["passages"], line["bytes"]) = ((*passages).into(), (*bytes).into());
            return writeln!(stdout, "{line}");
        }
        let bits = loss.bits_per_byte.map_or_else(|| "–".into(), |bits| format!("{bits:.3}"));
        let source = visible_text(&loss.source);
        writeln!(
            stdout,
            "{source}: {bits} bits a byte, {:.3} nats a token, over {bytes} bytes of {passages} passages",
            loss.nats
        )
    }

    /// A checkpoint has its place in the file of them.
    ///
    /// # Errors
    /// If writing fails.
    pub fn packed(&self, packed: &Packed) -> io::Result<()> {
        let Packed { step, bytes, nats: [kept, decoded] } = packed;
        let mut stdout = io::stdout().lock();
        match self.format {
            TrainFormat::Json => {
                let line =
                    json!({"event": "packed", "step": step, "bytes": bytes, "nats": kept, "decoded_nats": decoded});
                writeln!(stdout, "{line}")
            }
            TrainFormat::Table => writeln!(
                stdout,
                "step {step}: {bytes} bytes; held out {kept:.4} nats, as packed {decoded:.4} ({:+.2} %)",
                100.0 * (decoded / kept - 1.0)
            ),
        }
    }

    /// The file of checkpoints is written.
    ///
    /// # Errors
    /// If writing fails.
    pub fn wrote(&self, file: &Path, bytes: usize) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        let name = file.display().to_string();
        match self.format {
            TrainFormat::Json => writeln!(stdout, "{}", json!({"event": "life", "file": name, "bytes": bytes})),
            TrainFormat::Table => writeln!(stdout, "wrote {}: {bytes} bytes", visible_text(&name)),
        }
    }

    /// Makes room for other output.
    pub fn clear(&mut self) {
        self.bar.clear();
    }
}
