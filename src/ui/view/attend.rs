//! The view Attend: what each token may see, what it looks at, what each head does, on what a prediction leans, and
//! what each layer would predict.

mod attention;
mod fold;
mod grid;
mod heads;
mod layers;
mod leaning;
mod mask;
mod words;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{Action, App, AttendPanel};
use crate::ui::{Hits, Theme, empty, text};

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let panel = app.views.attend.panel;
    let tabs = tabs(app, theme, area, hits);
    let room = usize::from(area.width).saturating_sub(tabs.width() + 6);
    let mut block = theme.frame().title(tabs);
    if !app.is_empty() {
        let detail = text::fit_start(&detail(app), room);
        block = block.title(Line::styled(format!(" {detail} "), theme.dim).right_aligned());
        if matches!(panel, AttendPanel::Mask | AttendPanel::Attention) {
            let legend = match panel {
                AttendPanel::Mask => mask::legend(app, theme, usize::from(area.width)),
                _ => attention::legend(theme, usize::from(area.width)),
            };
            block = block.title_bottom(legend.right_aligned());
        }
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.is_empty() {
        frame.render_widget(empty::line(app, theme), inner);
        return;
    }
    match panel {
        AttendPanel::Mask => mask::draw(app, theme, frame, inner, hits),
        AttendPanel::Attention => attention::draw(app, theme, frame, inner, hits),
        AttendPanel::Heads => heads::draw(app, theme, frame, inner),
        AttendPanel::Leaning => leaning::draw(app, theme, frame, inner, hits),
        AttendPanel::Layers => layers::draw(app, theme, frame, inner, hits),
    }
}

/// The panels' names, each to be clicked.
fn tabs(app: &App, theme: &Theme, area: Rect, hits: &mut Hits) -> Line<'static> {
    let mut line = Line::from(Span::styled(" Attend  ", theme.accent));
    for panel in AttendPanel::EVERY {
        let style = if panel == app.views.attend.panel { theme.accent.patch(theme.scored) } else { theme.dim };
        let x = area.x.saturating_add(1).saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
        let tab = Rect { x, y: area.y, width: panel.title().len() as u16, height: 1 };
        hits.push(tab.intersection(area), Action::ShowPanel(panel as usize));
        line.push_span(Span::styled(panel.title(), style));
        line.push_span(Span::raw(if panel == AttendPanel::Layers { " " } else { "  " }));
    }
    line
}

/// Of which past step, layer and head the panel is.
fn detail(app: &App) -> String {
    let layers = app.analysis.model.as_ref().map_or(0, |model| model.layers());
    let past = app.training.shown.map(|_| app.training.shown_step());
    let layer = match past {
        Some(_) => format!("layer {}", app.shown_layer()),
        None => format!("layer {} of {layers}", app.shown_layer()),
    };
    let what = match app.views.attend.panel {
        AttendPanel::Mask => mask::detail(app),
        AttendPanel::Attention => format!("{layer} · {}", attention::head_words(app)),
        AttendPanel::Heads => "what each head does".into(),
        AttendPanel::Leaning => leaning::reach_words(app),
        AttendPanel::Layers => "what each layer says".into(),
    };
    match past {
        Some(step) => format!("step {step} · {what}"),
        None => what,
    }
}

/// What stands in the place of a panel that has nothing to show yet, or never.
fn waiting(app: &App, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let words = match (app.unseen(), app.views.attend.going()) {
        (Some(reason), _) => reason,
        (None, Some((done, of))) => format!("looking: {} of {}", text::count(done), text::count(of)),
        (None, None) => "looking …".into(),
    };
    text::wrap(&crate::sequence::visible_text(&words), width)
        .into_iter()
        .map(|line| Line::styled(line, theme.warning))
        .collect()
}

/// Lines, one column in.
fn write(frame: &mut Frame, area: Rect, lines: Vec<Line<'static>>) {
    for (line, row) in lines.into_iter().zip(area.rows()) {
        let indented = Rect { x: row.x.saturating_add(1), width: row.width.saturating_sub(1), ..row };
        frame.render_widget(line, indented.intersection(row));
    }
}

/// What stands in the cells of a panel's grid.
#[derive(Clone, Copy)]
struct Cells<'a> {
    one: &'a grid::Cell<'a>,
    /// Of the folded grid.
    strength: &'a fold::Strength<'a>,
}

/// The grid of the panel above its words: right under a short grid, a row apart; at the bottom under a long one.
fn draw_above_words(
    app: &App,
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    hits: &mut Hits,
    words: Vec<Line<'static>>,
    cells: Cells<'_>,
) {
    let wanted = u16::try_from(words.len()).unwrap_or(u16::MAX).min(area.height.saturating_sub(4));
    let grid = Rect { height: area.height - wanted, ..area };
    let used = match app.views.attend.is_whole {
        true => fold::draw(app, theme, frame, grid, hits, cells.strength),
        false => grid::draw(app, theme, frame, grid, hits, cells.one),
    };
    let below = Rect { y: area.y + (used + 1).min(grid.height), height: wanted, ..area };
    write(frame, below.intersection(area), words);
}
