//! From starting the program to its first frame, in a pseudo-terminal of its own.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::rounds::{Rounds, Runs};
use super::stage::SIZE;

/// What the first frame has and nothing before it.
const SEEN: &[u8] = b"Predict";

/// Measures it.
///
/// # Errors
/// If the program does not start, ends without a frame, or it is interrupted.
pub fn measure(rounds: &Rounds) -> Result<Runs> {
    let [runs] = rounds.alternate([&mut start])?;
    Ok(runs)
}

fn start() -> Result<f64> {
    let (mut screen, terminal) = pair().context("a pseudo-terminal")?;
    let mut command = Command::new(std::env::current_exe().context("the program's own path")?);
    command.args(["--text", "The sea is wide and deep.", "--model", "tiny-base"]);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
    let stdio = || terminal.try_clone().map(Stdio::from);
    command.stdin(stdio()?).stdout(stdio()?).stderr(stdio()?);
    let begun = Instant::now();
    let mut program = command.spawn().context("the program itself")?;
    drop((command, terminal)); // where nobody else holds it, the program's end is the end of what is read
    let (mut seen, mut part) = (Vec::new(), [0; 8192]);
    let seconds = loop {
        match screen.read(&mut part) {
            Ok(count @ 1..) => seen.extend_from_slice(&part[..count]),
            _ => break None,
        }
        if seen.windows(SEEN.len()).any(|window| window == SEEN) {
            break Some(begun.elapsed().as_secs_f64());
        }
    };
    let _ = program.kill();
    let _ = program.wait();
    match seconds {
        Some(seconds) => Ok(seconds),
        None => bail!("the program ended before it drew a frame"),
    }
}

/// A pseudo-terminal: the end that sees what is drawn, and the one that a program draws on.
fn pair() -> Result<(File, File)> {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&screen)?;
    unlockpt(&screen)?;
    let name = ptsname(&screen, Vec::new())?;
    let terminal = open(OsStr::from_bytes(name.as_bytes()), OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    let (columns, rows) = SIZE;
    tcsetwinsize(&terminal, Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 })?;
    Ok((screen.into(), terminal.into()))
}
