//! Python's methods that say what a string consists of: `isdigit` and the like.

use super::cased;
use crate::jinja::text::Output;
use crate::jinja::words::{self, is_space};

pub(super) fn is(letters: &str, name: &str) -> bool {
    let all = |is: fn(char) -> bool| !letters.is_empty() && letters.chars().all(is);
    let one_case =
        |is: fn(char) -> bool, other: fn(char) -> bool| letters.chars().any(is) && !letters.chars().any(other);
    match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => letters.is_ascii(),
        "isdecimal" => all(|letter| letter.is_numeric() && is_decimal(letter)),
        "isdigit" => all(|letter| is_decimal(letter) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".contains(letter)),
        "isnumeric" => all(char::is_numeric),
        "islower" => one_case(char::is_lowercase, char::is_uppercase),
        "isupper" => one_case(char::is_uppercase, char::is_lowercase),
        "isspace" => all(is_space),
        "isprintable" => {
            let mut out = Output::default();
            words::quoted(&letters.replace(['\'', '\\'], "").into(), &mut out);
            !out.text.contains('\\')
        }
        "isidentifier" => {
            letters.starts_with(|letter: char| letter == '_' || letter.is_alphabetic())
                && letters.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
        }
        "istitle" => letters.chars().any(char::is_alphabetic) && cased(&letters.into(), "title").as_str() == letters,
        _ => false,
    }
}

/// Digits that count in tens: ASCII's and those of the blocks that have ten in a row.
fn is_decimal(letter: char) -> bool {
    let starts = [
        0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
        0x1040, 0x17e0, 0x1810, 0xff10,
    ];
    let code = letter as u32;
    starts.iter().any(|start| (*start..start + 10).contains(&code))
}
