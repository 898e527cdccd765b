//! Sentences that are watched while the model learns something else: what is learned, what spreads, what is forgotten.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::spread::spread;
use crate::app::App;
use crate::sequence::visible_text;
use crate::ui::bar::RAMP;
use crate::ui::{Theme, text};

/// Columns of a sparkline.
const SHORTEST: usize = 4;
const LONGEST: usize = 24;
/// Columns of the two values with the mark of what became of them, and of the change in numbers.
const VALUES: usize = 18;
const CHANGE: usize = 7;

/// Draws the probes into `area`, in a twin run two rows for each.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = usize::from(area.width);
    let probes = &app.training.probes;
    if probes.iter().all(|probe| probe.losses.is_empty() && probe.twin_losses.is_empty()) {
        let words = "no probe is scored yet: sentences that are watched while the model learns something else";
        for (line, row) in text::wrap(words, width).into_iter().zip(area.rows()) {
            frame.render_widget(Line::styled(line, theme.dim), row);
        }
        return;
    }
    let has_twin = app.training.twin.is_some();
    let names: Vec<String> = probes.iter().map(|probe| visible_text(&probe.name)).collect();
    let longest = names.iter().map(|name| name.width()).max().unwrap_or(0) + if has_twin { " 1st".len() } else { 0 };
    // The change in numbers goes before names are cut.
    let has_change = width >= longest + VALUES + CHANGE + SHORTEST;
    let name_width = longest.min(width.saturating_sub(VALUES + SHORTEST).max(8));
    let mut lines = Vec::new();
    for (probe, name) in probes.iter().zip(&names) {
        let mut push = |name: &str, losses| lines.push(line(app, theme, name, losses, width, has_change));
        if has_twin {
            push(&format!("{} 1st", text::pad_end(name, name_width.saturating_sub(4))), &probe.losses);
            push(&text::pad_start("2nd", name_width), &probe.twin_losses);
        } else {
            push(&text::pad_end(name, name_width), &probe.losses);
        }
    }
    let room = usize::from(area.height);
    if lines.len() + 2 <= room {
        lines.push(Line::default());
        let words = text::wrap("mean −log p of what each scores", width);
        lines.extend(words.into_iter().map(|words| Line::styled(words, theme.dim)));
    }
    for (line, row) in lines.into_iter().zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

/// Name, first and shown value, the change, and the way there.
fn line(
    app: &App,
    theme: &Theme,
    name: &str,
    losses: &[(usize, f64)],
    width: usize,
    has_change: bool,
) -> Line<'static> {
    let mut spans = vec![Span::styled(name.to_owned(), theme.text)];
    let step = app.training.shown_step();
    let past = &losses[..losses.partition_point(|&(at, _)| at <= step)];
    let (Some(&(_, first)), Some(&(_, now))) = (past.first(), past.last()) else {
        spans.push(Span::styled("     – →     –", theme.dim));
        return Line::from(spans);
    };
    let change = now - first;
    // A change that would read 0.000 is none.
    let (mark, style) = match change {
        c if c.abs() < 5e-4 => ("=", theme.dim),
        c if c < 0.0 => ("▼", theme.fall),
        _ => ("▲", theme.rise),
    };
    spans.push(Span::styled(format!(" {first:>5.3} → {now:>5.3} "), theme.text));
    let number = if has_change { format!(" {}", text::signed(change)) } else { String::new() };
    spans.push(Span::styled(format!("{mark}{number}"), style));
    let room = width.saturating_sub(text::width_of(&spans) + 1).min(LONGEST);
    spans.push(Span::styled(format!(" {}", spark(past, room)), theme.bar));
    Line::from(spans)
}

/// The values as a line of bars, at most `width` of them.
fn spark(losses: &[(usize, f64)], width: usize) -> String {
    let finite = losses.iter().map(|&(_, loss)| loss).filter(|loss| loss.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| (low.min(loss), high.max(loss)));
    let bar = |at: usize| {
        let share = (losses[at].1 - low) / (high - low).max(1e-9);
        // Not a number becomes the least.
        RAMP[((share * 7.0).round() as usize).min(7)]
    };
    spread(losses.len(), width).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::spark;

    #[test]
    fn a_sparkline_spans_the_range_and_keeps_both_ends() {
        let losses: Vec<(usize, f64)> = (0..8).map(|i| (i, 8.0 - i as f64)).collect();
        assert_eq!(spark(&losses, 20), "█▇▆▅▄▃▂▁");
        assert_eq!(spark(&losses, 2), "█▁");
        assert_eq!((spark(&losses, 0), spark(&[], 5)), (String::new(), String::new()));
        assert_eq!(spark(&[(0, 2.0), (1, 2.0)], 5), "▁▁");
    }
}
