//! The terminal: its life cycle, the one inbox, and the run loop.

mod files;
mod record;
mod terminal;

use std::io;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::crossterm::event::{self, KeyEventKind, MouseButton, MouseEventKind};
use ratatui::layout::{Position, Rect};

pub use files::{Files, Readers, append, from_home};
pub use record::{Recorded, Recording};
pub use terminal::{Screen, on_signals, size};

use crate::app::{Action, App, Command, Effect, FileRequest, HandOut, keymap, update};
use crate::ui::{self, Hits, Theme};

/// What arrives in the inbox.
#[derive(Debug)]
pub enum Inbound {
    Terminal(event::Event),
    Action(Action),
    /// Something is to be done with the terminal before the next frame, which is drawn whole.
    Anew(fn()),
    /// The terminal's input is gone, or the process was asked to end.
    Closed,
}

/// Reads the terminal on its own thread, as long as somebody listens.
///
/// # Errors
/// If the thread cannot be started.
pub fn read_terminal(inbox: Sender<Inbound>) -> io::Result<()> {
    let read = move || {
        while let Ok(event) = event::read() {
            if inbox.send(Inbound::Terminal(event)).is_err() {
                return;
            }
        }
        let _ = inbox.send(Inbound::Closed);
    };
    std::thread::Builder::new().name("input".into()).spawn(read).map(|_| ())
}

/// Draws, waits, updates, until the user quits. Everything that has arrived is taken in before the next frame, of which a
/// picture is taken where one is asked for.
///
/// # Errors
/// If drawing fails.
pub fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    app: &mut App,
    first: Vec<Effect>,
    inbox: &Receiver<Inbound>,
    mut perform: impl FnMut(Effect),
) -> Result<(), B::Error> {
    let resized = anew(terminal, app)?;
    first.into_iter().chain(resized).for_each(&mut perform);
    let mut pictures = Vec::new();
    while !app.quit {
        let mut hits = Hits::default();
        let theme = Theme::of(app.theme, app.unicode);
        let frame = terminal.draw(|frame| hits = ui::draw(app, &theme, frame))?;
        for (path, replaces) in pictures.drain(..) {
            let content = HandOut::Picture(ui::picture::svg(frame.buffer, app.theme));
            perform(Effect::Files(FileRequest::Write { path, content, replaces }));
        }
        let Ok(first) = inbox.recv() else { return Ok(()) };
        for inbound in std::iter::once(first).chain(std::iter::from_fn(|| inbox.recv_timeout(Duration::ZERO).ok())) {
            if let Inbound::Anew(prepare) = inbound {
                prepare();
                anew(terminal, app)?.into_iter().for_each(&mut perform);
                continue;
            }
            if let Some(key) = heard(&inbound) {
                update(app, Action::Heard(key)).into_iter().for_each(&mut perform);
            }
            if let Some(action) = action_of(app, &hits, inbound) {
                for effect in update(app, action) {
                    match effect {
                        Effect::Picture { path, replaces } => pictures.push((path, replaces)),
                        effect => perform(effect),
                    }
                }
            }
        }
    }
    Ok(())
}

/// The next frame has the terminal's size of now, and is drawn whole, whatever stands there.
fn anew<B: Backend>(terminal: &mut Terminal<B>, app: &mut App) -> Result<Vec<Effect>, B::Error> {
    let size = terminal.size()?;
    terminal.resize(Rect::from((Position::ORIGIN, size)))?;
    Ok(update(app, Action::Resize(size.width, size.height)))
}

/// The key that was pressed, as the key table writes it.
fn heard(inbound: &Inbound) -> Option<String> {
    match inbound {
        Inbound::Terminal(event::Event::Key(key)) if key.kind != KeyEventKind::Release => keymap::name(*key),
        _ => None,
    }
}

/// What an arrival means, given where keys go and what lies under the mouse.
fn action_of(app: &App, hits: &Hits, inbound: Inbound) -> Option<Action> {
    let event = match inbound {
        Inbound::Action(action) => return Some(action),
        Inbound::Closed => return Some(Action::Do(Command::Quit)),
        Inbound::Anew(_) => return None,
        Inbound::Terminal(event) => event,
    };
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => {
            Some(match keymap::command(app.context(), key) {
                Some(command) => Action::Do(command),
                None => Action::Type(key.into()),
            })
        }
        event::Event::Paste(text) => Some(Action::Paste(text)),
        event::Event::Resize(columns, rows) => Some(Action::Resize(columns, rows)),
        event::Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => hits.at(Position::new(mouse.column, mouse.row)).cloned(),
            MouseEventKind::Drag(MouseButton::Left) if app.overlay.is_none() => {
                match hits.at(Position::new(mouse.column, mouse.row)) {
                    Some(&Action::Goto(t)) => Some(Action::Drag(t)),
                    _ => None,
                }
            }
            // Over a view the wheel moves the cursor, in an overlay what stands there.
            MouseEventKind::ScrollDown if app.overlay.is_none() => Some(Action::Do(Command::Right)),
            MouseEventKind::ScrollUp if app.overlay.is_none() => Some(Action::Do(Command::Left)),
            MouseEventKind::ScrollDown => Some(Action::Do(Command::Down)),
            MouseEventKind::ScrollUp => Some(Action::Do(Command::Up)),
            _ => None,
        },
        _ => None,
    }
}
