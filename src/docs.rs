//! The manual, by subject, and how the program is built.
//!
//! README says what somebody does first; all that a command or a view can do stands here, on the page of its subject
//! (`src/docs/*.md`). Tables and outputs on these pages are the program's own: `tests/readme` keeps them.

/// The six views, and how everything is written on them.
///
#[doc = "<div>"]
#[doc = include_str!("../assets/screen.svg")]
#[doc = "</div>\n"]
#[doc = include_str!("docs/screen.md")]
pub mod screen {}

/// Every key, by where it holds.
#[doc = include_str!("docs/keys.md")]
pub mod keys {}

/// `lossglass analyze`: what a model says of a text or a chat, as a table, JSON or CSV.
#[doc = include_str!("docs/analysis.md")]
pub mod analysis {}

/// The view Attend and `analyze --with`: masks, heads, leaning, layers.
///
#[doc = "<div>"]
#[doc = include_str!("../assets/attend.svg")]
#[doc = "</div>\n"]
#[doc = include_str!("docs/attention.md")]
pub mod attention {}

/// Which tokens count: modes, weights, options, profiles of trainers, and the view Score.
///
#[doc = "<div>"]
#[doc = include_str!("../assets/score.svg")]
#[doc = "</div>\n"]
#[doc = include_str!("docs/masks.md")]
pub mod masks {}

/// `lossglass mask`: totals, findings, what the trainer did, export.
///
#[doc = "<div>"]
#[doc = include_str!("../assets/records.svg")]
#[doc = "</div>\n"]
#[doc = include_str!("docs/data-sets.md")]
pub mod data_sets {}

/// The view Train, `lossglass train`, and what is saved.
///
#[doc = "<div>"]
#[doc = include_str!("../assets/train.svg")]
#[doc = "</div>\n"]
#[doc = include_str!("docs/training.md")]
pub mod training {}

/// A run in the hands of transformers, TRL, Axolotl or torchtune.
#[doc = include_str!("docs/handover.md")]
pub mod handover {}

/// `lossglass pretrain`: a tokenizer and a model from random weights.
#[doc = include_str!("docs/pretraining.md")]
pub mod pretraining {}

/// The view Generate and `lossglass generate`.
#[doc = include_str!("docs/generation.md")]
pub mod generation {}

/// Lessons, guessing first, and presenting to a class.
#[doc = include_str!("docs/lessons.md")]
pub mod lessons {}

/// Pages, pictures, sessions and recordings of the screen.
#[doc = include_str!("docs/handing-out.md")]
pub mod handing_out {}

/// Names of models, where they are kept, which families are computed, environment variables.
#[doc = include_str!("docs/models.md")]
pub mod models {}

/// What was measured, on which machine.
#[doc = include_str!("docs/speed.md")]
pub mod speed {}

/// How the program is built: from a key to a number, from a record to its mask, from a step to new weights; where to add.
#[doc = include_str!("docs/architecture.md")]
pub mod architecture {}
