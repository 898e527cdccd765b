//! What ends a turn.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

/// The markers that end a turn in the templates of the supported families and their kin.
pub(super) const STOPS: [&str; 16] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|eot|>",
    "<end_of_turn>",
    "<turn|>",
    "<end_of_utterance>",
    "<|tool_response>",
    "</s>",
    "<|end|>",
    "<|return|>",
    "<|call|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|END_OF_TURN_TOKEN|>",
    "<｜end▁of▁sentence｜>",
];

/// Finds what ends a turn.
pub(super) struct Stops(AhoCorasick);

impl Stops {
    /// The markers above, and the model's own end of sequence.
    pub fn new(eos: Option<&str>) -> Self {
        let markers = STOPS.into_iter().chain(eos.filter(|eos| !eos.is_empty()));
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(markers);
        Self(finder.expect("a few short patterns fit"))
    }

    /// The first stop marker in `text`; of several at one place the longest.
    pub fn first(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(text).map(|found| found.range())
    }
}
