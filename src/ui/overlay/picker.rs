//! The overlay with a list to choose from.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Chosen, Item, Overlay, Picker, PickerKind};
use crate::sequence::visible_text;
use crate::ui::{Hits, Theme, input_line, text};

const WIDEST: u16 = 96;
const HIGHEST: u16 = 28;

/// Draws the overlay into the middle of `area`. Only the lines in sight are formatted.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(Overlay::Picker(picker)) = &app.overlay else { return };
    // As high as the whole list, so that the box stays where it is while the list is filtered.
    let needed = u16::try_from(picker.total()).unwrap_or(u16::MAX).saturating_add(4).clamp(8, HIGHEST);
    let place = area.centered(
        Constraint::Length(WIDEST.min(area.width.saturating_sub(4))),
        Constraint::Length(needed.min(area.height.saturating_sub(1))),
    );
    frame.render_widget(Clear, place);
    let (shown, total) = (text::count(picker.shown().len()), text::count(picker.total()));
    let count = Line::styled(format!(" {shown} of {total} "), theme.dim);
    let block = theme.block(picker.title()).title_bottom(count.right_aligned());
    let inner = block.inner(place);
    frame.render_widget(block, place);
    if let Some((name, facts)) = &picker.details {
        return draw_details(name, facts, theme, frame, inner);
    }
    let mut rows = inner.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(query(theme, picker, usize::from(row.width)), row);
    }
    if let Some(row) = rows.next() {
        frame.render_widget(Line::styled(rule(app, picker, usize::from(row.width)), theme.border), row);
    }
    if picker.shown().len() == 0 {
        for (line, row) in
            text::wrap(&nothing(picker), usize::from(inner.width).saturating_sub(2)).into_iter().zip(rows)
        {
            frame.render_widget(Line::styled(format!(" {line}"), theme.dim), row);
        }
        return;
    }
    let room = usize::from(inner.height.saturating_sub(2));
    let last = picker.shown().len().saturating_sub(room);
    let first = picker.selected.saturating_sub(room / 2).min(last);
    for ((i, item), row) in (first..).zip(picker.page(first, room)).zip(rows) {
        frame.render_widget(line(theme, item, i == picker.selected, usize::from(row.width)), row);
        hits.push(row, Action::Pick(i));
    }
}

/// What a model is, in place of the list.
fn draw_details(name: &str, facts: &[(String, String)], theme: &Theme, frame: &mut Frame, area: Rect) {
    const KEYS: usize = 17;
    let width = usize::from(area.width).saturating_sub(KEYS + 2);
    let lines = facts.iter().flat_map(|(key, value)| {
        let parts = text::wrap(&visible_text(value), width);
        let keys = std::iter::once(key.as_str()).chain(std::iter::repeat(""));
        keys.zip(parts).map(|(key, part)| (format!(" {key:<KEYS$}"), part)).collect::<Vec<_>>()
    });
    let head = Line::styled(format!(" {}", text::fit_start(&visible_text(name), width)), theme.accent);
    let lines = lines.map(|(key, part)| Line::from(vec![Span::styled(key, theme.dim), Span::styled(part, theme.text)]));
    for (line, row) in std::iter::once(head).chain(lines).zip(area.rows()) {
        frame.render_widget(line, row);
    }
}

fn query(theme: &Theme, picker: &Picker, width: usize) -> Line<'static> {
    let hint = match (picker.kind, picker.query.is_empty()) {
        (_, false) => "",
        (PickerKind::RecordFilter, _) => " type to filter, or a number: longer than that",
        (
            PickerKind::Palette
            | PickerKind::Twin
            | PickerKind::Scratch
            | PickerKind::Life
            | PickerKind::Lesson
            | PickerKind::Guess,
            _,
        ) => " type to filter",
        (PickerKind::Open | PickerKind::DataSet, _) => " type to filter, or a path",
        (PickerKind::Model | PickerKind::Second, _) => " type to filter, or a directory, a .gguf file, owner/name",
        (PickerKind::WhatIf | PickerKind::Force, _) => " type the token; most words begin with a space",
    };
    let line = input_line::spans(theme, &picker.query, width.saturating_sub(3));
    let hint = text::fit_start(hint, width.saturating_sub(4));
    let line = [Span::styled(" > ", theme.accent)].into_iter().chain(line);
    Line::from_iter(line.chain([Span::styled(hint, theme.dim)]))
}

/// A rule below the query; the directory stands in it where files are chosen.
fn rule(app: &App, picker: &Picker, width: usize) -> String {
    if !picker.kind.is_of_files() {
        return "─".repeat(width);
    }
    let directory = visible_text(&app.directory.display().to_string());
    let name = text::fit_end(&directory, width.saturating_sub(6));
    format!("── {name} {}", "─".repeat(width.saturating_sub(name.width() + 4)))
}

/// The label at the left, the details at the right; the label gives way last.
fn line(theme: &Theme, item: &Item, is_selected: bool, width: usize) -> Line<'static> {
    let label = text::fit_start(&visible_text(&item.label), width.saturating_sub(2));
    let room = width.saturating_sub(label.width() + 4);
    let detail = visible_text(&item.detail());
    // A model's size and whether it is on disk stand at the end.
    let detail = match item.choice {
        Chosen::Model(_) => text::fit_end(&detail, room),
        _ => text::fit_start(&detail, room),
    };
    let gap = width.saturating_sub(label.width() + detail.width() + 2);
    let (style, dim) = if is_selected { (theme.cursor, theme.cursor) } else { (theme.text, theme.dim) };
    Line::from(vec![
        Span::styled(format!(" {label}"), style),
        Span::styled(" ".repeat(gap), style),
        Span::styled(format!("{detail} "), dim),
    ])
}

/// What enter does when nothing matches.
fn nothing(picker: &Picker) -> String {
    let query = visible_text(picker.query.text());
    match picker.kind {
        PickerKind::Twin => "no twin run or demonstration matches; backspace widens the search".into(),
        PickerKind::Life => "no choice matches; backspace widens the search".into(),
        PickerKind::Scratch => "no size matches; backspace widens the search".into(),
        PickerKind::Lesson => "no lesson matches; backspace widens the search".into(),
        PickerKind::Guess => "nothing like that can be guessed; backspace widens the search".into(),
        PickerKind::RecordFilter => "nothing matches; enter lists the records of more tokens than that".into(),
        PickerKind::Palette => "no command matches; backspace widens the search".into(),
        PickerKind::WhatIf | PickerKind::Force => {
            "no single token starts like this; a longer word is several tokens, so take its first".into()
        }
        PickerKind::Open | PickerKind::DataSet => {
            format!("nothing here matches; enter opens the file or directory \"{query}\"")
        }
        PickerKind::Model | PickerKind::Second => {
            format!("no known model matches; enter opens \"{query}\": a directory, a file, or owner/name on the Hub")
        }
    }
}
