//! The view Train: how the model learns, step by step.
//!
//! ```text
//! settings                                             what is going on
//! figures of the last step
//! curve | film
//! movers, probes, and what takes turns with them: one panel, three, or four, as there is room
//! ```

mod axes;
mod begin;
mod curve;
mod film;
mod gradients;
mod life;
mod movers;
mod plot;
mod probes;
mod runs;
mod samples;
mod spread;
mod stage;
mod status;
mod verdict;
mod watched;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::{Action, App, TrainPanel};
use crate::ui::{Hits, Theme, empty};

/// Columns and rows of the view from which on three panels stand side by side, and from which on four.
const THREE: (u16, u16) = (110, 26);
const ALL: (u16, u16) = (170, 34);
/// Columns below which curve and film do not fit side by side.
const NARROW: u16 = 64;
/// Rows of a frame with a few lines in it.
const LEAST: u16 = 5;

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    if app.is_empty() {
        let block = theme.block("Train");
        frame.render_widget(empty::line(app, theme), block.inner(area));
        frame.render_widget(block, area);
        return;
    }
    if let Some(life) = app.life.as_ref().filter(|_| app.reel().is_of_life) {
        return life::draw(app, theme, frame, area, hits, life);
    }
    let high = if area.height >= 10 { 2 } else { 1 };
    let [status, rest] = Layout::vertical([Constraint::Length(high), Constraint::Fill(1)]).areas(area);
    for (line, row) in status::lines(app, theme, usize::from(area.width)).into_iter().zip(status.rows()) {
        frame.render_widget(line, row);
    }
    if app.training.is_untouched() && app.watching.is_none() {
        let block = theme.block("Train: how the model learns");
        let inner = block.inner(rest);
        frame.render_widget(block, rest);
        for (line, row) in begin::lines(app, theme, usize::from(inner.width)).into_iter().zip(inner.rows()) {
            frame.render_widget(line, row);
        }
        return;
    }
    draw_run(app, theme, frame, rest, hits);
}

fn draw_run(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let fits = |(width, height): (u16, u16)| area.width >= width && area.height + 2 >= height;
    if area.width < NARROW {
        return draw_narrow(app, theme, frame, area, hits);
    }
    // The panels take less than the half, and nothing where curve and film need all there is.
    let panels = if area.height < LEAST * 2 { 0 } else { (area.height * 2 / 5).max(LEAST) };
    let [top, bottom] = Layout::vertical([Constraint::Fill(1), Constraint::Length(panels)]).areas(area);
    let [left, right] = Layout::horizontal([Constraint::Percentage(40), Constraint::Fill(1)]).areas(top);
    draw_curves(app, theme, frame, left);
    film::draw(app, theme, frame, right, hits);
    if panels == 0 {
        return;
    }
    use TrainPanel::{Gradients, Movers, Probes, Runs, Samples, Verdict};
    if fits(ALL) {
        let [left, middle, third, last] = Layout::horizontal([Constraint::Fill(1); 4]).areas(bottom);
        draw_panel(app, theme, frame, left, hits, Movers, &[]);
        draw_panel(app, theme, frame, middle, hits, Probes, &[]);
        draw_turns(app, theme, frame, third, hits, &[Samples, Gradients]);
        draw_turns(app, theme, frame, last, hits, &[Verdict, Runs]);
    } else if fits(THREE) {
        // Movers have the most columns.
        let [left, middle, last] = Layout::horizontal([9, 8, 8].map(Constraint::Fill)).areas(bottom);
        draw_panel(app, theme, frame, left, hits, Movers, &[]);
        draw_panel(app, theme, frame, middle, hits, Probes, &[]);
        draw_turns(app, theme, frame, last, hits, &[Samples, Gradients, Verdict, Runs]);
    } else {
        draw_turns(app, theme, frame, bottom, hits, &TrainPanel::EVERY);
    }
}

/// Panels that take turns: the one that was chosen, else the first.
fn draw_turns(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits, turns: &[TrainPanel]) {
    let chosen = turns.iter().copied().find(|panel| *panel == app.views.train.panel);
    if let Some(panel) = chosen.or(turns.first().copied()) {
        draw_panel(app, theme, frame, area, hits, panel, turns);
    }
}

