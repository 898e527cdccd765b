//! How tokens look: exactly, and never as raw control characters.

use std::fmt::Write;

use unicode_width::UnicodeWidthChar;

/// Glyphs for what has none: `␣ ⏎ ⇥`, hexadecimal for control characters, for invisible format characters and for
/// bytes that are no whole character. A combining character at the start gets a base to stand on.
pub fn visible(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_visible(&mut shown, c, '␣');
        }
        push_bytes(&mut shown, chunk.invalid());
    }
    shown
}

/// The bytes as the text they are, control characters included; those that are no whole character are written `⟨E6⟩`.
pub fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

fn push_bytes(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(text, "⟨{byte:02X}⟩");
    }
}

/// [`visible`] for running text: spaces stay spaces.
pub fn visible_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        push_visible(&mut shown, c, ' ');
    }
    shown
}

fn push_visible(shown: &mut String, c: char, space: char) {
    match c {
        ' ' => shown.push(space),
        '\n' => shown.push('⏎'),
        '\t' => shown.push('⇥'),
        '\r' => shown.push('␍'),
        '\u{a0}' => shown.push('⍽'),
        '\u{200d}' | '\u{fe0f}' if !shown.is_empty() => shown.push(c),
        c if is_unprintable(c) => {
            let _ = write!(shown, "⟨{:02X}⟩", u32::from(c));
        }
        c if c.width() == Some(0) && shown.is_empty() => {
            shown.push('◌');
            shown.push(c);
        }
        c => shown.push(c),
    }
}

/// Control characters, and format characters that hide or reorder what stands around them.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xad | 0x61c | 0x180e | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfe0f | 0xfeff
            | 0xfff0..=0xfffb | 0xe000..=0xf8ff | 0xe0000..=0xe0fff | 0xf0000..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitespace_and_control_characters_have_glyphs() {
        assert_eq!(visible(b" a\n\t\r"), "␣a⏎⇥␍");
        assert_eq!(visible(b"\x1b[31m\x07"), "⟨1B⟩[31m⟨07⟩");
        assert_eq!(visible("\u{202e}x\u{9b}".as_bytes()), "⟨202E⟩x⟨9B⟩");
        assert_eq!(visible_text("a b\n"), "a b⏎");
    }

    #[test]
    fn parts_of_characters_are_bytes_and_combining_characters_get_a_base() {
        assert_eq!(visible(&"é".as_bytes()[..1]), "⟨C3⟩");
        assert_eq!(visible("\u{301}".as_bytes()), "◌\u{301}");
        assert_eq!(visible("e\u{301}".as_bytes()), "e\u{301}");
    }
}
