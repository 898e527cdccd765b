//! How a tokenizer spells bytes in its vocabulary.

use serde_json::Value;
use tokenizers::Tokenizer;

/// The way from a vocabulary entry to the bytes it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// GPT-2's table of 256 printable characters, one a byte.
    ByteLevel,
    /// `▁` for a space and `<0x0A>` for a byte that has no entry of its own.
    SentencePiece,
    /// Entries are the text itself.
    Plain,
}

impl Spelling {
    /// Reads it off the tokenizer's decoder and pre-tokenizer.
    pub(super) fn of(tokenizer: &Tokenizer) -> Self {
        let kinds = [
            serde_json::to_value(tokenizer.get_decoder()).unwrap_or_default(),
            serde_json::to_value(tokenizer.get_pre_tokenizer()).unwrap_or_default(),
        ];
        let names = |kind: &str| kinds.iter().any(|value| names(value, kind));
        if names("ByteLevel") {
            Self::ByteLevel
        } else if names("ByteFallback") || names("Metaspace") {
            Self::SentencePiece
        } else {
            Self::Plain
        }
    }

    pub(super) fn bytes(self, token: &str) -> Vec<u8> {
        match self {
            // A character outside the table cannot come out of byte-level BPE; it stands for itself.
            Self::ByteLevel => token
                .chars()
                .flat_map(|c| match byte_of(c) {
                    Some(byte) => vec![byte],
                    None => c.to_string().into_bytes(),
                })
                .collect(),
            Self::SentencePiece => match sentencepiece_byte(token) {
                Some(byte) => vec![byte],
                None => token.replace('▁', " ").into_bytes(),
            },
            Self::Plain => token.as_bytes().to_vec(),
        }
    }
}

/// Whether a component of that type occurs in a serialised decoder or pre-tokenizer, sequences included.
fn names(value: &Value, kind: &str) -> bool {
    match value {
        Value::Object(keys) => keys.get("type").is_some_and(|t| t == kind) || keys.values().any(|v| names(v, kind)),
        Value::Array(values) => values.iter().any(|v| names(v, kind)),
        _ => false,
    }
}

/// GPT-2's `bytes_to_unicode`, inverted: printable Latin-1 stands for itself, and the other 68 bytes follow in order
/// from U+0100.
fn byte_of(c: char) -> Option<u8> {
    match u32::from(c) {
        code @ (0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff) => u8::try_from(code).ok(),
        code @ 0x100..=0x120 => u8::try_from(code - 0x100).ok(), // 0x00..=0x20
        code @ 0x121..=0x142 => u8::try_from(code - 0x121 + 0x7f).ok(), // 0x7f..=0xa0
        0x143 => Some(0xad),
        _ => None,
    }
}

/// The character that stands for each byte: `bytes_to_unicode` itself.
pub(in crate::sequence) fn byte_letters() -> [char; 256] {
    let mut letters = ['\0'; 256];
    for letter in (0..0x144).filter_map(char::from_u32) {
        if let Some(byte) = byte_of(letter) {
            letters[usize::from(byte)] = letter;
        }
    }
    letters
}

fn sentencepiece_byte(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    if digits.len() == 2 { u8::from_str_radix(digits, 16).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_exactly_one_character() {
        let mut seen = [0; 256];
        for c in (0..0x200).filter_map(char::from_u32) {
            if let Some(byte) = byte_of(c) {
                seen[usize::from(byte)] += 1;
            }
        }
        assert_eq!(seen, [1; 256]);
        assert!(
            byte_letters().iter().enumerate().all(|(byte, &letter)| byte_of(letter).map(usize::from) == Some(byte))
        );
        // The well-known ones: Ġ is a space, Ċ a newline, ĉ a tab.
        assert_eq!(Spelling::ByteLevel.bytes("ĠaĊĉ"), b" a\n\t");
        assert_eq!(Spelling::ByteLevel.bytes("Ã©"), "é".as_bytes());
    }

    #[test]
    fn sentencepiece_bytes_and_spaces() {
        assert_eq!(Spelling::SentencePiece.bytes("▁the"), b" the");
        assert_eq!(Spelling::SentencePiece.bytes("<0xE2>"), [0xe2]);
        assert_eq!(Spelling::SentencePiece.bytes("<0x>"), b"<0x>");
    }
}
