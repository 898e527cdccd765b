//! The last line: the keys that matter now, and what is going on.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Hits, Theme, header, text};
use crate::app::keymap::{self, Binding};
use crate::app::{Action, Activity, App, Command, Context, Progress};
use crate::sample::Sample;

/// Lines a notice gets at most.
const NOTICE_LINES: usize = 4;

/// Rows the footer takes: one, and more above it for a notice that does not fit beside the keys.
pub fn height(app: &App, screen: Rect) -> u16 {
    1 + u16::try_from(long_notice(app, screen.width).len()).unwrap_or(0)
}

/// Draws the footer into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let long = long_notice(app, area.width);
    let mut rows = area.rows();
    let style = match &app.notice {
        Some(notice) if notice.is_error => theme.error,
        _ => theme.warning,
    };
    for line in &long {
        if let Some(row) = rows.next() {
            frame.render_widget(Line::styled(format!(" {line}"), style), row);
        }
    }
    let Some(row) = rows.next() else { return };
    let mut status = status(app, theme);
    if let Some(notice) = app.notice.as_ref().filter(|_| long.is_empty()) {
        let text = Span::styled(format!("{} ", printable(&notice.text)), style);
        // Work under way is not hidden by what is said meanwhile.
        status = if matches!(app.analysis.progress, Progress::Ready { .. }) {
            Line::from(text)
        } else {
            Line::from_iter([text, Span::styled("· ", theme.border)].into_iter().chain(status.spans))
        };
    }
    let taken = u16::try_from(status.width()).unwrap_or(row.width).min(row.width);
    frame.render_widget(status.right_aligned(), row);
    let keys: Vec<_> = keymap::bindings(app.context())
        .filter(|binding| !binding.short.is_empty() && app.offers(binding.command))
        .filter(|binding| binding.command != Command::Split || matches!(app.sample, Sample::Text(_)))
        .filter(|binding| !(app.context().is_of_a_view() && header::is_global(binding)))
        .filter(|binding| !keymap::is_hidden(binding, app.context()))
        // Those of a lesson or a guess stand in its panel.
        .filter(|binding| !matches!(binding.context, Context::Lesson | Context::Answer | Context::Pointing))
        .collect();
    let room = Rect { x: row.x.saturating_add(1), width: row.width.saturating_sub(taken.saturating_add(3)), ..row };
    draw_keys(&keys, theme, frame, room.intersection(row), false, hits);
}

/// As many of the bindings' short texts as fit, keys in the accent's style; a click does what the key does.
pub fn draw_keys(keys: &[&Binding], theme: &Theme, frame: &mut Frame, area: Rect, to_the_right: bool, hits: &mut Hits) {
    let widths: Vec<u16> = keys.iter().map(|key| u16::try_from(Line::raw(key.short).width()).unwrap_or(0)).collect();
    let (mut fitting, mut used) = (0, 0);
    for width in &widths {
        let needed: u16 = used + width + if fitting > 0 { 3 } else { 0 };
        if needed + u16::from(to_the_right) > area.width {
            break;
        }
        (fitting, used) = (fitting + 1, needed);
    }
    let mut x = if to_the_right { area.right().saturating_sub(used + 1) } else { area.x };
    for (i, (key, width)) in keys.iter().zip(widths).take(fitting).enumerate() {
        if i > 0 {
            frame.render_widget(Span::styled(" · ", theme.border), Rect { x, width: 3, ..area });
            x += 3;
        }
        let place = Rect { x, width, ..area };
        let (name, what) = split_keys(key.short);
        let line = Line::from(vec![Span::styled(name, theme.accent), Span::styled(what, theme.dim)]);
        frame.render_widget(line, place);
        hits.push(place, Action::Do(key.command));
        x += width;
    }
}

/// The keys of a short text, its first word and what of one letter follows, and the rest.
fn split_keys(short: &str) -> (&str, &str) {
    let mut end = short.find(' ').unwrap_or(short.len());
    while let Some(rest) = short.get(end + 1..)
        && rest.chars().nth(1) == Some(' ')
    {
        end += 1 + rest.chars().next().map_or(0, char::len_utf8);
    }
    short.split_at(end)
}

/// The notice in lines of its own, if it is too long to stand beside the keys.
fn long_notice(app: &App, width: u16) -> Vec<String> {
    let Some(notice) = &app.notice else { return Vec::new() };
    let text = printable(&notice.text);
    if Line::raw(text.as_str()).width() <= usize::from(width) / 2 {
        return Vec::new();
    }
    let width = usize::from(width).saturating_sub(2);
    let mut lines = text::wrap(&text, width);
    if lines.len() > NOTICE_LINES {
        lines.truncate(NOTICE_LINES);
        if let Some(last) = lines.last_mut() {
            *last = text::fit_start(&format!("{last}…"), width);
        }
    }
    lines
}

/// Messages may quote what a user typed.
fn printable(text: &str) -> String {
    crate::sequence::visible_text(text)
}

/// How far the analysis is.
fn status(app: &App, theme: &Theme) -> Line<'static> {
    let step = text::count(app.training.step + 1);
    let (text, style): (String, Style) = match &app.analysis.progress {
        Progress::Ready { .. } if app.training.activity == Activity::Running => {
            (format!("step {step} under way"), theme.warning)
        }
        Progress::Ready { .. } if app.training.activity != Activity::Idle => ("busy".into(), theme.warning),
        Progress::Waiting => ("waiting for the engine".into(), theme.dim),
        Progress::Loading { name, opening } => (opening.text(name), theme.warning),
        Progress::Scoring => {
            let (done, of) = (text::count(app.analysis.scores.len()), text::count(app.len()));
            (format!("scoring {done}/{of}"), theme.warning)
        }
        // What nobody waited for needs no figure.
        Progress::Ready { seconds } if *seconds < 0.1 => ("ready".into(), theme.dim),
        Progress::Ready { seconds } => (format!("ready · {seconds:.1} s"), theme.dim),
        Progress::Failed(_) => ("failed".into(), theme.error),
        Progress::Cancelled => ("stopped".into(), theme.warning),
    };
    Line::from(Span::styled(format!("{text} "), style))
}

#[cfg(test)]
mod tests {
    use super::split_keys;

    #[test]
    fn keys_are_told_from_what_they_do() {
        assert_eq!(split_keys("w what if"), ("w", " what if"));
        assert_eq!(split_keys("t T temperature"), ("t T", " temperature"));
        assert_eq!(split_keys("alt-↑↓ move"), ("alt-↑↓", " move"));
        assert_eq!(split_keys("esc"), ("esc", ""));
    }
}
