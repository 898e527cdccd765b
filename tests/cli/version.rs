//! `--version`, what it computes with, and that this can be chosen.

use crate::support::{command, lossglass, stderr, stdout};

/// What a line of `--version --verbose` says.
fn fact(printed: &str, key: &str) -> String {
    let line = printed.lines().find(|line| line.starts_with(key)).unwrap_or_else(|| panic!("no {key} in\n{printed}"));
    line[key.len()..].trim().to_owned()
}

fn verbose(simd: &str, more: &[&str]) -> String {
    let output = command(&[&["--version", "--verbose"], more].concat())
        .env("LOSSGLASS_SIMD", simd)
        .env_remove("RAYON_NUM_THREADS")
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

/// The levels of vector instructions that this processor executes.
fn levels() -> Vec<String> {
    let kernels = fact(&verbose("", &[]), "kernels");
    let (_, here) = kernels.split_once(", the best of ").expect("chosen by the processor");
    here.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_version_is_one_line_and_verbose_says_what_it_runs_on() {
    let plain = format!("lossglass {}\n", env!("CARGO_PKG_VERSION"));
    for flag in ["--version", "-V"] {
        assert_eq!(stdout(&lossglass(&[flag])), plain);
    }
    let printed = verbose("portable", &["--threads", "3"]);
    assert!(printed.starts_with(&plain), "{printed}");
    assert!(!fact(&printed, "processor").is_empty());
    assert!(fact(&printed, "kernels").starts_with("portable, as LOSSGLASS_SIMD says"), "{printed}");
    assert_eq!(fact(&printed, "threads"), "3, as --threads says");
    assert!(fact(&printed, "memory").contains("free"), "{printed}");
    assert!(!fact(&printed, "features").is_empty());
    assert_eq!(lossglass(&["--verbose"]).status.code(), Some(2), "it belongs to --version");
}

#[test]
fn kernels_that_cannot_run_are_refused_before_anything_runs() {
    let absent = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
    for (simd, words) in [
        ("sse9", "LOSSGLASS_SIMD is `sse9`: give avx512, avx2, neon or portable, or unset it"),
        (absent, "which this processor does not execute: give portable"),
    ] {
        let output =
            command(&["analyze", "--text", "The sea"]).env("LOSSGLASS_SIMD", simd).output().expect("it starts");
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""));
        let said = stderr(&output);
        assert!(said.contains(words) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn every_level_and_every_number_of_threads_scores_alike() {
    let score = |simd: &str, threads: &str| {
        let args = ["analyze", "--text", "The sea is wide and deep.", "--format", "json", "--threads", threads];
        let output = command(&args).env("LOSSGLASS_SIMD", simd).output().expect("it starts");
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    let mean = |printed: &str| -> f64 {
        let object: serde_json::Value = serde_json::from_str(printed).expect("JSON");
        object["loss"]["mean"].as_f64().expect("a loss")
    };
    let levels = levels();
    let expected = mean(&score(&levels[0], "1"));
    for level in &levels {
        let one = score(level, "1");
        assert_eq!(one, score(level, "3"), "{level}: threads change a bit");
        assert!((mean(&one) - expected).abs() < 1e-4 * expected, "{level}: {} instead of {expected}", mean(&one));
    }
    for threads in ["0", "many", "1025"] {
        assert_eq!(lossglass(&["analyze", "--text", "a", "--threads", threads]).status.code(), Some(2));
    }
}
