//! A pseudo-terminal with a screen that remembers what the program drew.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long a screen may take; generous, for machines that do much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub struct Pty {
    pub master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    pub child: Box<dyn Child + Send + Sync>,
    output: Receiver<Vec<u8>>,
    pub parser: vt100::Parser,
    /// Everything the program ever wrote.
    pub raw: Vec<u8>,
}

impl Pty {
    /// The program with these arguments and environment variables.
    pub fn start(args: &[&str], variables: &[(&str, &str)], columns: u16, rows: u16) -> Self {
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

    /// What stands on the screen now.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
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
                Err(_) => panic!("{what:?} never came; {}", self.picture()),
            }
        }
    }

    pub fn wait_for_exit(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            self.take_until_silent(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().expect("it can be asked") {
                // What it wrote last may still be on its way; the reader ends at the end of the output.
                self.take_until_silent(Duration::from_secs(1));
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "it does not end; {}", self.picture());
        }
    }

    /// Takes what the program writes until it has written nothing for so long.
    pub fn take_until_silent(&mut self, pause: Duration) {
        while let Ok(bytes) = self.output.recv_timeout(pause) {
            self.take(&bytes);
        }
    }

    /// The screen, for a test that fails.
    fn picture(&self) -> String {
        let size = self.master.get_size().map_or("of no size".into(), |size| format!("{}×{}", size.cols, size.rows));
        format!("the screen, {size}:\n{}", self.screen())
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

pub fn nonzero(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a size")
}
