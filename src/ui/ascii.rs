//! A finished frame in ASCII, for terminals that show nothing else. The views need not know.

use ratatui::buffer::Buffer;

/// Replaces every glyph beyond ASCII by one that stands for it, column for column.
pub fn fold(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            let plain = plain(cell.symbol());
            cell.set_char(plain);
        }
    }
}

/// The ASCII character that stands for a glyph; `?` for what a person wrote in another script.
fn plain(symbol: &str) -> char {
    match symbol.chars().next().unwrap_or(' ') {
        '─' | '━' | '┄' | '−' | '–' | '—' => '-',
        '│' | '┃' | '▏' => '|',
        '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' => '+',
        '…' => '~',
        '·' | '▁' => '.',
        '▂' => ':',
        '▃' => '-',
        '▄' => '=',
        '▅' => '+',
        '▆' => 'o',
        '▇' => 'O',
        '█' | '▉' | '▊' | '▋' | '▌' | '▍' | '▎' | '■' => '#',
        '●' | '★' => '*',
        '▸' | '▶' | '→' | '⟩' => '>',
        '◀' | '◂' | '←' | '⟨' => '<',
        '↑' | '▲' | '△' => '^',
        '↓' | '▼' | '▽' => 'v',
        '○' => 'o',
        '◐' => 'c',
        '◉' => '@',
        '◧' => '[',
        '▣' => '&',
        '▒' => '%',
        '∂' => 'd',
        'Σ' => 'S',
        '◆' => '%',
        '␣' | '□' | '⍽' => '_',
        '⏎' => '/',
        '⇥' => '\\',
        '×' => 'x',
        '≠' => '!',
        '“' | '”' => '"',
        '’' | '‘' | '′' => '\'',
        'β' => 'b',
        'ε' => 'e',
        'λ' => 'l',
        'μ' => 'u',
        '√' => 'V',
        '₁' => '1',
        '₂' | '²' => '2',
        '≤' => '<',
        _ => '?',
    }
}
