//! Which tokens stand on which line.

use std::ops::Range;

/// Lines of at most `width` columns that hold all tokens; a line also ends after a token for which `ends_line`. A token
/// that is wider than a line has one of its own.
pub fn wrap(widths: &[usize], width: usize, ends_line: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut used) = (0, 0);
    for (t, &token) in widths.iter().enumerate() {
        if t > start && used + token > width {
            lines.push(start..t);
            (start, used) = (t, 0);
        }
        used += token;
        if ends_line(t) {
            lines.push(start..t + 1);
            (start, used) = (t + 1, 0);
        }
    }
    if start < widths.len() {
        lines.push(start..widths.len());
    }
    lines
}

/// The tokens around `centre` that fit into `width` columns, as many on either side where there are as many.
pub fn around(widths: &[usize], centre: usize, width: usize) -> Range<usize> {
    let centre = centre.min(widths.len().saturating_sub(1));
    let Some(mut room) = widths.get(centre).map(|&own| width.saturating_sub(own)) else {
        return 0..0;
    };
    let (mut from, mut to) = (centre, centre + 1);
    let (mut before, mut after) = (0, 0);
    loop {
        let left = from.checked_sub(1).map(|t| widths[t]).filter(|&token| token <= room);
        let right = widths.get(to).copied().filter(|&token| token <= room);
        match (left, right) {
            (Some(token), right) if before <= after || right.is_none() => {
                from -= 1;
                before += token;
                room -= token;
            }
            (_, Some(token)) => {
                to += 1;
                after += token;
                room -= token;
            }
            _ => return from..to,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_every_token_once_and_fit() {
        assert_eq!(wrap(&[3, 3, 3, 9, 1], 6, |_| false), [0..2, 2..3, 3..4, 4..5]);
        assert_eq!(wrap(&[1, 1, 1], 6, |t| t == 1), [0..2, 2..3]);
        assert_eq!(wrap(&[1, 1, 1], 2, |t| t == 1), [0..2, 2..3]);
        assert!(wrap(&[], 6, |_| false).is_empty());
    }

    #[test]
    fn a_window_fills_its_width_around_the_cursor() {
        let widths = [1; 100];
        assert_eq!(around(&widths, 50, 11), 45..56);
        assert_eq!(around(&widths, 0, 11), 0..11);
        assert_eq!(around(&widths, 99, 11), 89..100);
        assert_eq!(around(&[9, 30, 9], 1, 20), 1..2);
        assert_eq!(around(&[], 3, 20), 0..0);
    }
}
