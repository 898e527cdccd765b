//! GPT-2's pattern by hand:
//! `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
//! (`encoder.py` of openai/gpt-2). Every character belongs to one word.

use std::sync::LazyLock;

/// What a step before the pattern does with digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    /// There is no such step.
    Together,
    /// Runs of digits are cut out first.
    Runs,
    /// Each digit is cut out first.
    Single,
}

/// A character as the pattern sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Space,
    Letter,
    Number,
    Other,
}

/// The words of `text`, in order.
pub(super) fn words(text: &str, digits: Digits) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = match digits {
            Digits::Single if first.is_numeric() => first.len_utf8(),
            Digits::Runs if first.is_numeric() => run(rest, char::is_numeric),
            Digits::Together => word(rest, first, digits),
            Digits::Single | Digits::Runs => word(rest, first, digits),
        };
        let (word, behind) = rest.split_at(length);
        rest = behind;
        Some(word)
    })
}

/// Bytes of the word at the start of `text`.
fn word(text: &str, first: char, digits: Digits) -> usize {
    if first == '\'' {
        let suffixes = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
        if let Some(suffix) = suffixes.iter().find(|suffix| text.starts_with(**suffix)) {
            return suffix.len();
        }
    }
    // Digits that were cut out before end the text for the pattern.
    let cut = |letter: char| digits != Digits::Together && letter.is_numeric();
    let behind = match first {
        ' ' => &text[1..],
        _ => text,
    };
    match behind.chars().next().filter(|letter| !cut(*letter)) {
        Some(letter) if class(letter) != Class::Space => {
            let wanted = class(letter);
            text.len() - behind.len() + run(behind, |letter| class(letter) == wanted && !cut(letter))
        }
        _ => {
            let spaces = run(text, |letter| class(letter) == Class::Space);
            let next = text[spaces..].chars().next().filter(|letter| !cut(*letter));
            let last = text[..spaces].chars().next_back().map_or(0, char::len_utf8);
            // The last space belongs to the word behind it, or stands alone before one that takes none.
            if next.is_some() && spaces > last { spaces - last } else { spaces }
        }
    }
}

/// Bytes of the longest run at the start of `text` whose characters are all `wanted`.
fn run(text: &str, wanted: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !wanted(letter)).unwrap_or(text.len())
}

fn class(letter: char) -> Class {
    match letter {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Number,
        _ if letter.is_whitespace() => Class::Space,
        _ if letter.is_ascii() => Class::Other,
        _ if LETTERS.contains(letter) => Class::Letter,
        _ if NUMBERS.contains(letter) => Class::Number,
        _ => Class::Other,
    }
}

static LETTERS: LazyLock<Category> = LazyLock::new(|| Category::of(r"\p{L}"));
static NUMBERS: LazyLock<Category> = LazyLock::new(|| Category::of(r"\p{N}"));

/// A general category of Unicode, from the tables that the library's own patterns use.
struct Category(Vec<(char, char)>);

impl Category {
    fn of(pattern: &str) -> Self {
        let ranges = match regex_syntax::parse(pattern).map(|hir| hir.into_kind()) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.ranges().iter().map(|range| (range.start(), range.end())).collect()
            }
            other => unreachable!("{pattern} is a class of characters, not {other:?}"),
        };
        Self(ranges)
    }

    fn contains(&self, letter: char) -> bool {
        let at = self.0.partition_point(|(_, end)| *end < letter);
        self.0.get(at).is_some_and(|(start, _)| *start <= letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tile_the_text_and_spaces_go_to_the_word_behind_them() {
        let cut = |text, digits| words(text, digits).collect::<Vec<_>>();
        assert_eq!(
            cut("Hi  you're\n\nin 12 ", Digits::Together),
            ["Hi", " ", " you", "'re", "\n", "\n", "in", " 12", " "]
        );
        assert_eq!(cut("a 12b", Digits::Runs), ["a", " ", "12", "b"]);
        assert_eq!(cut("a 12b", Digits::Single), ["a", " ", "1", "2", "b"]);
    }
}
