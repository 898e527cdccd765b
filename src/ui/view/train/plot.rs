//! Lines over one pair of axes: in braille, with a glyph of its own on every line so that colour is not what tells them
//! apart; in glyphs alone where braille cannot be shown. Levels that the lines are to be read against are drawn under them.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ui::Theme;

/// Columns of the screen from one glyph on a line to the next.
const GLYPH_EVERY: usize = 9;
/// The braille dots of a cell by row and column, as bits above U+2800.
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// One line of the plot.
#[derive(Clone, Debug)]
pub struct Series {
    pub name: String,
    /// One column wide; tells the line from others.
    pub glyph: &'static str,
    pub style: Style,
    /// By x, ascending. Points that are not finite are left out.
    pub points: Vec<(f64, f64)>,
    pub look: Look,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// With its glyph here and there.
    #[default]
    Line,
    /// Points by themselves, no line between them.
    Points,
    /// With its glyph at its end alone.
    Thin,
}

/// A value that lines are read against.
#[derive(Clone, Debug)]
pub struct Level {
    pub value: f64,
    /// What it is, the longest words first.
    pub words: Vec<String>,
}

/// How many times as far as the lines a level may lie for the axis to reach it: on a linear one, on a logarithmic one.
const REACH: (f64, f64) = (2.0, 30.0);

/// How many times the least value the greatest is from which on y is logarithmic: below it one line or the other would
/// lie flat on its edge.
const FAR_APART: f64 = 25.0;
/// Below this a logarithmic axis does not reach.
const LEAST: f64 = 1e-4;

/// What lies between the axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub is_log: bool,
}

impl Bounds {
    /// All points of `series`; y logarithmic where they are far apart, else down to 0 where that costs little. `None`
    /// without a point. Room for at least one step of x.
    pub fn around<'a>(series: impl IntoIterator<Item = &'a Series>) -> Option<Self> {
        let points = series.into_iter().flat_map(|series| &series.points);
        let mut finite = points.filter(|(x, y)| x.is_finite() && y.is_finite()).peekable();
        finite.peek()?;
        let nothing = (f64::INFINITY, f64::NEG_INFINITY);
        let grown = |range: (f64, f64), value: f64| (range.0.min(value), range.1.max(value));
        let (x, y) = finite.fold((nothing, nothing), |(xs, ys), &(x, y)| (grown(xs, x), grown(ys, y)));
        let x = (x.0, x.1.max(x.0 + 1.0));
        if y.0 >= 0.0 && y.1 > y.0.max(LEAST) * FAR_APART {
            return Some(Self { x, y: (y.0.max(LEAST), y.1), is_log: true });
        }
        let low = if y.0 >= 0.0 && y.0 < y.1 * 0.4 { 0.0 } else { y.0 };
        // A line that does not move at all lies in the middle.
        let y = if y.1 - low < 1e-9 { (low - 0.5, y.1 + 0.5) } else { (low, y.1) };
        Some(Self { x, y, is_log: false })
    }

    /// The same with those levels in it that are near enough to the lines not to flatten them.
    pub fn reaching(self, levels: &[Level]) -> Self {
        let reach = self.y.1 * if self.is_log { REACH.1 } else { REACH.0 };
        let near = levels.iter().map(|level| level.value).filter(|&value| value.is_finite() && value <= reach);
        Self { y: (self.y.0, near.fold(self.y.1, f64::max)), ..self }
    }

    /// Whether the y axis reaches `value`.
    fn holds(&self, value: f64) -> bool {
        (self.y.0..=self.y.1).contains(&value)
    }

    /// Which of `dots` dots of the y axis `value` lies on, from above.
    fn row(&self, value: f64, dots: usize) -> usize {
        let scale = |value: f64| if self.is_log { value.max(LEAST).ln() } else { value };
        dots - 1 - place(scale(value), (scale(self.y.0), scale(self.y.1)), dots)
    }

    /// The value at `share` (0…1) of the y axis, from below.
    pub fn value_at(&self, share: f64) -> f64 {
        let (low, high) = self.y;
        if self.is_log { low * (high / low).powf(share) } else { low + (high - low) * share }
    }

    /// Where `value` lies on `dots` dots of the x axis, from the left.
    pub fn column(&self, value: f64, dots: usize) -> usize {
        place(value, self.x, dots)
    }
}

