//! The overlay that explains what one sees and lists every key, from the key table, but its own.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::app::keymap::{self, Binding};
use crate::app::{App, Context, Overlay};
use crate::ui::{Hits, Theme, text};

/// What one sees, before the keys.
const INTRODUCTION: &str = "There is one cursor, and every view shows the same sequence around it: the token under the \
     cursor is the one that is predicted, from the tokens before it. Each token costs −log p in nats, which is 0 where \
     the model was sure of it and grows with surprise. Tokens that are underlined or marked ● are scored: only they \
     count in the loss.";
/// From this width on the keys stand in two columns.
const WIDE: u16 = 96;
const WIDEST: u16 = 140;

/// Draws the overlay into the middle of `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some(Overlay::Help { scroll }) = &app.overlay else { return };
    let place = area.centered(Constraint::Max(WIDEST), Constraint::Percentage(100));
    frame.render_widget(Clear, place);
    let width = usize::from(place.width.saturating_sub(4));
    let columns = if place.width >= WIDE { 2 } else { 1 };
    let lines = lines(theme, width, columns);
    let room = usize::from(place.height.saturating_sub(2));
    let first = usize::from(*scroll).min(lines.len().saturating_sub(room));
    let end = (first + room).min(lines.len());
    let mut block = theme.block("Help");
    if lines.len() > room {
        let position = format!(" {}–{end} of {} · ↑↓ scroll ", first + 1, lines.len());
        block = block.title_bottom(Line::styled(position, theme.dim).right_aligned());
    }
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let [_, inner, _] =
        Layout::horizontal([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(1)]).areas(inner);
    for (line, row) in lines.into_iter().skip(first).zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}

fn lines(theme: &Theme, width: usize, columns: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line> =
        text::wrap(INTRODUCTION, width).into_iter().map(|line| Line::styled(line, theme.text)).collect();
    lines.push(Line::default());
    let each = width / columns;
    // The keys of the help itself stand in the footer while it is open.
    let groups: Vec<Vec<Line>> = keymap::groups()
        .filter(|(context, _)| *context != Context::Help)
        .map(|(context, group)| group_lines(theme, context, &group, each))
        .collect();
    if columns == 1 {
        lines.extend(groups.into_iter().flatten());
        return lines;
    }
    let (left, right) = balance(groups);
    for i in 0..left.len().max(right.len()) {
        let mut line = left.get(i).cloned().unwrap_or_default();
        if let Some(beside) = right.get(i) {
            let blanks = each.saturating_sub(line.width());
            line.spans.push(Span::raw(" ".repeat(blanks)));
            line.spans.extend(beside.spans.iter().cloned());
        }
        lines.push(line);
    }
    lines
}

/// The groups in two columns, in order, as equal in length as they come.
fn balance(groups: Vec<Vec<Line<'static>>>) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let total: usize = groups.iter().map(Vec::len).sum();
    let height = |k: usize| groups[..k].iter().map(Vec::len).sum::<usize>();
    let cut = (0..=groups.len()).min_by_key(|&k| height(k).max(total - height(k))).unwrap_or(0);
    let mut left = groups;
    let right = left.split_off(cut);
    (left.concat(), right.concat())
}

fn group_lines(theme: &Theme, context: Context, group: &[&Binding], width: usize) -> Vec<Line<'static>> {
    let keys = |binding: &Binding| binding.keys.join(" ");
    let widest = group.iter().map(|binding| keys(binding).width()).max().unwrap_or(0);
    let mut lines = vec![Line::from(Span::styled(context.title(), theme.accent.patch(theme.scored)))];
    for binding in group {
        let help = text::fit_start(binding.help, width.saturating_sub(widest + 6));
        lines.push(Line::from(vec![
            Span::styled(format!("  {}  ", text::pad_end(&keys(binding), widest)), theme.accent),
            Span::styled(help, theme.text),
        ]));
    }
    lines.push(Line::default());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ThemeName;

    #[test]
    fn every_binding_is_listed_in_one_and_in_two_columns() {
        let theme = Theme::of(ThemeName::Mono, true);
        for (width, columns) in [(76, 1), (136, 2)] {
            let text: Vec<String> = lines(&theme, width, columns).iter().map(ToString::to_string).collect();
            for binding in keymap::all().filter(|binding| binding.context != Context::Help) {
                assert!(text.iter().any(|line| line.contains(binding.help)), "{} at {width}", binding.help);
            }
            assert!(text.iter().all(|line| line.trim_end().width() <= width), "too wide for {width}");
        }
    }
}
