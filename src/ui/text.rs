//! Text cut to columns, and numbers as every view writes them.

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The start of `text`, at most `width` columns wide; `…` stands for what is cut off.
pub fn fit_start(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut fitting = String::new();
    let mut room = width.saturating_sub(1);
    for grapheme in text.graphemes(true) {
        match room.checked_sub(grapheme.width()) {
            Some(left) => room = left,
            None => break,
        }
        fitting.push_str(grapheme);
    }
    if width > 0 {
        fitting.push('…');
    }
    fitting
}

/// The end of `text`, at most `width` columns wide; `…` stands for what is cut off.
pub fn fit_end(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.into();
    }
    let mut room = width.saturating_sub(1);
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        match room.checked_sub(grapheme.width()) {
            Some(left) => room = left,
            None => break,
        }
        start = at;
    }
    if width == 0 { String::new() } else { format!("…{}", &text[start..]) }
}

/// `text` with blanks after it to fill `width` columns, cut if it is wider.
pub fn pad_end(text: &str, width: usize) -> String {
    let fitting = fit_start(text, width);
    let blanks = width.saturating_sub(fitting.width());
    format!("{fitting}{}", " ".repeat(blanks))
}

/// `text` with blanks before it to fill `width` columns, its beginning cut if it is wider.
pub fn pad_start(text: &str, width: usize) -> String {
    let fitting = fit_end(text, width);
    let blanks = width.saturating_sub(fitting.width());
    format!("{}{fitting}", " ".repeat(blanks))
}

/// `text` in lines of at most `width` columns, broken at blanks where it can be.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut room) = (String::new(), width);
    for word in text.split_inclusive(' ') {
        if word.trim_end().width() > room && room < width {
            lines.push(std::mem::take(&mut line));
            room = width;
        }
        for grapheme in word.graphemes(true) {
            if grapheme != " " && grapheme.width() > room && room < width {
                lines.push(std::mem::take(&mut line));
                room = width;
            }
            room = room.saturating_sub(grapheme.width());
            line.push_str(grapheme);
        }
    }
    lines.push(line);
    lines
}

/// Columns that spans take side by side.
pub fn width_of(spans: &[Span]) -> usize {
    spans.iter().map(Span::width).sum()
}

/// A probability with three digits behind the point, or in scientific notation where that would read 0.000.
pub fn probability(p: f64) -> String {
    if p == 0.0 || p >= 0.0005 { format!("{p:.3}") } else { format!("{p:.1e}") }
}

/// A probability with four digits that count, enough for its logarithm to come out as shown beside it.
pub fn probability_in_full(p: f64) -> String {
    match p {
        0.0 => "0".into(),
        p if p >= 0.1 => format!("{p:.4}"),
        p if p >= 0.01 => format!("{p:.5}"),
        p if p >= 0.001 => format!("{p:.6}"),
        p => format!("{p:.3e}"),
    }
}

/// So many tokens, as those that a perplexity stands for.
pub fn among(perplexity: f64) -> String {
    match perplexity {
        p if p < 9.95 => format!("{p:.1} tokens"),
        p if p < 1e6 => format!("{} tokens", count(p.round() as usize)),
        p => format!("{p:.0e} tokens"),
    }
}

/// A difference with three digits behind the point and its sign.
pub fn signed(difference: f64) -> String {
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{:.3}", difference.abs())
}

/// A learning rate with the digits that count: 5e-5, 1.25e-4, 0.01.
pub fn rate(lr: f64) -> String {
    let digits = format!("{lr:.2e}");
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    match exponent.parse::<i32>() {
        Ok(-2..=2) => format!("{lr:.4}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ if mantissa.contains('.') => {
            format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => digits,
    }
}

/// A count with commas between thousands.
pub fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// "1 record", "2,000 records".
pub fn things(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number of parameters as people say it: 3.2M, 135M, 1.1B.
pub fn parameters(n: usize) -> String {
    let (value, unit) = match n {
        0..1_000 => return n.to_string(),
        1_000..999_500 => (n as f64 / 1e3, "k"),
        999_500..999_500_000 => (n as f64 / 1e6, "M"),
        _ => (n as f64 / 1e9, "B"),
    };
    if value < 9.95 { format!("{value:.1}{unit}") } else { format!("{value:.0}{unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_to_columns_at_either_end() {
        assert_eq!(
            (fit_start("Paris", 5), fit_start("Paris", 4), fit_start("Paris", 0)),
            ("Paris".into(), "Par…".into(), String::new())
        );
        assert_eq!(
            (fit_end("Paris", 5), fit_end("Paris", 4), fit_end("Paris", 0)),
            ("Paris".into(), "…ris".into(), String::new())
        );
        // Two columns each: three of them and the ellipsis would take seven.
        assert_eq!((fit_start("日本語文", 6), fit_end("日本語文", 6)), ("日本…".into(), "…語文".into()));
        assert_eq!((pad_end("日本", 6), pad_start("日本", 6)), ("日本  ".into(), "  日本".into()));
    }

    #[test]
    fn lines_break_between_words_and_inside_those_too_long() {
        assert_eq!(wrap("the cat sat", 8), ["the cat ", "sat"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("ab", 0).concat(), "ab");
    }

    #[test]
    fn numbers_read_as_they_should() {
        assert_eq!(probability(0.0791), "0.079");
        assert_eq!(probability(0.000_000_84), "8.4e-7");
        assert_eq!(probability_in_full(0.079_1), "0.07910");
        assert_eq!([signed(0.5), signed(-2.5067), signed(0.0)], ["+0.500", "−2.507", "+0.000"]);
        let rates = [5e-5, 1.25e-4, 1e-3, 0.01, 0.5, 1.0, 3e-5 / 9.0, 0.0, f64::NAN].map(rate);
        assert_eq!(rates, ["5e-5", "1.25e-4", "1e-3", "0.01", "0.5", "1", "3.33e-6", "0", "NaN"]);
        assert_eq!(
            (count(0), count(512), count(4_000), count(1_234_567)),
            ("0".into(), "512".into(), "4,000".into(), "1,234,567".into())
        );
        assert_eq!(
            [999, 3_242_000, 134_515_008, 999_999_999, 1_100_000_000].map(parameters),
            ["999", "3.2M", "135M", "1.0B", "1.1B"]
        );
    }
}
