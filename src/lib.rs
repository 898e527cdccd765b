//! Lossglass shows how a language model learns, token by token.
//!
//! What it can do, by subject: [`docs`]. The three ways that everything goes, from a key to a number, from a record to its
//! mask, from a step to new weights, and where to add: [`docs::architecture`].
//!
//! # How data flows
//!
//! ```text
//! text, file, chat ─▶ sample ─▶ template ─▶ sequence ───────────────┬─▶ mask ─▶ loss (ledger)   pure, instant
//!       │            (Text|Chat)  (text and     (tokens with id,    │    │       ▲
//!       │                ▲        provenance)    bytes, span, part) │    │       │
//!       └─▶ data ────────┴───▶ survey: every record rendered, tokenised, masked and looked over, on all cores
//!           (records)                                               │    │       │
//!                                                                   ├────│▶ score ┘            decoder x ids -> rows
//!                                                                   ├────┴▶ train              decoder x examples -> steps
//!                                                                   ├─▶ inspect                scored ids -> what heads and layers do
//!                                                                   └─▶ generate               decoder x ids -> new ids
//!                                                                        ▲
//! key ─▶ app::keymap ─▶ Action ─▶ app::update ─▶ Effect ─▶ engine ───────┘  (own thread, Request in, Event out)
//!                                     │            └─▶ tui::files
//!                                     └─▶ App ─▶ ui::draw
//! ```
//!
//! A [`lesson`] is a file of steps; what they do are ordinary commands of [`app`], and what they say is filled from its state.
//!
//! The screen has a room for each view and each overlay, under one name in [`app`] (what it remembers, its keys, what it
//! does) and in [`ui`] (how it is drawn): `app::view::score` and `ui::view::score`. What all views share is
//! [`app::Shared`].
//!
//! The forward pass does not know the loss mask: the engine returns each position's raw values once, and every mask,
//! weight or denominator is recomputed in `update` without it. One type, [`loss::Scores`], knows which logits row
//! predicts which token.
//!
//! What is handed out is made of the same state: a page ([`report::page`]), a picture of a frame ([`ui::picture`]), what was
//! drawn frame by frame ([`tui::Recording`]), or a [`session`], whose training steps are taken again where it is opened.
//!
//! Training changes the weights of the active model, in place; the engine is the truth of a run and the screen
//! mirrors it ([`engine::TrainEvent`]): after every step it gets what the weights say now.
//!
//! # From a text to its loss
//!
//! ```
//! use lossglass::cancel::Cancel;
//! use lossglass::loss::{Denominator, Ledger, Scores};
//! use lossglass::mask::Policy;
//! use lossglass::model::Model;
//! use lossglass::sample::{Form, Sample};
//! use lossglass::score::Scorer;
//! use lossglass::sequence::Prefix;
//! use lossglass::source::{Embedded, Source};
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
//! # From a name to a model
//!
//! ```text
//! "smollm2" ─▶ source ─▶ directory or .gguf file ─▶ checkpoint ─▶ config, weights, vocabulary ─▶ decoder ─▶ Model
//!              (catalogue, Hub, PyPI,               (safetensors, GGUF,                          (on ops)
//!               embedded, caches)                    adapters)
//! ```
//!
//! Each of these rooms knows its own subject alone: [`ops`] are kernels that know no model, the [`decoder`] knows no
//! files, a [`checkpoint`] does not know where its files come from, and a [`source`] knows no tensors. [`model`] is the
//! small thing that ties them. A [`model::Reader`] is what it reads samples with; it needs no weights.
//!
//! # Who may use whom
//!
//! A room uses only rooms that stand above it here, and no two use each other:
//!
//! ```text
//! docs                                                  words alone
//! cancel  disguise  guard  memory  threads              small things for all
//! board                                                 logs of runs
//! sample, jinja ◀ template ◀ sequence ◀ mask ◀ loss ◀ compare
//! data                                                  records of files
//! ops ◀ decoder ◀ checkpoint                            of mask, who may see whom
//! source                                                of checkpoint, the index of its shards and of its lives
//! model                                                 the four above, and how samples become sequences
//! score ◀ inspect, train;  generate                      of loss, the values
//! dataset ◀ survey                                      the one road from a record to an example, and what a trainer made
//!                                                       of it; of model, its reader
//! handover                                              a model, its run, and how columns are written
//! pretrain                                              from random weights to a model: what is read, tokenised, trained
//! lesson                                                of source, names of models; steps, claims, guesses
//! engine                                                a model and what is done with it, on a thread of its own
//! report                                                plain values; of generate, a step
//! session                                               a sitting in a file: plain values of all of these
//! app                                                   lesson; of engine, its messages; of model, its description; of inspect,
//!                                                       what was seen; of report, the page
//! ui, tui                                               app, and what its state is made of
//! cli                                                   plain values; of decoder, names of devices; of data, a shard
//! command                                               what it runs
//! ```
//!
//! Candle is known to `ops`, `decoder`, `checkpoint`, `model`, `score`, `generate`, `inspect`, `train`, `pretrain`, `engine`,
//! `cli` (which names devices) and `command`, and reached by `handover`: no module of another room names it, or uses a module
//! that does. Ratatui is known to
//! `ui` and `tui`; the key table of `app` may name key codes, and its editor holds the state of a `ratatui_textarea`.
//! `tests/layers.rs` has the rule in full, resolves every `use` and path to the module that it means, and keeps it true.

// A panic in the library would take the screen with it; tests may unwrap.
#![cfg_attr(not(test), warn(clippy::unwrap_used))]

pub mod app;
pub mod board;
pub mod cancel;
pub mod checkpoint;
pub mod cli;
pub mod command;
pub mod compare;
pub mod data;
pub mod dataset;
pub mod decoder;
pub mod disguise;
pub mod docs;
pub mod engine;
pub mod generate;
pub mod guard;
pub mod handover;
pub mod inspect;
pub mod jinja;
pub mod lesson;
pub mod loss;
pub mod mask;
pub mod memory;
pub mod model;
pub mod ops;
pub mod pretrain;
pub mod report;
pub mod sample;
pub mod score;
pub mod sequence;
pub mod session;
pub mod source;
pub mod survey;
pub mod template;
pub mod threads;
pub mod train;
pub mod tui;
pub mod ui;
