//! A drawn screen as an SVG picture.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

use crate::app::ThemeName;

const COLUMN: f32 = 8.4;
const ROW: f32 = 18.0;

/// What a terminal shows where no colour is set.
struct Paper {
    foreground: &'static str,
    background: &'static str,
}

const DARK: Paper = Paper { foreground: "#d4d4d4", background: "#1e1e1e" };
const LIGHT: Paper = Paper { foreground: "#1e1e1e", background: "#ffffff" };

/// The screen as SVG: one `<text>` for each run of equal style, one `<rect>` for each run of equal background. Blanks are
/// kept by the attribute in older browsers and by the style in newer ones.
pub fn svg(buffer: &Buffer, theme: ThemeName) -> String {
    let paper = if theme == ThemeName::Light { LIGHT } else { DARK };
    let area = buffer.area;
    let (width, height) = (f32::from(area.width) * COLUMN, f32::from(area.height) * ROW);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n\
         <style>text {{ white-space: pre }}</style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        paper.background
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = paper.look(&buffer[(x, y)]);
            let mut text = String::new();
            let start = x;
            while x < area.width && paper.look(&buffer[(x, y)]) == first {
                let symbol = buffer[(x, y)].symbol();
                text.push_str(symbol);
                // The cell after a glyph of two columns is not shown.
                x += (symbol.width() as u16).max(1);
            }
            run(&mut out, &paper, &first, &text, [start, x.min(area.width) - start, y]);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[derive(PartialEq)]
struct Look {
    foreground: String,
    background: String,
    bold: bool,
    underlined: bool,
    slanted: bool,
    faint: bool,
}

/// `[x, columns, y]` is the place, in cells.
fn run(out: &mut String, paper: &Paper, look: &Look, text: &str, [x, columns, y]: [u16; 3]) {
    let (left, top, width) = (f32::from(x) * COLUMN, f32::from(y) * ROW, f32::from(columns) * COLUMN);
    if look.background != paper.background {
        let fill = &look.background;
        let _ =
            writeln!(out, "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{ROW}\" fill=\"{fill}\"/>");
    }
    if text.trim().is_empty() && !look.underlined {
        return;
    }
    let styles = [
        (look.bold, " font-weight=\"bold\""),
        (look.underlined, " text-decoration=\"underline\""),
        (look.slanted, " font-style=\"italic\""),
        (look.faint, " opacity=\"0.65\""),
    ];
    let styles: String = styles.into_iter().filter(|(is_on, _)| *is_on).map(|(_, style)| style).collect();
    let (fill, baseline) = (&look.foreground, top + 13.5);
    // No control character stands in a drawn cell; XML would not take one.
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{baseline}\" fill=\"{fill}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\"{styles}>{text}</text>"
    );
}

impl Paper {
    fn look(&self, cell: &Cell) -> Look {
        let (mut foreground, mut background) = (colour(cell.fg, self.foreground), colour(cell.bg, self.background));
        if cell.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut foreground, &mut background);
        }
        let has = |modifier| cell.modifier.contains(modifier);
        Look {
            foreground,
            background,
            bold: has(Modifier::BOLD),
            underlined: has(Modifier::UNDERLINED),
            slanted: has(Modifier::ITALIC),
            faint: has(Modifier::DIM),
        }
    }
}

/// xterm's colours, those of the terminal's own sixteen included.
fn colour(colour: Color, default: &str) -> String {
    let own = |at: usize| OWN[at].to_owned();
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => default.into(),
        Color::Black => own(0),
        Color::Red => own(1),
        Color::Green => own(2),
        Color::Yellow => own(3),
        Color::Blue => own(4),
        Color::Magenta => own(5),
        Color::Cyan => own(6),
        Color::Gray => own(7),
        Color::DarkGray => own(8),
        Color::LightRed => own(9),
        Color::LightGreen => own(10),
        Color::LightYellow => own(11),
        Color::LightBlue => own(12),
        Color::LightMagenta => own(13),
        Color::LightCyan => own(14),
        Color::White => own(15),
        Color::Indexed(n @ 0..16) => own(usize::from(n)),
        Color::Indexed(n @ 16..=231) => {
            // xterm's cube of 6 × 6 × 6 colours.
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u32::from(step) };
            let n = n - 16;
            format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
        }
        Color::Indexed(n @ 232..=255) => {
            let grey = 8 + 10 * u32::from(n - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    }
}

const OWN: [&str; 16] = [
    "#000000", "#cd0000", "#00cd00", "#cdcd00", "#0000ee", "#cd00cd", "#00cdcd", "#e5e5e5", "#7f7f7f", "#ff0000",
    "#00ff00", "#ffff00", "#5c5cff", "#ff00ff", "#00ffff", "#ffffff",
];

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn a_cell_stays_text_and_a_wide_glyph_takes_its_two_columns() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 8, 1));
        buffer.set_string(0, 0, "<日&>", Style::new());
        let picture = svg(&buffer, ThemeName::Dark);
        assert!(picture.contains(">&lt;日&amp;&gt;   </text>"), "{picture}");
        assert!(picture.contains(&format!("textLength=\"{:.1}\"", 8.0 * COLUMN)), "{picture}");
    }

    #[test]
    fn every_colour_and_the_paper_of_the_theme() {
        for n in 0..=255 {
            assert_eq!(colour(Color::Indexed(n), "").len(), 7);
        }
        assert_eq!(colour(Color::Indexed(12), ""), colour(Color::LightBlue, ""));
        let buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        assert!(svg(&buffer, ThemeName::Light).contains("fill=\"#ffffff\""));
        assert!(svg(&buffer, ThemeName::Ansi).contains("fill=\"#1e1e1e\""));
    }
}
