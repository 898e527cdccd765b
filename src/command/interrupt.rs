//! Ctrl-C: first stop after the step, then at once, then for good.

use std::io;

use crate::cancel::Cancel;

/// What the user asked for from outside.
#[derive(Clone, Default)]
pub struct Interrupt {
    /// Stop after the step under way, and save.
    pub stop: Cancel,
    /// Leave the step, or the save, under way.
    pub hurry: Cancel,
}

/// The exit code of a run that was interrupted, as shells give it for Ctrl-C.
pub const INTERRUPTED: u8 = 130;

impl Interrupt {
    /// From here on Ctrl-C (and SIGTERM) is heard here.
    ///
    /// # Errors
    /// If the signals cannot be caught.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let interrupt = Self::default();
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        let heard = interrupt.clone();
        let wait = move || {
            let mut signals = signals.forever();
            signals.next();
            heard.stop.cancel();
            signals.next();
            heard.hurry.cancel();
            signals.next();
            std::process::exit(INTERRUPTED.into());
        };
        std::thread::Builder::new().name("signals".into()).spawn(wait)?;
        Ok(interrupt)
    }

    /// Here Ctrl-C ends the program at once.
    ///
    /// # Errors
    /// Never.
    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self::default())
    }
}
