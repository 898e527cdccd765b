//! The text of a continuation as its tokens come.

use crate::sequence::text_of;

/// Joins the bytes of tokens to text: a character that several tokens make up is handed out once it is whole, and what
/// may be the beginning of a stop text once it is known to be none. The text ends before the first stop text.
#[derive(Clone, Debug, Default)]
pub struct Text {
    stops: Vec<String>,
    /// All whole characters so far; those from `handed` on are held back.
    text: String,
    handed: usize,
    /// The beginning of a character.
    bytes: Vec<u8>,
    stop: Option<String>,
}

impl Text {
    /// No text yet, to be ended by any of `stops`; empty ones end nothing.
    pub fn new(stops: &[String]) -> Self {
        Self { stops: stops.iter().filter(|stop| !stop.is_empty()).cloned().collect(), ..Self::default() }
    }

    /// Adds a token's bytes and returns the new text that is certain. After a stop text nothing is added.
    pub fn push(&mut self, bytes: &[u8]) -> &str {
        self.bytes.extend_from_slice(bytes);
        let whole = self.bytes.len() - unfinished(&self.bytes);
        let whole: Vec<u8> = self.bytes.drain(..whole).collect();
        self.add(&whole);
        let end = self.text.len() - self.held();
        self.hand_out(end)
    }

    /// Returns the rest: what was held back, and bytes that are no whole character as `⟨E6⟩`.
    pub fn finish(&mut self) -> &str {
        let rest = std::mem::take(&mut self.bytes);
        self.add(&rest);
        self.hand_out(self.text.len())
    }

    /// All that was handed out.
    pub fn as_str(&self) -> &str {
        &self.text[..self.handed]
    }

    /// The stop text that ended it.
    pub fn stop(&self) -> Option<&str> {
        self.stop.as_deref()
    }

    fn add(&mut self, bytes: &[u8]) {
        if self.stop.is_some() {
            return;
        }
        self.text.push_str(&text_of(bytes));
        // What was handed out begins no stop text.
        let news = &self.text[self.handed..];
        let found = self.stops.iter().filter_map(|stop| Some((news.find(stop.as_str())?, stop)));
        if let Some((at, stop)) = found.min_by_key(|&(at, _)| at) {
            self.stop = Some(stop.clone());
            self.text.truncate(self.handed + at);
        }
    }

    /// Bytes at the end that may be the beginning of a stop text.
    fn held(&self) -> usize {
        if self.stop.is_some() {
            return 0;
        }
        let news = &self.text[self.handed..];
        let starts = news.char_indices().map(|(at, _)| &news[at..]);
        let mut begins = starts.filter(|rest| self.stops.iter().any(|stop| stop.starts_with(rest)));
        begins.next().map_or(0, str::len)
    }

    fn hand_out(&mut self, end: usize) -> &str {
        &self.text[std::mem::replace(&mut self.handed, end)..end]
    }
}

/// Bytes at the end that begin a character.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() => last.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(text: &mut Text, pieces: &[&[u8]]) -> Vec<String> {
        let mut handed: Vec<String> = pieces.iter().map(|piece| text.push(piece).to_owned()).collect();
        handed.push(text.finish().to_owned());
        assert_eq!(handed.concat(), text.as_str());
        handed
    }

    #[test]
    fn a_character_of_several_tokens_comes_whole() {
        let east = "東".as_bytes();
        let mut text = Text::default();
        assert_eq!(
            pushed(&mut text, &[b"To ", &east[..1], &east[1..2], &east[2..], b"."]),
            ["To ", "", "", "東", ".", ""]
        );
        // A beginning that nothing follows, and bytes that never are a character.
        assert_eq!(pushed(&mut Text::default(), &[&east[..2], b"a"]), ["", "⟨E6⟩⟨9D⟩a", ""]);
        assert_eq!(pushed(&mut Text::default(), &[b"a\xff", &east[..2]]), ["a⟨FF⟩", "", "⟨E6⟩⟨9D⟩"]);
    }

    #[test]
    fn a_stop_text_ends_it_and_is_no_part_of_it() {
        let stops = ["\n\n".to_owned(), "END".to_owned(), String::new()];
        let mut text = Text::new(&stops);
        assert_eq!(pushed(&mut text, &[b"one E", b"ast\n", b"\ntwo", b"three"]), ["one ", "East", "", "", ""]);
        assert_eq!(text.stop(), Some("\n\n"));
        // The first of two in one token.
        let mut text = Text::new(&stops);
        assert_eq!(pushed(&mut text, &[b"a END b\n\n"]), ["a ", ""]);
        assert_eq!(text.stop(), Some("END"));
        // What looked like one is handed out in the end.
        let mut text = Text::new(&stops);
        assert_eq!(pushed(&mut text, &[b"a EN"]), ["a ", "EN"]);
        assert_eq!(text.stop(), None);
    }
}
