//! The pure core: samples and data sets as they are read, templates and what they render, masks, losses.

mod alignment;
mod annotate;
mod any_mask;
#[path = "../support/chats.rs"]
mod chats;
mod compare;
mod compressed;
mod constructs;
mod custom;
mod data;
mod escape;
mod export;
mod findings;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod lesson;
mod modes;
mod options;
mod packing;
mod paint;
mod part_weights;
mod profiles;
mod real_templates;
mod records;
mod runs;
mod sample;
mod silent;
mod support;
mod template;
