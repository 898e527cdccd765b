//! The view Attend: a layer's attention mask as a grid, rows the positions that predict, columns those they may see.

mod words;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};

use crate::app::{Action, App};
use crate::mask::{AttentionMask, Visibility};
use crate::sequence::Packing;
use crate::ui::columns::Columns;
use crate::ui::{Hits, Theme, empty, text, token};

/// Who sees whom in the sequence on screen.
fn visibility(app: &App) -> Visibility {
    Visibility { mask: app.attention_mask().0, documents: app.sequence().documents(), ..Visibility::default() }
}

/// Columns of the grid's parts.
struct Widths {
    /// The position's digits.
    position: usize,
    /// The row's own token.
    own: usize,
    predicted: usize,
}

impl Widths {
    fn new(app: &App, width: usize) -> Self {
        let longest = app.analysis.labels.iter().map(|label| label.width).max().unwrap_or(0);
        let most = (width / 8).clamp(4, 16);
        Self {
            position: app.len().saturating_sub(1).to_string().len(),
            own: longest.clamp(3, most),
            predicted: longest.clamp(8, most.max(8)),
        }
    }

    /// What stands left of the grid: mark, position, token.
    fn left(&self) -> usize {
        2 + self.position + 1 + self.own + 1
    }

    /// What stands right of it: predicted token, −log p, whether it is scored.
    fn right(&self) -> usize {
        1 + self.predicted + 1 + 6 + 2
    }
}

/// Draws the view into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut block = theme.block(title(app));
    if !app.is_empty() {
        block = block.title_bottom(legend(app, theme, usize::from(area.width)).right_aligned());
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    if app.is_empty() {
        frame.render_widget(empty::line(app, theme), inner);
        return;
    }
    let words =
        words::lines(app, theme, &visibility(app), usize::from(inner.width).saturating_sub(2), inner.height >= 12);
    let wanted = u16::try_from(words.len()).unwrap_or(u16::MAX).min(inner.height.saturating_sub(4));
    let [grid, below] = Layout::vertical([Constraint::Min(1), Constraint::Length(wanted)]).areas(inner);
    let used = draw_grid(app, theme, frame, grid, hits);
    // Right under a short grid, a row apart; at the bottom under a long one.
    let below = Rect { y: grid.y + (used + 1).min(grid.height), ..below };
    for (line, row) in words.into_iter().zip(below.rows()) {
        let indented = Rect { x: row.x.saturating_add(1), width: row.width.saturating_sub(1), ..row };
        frame.render_widget(line, indented.intersection(row));
    }
}

/// Draws the grid; returns how many rows it takes.
fn draw_grid(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) -> u16 {
    let width = usize::from(area.width);
    let widths = Widths::new(app, width);
    let query = app.cursor.saturating_sub(1);
    let columns = Columns::new(app, width.saturating_sub(widths.left() + widths.right()), 2, query);
    let labels = columns.label_rows(app, (usize::from(area.height) / 4).max(3));
    let labels = columns.labels(app, theme, labels);
    let mut rows = area.rows();
    let heading = labels.len();
    for (i, line) in labels.into_iter().enumerate() {
        let Some(row) = rows.next() else { return area.height };
        let mut spans = vec![Span::styled(heading_left(&columns, &widths, i + 1 == heading), theme.dim)];
        spans.extend(line.spans);
        if i + 1 == heading {
            let predicted = text::pad_end("predicts", widths.predicted);
            let blanks = " ".repeat(blanks_after(&columns, &widths, width));
            spans.push(Span::styled(format!("{blanks} {predicted} −log p"), theme.dim));
        }
        frame.render_widget(Line::from(spans), row);
    }
    let room = usize::from(area.height).saturating_sub(heading);
    let first = query.saturating_sub(room * 2 / 3).min(app.len().saturating_sub(room));
    let visibility = visibility(app);
    for (q, row) in (first..app.len()).zip(rows) {
        frame.render_widget(row_line(app, theme, &visibility, &columns, &widths, q, width), row);
        hits.push(row, Action::Goto(q + 1));
    }
    let drawn = heading + room.min(app.len() - first);
    u16::try_from(drawn).unwrap_or(area.height)
}

/// How many blanks bring what is right of the grid no further than one label's width away from it.
fn blanks_after(columns: &Columns, widths: &Widths, width: usize) -> usize {
    let used = widths.left() + 2 + columns.shown.len() * columns.width + widths.right();
    width.saturating_sub(used).min(2)
}

/// Left of the labels: how many columns are left out.
fn heading_left(columns: &Columns, widths: &Widths, is_last: bool) -> String {
    let more = match columns.shown.start {
        n if n > 0 && is_last => format!("{n} more"),
        _ => String::new(),
    };
    text::pad_start(&more, widths.left())
}

