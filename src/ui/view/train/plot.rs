//! Lines over one pair of axes: in braille, with a glyph of its own on every line so that colour is not what tells them
//! apart; in glyphs alone where braille cannot be shown.

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
    /// Points by themselves, no line between them.
    pub is_scattered: bool,
}

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
}

/// The plot in `height` lines of `width` columns; later series lie over earlier ones.
pub fn lines(series: &[Series], bounds: Bounds, theme: &Theme, width: usize, height: usize) -> Vec<Line<'static>> {
    let mut canvas = Canvas { width, height, cells: vec![Cell::default(); width * height] };
    if canvas.cells.is_empty() {
        return Vec::new();
    }
    for (number, series) in series.iter().enumerate() {
        let rows = canvas.trace(series, bounds, theme.unicode);
        canvas.mark(series, &rows, number * 2 % GLYPH_EVERY);
    }
    canvas.lines()
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
            let from = before.filter(|_| !series.is_scattered).unwrap_or(at);
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
            let is_due = (x % GLYPH_EVERY == offset && !series.is_scattered) || Some(x) == last;
            if let Some(row) = row.filter(|_| is_due) {
                let cell = &mut self.cells[row * self.width + x];
                (cell.glyph, cell.style) = (Some(series.glyph), series.style);
            }
        }
    }

    fn lines(&self) -> Vec<Line<'static>> {
        let span = |cell: &Cell| match (cell.glyph, cell.dots) {
            (Some(glyph), _) => Span::styled(glyph, cell.style),
            (None, 0) => Span::raw(" "),
            (None, dots) => Span::styled(braille(dots).to_string(), cell.style),
        };
        self.cells.chunks(self.width).map(|row| Line::from_iter(row.iter().map(span))).collect()
    }
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
        Series { name: "a".into(), glyph: "●", style: Style::new(), points, is_scattered: false }
    }

    fn drawn(points: &[(f64, f64)], unicode: bool, width: usize, height: usize) -> Vec<String> {
        let series = series(points);
        let bounds = Bounds::around([&series]).unwrap();
        let theme = Theme::of(ThemeName::Dark, unicode);
        lines(&[series], bounds, &theme, width, height).iter().map(ToString::to_string).collect()
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
