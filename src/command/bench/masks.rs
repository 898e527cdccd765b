//! Records a second of `lossglass mask`, beside transformers' `apply_chat_template` with the assistant's mask over the
//! same records.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use candle_core::Device;
use serde_json::json;

use super::line::{Bar, Line, Unit};
use super::pytorch::PyTorch;
use super::rounds::{Rounds, finished, time};
use crate::cancel::Cancel;
use crate::data::{DataError, Records};
use crate::model::Model;
use crate::source::{Embedded, Source};
use crate::survey::{self, Judged, Repeats, Terms, Totals};
use crate::train::{Settings, Trainer, save};

/// Records, of 228 tokens each; fewer under --quick.
const RECORDS: usize = 6000;
const QUICK: usize = 1000;

/// Measures it.
///
/// # Errors
/// If there is no room for the records, Python fails, or it is interrupted.
pub fn measure(rounds: &Rounds, python: Option<&mut PyTorch>, is_quick: bool) -> Result<Line> {
    let count = if is_quick { QUICK } else { RECORDS };
    let directory = tempfile::tempdir().context("a temporary directory")?;
    let file = directory.path().join("chats.jsonl");
    write_records(&file, count).with_context(|| format!("writing {}", file.display()))?;
    let model = Model::load(&Source::Embedded(Embedded::TinyChat), &Device::Cpu, &Cancel::default(), &mut |_| {})?;
    let mut ours = || time(|| audit(&model, &file, count, &rounds.stop));
    let (ours, theirs) = match python {
        None => (rounds.alternate([&mut ours])?[0], None),
        Some(python) => {
            // transformers reads the same tokenizer.
            let tokenizer = directory.path().join("model");
            let trainer = Trainer::new(&model.decoder, None);
            save::save(&model, &trainer, &Settings::default(), &tokenizer, false, &rounds.stop, &mut |_| {})?;
            let order = json!({"run": "masks", "tokenizer": tokenizer, "file": file});
            let [ours, theirs] = rounds.alternate([&mut ours, &mut || python.run(&order)])?;
            (ours, Some(theirs.rate(count)))
        }
    };
    let line = Line { unit: Unit::Records, ..Line::seconds("mask, records of 228 tokens", ours.rate(count)) };
    Ok(line.beside("transformers", theirs).bar(Some(Bar::RatioAtLeast(10.0))))
}

fn audit(model: &Model, file: &Path, count: usize, stop: &Cancel) -> Result<()> {
    let (mut totals, mut repeats) = (Totals::default(), Repeats::default());
    let (records, reader) = (Records::open(file)?, model.reader());
    let take = |mut judged: Judged| {
        repeats.look(&mut judged.entry);
        totals.add(&judged.entry);
        Ok::<(), DataError>(())
    };
    survey::run(records, stop, |raw| survey::judge(&reader, &Terms::default(), raw), take)?;
    finished((totals.records, totals.unreadable) == (count, 0))
}

/// Chats of our own making: every record is another one.
fn write_records(path: &Path, count: usize) -> std::io::Result<()> {
    let said = [
        "Can you tell me what the weather will be like tomorrow?",
        "It will be sunny in the morning, and there may be some rain later in the day.",
        "What should I cook for dinner with rice, two eggs and a tomato?",
        "Fry the rice with the eggs, cut the tomato into small pieces, and add a little salt.",
        "Why is the sky blue?",
        "Air scatters blue light more than red light, so blue reaches our eyes from all over the sky.",
    ];
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for record in 0..count {
        let turn = |turn: usize| {
            let role = if turn.is_multiple_of(2) { "user" } else { "assistant" };
            let text = said[(record * 2 + turn) % said.len()];
            json!({"role": role, "content": format!("{text} {}", record * 31 % 977)})
        };
        let messages: Vec<_> = (0..8).map(turn).collect();
        writeln!(file, "{}", json!({"messages": messages}))?;
    }
    file.flush()
}
