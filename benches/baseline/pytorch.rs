//! PyTorch beside us: runs that alternate with ours in one process of its own, medians and ratios.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A script of this folder, waiting for work.
pub struct PyTorch {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl PyTorch {
    /// A script of this folder that says "ready" and then answers each line with seconds, if `LOSSGLASS_PYTHON` is there.
    pub fn of(script: &str) -> Option<Self> {
        let python = std::env::var_os("LOSSGLASS_PYTHON")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(script);
        let mut command = Command::new(python);
        command.env("TQDM_DISABLE", "1").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("LOSSGLASS_PYTHON is a Python");
        let input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let mut pytorch = Self { process, input, output };
        assert_eq!(pytorch.read(), "ready", "the baseline script failed");
        Some(pytorch)
    }

    /// Seconds of one run of `what` (see the script) on so many tokens.
    pub fn run(&mut self, what: &str, tokens: usize) -> f64 {
        writeln!(self.input, "{what} {tokens}").expect("the baseline script listens");
        self.read().parse().expect("the baseline script prints seconds")
    }

    fn read(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the baseline script answers");
        line.trim().into()
    }
}

impl Drop for PyTorch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub fn heading() {
    println!("{:<32}{:^28}{:^28}", "", "median of the runs", "fastest run");
    let columns = format!("{:>10}{:>10}{:>8}", "ours", "PyTorch", "ratio");
    println!("{:<32}{columns}{columns}", "seconds");
}

/// Seconds of both sides and their ratio, of the medians and of the fastest runs, which other work on the machine has
/// disturbed least.
pub fn line(what: &str, ours: Seconds, theirs: Seconds) {
    let columns = |ours, theirs| format!("{ours:>10.4}{theirs:>10.4}{:>8.2}", ours / theirs);
    println!("{what:<32}{}{}", columns(ours.median, theirs.median), columns(ours.least, theirs.least));
}

/// What some runs took.
#[derive(Clone, Copy)]
pub struct Seconds {
    pub median: f64,
    pub least: f64,
}

/// `rounds` runs of each side, alternating, after one warm-up.
pub fn alternate<const N: usize>(rounds: usize, mut sides: [&mut dyn FnMut() -> f64; N]) -> [Seconds; N] {
    let mut times: [Vec<f64>; N] = std::array::from_fn(|_| Vec::new());
    for _ in 0..=rounds {
        for (times, side) in times.iter_mut().zip(sides.each_mut()) {
            // The other side's threads may still spin for a while after their work.
            std::thread::sleep(Duration::from_millis(300));
            times.push(side());
        }
    }
    times.map(|mut times| {
        times.remove(0);
        times.sort_by(f64::total_cmp);
        Seconds { median: times[times.len() / 2], least: times[0] }
    })
}

pub fn time(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}
