//! All that was measured, and how it is printed: a table as the figures come, or at the end JSON or Markdown.

mod markdown;
mod table;

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::lengths::Length;
use super::line::Line;
use super::products::{Reached, Shape};
use super::rounds::Runs;
use crate::cli::bench::BenchFormat;
use crate::memory::size_text;

/// On what it was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    pub lossglass: &'static str,
    pub processor: String,
    /// The level of vector instructions, and whether it was asked for.
    pub kernels: String,
    pub is_forced: bool,
    pub threads: usize,
    /// Floating-point operations a second of one core.
    pub peak: f64,
    /// Bytes a second that all threads read from memory.
    pub read: f64,
    /// What stands beside us: versions of PyTorch and transformers.
    pub python: Option<String>,
}

/// What one shape of products reached, `None` where it was not measured.
#[derive(Clone, Debug)]
pub struct Products {
    pub shape: Shape,
    pub reached: Vec<Option<Reached>>,
}

/// Two kinds of work on so many threads.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scaling {
    pub threads: usize,
    pub score: Runs,
    pub step: Runs,
}

/// All figures.
#[derive(Debug)]
pub struct Sheet {
    pub format: BenchFormat,
    pub setting: Setting,
    /// The model's name and what is measured of it: the figures below are of it where they name none.
    pub model: Option<String>,
    pub lines: Vec<Line>,
    /// The numbers of tokens that products were measured at.
    pub tokens: Vec<usize>,
    pub products: Vec<Products>,
    pub scaling: Vec<Scaling>,
    pub lengths: Vec<Length>,
    /// What could not be measured, and why.
    pub notes: Vec<String>,
}

/// What is measured for the table of how work scales.
pub const SCALED: (usize, usize) = (512, 128);

impl Sheet {
    /// Prints the heading, where it is printed at once.
    ///
    /// # Errors
    /// If standard output cannot be written, as for all of these.
    pub fn begin(&self) -> io::Result<()> {
        self.at_once(|out| table::setting(out, &self.setting))
    }

    /// What could not be measured, in a sentence.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// The heading of lines.
    pub fn head(&self, title: &str) -> io::Result<()> {
        self.at_once(|out| table::head(out, title, self.lines.is_empty()))
    }

    pub fn line(&mut self, line: Line) -> io::Result<()> {
        self.at_once(|out| table::line(out, &line))?;
        self.lines.push(line);
        Ok(())
    }

    pub fn products(&mut self, products: Products) -> io::Result<()> {
        self.at_once(|out| {
            if self.products.is_empty() {
                table::products_head(out, &self.tokens)?;
            }
            table::products(out, &products, self.setting.peak)
        })?;
        self.products.push(products);
        Ok(())
    }

    pub fn scaling(&mut self, scaling: Scaling) -> io::Result<()> {
        let first = self.scaling.first().copied().unwrap_or(scaling);
        self.at_once(|out| table::scaling(out, &scaling, &first))?;
        self.scaling.push(scaling);
        Ok(())
    }

    pub fn length(&mut self, length: Length) -> io::Result<()> {
        self.at_once(|out| table::length(out, &length, self.lengths.is_empty()))?;
        self.lengths.push(length);
        Ok(())
    }

    /// Prints what is left to print. `is_whole` says whether nothing stopped it.
    pub fn end(&self, is_whole: bool) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match self.format {
            BenchFormat::Table => table::end(&mut out, self, is_whole),
            BenchFormat::Json => writeln!(out, "{:#}", self.to_json(is_whole)),
            BenchFormat::Markdown => markdown::write(&mut out, self),
        }
    }

    fn at_once(&self, print: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        match self.format {
            BenchFormat::Table => print(&mut io::stdout().lock()),
            BenchFormat::Json | BenchFormat::Markdown => Ok(()),
        }
    }

    fn to_json(&self, is_whole: bool) -> Value {
        let products = self.products.iter().flat_map(|products| {
            let of = |reached: &Reached| {
                json!({"what": products.shape.what, "out": products.shape.out, "in": products.shape.width, "tokens": reached.tokens,
                    "forward": reached.forward, "backward": reached.backward,
                    "forward_share": reached.forward / self.setting.peak, "backward_share": reached.backward / self.setting.peak})
            };
            products.reached.iter().flatten().map(of)
        });
        json!({
            "schema": 1, "setting": self.setting, "model": self.model,
            "lines": self.lines.iter().map(Line::to_json).collect::<Vec<_>>(),
            "products": products.collect::<Vec<_>>(), "scaling": self.scaling, "lengths": self.lengths,
            "notes": self.notes, "complete": is_whole,
        })
    }
}

/// `12 of 14 bars are met`, and how many are not known.
pub fn summary(lines: &[Line]) -> String {
    let with_bar: Vec<&Line> = lines.iter().filter(|line| line.bar.is_some()).collect();
    let known: Vec<bool> = with_bar.iter().filter_map(|line| line.is_met()).collect();
    let met = known.iter().filter(|is_met| **is_met).count();
    let unknown = match with_bar.len() - known.len() {
        0 => String::new(),
        count => format!("; {count} cannot be known without a Python in LOSSGLASS_PYTHON"),
    };
    format!("{met} of {} bars are met{unknown}", known.len())
}

/// `113 GFLOP/s`.
pub fn rate_text(rate: f64) -> String {
    format!("{:.0} GFLOP/s", rate / 1e9)
}

/// Bytes a second, as a person reads them.
fn bytes_text(rate: f64) -> String {
    format!("{:.0} GB/s", rate / 1e9)
}

/// The share of the peak in percent.
fn share(reached: f64, peak: f64) -> String {
    format!("{:.0}", 100.0 * reached / peak)
}

/// Forward and backward, in percent of the peak: `71 / 64`.
fn shares(reached: &Option<Reached>, peak: f64) -> String {
    let of = |reached: &Reached| format!("{} / {}", share(reached.forward, peak), share(reached.backward, peak));
    reached.as_ref().map_or_else(|| "–".to_owned(), of)
}

fn resident(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), size_text)
}
