//! PyTorch and transformers beside us: a Python of the user's that runs what it is told, once each time, so that its runs
//! alternate with ours.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::ops::{Choice, Level};

/// The environment variable that names a Python with torch and transformers.
pub const VARIABLE: &str = "LOSSGLASS_PYTHON";
/// Tells the script how many threads to use.
const THREADS_VARIABLE: &str = "LOSSGLASS_BENCH_THREADS";
/// What keeps PyTorch and its libraries to AVX2.
const TO_AVX2: [(&str, &str); 3] =
    [("ATEN_CPU_CAPABILITY", "avx2"), ("MKL_ENABLE_INSTRUCTIONS", "AVX2"), ("ONEDNN_MAX_CPU_ISA", "AVX2")];
/// Takes orders on standard input; see there.
const SCRIPT: &str = include_str!("pytorch.py");

/// The script, waiting for orders. Dropping it ends it.
pub struct PyTorch {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What it complains of.
    errors: File,
    /// `PyTorch 2.15.0 (avx512), transformers 5.24.0`.
    pub versions: String,
}

impl PyTorch {
    /// Starts the Python that [`VARIABLE`] names, with as many threads as we have, and on AVX2 where we are told to run on
    /// it; `None` where the variable names none.
    ///
    /// # Errors
    /// If that is no Python, or one without torch or transformers.
    pub fn start(choice: Choice) -> Result<Option<Self>> {
        let Some(python) = std::env::var_os(VARIABLE).filter(|python| !python.is_empty()) else { return Ok(None) };
        let errors = tempfile::tempfile().context("a temporary file")?;
        let mut command = Command::new(&python);
        command.args(["-c", SCRIPT]).env(THREADS_VARIABLE, rayon::current_num_threads().to_string());
        if choice.is_forced && choice.level == Level::Avx2 {
            command.envs(TO_AVX2);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors.try_clone()?);
        apart(&mut command);
        let started = command.spawn();
        let mut process =
            started.with_context(|| format!("{VARIABLE} is {}, which does not start", python.display()))?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else { bail!("no pipes") };
        let mut pytorch = Self { process, input, output: BufReader::new(output), errors, versions: String::new() };
        pytorch.versions = pytorch.read().with_context(|| {
            format!(
                "{VARIABLE} is to name a Python with torch, transformers, gguf and accelerate, and {} failed",
                python.display()
            )
        })?;
        Ok(Some(pytorch))
    }

    /// Runs an order once; returns its seconds.
    ///
    /// # Errors
    /// If the script fails.
    pub fn run(&mut self, order: &Value) -> Result<f64> {
        let told = writeln!(self.input, "{order}");
        let seconds = self.read().with_context(|| format!("the Python of {VARIABLE}"))?;
        told?;
        seconds.parse().with_context(|| format!("{VARIABLE} printed `{seconds}` instead of seconds"))
    }

    fn read(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            bail!("it ended: {}", self.complaint());
        }
        Ok(line.trim().to_owned())
    }

    /// The last line of what it complained of.
    fn complaint(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes);
        text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("without a word").trim().to_owned()
    }
}

impl Drop for PyTorch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ctrl-C is for us: we end it.
#[cfg(unix)]
fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
fn apart(_: &mut Command) {}
