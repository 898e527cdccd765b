//! The overlay with one optimizer step in slow motion.
//!
//! ```text
//! 1 batch → 2 predict → 3 loss → 4 mask → 5 gradient → 6 update → 7 again
//! what this stage computes, as a formula
//! its figures; those that come from another stage lead there by a click
//! the arithmetic of what is chosen
//! ```

mod again;
mod batch;
mod gradient;
mod logits;
mod loss;
mod mask;
mod predict;
mod table;
mod update;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::app::{Action, App, Overlay, SlowMotion, SlowPlace, StepStage};
use crate::loss::weight_text;
use crate::train::{Passed, SlowStep};
use crate::ui::{Hits, Theme, text};

/// Rows of the overlay from which on a blank line sets its parts apart.
const ROOMY: u16 = 30;
/// Columns of the box that says that it is under way.
const WAITING: u16 = 50;
/// Columns from which on there is room for more.
const WIDE: u16 = 100;

/// What is drawn: a step, and what of it is chosen.
struct Scene<'a> {
    app: &'a App,
    theme: &'a Theme,
    step: &'a SlowStep,
    motion: &'a SlowMotion,
}

/// What a stage says below its figures, with how it looks.
type Notes = Vec<(String, Style)>;

/// How a stage is drawn.
struct Room {
    /// What it computes.
    formula: fn(&Scene) -> String,
    draw: fn(&Scene, &mut Frame, Rect, &mut Hits),
    notes: fn(&Scene) -> Notes,
}

fn room(stage: StepStage) -> Room {
    match stage {
        StepStage::Batch => Room { formula: batch::formula, draw: batch::draw, notes: batch::notes },
        StepStage::Predict => Room { formula: predict::formula, draw: predict::draw, notes: predict::notes },
        StepStage::Loss => Room { formula: loss::formula, draw: loss::draw, notes: loss::notes },
        StepStage::Mask => Room { formula: mask::formula, draw: mask::draw, notes: mask::notes },
        StepStage::Gradient => Room { formula: gradient::formula, draw: gradient::draw, notes: gradient::notes },
        StepStage::Update => Room { formula: update::formula, draw: update::draw, notes: update::notes },
        StepStage::Again => Room { formula: again::formula, draw: again::draw, notes: again::notes },
    }
}

/// Draws the overlay over `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some(Overlay::SlowStep(motion)) = &app.overlay else { return };
    let Some(step) = &motion.step else { return draw_waiting(theme, frame, area) };
    frame.render_widget(Clear, area);
    let title = text::fit_start(&title(step), usize::from(area.width).saturating_sub(6));
    let block = theme.block(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let inner = Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
    draw_step(&Scene { app, theme, step, motion }, frame, inner, hits);
}

/// Says at the foot of `area` that the step is under way, so that the view stays in sight.
fn draw_waiting(theme: &Theme, frame: &mut Frame, area: Rect) {
    let width = WAITING.min(area.width.saturating_sub(4));
    let height = 3.min(area.height);
    let place = Rect { y: area.bottom() - height, height, ..area.centered_horizontally(Constraint::Length(width)) };
    frame.render_widget(Clear, place);
    let block = theme.block("One step in slow motion");
    let inner = block.inner(place);
    frame.render_widget(block, place);
    let words = text::fit_start(" the step is being taken … · esc stops it", usize::from(inner.width));
    frame.render_widget(Line::styled(words, theme.dim), inner);
}

/// Which step it is, and how it was taken.
fn title(step: &SlowStep) -> String {
    let settings = &step.settings;
    let lr = text::rate(step.report.lr);
    format!("Step {} in slow motion · {} · {} · lr {lr}", step.report.step, settings.method, settings.optimizer)
}

