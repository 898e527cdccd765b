//! Lossglass shows how a language model learns, token by token.
//!
//! # How data flows
//!
//! ```text
//! text, file, chat ─▶ sample ─▶ template ─▶ sequence ───────────────┬─▶ mask ─▶ loss (ledger)   pure, instant
//!       │            (Text|Chat)  (text and     (tokens with id,    │    │       ▲
//!       │                ▲        provenance)    bytes, span, part) │    │       │
//!       └─▶ data ────────┴───▶ survey: every record rendered, tokenised, masked and looked over, on all cores
//!           (records)                                               │    │       │
//!                                                                   ├────│▶ score ┘            model x ids -> rows
//!                                                                   ├────┴▶ train              model x examples -> steps
//!                                                                   └─▶ generate               model x ids -> new ids
//!                                                                        ▲
//! key ─▶ app::keymap ─▶ Action ─▶ app::update ─▶ Effect ─▶ engine ───────┘  (own thread, Request in, Event out)
//!                                     │
//!                                     └─▶ App ─▶ ui::draw
//! ```
//!
//! The forward pass does not know the loss mask: the engine returns each position's raw values once, and every mask,
//! weight or denominator is recomputed in `update` without it. One type, [`loss::Scores`], knows which logits row
//! predicts which token.
//!
//! Training changes the weights of the model that speaks, in place; the engine is the truth of a run and the screen
//! mirrors it ([`engine::TrainEvent`]): after every step it gets what the weights say now.
//!
//! # From a text to its loss
//!
//! ```
//! use lossglass::cancel::Cancel;
//! use lossglass::loss::{Denominator, Ledger, Scores};
//! use lossglass::mask::Policy;
//! use lossglass::model::{Model, Source, source::Embedded};
//! use lossglass::sample::{Form, Sample};
//! use lossglass::score::Scorer;
//! use lossglass::sequence::Prefix;
//!
//! # fn main() -> anyhow::Result<()> {
//! let (device, cancel) = (candle_core::Device::Cpu, Cancel::default());
//! let model = Model::load(&Source::Embedded(Embedded::TinyBase), &device, &cancel, &mut |_| {})?;
//! let sequence = model.encode(&Sample::Text("The sea is wide and deep.".into()), Prefix::Tokenizer)?;
//! let mask = Policy::default().mask(&sequence, Form::Text, None)?;
//! let mut scores = Scores::default();
//! let mut on_rows = |from, rows| scores.splice(from, rows);
//! Scorer::new().score(&model.decoder, &sequence.ids(), 5, &cancel, &mut on_rows)?;
//! let ledger = Ledger::new(&sequence, &mask, &scores).expect("nothing cancelled it");
//! let loss = ledger.loss(Denominator::Scored).expect("something is scored"); // nats
//! assert!(loss > 0.0 && ledger.scored == sequence.len() - 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Who may use whom
//!
//! `sample, jinja <- template <- sequence <- mask <- loss <- score <- engine`; `model -> sequence`, and of `mask` the attention
//! mask; `score -> model`; `train -> score, model, mask, loss`; `generate -> score, model`, and of `loss` the
//! distribution; `dataset -> train`, the one road from a record to an example; `survey -> data, dataset`; `engine ->` those; `app -> sequence, mask, loss`, engine's messages, settings of training and the names
//! of models; `ui -> app` and what its state is made of; `tui -> app, ui, engine`; `report -> mask, loss`, engine's
//! messages and train's reports; `command ->` what it runs. `cancel`, `disguise` and `guard` use nothing and are for all.
//! `sample`, `jinja`, `template`, `sequence`, `mask`, `loss`, `app` import neither candle nor
//! ratatui (the key table alone may name key codes, and the editor holds the state of a `ratatui_textarea`).
//! `tests/layers.rs` reads the `use` lines and keeps this true.

// A panic in the library would take the screen with it; tests may unwrap.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod app;
pub mod cancel;
pub mod cli;
pub mod command;
pub mod compare;
pub mod data;
pub mod dataset;
pub mod disguise;
pub mod engine;
pub mod generate;
pub mod guard;
pub mod jinja;
pub mod loss;
pub mod mask;
pub mod model;
pub mod report;
pub mod sample;
pub mod score;
pub mod sequence;
pub mod survey;
pub mod template;
pub mod train;
pub mod tui;
pub mod ui;
