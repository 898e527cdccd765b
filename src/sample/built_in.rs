//! Samples that come with the program: the files of `sample_data/`.

use super::{Sample, read_record};

/// A sample that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub about: &'static str,
    source: &'static str,
}

macro_rules! built_in {
    ($($name:literal: $about:literal),* $(,)?) => {
        &[$(BuiltIn { name: $name, about: $about, source: include_str!(concat!("../../sample_data/", $name)) }),*]
    };
}

/// The samples, the one the screen opens on first.
pub const BUILT_IN: &[BuiltIn] = built_in![
    "capital.json": "chat: one question, one answer",
    "sentence.txt": "text: one sentence",
    "turns.json": "chat: several turns",
    "system.json": "chat with a system message",
    "reasoning.json": "chat with reasoning",
    "tool_call.json": "chat with a tool call",
    "story.txt": "text: a short story",
    "poem.txt": "text: a poem",
    "languages.txt": "text: emoji, CJK, combining characters",
];

impl BuiltIn {
    /// The sample: JSON is a chat, everything else text.
    pub fn sample(&self) -> Sample {
        if self.name.ends_with(".txt") {
            return Sample::Text(self.source.into());
        }
        // A test reads every built-in sample; were one broken, its source would be shown instead.
        let record = serde_json::from_str(self.source).ok().and_then(|record| read_record(record, None).ok());
        record.map_or_else(|| Sample::Text(self.source.into()), |record| record.sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_what_its_name_says() {
        for built_in in BUILT_IN {
            let is_chat = matches!(built_in.sample(), Sample::Chat(_));
            assert_eq!(is_chat, !built_in.name.ends_with(".txt"), "{}", built_in.name);
        }
    }
}