fn row_line(
    app: &App,
    theme: &Theme,
    visibility: &Visibility,
    columns: &Columns,
    widths: &Widths,
    q: usize,
    width: usize,
) -> Line<'static> {
    let seen = visibility.visible(q, app.len());
    // Of a pack: the tokens of the row's own document. What a row sees beyond them is of another.
    let own_document = app.sequence().document(q).map_or(0..app.len(), |(_, document)| document.tokens.clone());
    let target = q + 1;
    let is_cursor = target == app.cursor;
    let style = if is_cursor { theme.text.patch(theme.cursor_row) } else { theme.text };
    let mark = if is_cursor { "▸ " } else { "  " };
    let own = text::pad_end(&token::label(app, q, widths.own), widths.own);
    let mut spans = vec![
        Span::styled(mark, theme.accent),
        Span::styled(format!("{q:>0$} ", widths.position), if is_cursor { style } else { theme.dim }),
        Span::styled(format!("{own} "), style),
    ];
    let cell = |key: usize| {
        let (glyph, style) = match (seen.contains(&key), is_cursor) {
            (true, _) if !own_document.contains(&key) => ("▒", theme.warning),
            (true, true) => ("■", theme.accent),
            (true, false) => ("■", theme.bar),
            (false, true) if key == target && own_document.contains(&key) => ("×", theme.error),
            (false, true) => ("·", theme.text),
            (false, false) => ("·", theme.border),
        };
        columns.cell(glyph, style)
    };
    spans.extend(columns.line(theme, cell).spans);
    spans.push(Span::raw(" ".repeat(blanks_after(columns, widths, width) + 1)));
    if visibility.documents.starts_at(target) && target < app.len() {
        spans.push(Span::styled("the document ends", theme.dim));
    } else if target < app.len() {
        let predicted = text::pad_end(&token::label(app, target, widths.predicted), widths.predicted);
        let nll = app.analysis.scores.nll(target);
        let cost = nll.map_or_else(|| "–".into(), |nll| format!("{nll:.3}"));
        let is_scored = app.mask().is_some_and(|mask| mask.is_scored(target));
        let heat = nll.map_or(theme.dim, |nll| theme.heat(nll));
        spans.push(Span::styled(format!("{predicted} "), style));
        spans.push(Span::styled(format!("{cost:>6}"), heat));
        spans.push(Span::styled(if is_scored { " ●" } else { "  " }, style));
    } else {
        spans.push(Span::styled("what comes next", theme.dim));
    }
    Line::from(spans)
}

/// What is seen; where layers differ, or do not see everything before them, which layers and how far.
fn title(app: &App) -> String {
    let (mask, layers) = app.attention_mask();
    let others = if app.has_other_masks() { " · i other layers" } else { "" };
    match mask {
        AttentionMask::Causal if others.is_empty() => "Attend: what each prediction may see".into(),
        AttentionMask::Sliding(tokens) => {
            format!("Attend: the last {} tokens, in {}{others}", text::count(tokens), runs(layers))
        }
        mask => format!("Attend: {}, in {}{others}", mask.name(), runs(layers)),
    }
}

/// Layers as runs, the first three of them: `layers 0–4, 6–10`.
fn runs(layers: &[usize]) -> String {
    let runs: Vec<&[usize]> = layers.chunk_by(|a, b| a + 1 == *b).collect();
    let run = |run: &&[usize]| match run {
        [first, .., last] => format!("{first}–{last}"),
        run => run.iter().map(ToString::to_string).collect(),
    };
    let shown: Vec<String> = runs.iter().take(3).map(run).collect();
    let more = if runs.len() > 3 { ", …" } else { "" };
    let noun = if layers.len() == 1 { "layer" } else { "layers" };
    format!("{noun} {}{more}", shown.join(", "))
}

fn legend(app: &App, theme: &Theme, width: usize) -> Line<'static> {
    let packing = app.sequence().pack.as_ref().map(|pack| pack.packing);
    let name = match packing {
        None => app.attention_mask().0.name(),
        Some(Packing::Block) => "packed: causal, same document",
        Some(Packing::Naive) => "naive packing: causal",
    };
    let mut spans = vec![
        Span::styled(format!(" {name}: "), theme.dim),
        Span::styled("■", theme.accent),
        Span::styled(" may see  ", theme.dim),
    ];
    if packing == Some(Packing::Naive) {
        spans.extend([Span::styled("▒", theme.warning), Span::styled(" sees of another document  ", theme.dim)]);
    }
    // From the most telling on: where there is little room, the last ones go.
    let rest = [("·", " hidden  ", theme.text), ("×", " hidden: the answer itself  ", theme.error)];
    let rest = rest.map(|(glyph, words, style)| [Span::styled(glyph, style), Span::styled(words, theme.dim)]);
    let fits = |spans: &[Span]| text::width_of(spans) + 4 <= width;
    if packing.is_some() && !fits(&spans) {
        return Line::default();
    }
    for pair in rest.into_iter().chain([[Span::styled("●", theme.dim), Span::styled(" scored ", theme.dim)]]) {
        let longer = [spans.clone(), pair.to_vec()].concat();
        match packing {
            Some(_) if !fits(&longer) => break,
            _ => spans = longer,
        }
    }
    if fits(&spans) { Line::from(spans) } else { Line::default() }
}
