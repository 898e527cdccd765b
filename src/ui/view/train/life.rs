//! The life of a model in the view Train: what the text costs under each checkpoint, and the film of them.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use super::{curve, film};
use crate::app::{Action, App, Life};
use crate::loss::Means;
use crate::sequence::visible_text;
use crate::ui::{Hits, Theme, bar, text};

/// Columns of the list, its frame included.
const LIST: u16 = 34;

/// Draws it into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, life: &Life) {
    let note =
        life.note.as_ref().map_or_else(Vec::new, |note| text::wrap(note, usize::from(area.width).saturating_sub(2)));
    let lines = if area.height > 12 { note.len() as u16 } else { 0 };
    let [status, rest, below] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1), Constraint::Length(lines)]).areas(area);
    for (line, row) in note.into_iter().zip(below.rows()) {
        frame.render_widget(Line::styled(format!(" {line}"), theme.dim), row);
    }
    let words = format!(
        " life of {}: step {} of {} speaks in every view · , . go through its checkpoints · L puts them away",
        visible_text(&life.name),
        text::count(life.step()),
        text::count(life.last_step()),
    );
    frame.render_widget(Line::styled(text::fit_start(&words, usize::from(area.width)), theme.text), status);
    let [list, film] = Layout::horizontal([Constraint::Length(LIST), Constraint::Fill(1)]).areas(rest);
    draw_list(app, theme, frame, list, hits, life);
    film::draw(app, theme, frame, film, hits);
}

/// A row for each checkpoint: its step, the mean −log p of what is scored, and that as a bar, as long as guessing costs.
fn draw_list(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, life: &Life) {
    let mut block = theme.block("Loss by checkpoint");
    if let Some(level) = curve::guessing(app).filter(|_| area.height > 4) {
        let words = format!(" full bar: ln V {:.2} nats ", level.value);
        block = block.title_bottom(Line::styled(words, theme.dim).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let guessing = curve::guessing(app).map_or(1.0, |level| level.value);
    let digits = life.last_step().to_string().len();
    let rows = usize::from(inner.height);
    let first = (life.at + 1).saturating_sub(rows);
    for ((at, checkpoint), row) in life.checkpoints.iter().enumerate().skip(first).zip(inner.rows()) {
        let own = life.frames.iter().find(|frame| frame.step == checkpoint.step);
        let loss = own.zip(app.mask()).and_then(|(frame, mask)| Means::new(mask, &frame.scores).scored);
        let is_shown = at == life.at;
        let style = if is_shown { theme.text.patch(theme.cursor_row) } else { theme.dim };
        let figure = loss.map_or_else(|| "–".into(), |loss| format!("{loss:.3}"));
        let room = usize::from(inner.width).saturating_sub(digits + 11);
        let share = loss.map_or(0.0, |loss| (loss / guessing).clamp(0.0, 1.0));
        let line = Line::from(vec![
            Span::styled(if is_shown { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{:>digits$} {figure:>6} ", checkpoint.step), style),
            Span::styled(bar::lying(share, room), theme.accent),
        ]);
        frame.render_widget(line, row);
        hits.push(row, Action::ShowStep(checkpoint.step));
    }
}
