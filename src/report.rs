//! The values of one analysis as a table, JSON, CSV or an HTML page, those of a training run, and what a model wrote.

pub mod against;
mod compare;
mod csv;
pub mod file;
pub mod generation;
mod inside;
mod json;
pub mod page;
pub mod survey;
mod table;
mod training;
pub mod watched;

pub use compare::Compared;
pub use csv::csv;
pub use inside::{Attention, Inside, Under};
pub use json::json;
pub use table::table;
pub use training::{Done, done_json, movers, step_json, step_line, steps_head};

use crate::loss::{Denominator, Ledger, Scores};
use crate::mask::LossMask;
use crate::mask::finding::{Finding, findings};
use crate::model::ModelInfo;
use crate::sequence::Sequence;

/// Everything a report prints.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    pub model: &'a ModelInfo,
    pub sequence: &'a Sequence,
    pub mask: &'a LossMask,
    pub scores: &'a Scores,
    /// −log p of each token of a pack under the other packing; empty for what is no pack.
    pub contrast: &'a [Option<f64>],
    pub ledger: &'a Ledger,
    pub denominator: Denominator,
    /// Under what attention and labels it was scored.
    pub under: &'a Under,
    /// What was looked at of the model's inside.
    pub inside: &'a Inside,
    /// A second model on the same text.
    pub compared: Option<Compared<'a>>,
}

impl Report<'_> {
    /// What the reader of the numbers should know, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = self.model.notes.iter().chain(&self.model.left_out).cloned().collect();
        warnings.extend(self.sequence.notes.iter().cloned());
        if let Some(tokens) = self.sequence.uncut_len() {
            warnings.push(format!(
                "the text has {tokens} tokens and {} takes {}: the rest is cut off, {} of it that the mask scores",
                self.model.name, self.model.context, self.mask.lost
            ));
        }
        if self.mask.unpredicted {
            warnings.push("1 scored token has no prediction: nothing stands before it (see --prefix)".into());
        }
        if self.sequence.len() > 1 && self.ledger.scored == 0 {
            warnings.push(format!("mask {} scores nothing here: the loss is undefined", self.mask.name()));
        }
        warnings.extend(self.under.broken(self.sequence, self.mask));
        if let Some(Compared { model, comparison }) = self.compared {
            warnings.extend(model.notes.iter().chain(&model.left_out).map(|note| format!("{}: {note}", model.name)));
            warnings.extend(comparison.notes.iter().cloned());
        }
        warnings
    }

    /// What is worth a second look before training on this, the major findings first.
    pub fn findings(&self) -> Vec<Finding> {
        findings(self.sequence, self.mask, &self.model.facts)
    }
}

/// A token of the vocabulary as text; bytes that are no whole character are written `⟨E6⟩`.
fn token_text(model: &ModelInfo, id: u32) -> String {
    crate::sequence::text_of(model.tokens.get(id as usize).map_or(&[][..], Vec::as_slice))
}

/// A token of the vocabulary as it is shown.
fn token_label(model: &ModelInfo, id: u32) -> String {
    crate::sequence::visible(model.tokens.get(id as usize).map_or(&[][..], Vec::as_slice))
}
