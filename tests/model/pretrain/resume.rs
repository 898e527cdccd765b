//! A run that was stopped, wherever it was, ends in the same weights.

use std::path::Path;

use lossglass::cancel::Cancel;
use lossglass::model::Model;
use lossglass::pretrain::{End, PretrainError, Recipe, Run};
use lossglass::source::Source;

use super::{Small, run};

const TWO_STAGES: &str = r#"
            [[stage]]
            name = "chat"
            steps = 6
            batch = 2
            length = 48
            lr = 5e-3
            schedule = "linear"
            [[stage.source]]
            name = "chats"
            file = "chats.jsonl"
            held_out = 0
            "#;

fn files(out: &Path) -> Vec<(String, Vec<u8>)> {
    let last = out.join("last");
    ["model.safetensors", "optimizer.safetensors", "trainer.json", "tokenizer.json", "pretrain.json"]
        .map(|name| (name.to_owned(), std::fs::read(last.join(name)).unwrap()))
        .into()
}

/// The log without what a clock says.
fn log(out: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(out.join("log.jsonl")).unwrap();
    let line = |line: &str| {
        let mut entry: serde_json::Value = serde_json::from_str(line).unwrap();
        entry.as_object_mut().unwrap().remove("tokens_per_second");
        entry
    };
    text.lines().map(line).collect()
}

#[test]
fn a_run_that_was_stopped_ends_in_the_same_weights() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Small { steps: 11, every: 5, batch: 3, more: TWO_STAGES }.write(folder.path());
    let whole = folder.path().join("whole");
    let all = run(&recipe, folder.path(), &whole, usize::MAX);
    assert_eq!((all.end, all.losses.len()), (End::Done, 17));
    // Before a save, at one, at the end of the stage, in the second; and one that was killed after a save.
    for stops in [vec![3], vec![5, 6], vec![11], vec![2, 13]] {
        let out = folder.path().join(format!("{stops:?}"));
        let mut losses = Vec::new();
        for &stop in &stops {
            let told = run(&recipe, folder.path(), &out, stop);
            assert_eq!(told.end, End::Stopped { saved: stop });
            losses.extend(told.losses);
        }
        // How many threads there are changes nothing.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let told = pool.install(|| run(&recipe, folder.path(), &out, usize::MAX));
        losses.extend(told.losses);
        assert_eq!(told.end, End::Done);
        assert_eq!(losses, all.losses);
        for ((name, ours), (_, whole)) in files(&out).into_iter().zip(files(&whole)) {
            assert!(ours == whole, "{name} is another after {stops:?}");
        }
        assert_eq!(log(&out), log(&whole), "{stops:?}");
    }
    assert_eq!(run(&recipe, folder.path(), &whole, usize::MAX).losses, [0.0; 0], "a run that is done is done");
}

#[test]
fn what_the_run_leaves_is_a_model_and_so_is_each_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = Small { steps: 5, every: 100, batch: 2, more: "" }.write(folder.path());
    let out = folder.path().join("tiny");
    run(&recipe, folder.path(), &out, usize::MAX);
    let kept = lossglass::source::run::checkpoints(&out);
    assert_eq!(kept.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0, 1, 2, 4, 5]);
    let load = |path: &Path| {
        let source = Source::parse(path.to_str().unwrap()).unwrap();
        Model::load(&source, &candle_core::Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap()
    };
    let (last, fifth) = (load(&out), load(&kept[4].1));
    assert_eq!((last.name.as_str(), last.decoder.parameters()), ("tiny", fifth.decoder.parameters()));
    let values = |model: &Model| model.decoder.head_weight().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(values(&last), values(&fifth));
    assert_ne!(values(&last), values(&load(&kept[0].1)));
    assert_eq!(std::fs::read_to_string(kept[0].1.join("recipe.toml")).unwrap(), recipe);
}

#[test]
fn another_recipe_or_other_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let small = Small { steps: 5, every: 100, batch: 2, more: "" };
    let recipe = small.write(folder.path());
    let out = folder.path().join("out");
    run(&recipe, folder.path(), &out, 2);
    let open = |text: &str| {
        let parsed = Recipe::parse(text, folder.path()).unwrap();
        let cancel = Cancel::default();
        let mut run = Run::open(&parsed, text, &out, &cancel, &mut |_| {})?;
        run.go(lossglass::pretrain::Stop { stop: &cancel, hurry: &cancel }, &mut |_| {})
    };
    let refused = |result: Result<End, PretrainError>| result.expect_err("refused").to_string();
    let longer = refused(open(&Small { steps: 6, ..small }.recipe()));
    assert!(longer.contains("another recipe: line 20"), "{longer}");
    std::fs::write(folder.path().join("animals.jsonl"), "{\"text\": \"Something else.\"}\n".repeat(20)).unwrap();
    let other = refused(open(&recipe));
    assert!(other.starts_with("source animals: it has other data"), "{other}");
}
