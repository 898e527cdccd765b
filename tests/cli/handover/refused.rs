//! What a trainer cannot do, and what may not be overwritten, is one sentence and changes nothing.

use std::fs;

use super::{handed_over, handover, json, place, read};
use crate::support::stderr;

const CHATS: &str = "sample_data/chats.jsonl";

fn refuse(to: &str, args: &[&str], wanted: &str) {
    let (guard, folder) = place();
    let output = handover(&folder, to, args);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{to} {args:?}: {said}");
    assert!(said.contains(wanted) && !said.contains("panicked"), "{to} {args:?}: {said}");
    assert_eq!(fs::read_dir(guard.path()).expect("a directory").count(), 0, "{to} {args:?} left something");
}

#[test]
fn what_the_trainer_cannot_do() {
    let chats = ["--model", "tiny-chat", "--data", CHATS];
    let with = |args: &[&'static str]| [&chats[..], args].concat();
    for (to, args, wanted) in [
        ("unsloth", with(&[]), "use transformers, trl, axolotl, torchtune"),
        ("trl", with(&["--weights", "stop=0.5"]), "has the weight 0.5: use --to transformers"),
        ("trl", with(&["--denominator", "sum"]), "for --denominator sum"),
        ("axolotl", with(&["--denominator", "all"]), "for --denominator all"),
        ("axolotl", with(&["--pack", "200"]), "--packing naive"),
        ("axolotl", with(&["--optimizer", "sgd", "--momentum", "0.9"]), "--momentum 0"),
        ("torchtune", with(&["--pack", "200"]), "--packing naive"),
        ("torchtune", with(&["--method", "last"]), "does not train last 1 layer"),
        ("torchtune", with(&["--method", "lora", "--projections", "mlp"]), "does not train LoRA"),
        ("torchtune", vec!["--model", "tests/fixtures/gpt2", "--data", CHATS], "torchtune has no gpt2"),
        ("transformers", vec!["--model", "tiny-base", "--text", "a"], "nothing is scored"),
        ("transformers", with(&["--method", "last", "--layers", "99"]), "choose 1 to"),
        ("transformers", with(&["--rank", "4"]), "--rank is for --method lora"),
        ("transformers", with(&["--until-loss", "1"]), "unexpected argument"),
    ] {
        refuse(to, &args, wanted);
    }
}

#[test]
fn a_folder_with_something_in_it_stays_as_it_is() {
    let (_guard, folder) = place();
    let args = ["--model", "tests/fixtures/llama", "--data", CHATS, "--steps", "2"];
    let forced = [&args[..], &["--force"]].concat();
    fs::create_dir(&folder).expect("created");
    handed_over(&folder, "transformers", &args);
    // What was trained in it since stays under --force, and nothing is replaced without it.
    fs::create_dir(folder.join("out")).expect("created");
    fs::write(folder.join("out/model.safetensors"), "trained").expect("written");
    let said = stderr(&handover(&folder, "trl", &args));
    assert!(said.contains("is not empty") && said.contains("--force"), "{said}");
    assert_eq!(json(folder.join("run.json"))["to"], "transformers");
    handed_over(&folder, "trl", &forced);
    assert_eq!(json(folder.join("run.json"))["to"], "trl");
    assert_eq!(read(folder.join("out/model.safetensors")), "trained");
    // A folder of anything else is never replaced.
    let other = folder.join("out");
    let output = handover(&other, "trl", &forced);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no run that was handed over"), "{}", stderr(&output));
    assert_eq!(read(other.join("model.safetensors")), "trained");
    let file = folder.join("run.json");
    assert!(stderr(&handover(&file, "trl", &forced)).contains("is a file"));
}
