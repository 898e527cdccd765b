//! A pseudo-terminal with a screen that remembers what the program drew.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long a screen may take; generous, for machines that do much else.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Pty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
}

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
    pub fn start(args: &[&str], columns: u16, rows: u16) -> Self {
        Self::start_with(args, &[], columns, rows)
    }

    /// With these environment variables.
    pub fn start_with(args: &[&str], variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_lossglass"));
        command.args(args);
        command.cwd(env!("CARGO_MANIFEST_DIR"));
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let parser = vt100::Parser::new(nonzero(rows), nonzero(columns), 0);
        Self { master: pair.master, writer, child, output, parser, raw: Vec::new() }
    }

    pub fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).expect("the program reads");
        self.writer.flush().expect("the program reads");
    }

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
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.take(&bytes);
        }
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

    /// What stands on the screen now.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// Everything the program ever wrote.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    pub fn wait_for(&mut self, text: &str) {
        self.wait_until(text, |screen| screen.contains(text));
    }

    pub fn wait_until(&mut self, what: &str, done: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !done(&self.screen()) {
            let left = PATIENCE.saturating_sub(start.elapsed());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.take(&bytes),
                Err(_) => panic!("{what:?} never came; the screen:\n{}", self.screen()),
            }
        }
    }

    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(20)) {
                self.take(&bytes);
            }
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                // What it wrote last may still be on its way; the reader ends at the end of the output.
                while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(1)) {
                    self.take(&bytes);
                }
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end; the screen:\n{}", self.screen());
        }
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

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn nonzero(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a size")
}

/// What the same program says of a text without a screen.
pub fn analyze(text: &str) -> serde_json::Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_lossglass"))
        .args(["analyze", "--text", text, "--format", "json"])
        .output()
        .expect("the binary starts");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
