//! Where something that is handed out goes: the name of a file, whose ending says what it is.

use std::path::{Path, PathBuf};

use ratatui_textarea::Input;

use crate::app::keymap::{Binding, Context};
use crate::app::{App, Command, Effect, FileOutcome, FileRequest, HandOut, InputLine, Overlay, next};
use crate::memory::size_text;

const fn bind(keys: &'static [&'static str], command: Command, help: &'static str, short: &'static str) -> Binding {
    Binding { context: Context::HandOut, keys, command, help, short }
}

pub const KEYS: &[Binding] = &[
    bind(&["enter"], Command::Accept, "write the file; a second time over one that is there", "enter write"),
    bind(
        &["tab"],
        Command::NextForm,
        "a page (.html), a picture (.svg), the session (.json)",
        "tab page, picture, session",
    ),
    bind(&["esc"], Command::Cancel, "write nothing", "esc cancel"),
    bind(&["ctrl-c"], Command::Quit, "quit", ""),
];

/// The endings, in the order of the key.
const ENDINGS: [&str; 3] = ["html", "svg", "json"];
/// Characters of a sample's name that a file's name takes.
const NAME: usize = 40;

/// Opens the line on a page named after the sample.
pub fn open(app: &mut App) {
    let name =
        app.sample_name.strip_suffix(".json").or(app.sample_name.strip_suffix(".txt")).unwrap_or(&app.sample_name);
    let words: Vec<&str> =
        name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(NAME).collect();
    let path = format!("lossglass-{}.html", if name.is_empty() { "text" } else { &name });
    app.overlay = Some(Overlay::HandOut { path: path.into(), exists: None });
}

/// A command in the line.
pub fn run(app: &mut App, command: Command) -> Vec<Effect> {
    let Some(Overlay::HandOut { path, exists }) = &mut app.overlay else { return Vec::new() };
    match command {
        Command::Accept => {
            let typed = PathBuf::from(path.text().trim());
            let replaces = exists.as_ref() == Some(&typed);
            return write(app, typed, replaces);
        }
        Command::NextForm => *path = with_next_ending(path.text()).into(),
        _ => app.overlay = None,
    }
    Vec::new()
}

/// The same file with the ending after its own.
fn with_next_ending(path: &str) -> String {
    let (stem, ending) = path.rsplit_once('.').unwrap_or((path, ""));
    match ENDINGS.contains(&ending) {
        true => format!("{stem}.{}", next(&ENDINGS, ending, 1)),
        false => format!("{path}.{}", ENDINGS[0]),
    }
}

/// The ending that says what is written; `None` for any other.
fn ending(path: &Path) -> Option<&'static str> {
    let own = path.extension()?.to_str()?;
    ENDINGS.into_iter().find(|ending| own.eq_ignore_ascii_case(ending))
}

/// What a file of that name will be, in words.
pub fn meaning(path: &str) -> &'static str {
    match ending(Path::new(path.trim())) {
        Some("html") => "a page for any browser; printed, a work sheet",
        Some("svg") => "a picture of the screen as it is",
        Some("json") => "the session: lossglass --session FILE goes on from here",
        _ => "end the name in .html for a page, .svg for a picture, .json for the session",
    }
}

fn write(app: &mut App, path: PathBuf, replaces: bool) -> Vec<Effect> {
    let content = match ending(&path) {
        Some("svg") => {
            app.overlay = None;
            app.shared.hush();
            return vec![Effect::Picture { path, replaces }];
        }
        Some("html") => match app.page() {
            Ok(page) => HandOut::Page(Box::new(page)),
            Err(text) => {
                app.shared.complain(text);
                return Vec::new();
            }
        },
        Some(_) => HandOut::Session(Box::new(app.session())),
        None => {
            app.shared.complain(meaning(""));
            return Vec::new();
        }
    };
    app.overlay = None;
    vec![Effect::Files(FileRequest::Write { path, content, replaces })]
}

/// What came of it: a file that is there already is asked about.
pub fn take(app: &mut App, outcome: FileOutcome) {
    match outcome {
        FileOutcome::Written { path, bytes } => {
            app.shared.say(format!("written: {}, {}", path.display(), size_text(bytes as u64)));
        }
        FileOutcome::Exists(path) if app.overlay.is_none() => {
            let typed = InputLine::from(path.to_string_lossy().into_owned());
            app.overlay = Some(Overlay::HandOut { path: typed, exists: Some(path) });
        }
        FileOutcome::Exists(path) => app.shared.complain(format!("not written: {} is there already", path.display())),
        _ => {}
    }
}

/// A key goes to the line.
pub fn type_key(app: &mut App, input: Input) -> Vec<Effect> {
    if let Some(Overlay::HandOut { path, .. }) = &mut app.overlay {
        path.input(input);
    }
    Vec::new()
}

/// A paste goes to the line.
pub fn paste(app: &mut App, text: &str) {
    if let Some(Overlay::HandOut { path, .. }) = &mut app.overlay {
        path.paste(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_goes_round() {
        assert_eq!(with_next_ending("a.b/page.html"), "a.b/page.svg");
        assert_eq!(with_next_ending("page.json"), "page.html");
        assert_eq!(with_next_ending("page"), "page.html");
        assert_eq!(with_next_ending("capital.txt"), "capital.txt.html");
    }

    #[test]
    fn the_ending_says_what_it_is() {
        assert_eq!(ending(Path::new("x/A.HTML")), Some("html"));
        assert_eq!([ending(Path::new("x.txt")), ending(Path::new("html")), ending(Path::new(""))], [None; 3]);
    }
}
