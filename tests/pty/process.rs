//! Signals to the program, another size of its terminal, and what it leaves behind.

use std::time::{Duration, Instant};

use portable_pty::PtySize;

use crate::terminal::{PATIENCE, Pty, nonzero};

#[derive(Clone, Copy, Debug)]
pub enum Signal {
    Interrupt,
    Terminate,
    HangUp,
    Quit,
    /// As ctrl-z sends it where a terminal hears that key.
    Suspend,
    /// That no program hears.
    Stop,
    Continue,
}

impl Pty {
    pub fn resize(&mut self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("resized");
        self.parser.screen_mut().set_size(nonzero(rows), nonzero(columns));
    }

    pub fn signal(&self, signal: Signal) {
        let name = match signal {
            Signal::Interrupt => "-INT",
            Signal::Terminate => "-TERM",
            Signal::HangUp => "-HUP",
            Signal::Quit => "-QUIT",
            Signal::Suspend => "-TSTP",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        };
        let status = std::process::Command::new("kill").args([name, &self.pid()]).status().expect("kill is there");
        assert!(status.success());
    }

    fn pid(&self) -> String {
        self.child.process_id().expect("it runs").to_string()
    }

    /// Until the process is stopped and all that it wrote before has arrived.
    pub fn wait_until_stopped(&mut self) {
        let start = Instant::now();
        let pid = self.pid();
        let state =
            || std::process::Command::new("ps").args(["-o", "stat=", "-p", &pid]).output().expect("ps is there");
        while !state().stdout.starts_with(b"T") {
            assert!(start.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.take_until_silent(Duration::from_millis(200));
    }

    /// Whether the terminal hands on lines, as a shell wants it, and not every key.
    pub fn reads_lines(&self) -> bool {
        let settings = self.master.get_termios().expect("a terminal");
        format!("{:?}", settings.local_flags).contains("ICANON")
    }

    /// Another program writes over the screen.
    pub fn overwrite(&mut self, text: &str) {
        self.parser.process(format!("\x1b[2J\x1b[H{text}").as_bytes());
    }

    /// Everything the program ever wrote.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// The alternate screen, the mouse, bracketed paste and the hidden cursor are all given back.
    pub fn assert_restored(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "still on the alternate screen");
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is captured");
        assert!(self.raw().contains("\x1b[?1049l"), "the alternate screen was left");
    }
}
