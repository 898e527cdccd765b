//! Whether the terminal shows the screen as it is meant.

use super::Check;
use crate::app::ThemeName;
use crate::command::terminal;
use crate::tui;

/// Columns and rows from which on nothing is left out.
const ROOMY: (u16, u16) = (80, 24);

pub fn checks() -> Vec<Check> {
    vec![output(), size(), colours(), glyphs()]
}

fn output() -> Check {
    if terminal::has_screen() {
        Check::fine("output", "a terminal: the screen opens")
    } else if terminal::is_dumb() {
        Check::note("output", "TERM is dumb: no screen, plain text", "set TERM to what your terminal is")
    } else {
        Check::note(
            "output",
            "no terminal: no screen, plain text",
            "run it in a terminal, without a pipe, to see the screen",
        )
    }
}

fn size() -> Check {
    match tui::size() {
        None => Check::note("size", "not known", "run it in a terminal"),
        Some((columns, rows)) => {
            let found = format!("{columns} columns, {rows} rows");
            match columns >= ROOMY.0 && rows >= ROOMY.1 {
                true => Check::fine("size", found),
                false => Check::note("size", found, format!("make it {} × {} or larger", ROOMY.0, ROOMY.1)),
            }
        }
    }
}

fn colours() -> Check {
    let theme = terminal::theme(None);
    match (theme, terminal::many_colours()) {
        (ThemeName::Mono, _) => {
            Check::note("colours", "none, since NO_COLOR is set: theme mono", "unset NO_COLOR, or choose a --theme")
        }
        (_, Some((name, value))) => {
            Check::fine("colours", format!("256 or more, says {name}={value}: theme {}", theme.name()))
        }
        (_, None) => Check::note(
            "colours",
            format!("the terminal's own sixteen: theme {}", theme.name()),
            "if it has 256, set TERM=xterm-256color, or choose a --theme",
        ),
    }
}

fn glyphs() -> Check {
    let said = terminal::locale().map(|(name, value)| format!("{name}={value}"));
    match (terminal::is_utf8(), said) {
        (true, Some(said)) => Check::fine("glyphs", format!("Unicode, says {said}")),
        (true, None) => Check::fine("glyphs", "Unicode: no locale says otherwise"),
        (false, said) => Check::note(
            "glyphs",
            format!("ASCII alone, says {}", said.unwrap_or_default()),
            "set LC_ALL or LANG to a UTF-8 locale, such as C.UTF-8",
        ),
    }
}
