//! How Python reads and writes letters and numbers.

use super::text::{Output, Text};

/// Python's `str.isspace` of one letter.
pub(super) fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\x1c'..='\x1f').contains(&letter)
}

/// Python's `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16 on.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..16).contains(&power) {
        return format!("{value:?}");
    }
    format!("{digits}e{}{:02}", if power < 0 { '-' } else { '+' }, power.abs())
}

/// Python's `repr` of a string: in single quotes, unless it has one and no double quote.
pub(super) fn quoted(text: &Text, out: &mut Output) {
    let letters = text.as_str();
    let quote = if letters.contains('\'') && !letters.contains('"') { '"' } else { '\'' };
    out.push_str(quote.encode_utf8(&mut [0; 4]));
    escape(text, out, |letter| match letter {
        '\n' => Some("\\n".into()),
        '\r' => Some("\\r".into()),
        '\t' => Some("\\t".into()),
        '\\' => Some("\\\\".into()),
        letter if letter == quote => Some(format!("\\{letter}")),
        letter if is_printable(letter) => None,
        letter => Some(match letter as u32 {
            code @ ..0x100 => format!("\\x{code:02x}"),
            code @ ..0x10000 => format!("\\u{code:04x}"),
            code => format!("\\U{code:08x}"),
        }),
    });
    out.push_str(quote.encode_utf8(&mut [0; 4]));
}

/// Whether Python writes a letter as it is: all but controls, separators other than the blank, private and unassigned
/// ones.
fn is_printable(letter: char) -> bool {
    let hidden = letter.is_control()
        || (letter.is_whitespace() && letter != ' ')
        || matches!(letter as u32, 0xad | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x180e | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0xe000..=0xf8ff | 0xfeff | 0xfff0..=0xfffb | 0xfffe..=0xffff
            | 0xe0000..=0x10ffff);
    !hidden
}

/// `text` with the letters for which `change` has other ones.
pub(super) fn escape(text: &Text, out: &mut Output, change: impl Fn(char) -> Option<String>) {
    let letters = text.as_str();
    let mut from = 0;
    for (at, letter) in letters.char_indices() {
        if let Some(other) = change(letter) {
            if at > from {
                out.push_slice(text, from..at);
            }
            from = at + letter.len_utf8();
            out.push_changed(&other, text, at..from);
        }
    }
    if from < letters.len() || letters.is_empty() {
        out.push_slice(text, from..letters.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let values = [1.0, 0.1, 1e-4, 1e-5, 1.5e-7, 1e15, 1e16, 1.25e17, 123456.789, -0.0, f64::NAN, 5e-324];
        let expected = [
            "1.0",
            "0.1",
            "0.0001",
            "1e-05",
            "1.5e-07",
            "1000000000000000.0",
            "1e+16",
            "1.25e+17",
            "123456.789",
            "-0.0",
            "nan",
            "5e-324",
        ];
        assert_eq!(values.map(float), expected);
    }

    #[test]
    fn strings_are_quoted_as_python_quotes_them() {
        let written = |text: &str| {
            let mut out = Output::default();
            quoted(&text.into(), &mut out);
            out.text
        };
        assert_eq!(written("it's"), "\"it's\"");
        assert_eq!(written("it's \"so\"\n\u{1}\u{2028}é"), "'it\\'s \"so\"\\n\\x01\\u2028é'");
    }
}
