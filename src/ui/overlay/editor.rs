//! The overlay in which the text or the turns of a chat are typed; the view beside it shows at once what that does.

mod stack;
mod unwrapped;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Padding};
use ratatui_textarea::WrapMode;
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, Editor, Overlay, TurnEditor};
use crate::sequence::visible_text;
use crate::ui::{Hits, Theme, text};

/// From this width on the editor stands beside the view, not above it.
const WIDE: u16 = 150;
/// Rows that the view needs to be of use beside an editor.
const LEAST_VIEW: u16 = 7;

/// Parts `area` into the editor's place, as large as its text needs, and what is left for the view. Without an open
/// editor all of it is left.
pub fn split(app: &App, area: Rect) -> (Rect, Rect) {
    let Some(Overlay::Editor(editor)) = &app.overlay else {
        return (Rect { height: 0, ..area }, area);
    };
    if area.width >= WIDE {
        let [left, right] = Layout::horizontal([Constraint::Percentage(40), Constraint::Fill(1)]).areas(area);
        return (left, right);
    }
    let most = if area.height >= LEAST_VIEW + 5 {
        (area.height / 2).max(5).min(area.height - LEAST_VIEW)
    } else {
        area.height
    };
    let height = stack::needed(editor, area.width).clamp(3, most.max(3));
    let [top, bottom] = Layout::vertical([Constraint::Length(height), Constraint::Fill(1)]).areas(area);
    (top, bottom)
}

/// Draws the editor into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(Overlay::Editor(editor)) = &app.overlay else { return };
    frame.render_widget(Clear, area);
    let mut y = area.y;
    for (i, height) in stack::heights(editor, area.width, area.height).into_iter().enumerate() {
        let place = Rect { y, height, ..area }.intersection(area);
        y = y.saturating_add(height);
        let Some(turn) = editor.turns.get(i) else { return };
        if place.is_empty() {
            continue;
        }
        if height < 3 {
            draw_line(theme, frame, place, editor, turn);
        } else {
            draw_box(theme, frame, place, editor, i);
        }
        hits.push(place, Action::FocusTurn(i));
    }
}

/// A turn in one line: its role and how its text begins.
fn draw_line(theme: &Theme, frame: &mut Frame, area: Rect, editor: &Editor, turn: &TurnEditor) {
    let role = title(editor, turn);
    let room = usize::from(area.width).saturating_sub(role.width() + 4);
    let begins = text::fit_start(&stack::beginning(turn, room + 1).join("⏎"), room);
    let line = Line::from(vec![
        Span::raw("  "),
        Span::styled(role, role_style(theme, &turn.message.role)),
        Span::styled(format!("  {begins}"), theme.dim),
    ]);
    frame.render_widget(line, area);
}

fn draw_box(theme: &Theme, frame: &mut Frame, area: Rect, editor: &Editor, i: usize) {
    let turn = &editor.turns[i];
    let is_focused = i == editor.focus;
    let count = match editor.turns.len() {
        1 => String::new(),
        n => format!(" {} of {n} ", i + 1),
    };
    let block = theme
        .frame()
        .title_top(Line::styled(count, theme.dim).right_aligned())
        .border_style(if is_focused { theme.accent } else { theme.border })
        .padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let name = text::fit_start(&format!(" {} ", title(editor, turn)), usize::from(area.width).saturating_sub(12));
    let place = Rect { x: area.x.saturating_add(1), width: area.width.saturating_sub(2), height: 1, ..area };
    frame.render_widget(Span::styled(name, role_style(theme, &turn.message.role)), place);
    if inner.is_empty() {
        return;
    }
    match (is_focused, turn.area.wrap_mode()) {
        (true, WrapMode::None) => unwrapped::draw(theme, frame, inner, &turn.area),
        (true, _) => frame.render_widget(&turn.area, inner),
        (false, _) => draw_text(theme, frame, inner, turn),
    }
}

/// A text that is not typed in, as much of its beginning as there is room for.
fn draw_text(theme: &Theme, frame: &mut Frame, area: Rect, turn: &TurnEditor) {
    let (width, rows) = (usize::from(area.width), usize::from(area.height));
    let lines = stack::beginning(turn, width * rows).into_iter().flat_map(|line| text::wrap(&line, width));
    for (line, row) in lines.zip(area.rows()) {
        frame.render_widget(Line::styled(line, theme.dim), row);
    }
}

fn title(editor: &Editor, turn: &TurnEditor) -> String {
    if !editor.is_chat {
        return "text".into();
    }
    let role = visible_text(&turn.message.role);
    turn.extras().map_or(role.clone(), |extras| format!("{role} {extras} (kept as they are)"))
}

fn role_style(theme: &Theme, role: &str) -> Style {
    match role {
        "assistant" => theme.target,
        "system" | "developer" => theme.warning,
        "tool" => theme.bar,
        _ => theme.accent,
    }
}
