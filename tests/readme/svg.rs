//! A screen as an SVG picture.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

const COLUMN: f32 = 8.4;
const ROW: f32 = 18.0;
const FOREGROUND: &str = "#d4d4d4";
const BACKGROUND: &str = "#1e1e1e";

/// One `<text>` per run of equal style, one `<rect>` per run of equal background.
pub fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (f32::from(area.width) * COLUMN, f32::from(area.height) * ROW);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" xml:space=\"preserve\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let first = look(&buffer[(x, y)]);
            let mut text = String::new();
            let start = x;
            while x < area.width && look(&buffer[(x, y)]) == first {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            run(&mut out, &first, &text, start, x - start, y);
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
}

fn look(cell: &Cell) -> Look {
    let (mut foreground, mut background) = (colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut foreground, &mut background);
    }
    Look {
        foreground,
        background,
        bold: cell.modifier.contains(Modifier::BOLD),
        underlined: cell.modifier.contains(Modifier::UNDERLINED),
    }
}

fn run(out: &mut String, look: &Look, text: &str, x: u16, columns: u16, y: u16) {
    let (left, top, width) = (f32::from(x) * COLUMN, f32::from(y) * ROW, f32::from(columns) * COLUMN);
    if look.background != BACKGROUND {
        let fill = &look.background;
        let _ =
            writeln!(out, "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{ROW}\" fill=\"{fill}\"/>");
    }
    if text.trim().is_empty() && !look.underlined {
        return;
    }
    let bold = if look.bold { " font-weight=\"bold\"" } else { "" };
    let line = if look.underlined { " text-decoration=\"underline\"" } else { "" };
    let (fill, baseline) = (&look.foreground, top + 13.5);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        out,
        "<text x=\"{left:.1}\" y=\"{baseline}\" fill=\"{fill}\" textLength=\"{width:.1}\" \
         lengthAdjust=\"spacingAndGlyphs\"{bold}{line}>{text}</text>"
    );
}

fn colour(colour: Color, default: &str) -> String {
    match colour {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => default.into(),
        Color::Black => "#000000".into(),
        Color::White => "#ffffff".into(),
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
        other => panic!("the dark theme has no colour {other}"),
    }
}
