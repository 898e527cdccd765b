//! Samples that come with the program.

use super::{Sample, read_chat};

/// A sample that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    pub name: &'static str,
    pub about: &'static str,
    source: &'static str,
}

/// The samples, the one the screen opens on first.
pub const BUILT_IN: &[BuiltIn] = &[
    BuiltIn {
        name: "capital.json",
        about: "chat: one question, one answer",
        source: r#"[{"role":"user","content":"What is the capital of France?"},{"role":"assistant","content":"The capital of France is Paris."}]"#,
    },
    BuiltIn { name: "cat.txt", about: "text: one sentence", source: "The cat sat on the mat." },
];

impl BuiltIn {
    /// The sample: JSON is a chat, everything else text.
    pub fn sample(&self) -> Sample {
        if self.name.ends_with(".txt") {
            return Sample::Text(self.source.into());
        }
        // A test reads every built-in sample; were one broken, its source would be shown instead.
        read_chat(self.source, 0).map_or_else(|_| Sample::Text(self.source.into()), |(chat, _)| Sample::Chat(chat))
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