/// The loss; under a demonstration what that watches, and the loss below it where both have room.
fn draw_curves(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    match &app.training.stage {
        None => curve::draw(app, theme, frame, area),
        Some(stage) if !stage.is_plotted() => curve::draw(app, theme, frame, area),
        Some(stage) if area.height < stage::ROOM_FOR_LOSS => stage::draw(app, theme, frame, area, stage),
        Some(stage) => {
            let [top, bottom] = Layout::vertical([Constraint::Fill(1); 2]).areas(area);
            stage::draw(app, theme, frame, top, stage);
            curve::draw(app, theme, frame, bottom);
        }
    }
}

/// One below the other: curve, film, panel, as far as they fit.
fn draw_narrow(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    match area.height {
        0..10 => film::draw(app, theme, frame, area, hits),
        10..15 => {
            let [top, bottom] = Layout::vertical([Constraint::Fill(1); 2]).areas(area);
            draw_curves(app, theme, frame, top);
            film::draw(app, theme, frame, bottom, hits);
        }
        _ => {
            let [top, middle, bottom] = Layout::vertical([Constraint::Fill(1); 3]).areas(area);
            draw_curves(app, theme, frame, top);
            film::draw(app, theme, frame, middle, hits);
            draw_turns(app, theme, frame, bottom, hits, &TrainPanel::EVERY);
        }
    }
}

/// One panel in its frame; `turns` are those that it takes turns with, as tabs.
fn draw_panel(
    app: &App,
    theme: &Theme,
    frame: &mut Frame,
    area: Rect,
    hits: &mut Hits,
    panel: TrainPanel,
    turns: &[TrainPanel],
) {
    let tabs = if turns.is_empty() {
        Line::styled(format!(" {} ", panel.title()), theme.accent)
    } else {
        tabs(theme, area, hits, panel, turns)
    };
    let mut block = theme.frame();
    if let Some(detail) =
        detail(app, panel).filter(|detail| tabs.width() + detail.width() + 6 <= usize::from(area.width))
    {
        block = block.title(Line::styled(format!(" {detail} "), theme.dim).right_aligned());
    }
    let block = block.title(tabs);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    match panel {
        TrainPanel::Movers => movers::draw(app, theme, frame, inner, hits),
        TrainPanel::Probes => probes::draw(app, theme, frame, inner),
        TrainPanel::Samples => samples::draw(app, theme, frame, inner),
        TrainPanel::Gradients => gradients::draw(app, theme, frame, inner),
        TrainPanel::Verdict => verdict::draw(app, theme, frame, inner),
        TrainPanel::Runs => runs::draw(app, theme, frame, inner),
    }
}

/// Which steps a panel is about.
fn detail(app: &App, panel: TrainPanel) -> Option<String> {
    match panel {
        TrainPanel::Movers => movers::detail(app),
        TrainPanel::Probes => Some(match app.training.probe_every {
            0 | 1 => "after every step".into(),
            every => format!("after every {every} steps"),
        }),
        TrainPanel::Samples | TrainPanel::Verdict => None,
        TrainPanel::Runs => Some("what each did otherwise".into()),
        TrainPanel::Gradients => gradients::detail(app),
    }
}

/// The names of the panels that take turns, each to be clicked.
fn tabs(theme: &Theme, area: Rect, hits: &mut Hits, current: TrainPanel, turns: &[TrainPanel]) -> Line<'static> {
    let mut line = Line::from(Span::raw(" "));
    for &panel in turns {
        let style = if panel == current { theme.accent.patch(theme.scored) } else { theme.dim };
        let name = Span::styled(panel.title(), style);
        let x = area.x.saturating_add(1).saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
        let tab = Rect { x, y: area.y, width: u16::try_from(name.width()).unwrap_or(0), height: 1 };
        hits.push(tab.intersection(area), Action::ShowPanel(panel as usize));
        line.push_span(name);
        line.push_span(Span::raw(" "));
    }
    line
}
