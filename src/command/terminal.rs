//! What the terminal can show, as the environment says.

use std::env;
use std::io::IsTerminal;

use crate::app::ThemeName;
use crate::cli::ThemeArg;

/// Whether standard output is a terminal that can be drawn on.
pub fn has_screen() -> bool {
    std::io::stdout().is_terminal() && !is_dumb()
}

/// Whether the terminal says that it cannot place anything.
pub fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// `--theme`, or mono under `NO_COLOR`, or what the terminal says it can show.
pub fn theme(argument: Option<ThemeArg>) -> ThemeName {
    match argument {
        Some(ThemeArg::Dark) => ThemeName::Dark,
        Some(ThemeArg::Light) => ThemeName::Light,
        Some(ThemeArg::Contrast) => ThemeName::Contrast,
        Some(ThemeArg::Ansi) => ThemeName::Ansi,
        Some(ThemeArg::Mono) => ThemeName::Mono,
        None if set(&["NO_COLOR"]).is_some() => ThemeName::Mono,
        None if many_colours().is_some() => ThemeName::Dark,
        None => ThemeName::Ansi,
    }
}

/// The variable that promises 256 colours or more, with its value.
pub fn many_colours() -> Option<(&'static str, String)> {
    let promises =
        |name, words: &[&str]| set(&[name]).filter(|(_, value)| words.iter().any(|word| value.contains(word)));
    promises("COLORTERM", &["truecolor", "24bit"]).or_else(|| promises("TERM", &["256color"]))
}

/// Whether the locale promises a terminal that shows UTF-8.
pub fn is_utf8() -> bool {
    locale().is_none_or(|(_, locale)| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// The variable that decides on the locale's characters, with its value.
pub fn locale() -> Option<(&'static str, String)> {
    set(&["LC_ALL", "LC_CTYPE", "LANG"])
}

/// The first of these variables that holds anything.
fn set(names: &[&'static str]) -> Option<(&'static str, String)> {
    let value = |name| env::var_os(name).filter(|value| !value.is_empty());
    names.iter().find_map(|name| Some((*name, value(name)?.to_string_lossy().into_owned())))
}
