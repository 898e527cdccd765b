//! A run that was tried here, handed over to a trainer that scales.
//!
//! ```text
//! examples, settings ─▶ Handover ─▶ check: what the trainer cannot do
//!                           │
//!                           └─▶ write ─▶ DIR: train.parquet   the sequences, in the order in which the run takes them
//!                                             run.json        the settings, as the scripts read them
//!                                             scripts         of assets/handover, the same for every run
//!                                             config.yaml     of trainers that have configurations
//!                                             model, adapter  where the trainer could not find them elsewhere
//!                                             README.md       what starts it, what is equal and what is not
//! ```
//!
//! The scripts hold nothing of a run, so that nobody's names have to be quoted in Python.

mod axolotl;
mod check;
mod launch;
mod place;
mod readme;
mod recipient;
mod rows;
mod run;
mod torchtune;
mod write;

use std::sync::Arc;

pub use check::Refusal;
pub use place::Place;
pub use recipient::Recipient;
pub use write::{FolderError, Written, write};

use crate::sequence::Packing;
use crate::train::{Example, Method, Settings};

/// A run to hand over.
#[derive(Clone, Debug)]
pub struct Handover<'a> {
    pub to: Recipient,
    /// What it learns from: records or packs, those in which something is scored.
    pub examples: &'a [Arc<Example>],
    pub settings: &'a Settings,
    /// Optimizer steps.
    pub steps: usize,
    /// How the examples are packed, where they are packs.
    pub packing: Option<Packing>,
    /// What is scored, as the command line says it.
    pub mask: String,
    /// What the user calls the data.
    pub data: String,
}

impl Handover<'_> {
    /// Sequences that the whole run takes, each as often as it takes it.
    pub fn sequences(&self) -> usize {
        self.steps * self.settings.examples_a_step()
    }

    /// The longest sequence, in tokens.
    fn longest(&self) -> usize {
        self.examples.iter().map(|example| example.ids.len()).max().unwrap_or(0)
    }

    /// Whether records share a sequence and know nothing of each other.
    fn is_block(&self) -> bool {
        self.packing == Some(Packing::Block)
    }

    /// Whether the adapter that the run begins with goes along: torchtune draws its own.
    fn has_adapter(&self) -> bool {
        matches!(self.settings.method, Method::Lora(_)) && self.to != Recipient::Torchtune
    }

    /// How many processes may share a step, at most eight: so many divide its batches.
    fn processes(&self) -> usize {
        (1..=8).rev().find(|&n| self.settings.accumulate.is_multiple_of(n)).unwrap_or(1)
    }
}
