//! The overlay with the training settings.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Overlay, Setting, SettingsForm};
use crate::ui::{Hits, Theme, text};

const WIDEST: u16 = 52;

/// Draws the overlay into the middle of `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(Overlay::Settings(form)) = &app.overlay else { return };
    let lines = SettingsForm::lines(&app.training);
    let needed = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let place = area.centered(
        Constraint::Length(WIDEST.min(area.width.saturating_sub(4))),
        Constraint::Length(needed.min(area.height)),
    );
    frame.render_widget(Clear, place);
    let hint = Line::styled(" a number can be typed ", theme.dim);
    let block = theme.block("Training settings").title_bottom(hint.right_aligned());
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let chosen = lines.iter().position(|&line| line == form.chosen).unwrap_or(0);
    let room = usize::from(inner.height);
    let first = chosen.saturating_sub(room / 2).min(lines.len().saturating_sub(room));
    for ((i, &setting), row) in lines.iter().enumerate().skip(first).zip(inner.rows()) {
        frame.render_widget(line(app, theme, form, setting, usize::from(row.width)), row);
        hits.push(row, Action::Pick(i));
    }
}

/// The name at the left, the value at the right; where keys go, between the arrows that change it.
fn line(app: &App, theme: &Theme, form: &SettingsForm, setting: Setting, width: usize) -> Line<'static> {
    let is_chosen = form.chosen == setting;
    let value = match (is_chosen, form.typed.is_empty()) {
        (true, false) => format!("{}_", form.typed.text()),
        (true, true) => format!("← {} →", setting.value(&app.training)),
        (false, _) => format!("{}  ", setting.value(&app.training)),
    };
    let value = text::fit_end(&value, width.saturating_sub(2));
    let name = text::fit_start(setting.name(), width.saturating_sub(value.width() + 3));
    let gap = width.saturating_sub(name.width() + value.width() + 2);
    let (style, dim) = if is_chosen { (theme.cursor, theme.cursor) } else { (theme.text, theme.dim) };
    Line::from(vec![
        Span::styled(format!(" {name}"), dim),
        Span::styled(" ".repeat(gap), dim),
        Span::styled(format!("{value} "), style),
    ])
}