fn draw_step(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let room = room(scene.motion.stage);
    let width = usize::from(area.width);
    let wrapped = |(words, style): (String, Style)| {
        text::wrap(&words, width).into_iter().map(move |line| Line::styled(line, style))
    };
    let notes: Vec<Line> = (room.notes)(scene).into_iter().flat_map(wrapped).collect();
    let gap = u16::from(area.height >= ROOMY);
    let most = area.height.saturating_sub(8).max(1);
    let notes_high = u16::try_from(notes.len()).unwrap_or(most).min(most);
    let [tabs, formula, _, body, _, below] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(gap),
        Constraint::Fill(1),
        Constraint::Length(gap),
        Constraint::Length(notes_high),
    ])
    .areas(area);
    draw_tabs(scene, frame, tabs, hits);
    let words = text::fit_start(&(room.formula)(scene), width);
    frame.render_widget(Line::styled(words, scene.theme.accent), formula);
    (room.draw)(scene, frame, body, hits);
    for (line, row) in notes.into_iter().zip(below.rows()) {
        frame.render_widget(line, row);
    }
}

/// The stages in order, each to be clicked.
fn draw_tabs(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut line = Line::default();
    for (i, stage) in StepStage::EVERY.into_iter().enumerate() {
        if i > 0 {
            line.push_span(Span::styled(" → ", scene.theme.border));
        }
        let is_current = stage == scene.motion.stage;
        let style = if is_current { scene.theme.cursor } else { scene.theme.dim };
        let name = Span::styled(format!("{} {}", i + 1, stage.name()), style);
        let x = area.x.saturating_add(u16::try_from(line.width()).unwrap_or(u16::MAX));
        let tab = Rect { x, width: u16::try_from(name.width()).unwrap_or(0), ..area };
        hits.push(tab.intersection(area), Action::Trace(scene.place(stage)));
        line.push_span(name);
    }
    frame.render_widget(line, area);
}

impl<'a> Scene<'a> {
    /// The stage, with what is chosen now.
    fn place(&self, stage: StepStage) -> SlowPlace {
        SlowPlace { stage, line: None, tensor: None }
    }

    /// The sequence and the token that are chosen.
    fn chosen(&self) -> Option<(&'a Passed, usize)> {
        self.step.token(self.motion.line)
    }

    /// A token of the vocabulary, at most `width` columns wide.
    fn label(&self, id: u32, width: usize) -> String {
        text::fit_start(&self.app.token_label(id), width)
    }

    /// A token of a sequence, for a sentence.
    fn name(&self, passed: &Passed, token: usize) -> String {
        passed.example.ids.get(token).map_or_else(String::new, |&id| self.label(id, 16))
    }

    /// The end of what the row has read that is asked for `token`.
    fn input(&self, passed: &Passed, token: usize, width: usize) -> String {
        let Some(row) = passed.example.labels.row(token) else { return String::new() };
        let own = passed.example.visibility.documents.around(row, passed.example.ids.len());
        // A token is a column wide at least, or next to nothing.
        let first = own.start.max((row + 1).saturating_sub(width + 1));
        let read = passed.example.ids.get(first..=row).unwrap_or_default();
        let words: String = read.iter().map(|&id| self.app.token_label(id)).collect();
        let is_cut = first > own.start;
        text::fit_end(&if is_cut { format!("…{words}") } else { words }, width)
    }

    /// w/D of a token, as it is written.
    fn factor(&self, passed: &Passed, token: usize) -> String {
        let weight = passed.example.weights.get(token).copied().unwrap_or(0.0);
        format!("{}/{}", weight_text(weight), weight_text(self.step.denominator))
    }

    /// What is said where a target has no row of logits.
    fn no_row(&self, passed: &Passed, token: usize) -> String {
        let name = self.name(passed, token);
        if passed.example.visibility.documents.starts_at(token) {
            return format!(
                "{name} is the first token of its text: nothing predicts it. ↑↓ goes to a target that counts."
            );
        }
        let cost = passed.nll(token).map_or_else(String::new, |nll| format!(" (it would cost {nll:.3} nats)"));
        format!(
            "{name} has weight 0: the step computes no logits for it{cost}, and no gradient comes from it. ↑↓ goes to a \
             target that counts."
        )
    }
}

/// With its sign and the digits that count.
fn signed(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        small if small < 1e-3 => minus(&format!("{value:+.1e}")),
        _ => minus(&format!("{value:+.4}")),
    }
}

/// A minus of full width before the number; an exponent keeps its hyphen.
fn minus(number: &str) -> String {
    number.strip_prefix('-').map_or_else(|| number.to_owned(), |size| format!("−{size}"))
}
