//! Configurations of the trainers that have them, as they were checked: Axolotl's against its schema, torchtune's run.

use std::fs;
use std::path::Path;

use super::{handed_over, place, read};

const LORA: &[&str] = &["--method", "lora", "--rank", "4", "--seed", "7", "--lr", "0.002"];

/// Compares a file of the folder with the one that is kept; `LOSSGLASS_UPDATE=1` writes that anew.
fn same(folder: &Path, file: &str, kept: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/handed_over").join(kept);
    let text = read(folder.join(file));
    if std::env::var_os("LOSSGLASS_UPDATE").is_some() {
        fs::write(&kept, &text).expect("written");
    }
    assert_eq!(text, read(kept.clone()), "{}", kept.display());
}

#[test]
fn are_those_that_were_checked() {
    let data = [
        "--model",
        "tiny-chat",
        "--data",
        "sample_data/chats.jsonl",
        "--steps",
        "5",
        "--batch-size",
        "2",
        "--accumulate",
        "2",
    ];
    let scheduled = ["--schedule", "cosine", "--warmup", "2", "--weight-decay", "0.1", "--clip", "0.5"];
    for (to, name, args) in [
        ("axolotl", "axolotl-full.yaml", &scheduled[..]),
        ("axolotl", "axolotl-lora.yaml", LORA),
        ("axolotl", "axolotl-last.yaml", &["--method", "last", "--optimizer", "sgd"]),
        ("torchtune", "torchtune-full.yaml", &scheduled),
        ("torchtune", "torchtune-lora.yaml", LORA),
    ] {
        let (_guard, folder) = place();
        handed_over(&folder, to, &[&data[..], args].concat());
        same(&folder, "config.yaml", name);
    }
}

#[test]
fn jobs_and_the_readme_say_how_many_processes_share_a_step() {
    let data = ["--model", "tiny-chat", "--data", "sample_data/chats.jsonl", "--accumulate", "4"];
    for (to, command) in [
        ("transformers", "accelerate launch --multi_gpu --num_processes 4 train.py"),
        ("trl", "torchrun --nproc_per_node 4 train.py"),
        ("axolotl", "-m axolotl.cli.train config.yaml --gradient-accumulation-steps 1"),
        (
            "torchtune",
            "tune run --nproc_per_node 4 lora_finetune_distributed --config config.yaml gradient_accumulation_steps=1",
        ),
    ] {
        let (_guard, folder) = place();
        handed_over(&folder, to, &[&data[..], LORA].concat());
        same(&folder, "slurm.sh", &format!("{to}.slurm.sh"));
        let readme = read(folder.join("README.md"));
        assert!(readme.contains(command), "{to}: {readme}");
        let says = |words: &str| readme.contains(words);
        assert_eq!(says("torchtune draws its own") && !says("`adapter`"), to == "torchtune", "{readme}");
        assert_eq!(says("was not run with it"), to == "axolotl", "{readme}");
        assert!(says("## Equal to") && says("## Not equal"), "{readme}");
    }
    // One batch is one process's: nothing is offered that could not run.
    let (_guard, folder) = place();
    handed_over(&folder, "transformers", &["--model", "tiny-chat", "--data", "sample_data/chats.jsonl"]);
    let readme = read(folder.join("README.md"));
    assert!(!readme.contains("accelerate launch") && readme.contains("with `--accumulate N`"), "{readme}");
}
