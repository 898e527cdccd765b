//! Records that say what an earlier one says, found by hash as they go by.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Entry;
use crate::dataset::Masked;
use crate::mask::finding::{Code, Finding};
use crate::sequence::{Kind, Sequence};

/// Records that are remembered; those behind them are compared with these alone.
const REMEMBERED: usize = 1 << 21;

/// What a record says, by two hashes of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Says {
    pub whole: u64,
    /// All before its last answer; `None` where nobody asks.
    pub prompt: Option<u64>,
}

impl Says {
    /// Of the text that is trained on: what a template drops makes no difference.
    pub(super) fn of(masked: &Masked) -> Self {
        let sequence = &masked.sequence;
        let hash = |text: &str| {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            sequence.uncut_len().hash(&mut hasher);
            hasher.finish()
        };
        let prompt = prompt(masked).and_then(|end| sequence.text.get(..end)).map(hash);
        Self { whole: hash(&sequence.text), prompt }
    }
}

/// Where the prompt ends, in bytes of the text: that of a chat in which a user speaks before the last answer, or the
/// user's of raw text.
fn prompt(masked: &Masked) -> Option<usize> {
    let Masked { sequence, mask, .. } = masked;
    let start = |sequence: &Sequence, t: usize| sequence.tokens.get(t).map(|token| token.span.start);
    match sequence.kind {
        Kind::Text => mask.split().and_then(|split| start(sequence, split.token)).filter(|&end| end > 0),
        Kind::Chat => {
            let first = sequence.completion_start()?;
            let is_asked = sequence.tokens.get(..first)?.iter().any(|token| token.role.as_deref() == Some("user"));
            start(sequence, first).filter(|_| is_asked)
        }
    }
}

/// What earlier records said: 42 bytes for each place of the tables, of which one to two are there for a record.
#[derive(Debug, Default)]
pub struct Repeats {
    wholes: HashMap<u64, u32>,
    /// By prompt: the first record with it, and what it says.
    prompts: HashMap<u64, (u32, u64)>,
}

impl Repeats {
    /// Compares a record with those before it, and remembers it. Records come in order.
    pub fn look(&mut self, entry: &mut Entry) {
        let Some(Says { whole, prompt }) = entry.says else { return };
        let index = u32::try_from(entry.index).unwrap_or(u32::MAX);
        let found = match self.wholes.get(&whole) {
            Some(first) => Some((Code::Duplicate, format!("it says what record {first} says"))),
            None => prompt.and_then(|prompt| {
                let (first, _) = self.prompts.get(&prompt).filter(|(_, other)| *other != whole)?;
                Some((Code::PromptRepeated, format!("its prompt is that of record {first}, its answer another")))
            }),
        };
        if let Some((code, message)) = found {
            entry.findings.push(Finding::of_two(code, message).in_record(entry.index));
        }
        if self.wholes.len() < REMEMBERED {
            self.wholes.entry(whole).or_insert(index);
            prompt.map(|prompt| self.prompts.entry(prompt).or_insert((index, whole)));
        }
    }
}
