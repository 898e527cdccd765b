//! What holds for every command beside its options: exit codes and environment variables.

/// Exit codes, with what they say.
pub const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "done"),
    ("1", "done, and a check found something: `mask --check`, `mask --against`, `lesson check`, `doctor`"),
    ("2", "an error, with one sentence on standard error"),
    ("130", "ended with ctrl-c"),
];

/// Environment variables, with what they do.
pub const VARIABLES: &[(&str, &str)] = &[
    ("LOSSGLASS_CACHE", "where models from PyPI are kept (default: the user's cache directory)"),
    ("LOSSGLASS_MEMORY", "how much memory the program may take in all, such as `2G` (default: what is free)"),
    (
        "LOSSGLASS_SIMD",
        "the kernels to run: `avx512`, `avx2`, `neon` or `portable` (default: the best of the processor)",
    ),
    ("LOSSGLASS_PYTHON", "a Python with torch and transformers, which `bench` measures beside"),
    ("RAYON_NUM_THREADS", "threads to compute with, where `--threads` does not say (default: one for each core)"),
    ("HF_HOME, HF_HUB_CACHE", "where the Hub's cache is (default: `~/.cache/huggingface`, and `hub` in it)"),
    ("HF_TOKEN", "the token for gated and private models (default: the file that `hf auth login` writes)"),
    ("HF_HUB_OFFLINE", "`1` leaves the network alone"),
    ("HF_ENDPOINT", "another server that speaks as the Hub does"),
    ("NO_COLOR", "no colours; `--theme dark`, `light`, `contrast`, `ansi`, `mono` choose"),
];
