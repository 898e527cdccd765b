//! The table of a stage: a line for each token of each sequence.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Scene, WIDE};
use crate::app::{Action, SlowPlace, StepStage};
use crate::train::Passed;
use crate::ui::{Hits, text};

/// What a line says of its token.
pub struct Cell {
    pub text: String,
    pub style: Style,
    /// The stage that the figure comes from: a click goes there.
    pub from: Option<StepStage>,
}

impl Cell {
    /// A figure that comes from nowhere else.
    pub fn new(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style, from: None }
    }

    /// A figure that comes from that stage.
    pub fn from(text: impl Into<String>, style: Style, stage: StepStage) -> Self {
        Self { text: text.into(), style, from: Some(stage) }
    }
}

/// Columns of a token's name.
pub fn name_width(area: Rect) -> usize {
    if area.width >= WIDE { 16 } else { 12 }
}

/// Columns that stand before a line's cells.
pub fn before(scene: &Scene, area: Rect) -> usize {
    2 + digits(scene) + 1 + name_width(area) + 1
}

fn digits(scene: &Scene) -> usize {
    let longest = scene.step.passed.iter().map(|passed| passed.example.ids.len()).max().unwrap_or(0);
    longest.saturating_sub(1).to_string().len().max(2)
}

/// What stands on one line.
enum Entry {
    /// The sequence of that number.
    Heading(usize),
    /// A token, by its line of the step.
    Token(usize),
}

/// Draws the lines around the chosen one under `heading`; `cells` are a token's.
pub fn draw(
    scene: &Scene,
    frame: &mut Frame,
    area: Rect,
    hits: &mut Hits,
    heading: &str,
    cells: impl Fn(&Passed, usize) -> Vec<Cell>,
) {
    let indent = " ".repeat(2 + digits(scene) - 1);
    let name = text::pad_end("token", name_width(area));
    let mut rows = area.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(Line::styled(format!("{indent}i {name} {heading}"), scene.theme.dim), row);
    }
    let entries = entries(scene);
    let room = usize::from(area.height).saturating_sub(1);
    let at = entries.iter().position(|entry| matches!(entry, Entry::Token(line) if *line == scene.motion.line));
    let first = at.unwrap_or(0).saturating_sub(room / 2).min(entries.len().saturating_sub(room));
    for (entry, row) in entries.into_iter().skip(first).zip(rows) {
        match entry {
            Entry::Heading(number) => frame.render_widget(sequence(scene, number), row),
            Entry::Token(line) => token(scene, frame, row, hits, line, &cells),
        }
    }
}

/// Sequences are headed where there are several.
fn entries(scene: &Scene) -> Vec<Entry> {
    let (mut entries, mut line) = (Vec::new(), 0);
    for (number, passed) in scene.step.passed.iter().enumerate() {
        if scene.step.passed.len() > 1 {
            entries.push(Entry::Heading(number));
        }
        entries.extend((line..line + passed.example.ids.len()).map(Entry::Token));
        line += passed.example.ids.len();
    }
    entries
}

fn sequence(scene: &Scene, number: usize) -> Line<'static> {
    let all = &scene.step.passed;
    let (tokens, scored) = all.get(number).map_or((0, 0), |one| (one.example.ids.len(), one.scored.len()));
    let (number, of) = (text::count(number + 1), text::count(all.len()));
    let words = format!("text {number} of {of} · {} · {} scored", text::things(tokens, "token"), text::count(scored));
    Line::styled(words, scene.theme.accent)
}

fn token(
    scene: &Scene,
    frame: &mut Frame,
    row: Rect,
    hits: &mut Hits,
    line: usize,
    cells: impl Fn(&Passed, usize) -> Vec<Cell>,
) {
    let (theme, Some((passed, token))) = (scene.theme, scene.step.token(line)) else { return };
    let is_chosen = line == scene.motion.line;
    let place = |stage| Action::Trace(SlowPlace { stage, line: Some(line), tensor: None });
    hits.push(row, place(scene.motion.stage));
    let heat = passed.nll(token).map_or(theme.text, |nll| theme.heat(nll));
    let style = if passed.target(token).is_some() { heat.patch(theme.scored) } else { heat };
    let style = if is_chosen { style.patch(theme.cursor) } else { style };
    let width = name_width(row);
    let name = scene.label(passed.example.ids[token], width);
    let blanks = " ".repeat((width + 1).saturating_sub(name.width()));
    let mut spans = vec![
        Span::styled(if is_chosen { "▸ " } else { "  " }, theme.accent),
        Span::styled(format!("{token:>0$} ", digits(scene)), theme.dim),
        Span::styled(name, style),
        Span::raw(blanks),
    ];
    for cell in cells(passed, token) {
        let style = if is_chosen { cell.style.patch(theme.cursor_row) } else { cell.style };
        let span = Span::styled(cell.text, style);
        if let Some(stage) = cell.from {
            let x = row.x.saturating_add(u16::try_from(text::width_of(&spans)).unwrap_or(u16::MAX));
            let width = u16::try_from(span.width()).unwrap_or(0);
            hits.push(Rect { x, width, ..row }.intersection(row), place(stage));
        }
        spans.push(span);
    }
    frame.render_widget(Line::from(spans), row);
}
