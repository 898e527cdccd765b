//! The program's commands as a shell runs them: arguments in, text, files and an exit code out.

mod against;
mod analyze;
mod answers;
mod bench;
#[path = "../support/browser.rs"]
mod browser;
mod card;
mod findings;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod generate;
mod handover;
mod lesson;
mod mask;
mod pieces;
mod pretrain;
mod report;
mod reports;
mod setup;
mod shards;
mod support;
mod train;
mod version;
