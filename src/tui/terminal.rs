//! Taking the terminal and giving it back, whatever happens.

use std::cell::RefCell;
use std::io::{self, stdout};
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::mpsc::Sender;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode, window_size};
use ratatui::crossterm::{cursor, execute};

use super::{Inbound, Recorded, Recording};

/// The terminal while it is ours: raw mode, alternate screen, mouse, bracketed paste. Dropping it gives it back.
pub struct Screen {
    /// Never dropped: its own way of giving the terminal back prints where that fails, as on a closed window.
    pub terminal: ManuallyDrop<Terminal<CrosstermBackend<Recorded>>>,
    recording: Option<Rc<RefCell<Recording>>>,
}

/// Columns and rows of the terminal; `None` where there is none, or where the system does not say.
pub fn size() -> Option<(u16, u16)> {
    let size = window_size().ok()?;
    (size.columns > 0 && size.rows > 0).then_some((size.columns, size.rows))
}

impl Screen {
    /// Takes the terminal, and makes a panic on this thread give it back before it is reported. Panics elsewhere
    /// are events, not text on the screen. What is drawn goes into the `recording`, too.
    ///
    /// # Errors
    /// If the terminal cannot be put into raw mode.
    pub fn enter(recording: Option<Recording>) -> io::Result<Self> {
        let owner = std::thread::current().id();
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == owner {
                restore();
                report(panic);
            }
        }));
        let recording = recording.map(|recording| Rc::new(RefCell::new(recording)));
        match take().and_then(|()| Terminal::new(CrosstermBackend::new(Recorded::new(recording.clone())))) {
            Ok(terminal) => Ok(Self { terminal: ManuallyDrop::new(terminal), recording }),
            Err(error) => {
                restore();
                Err(error)
            }
        }
    }
}

impl Screen {
    /// Why the recording ended before the sitting did, if it did.
    pub fn recording_problem(&self) -> Option<String> {
        self.recording.as_ref()?.borrow().problem().map(ToString::to_string)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableMouseCapture, EnableBracketedPaste)
}

/// Nothing is left to do where one of these fails.
fn restore() {
    let _ = disable_raw_mode();
    let _ = execute!(stdout(), DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, cursor::Show);
}

/// Ends the run loop, and so restores the terminal, when the process is told to end. A process that is stopped gives
/// the terminal back for as long, and draws the whole screen when it goes on.
///
/// # Errors
/// If the signals cannot be caught.
#[cfg(unix)]
pub fn on_signals(inbox: Sender<Inbound>) -> io::Result<()> {
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGTSTP, SIGCONT])?;
    let hear = move || {
        let mut stopping = false;
        for signal in signals.forever() {
            // What touches the terminal is done between two frames, by the thread that draws them.
            let told = match signal {
                SIGTSTP => {
                    stopping = true;
                    Inbound::Anew(stop)
                }
                // `stop` itself takes the terminal again; to take it twice would leave raw mode for a moment.
                SIGCONT if std::mem::take(&mut stopping) => continue,
                SIGCONT => Inbound::Anew(retake),
                SIGQUIT => Inbound::Anew(quit),
                _ => Inbound::Closed,
            };
            if inbox.send(told).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(hear).map(|_| ())
}

/// Stops the process until it is told to go on. That signal is heard as well, but a frame may come before it, so the
/// terminal is taken here.
#[cfg(unix)]
fn stop() {
    restore();
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP);
    retake();
}

/// Ends the process as it would end if nobody heard the signal.
#[cfg(unix)]
fn quit() {
    restore();
    let _ = signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGQUIT);
}

/// Takes the terminal again, whatever others did with it meanwhile. Where that fails, so does drawing, which says why.
#[cfg(unix)]
fn retake() {
    let _ = disable_raw_mode();
    let _ = take();
}

/// Signals are Unix's.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn on_signals(_inbox: Sender<Inbound>) -> io::Result<()> {
    Ok(())
}