/// Where `value` lies between the ends of `range`, on the nearest of `dots` dots.
fn place(value: f64, range: (f64, f64), dots: usize) -> usize {
    let share = ((value - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
    (share * dots.saturating_sub(1) as f64).round() as usize
}

/// A rectangle of cells that is drawn into.
struct Canvas {
    width: usize,
    height: usize,
    /// Braille dots and glyphs, by cell.
    cells: Vec<Cell>,
}

#[derive(Clone, Copy, Default)]
struct Cell {
    dots: u8,
    glyph: Option<&'static str>,
    style: Style,
    /// What shows where nothing is drawn.
    ground: Option<char>,
}

/// The plot in `height` lines of `width` columns; later series lie over earlier ones, and all over the levels.
pub fn lines(
    series: &[Series],
    levels: &[Level],
    bounds: Bounds,
    theme: &Theme,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let mut canvas = Canvas { width, height, cells: vec![Cell::default(); width * height] };
    if canvas.cells.is_empty() {
        return Vec::new();
    }
    for (number, series) in series.iter().enumerate() {
        let rows = canvas.trace(series, bounds, theme.unicode);
        canvas.mark(series, &rows, number * 2 % GLYPH_EVERY);
    }
    levels.iter().for_each(|level| canvas.rule(level, bounds));
    canvas.lines(theme)
}

impl Canvas {
    /// Draws the line in dots, or all of it in its glyph; the row of the screen on which it is, by column.
    fn trace(&mut self, series: &Series, bounds: Bounds, in_dots: bool) -> Vec<Option<usize>> {
        let mut rows = vec![None; self.width];
        let mut before: Option<(usize, usize)> = None;
        for &(x, y) in &series.points {
            if !(x.is_finite() && y.is_finite()) {
                before = None;
                continue;
            }
            let dots = self.height * 4;
            let at = (bounds.column(x, self.width * 2), bounds.row(y, dots));
            let from = before.filter(|_| series.look != Look::Points).unwrap_or(at);
            for (x, y) in between(from, at) {
                let cell = &mut self.cells[y / 4 * self.width + x / 2];
                cell.dots |= DOTS[y % 4][x % 2];
                cell.style = series.style;
                if !in_dots {
                    cell.glyph = Some(series.glyph);
                }
                rows[x / 2] = Some(y / 4);
            }
            before = Some(at);
        }
        rows
    }

    /// Puts the line's glyph on it here and there, and at its end.
    fn mark(&mut self, series: &Series, rows: &[Option<usize>], offset: usize) {
        let last = rows.iter().rposition(Option::is_some);
        for (x, row) in rows.iter().enumerate() {
            let is_due = (x % GLYPH_EVERY == offset && series.look == Look::Line) || Some(x) == last;
            if let Some(row) = row.filter(|_| is_due) {
                let cell = &mut self.cells[row * self.width + x];
                (cell.glyph, cell.style) = (Some(series.glyph), series.style);
            }
        }
    }

    /// Draws a level where nothing else is, and names it, on it or beside it as there is room.
    fn rule(&mut self, level: &Level, bounds: Bounds) {
        let is_held = bounds.holds(level.value);
        let own = if is_held { bounds.row(level.value, self.height * 4) / 4 } else { 0 };
        if is_held {
            self.row(own).iter_mut().for_each(|cell| cell.ground = Some('┄'));
        }
        let named = level.words.iter().find_map(|words| {
            let words = if is_held { format!(" {words} ") } else { format!(" ↑ {words} ") };
            let length = words.chars().count();
            // Farther away it would be read as the level of another row.
            let rows = [Some(own), own.checked_add(1), own.checked_sub(1)].into_iter().flatten();
            let height = self.height;
            let mut rows = rows.filter(|&row| row < height && (is_held || row == own));
            let at = rows.find_map(|row| Some((row, free(self.row(row), length)?)))?;
            Some((at, words))
        });
        if let Some(((row, at), words)) = named {
            self.row(row)[at..].iter_mut().zip(words.chars()).for_each(|(cell, c)| cell.ground = Some(c));
        }
    }

    fn row(&mut self, row: usize) -> &mut [Cell] {
        &mut self.cells[row * self.width..(row + 1) * self.width]
    }

    fn lines(&self, theme: &Theme) -> Vec<Line<'static>> {
        let span = |cell: &Cell| match (cell.glyph, cell.dots, cell.ground) {
            (Some(glyph), ..) => Span::styled(glyph, cell.style),
            (None, 0, Some(ground)) => Span::styled(ground.to_string(), theme.dim),
            (None, 0, None) => Span::raw(" "),
            (None, dots, _) => Span::styled(braille(dots).to_string(), cell.style),
        };
        self.cells.chunks(self.width).map(|row| Line::from_iter(row.iter().map(span))).collect()
    }
}

/// Where so many cells side by side have nothing drawn in them, as far right as can be, one column from the edge.
fn free(row: &[Cell], length: usize) -> Option<usize> {
    let last = row.len().checked_sub(length + 1)?;
    let is_free = |at: &usize| row[*at..at + length].iter().all(|cell| cell.glyph.is_none() && cell.dots == 0);
    (0..=last).rev().find(is_free)
}

/// The dots from one to the other, both included.
fn between(from: (usize, usize), to: (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
    let along = move |a: usize, b: usize, step: usize| {
        let share = if steps == 0 { 1.0 } else { step as f64 / steps as f64 };
        (a as f64 + (b as f64 - a as f64) * share).round() as usize
    };
    (0..=steps).map(move |step| (along(from.0, to.0, step), along(from.1, to.1, step)))
}

fn braille(dots: u8) -> char {
    char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ThemeName;

    fn series(points: &[(f64, f64)]) -> Series {
        let points = points.to_vec();
        Series { name: "a".into(), glyph: "●", style: Style::new(), points, look: Look::Line }
    }

    fn drawn(points: &[(f64, f64)], unicode: bool, width: usize, height: usize) -> Vec<String> {
        let series = series(points);
        let bounds = Bounds::around([&series]).unwrap();
        let theme = Theme::of(ThemeName::Dark, unicode);
        lines(&[series], &[], bounds, &theme, width, height).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_level_lies_under_the_lines_and_is_named_where_there_is_room() {
        let theme = Theme::of(ThemeName::Dark, true);
        let level = |value| Level { value, words: vec!["as a guess".into(), "guess".into()] };
        let drawn = |level: Level, width| -> Vec<String> {
            let falling = series(&[(0.0, 4.0), (9.0, 0.5)]);
            let bounds = Bounds::around([&falling]).unwrap().reaching(std::slice::from_ref(&level));
            lines(&[falling], &[level], bounds, &theme, width, 3).iter().map(ToString::to_string).collect()
        };
        let wide = drawn(level(4.0), 20);
        assert!(wide[0].starts_with('●') && wide[0].ends_with(" as a guess ┄"), "{wide:?}");
        assert!(drawn(level(4.0), 14)[0].ends_with(" guess ┄"), "{:?}", drawn(level(4.0), 14));
        assert!(drawn(level(9.0), 30)[0].ends_with(" ↑ as a guess  "), "{:?}", drawn(level(9.0), 30));
        let under = drawn(level(2.0), 20);
        assert!(under[1].contains('┄') && under[1].contains('●'), "{under:?}");
    }

    #[test]
    fn the_axis_reaches_a_level_that_does_not_flatten_the_lines() {
        let y = |points: &[(f64, f64)], value| {
            Bounds::around([&series(points)]).unwrap().reaching(&[Level { value, words: Vec::new() }]).y.1
        };
        let (linear, log) = ([(0.0, 4.0), (1.0, 1.0)], [(0.0, 1.0), (1.0, 0.01)]);
        assert_eq!([7.6, 8.1, 0.5].map(|value| y(&linear, value)), [7.6, 4.0, 4.0]);
        assert_eq!([7.6, 31.0].map(|value| y(&log, value)), [7.6, 1.0]);
    }

    #[test]
    fn a_thin_line_has_its_glyph_at_its_end_alone() {
        let thin = Series { look: Look::Thin, ..series(&[(0.0, 1.0), (40.0, 1.0)]) };
        let bounds = Bounds::around([&thin]).unwrap();
        let theme = Theme::of(ThemeName::Dark, true);
        let line = lines(&[thin], &[], bounds, &theme, 30, 1)[0].to_string();
        assert!(line.ends_with('●') && line.matches('●').count() == 1, "{line}");
    }

    #[test]
    fn a_falling_line_falls() {
        assert_eq!(drawn(&[(0.0, 3.0), (4.0, 0.2)], true, 4, 2), ["●⢄  ", "  ⠑●"]);
        assert_eq!(drawn(&[(0.0, 3.0), (4.0, 0.2)], false, 4, 2), ["●●  ", "  ●●"]);
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let with_gap = drawn(&[(0.0, 1.0), (1.0, f64::NAN), (8.0, 1.0)], false, 9, 1);
        assert_eq!(with_gap, ["●       ●"]);
    }

    #[test]
    fn bounds_reach_down_to_zero_only_where_that_is_near() {
        let y = |low, high| Bounds::around([&series(&[(0.0, low), (1.0, high)])]).unwrap().y;
        assert_eq!((y(0.5, 3.0), y(3.0, 3.5), y(2.0, 2.0)), ((0.0, 3.0), (3.0, 3.5), (1.5, 2.5)));
        let far = Bounds::around([&series(&[(0.0, 0.01), (1.0, 1.0)])]).unwrap();
        assert!(far.is_log && (far.value_at(0.5) - 0.1).abs() < 1e-12);
        assert_eq!([1.0, 0.1, 0.01, 0.0].map(|value| far.row(value, 9)), [0, 4, 8, 8]);
        assert_eq!(Bounds::around([&series(&[(0.0, f64::NAN)])]), None);
        assert_eq!(Bounds::around([&series(&[(3.0, 1.0)])]).unwrap().x, (3.0, 4.0));
    }
}
