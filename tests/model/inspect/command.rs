//! The same through `lossglass analyze`.

use std::process::{Command, Output};

use serde_json::Value;

use crate::checkpoint;

const CHAT: &str = "sample_data/capital.json";

fn lossglass(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lossglass")).args(args).output().expect("the binary starts")
}

fn model(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn analyze(args: &[&str]) -> Value {
    let output = lossglass(&[&["analyze", "--format", "json"], args].concat());
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn numbers(values: &Value) -> Vec<Option<f64>> {
    values.as_array().expect("a list").iter().map(Value::as_f64).collect()
}

fn nlls(report: &Value) -> Vec<Option<f64>> {
    report["tokens"].as_array().expect("tokens").iter().map(|token| token["nll"].as_f64()).collect()
}

/// The fixtures' attention: the first and the last layer of each family, windows and all.
#[test]
fn attention_is_what_transformers_computes() {
    for name in checkpoint::FAMILIES {
        let expected = checkpoint::json(&format!("{name}/expected.json"));
        let text = expected["texts"][0]["text"].as_str().expect("a text");
        for (layer, heads) in expected["attention"].as_object().expect("layers") {
            for (head, theirs) in heads.as_array().expect("heads").iter().enumerate() {
                let with = format!("attention={layer}.{head}");
                let report = analyze(&["--model", &model(name), "--text", text, "--with", &with]);
                let ours = &report["attention"];
                assert_eq!((&ours["layer"].to_string(), &ours["head"]), (layer, &Value::from(head)));
                assert_eq!(ours["weights"].as_array().expect("rows").len(), theirs.as_array().expect("rows").len());
                for (i, (ours, theirs)) in
                    ours["weights"].as_array().unwrap().iter().zip(theirs.as_array().unwrap()).enumerate()
                {
                    let (ours, theirs) = (numbers(ours), numbers(theirs));
                    assert_eq!(ours.len(), theirs.len());
                    for (j, (ours, theirs)) in ours.into_iter().zip(theirs).enumerate() {
                        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
                        assert!(
                            (ours - theirs).abs() < 1e-4,
                            "{name} {with} row {i}, column {j}: {ours}, not {theirs}"
                        );
                        assert_eq!(ours == 0.0, theirs == 0.0, "{name} {with} row {i}, column {j}");
                    }
                }
            }
        }
    }
}

#[test]
fn all_of_it_has_an_entry_for_each_token() {
    let with = "attention=1.mean,heads,layers,leaning=19";
    let report = analyze(&["--chat", CHAT, "--with", with]);
    let tokens = nlls(&report).len();
    assert_eq!(report["attention"]["head"], "mean");
    for row in report["attention"]["weights"].as_array().unwrap() {
        let row = numbers(row);
        assert_eq!(row.len(), tokens);
        assert!((row.iter().flatten().sum::<f64>() - 1.0).abs() < 1e-5);
    }
    let layers = report["layers"].as_array().expect("layers");
    assert_eq!(numbers(&layers.last().unwrap()["nll"]), nlls(&report), "the last layer is the score to the bit");
    for (i, layer) in layers.iter().enumerate() {
        assert_eq!(layer["layer"], i + 1);
        let top = layer["top"].as_array().expect("top");
        assert_eq!((top.len(), numbers(&layer["nll"]).len()), (tokens, tokens));
        assert!(top[0].is_null() && numbers(&layer["nll"])[0].is_none());
        assert!(top[1..].iter().all(|top| top["id"].is_u64() && top["text"].is_string() && top["p"].is_f64()));
    }
    let top = &layers.last().unwrap()["top"];
    let decided = report["decided"].as_array().expect("decided");
    assert_eq!(decided.len(), tokens);
    for (t, token) in report["tokens"].as_array().unwrap().iter().enumerate().skip(1) {
        assert_eq!(top[t], token["top"][0], "token {t}");
        assert_eq!(decided[t].is_u64(), token["rank"] == 1, "token {t}: {}", decided[t]);
    }
    assert_eq!(report["heads"].as_array().unwrap().len() % layers.len(), 0);
    let leaning = &report["leaning"];
    assert_eq!((&leaning["position"], &leaning["nll"]), (&Value::from(19), &report["tokens"][19]["nll"]));
    let positions: Vec<u64> =
        leaning["tokens"].as_array().unwrap().iter().map(|token| token["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (0..18).collect::<Vec<_>>());
    let plain = analyze(&["--chat", CHAT]);
    for key in ["attention", "attention_mask", "forbidden", "labels", "heads", "layers", "decided", "leaning"] {
        assert!(plain.get(key).is_none(), "{key} without being asked for");
    }
    assert_eq!(nlls(&plain), nlls(&report), "who looks on changes nothing");
}

#[test]
fn leaning_is_what_forbidding_the_token_costs() {
    let report = analyze(&["--chat", CHAT, "--with", "leaning=23", "--top-k", "0"]);
    for lean in report["leaning"]["tokens"].as_array().unwrap().iter().step_by(5) {
        let forbid = format!("*:{}", lean["position"]);
        let without = analyze(&["--chat", CHAT, "--forbid", &forbid, "--top-k", "0"]);
        assert_eq!(without["forbidden"], serde_json::json!([forbid]));
        let delta = nlls(&without)[23].unwrap() - nlls(&report)[23].unwrap();
        let ours = lean["delta_nll"].as_f64().unwrap();
        assert!((ours - delta).abs() < 1e-4, "{forbid}: {ours} instead of {delta}");
    }
}

#[test]
fn other_masks_are_named_where_they_hold() {
    let plain = analyze(&["--chat", CHAT]);
    for (attention, is_broken) in [("none", true), ("window=3", false), ("prefix=5", false)] {
        let report = analyze(&["--chat", CHAT, "--attention", attention]);
        assert_eq!(report["attention_mask"], attention);
        assert_ne!(nlls(&report), nlls(&plain), "{attention}");
        assert_eq!(report["notes"].to_string().contains("broken on purpose"), is_broken);
    }
    let causal = analyze(&["--chat", CHAT, "--attention", "causal"]);
    assert_eq!(causal, plain);
    let same = analyze(&["--chat", CHAT, "--labels", "same"]);
    assert_eq!(same["labels"], "same");
    assert!(same["tokens"][0]["nll"].is_f64() && same["next"].is_null());
    let pack = |args: &[&str]| analyze(&[&["--chat", "sample_data/chats.jsonl", "--pack", "120"], args].concat());
    let (block, naive) = (pack(&["--attention", "block"]), pack(&["--attention", "naive"]));
    assert_eq!(nlls(&block), nlls(&pack(&[])));
    assert_eq!(nlls(&naive), nlls(&pack(&["--packing", "naive"])));
    assert_ne!(nlls(&block), nlls(&naive));
}

#[test]
fn the_table_says_it_in_words() {
    let with = "attention=0.max,heads,layers,leaning=23";
    let output = lossglass(&["analyze", "--chat", CHAT, "--with", with, "--attention", "none", "--forbid", "20:9"]);
    let table = String::from_utf8(output.stdout).expect("UTF-8");
    for wanted in [
        "attention none: broken on purpose: each token sees its own answer · forbidden 20:9",
        "attention, layer 0, max over heads",
        "heads: what each does",
        "layers: mean −log p of the targets (nats) after each",
        "decided",
        "leaning of 23 ␣Paris: −log p",
    ] {
        assert!(table.contains(wanted), "{wanted} is not in\n{table}");
    }
    assert!(String::from_utf8_lossy(&output.stderr).contains("note: attention none: broken on purpose"));
}

#[test]
fn wrong_values_are_one_sentence_that_names_what_would_be_right() {
    for (args, wanted) in [
        (&["--with", "attention=9.0"][..], "layer 9: the model has 6, counted from 0"),
        (&["--with", "attention=0.99"], "head 99: a layer of the model has"),
        (&["--with", "attention=0.min"], "give attention=LAYER.HEAD, both counted from 0, or LAYER.mean, LAYER.max"),
        (&["--with", "attention"], "give attention=LAYER.HEAD"),
        (&["--with", "leaning"], "give leaning=POSITION"),
        (&["--with", "leaning=0"], "nothing predicts the first token"),
        (&["--with", "leaning=27"], "position 27: the text has 27 tokens, counted from 0"),
        (&["--with", "leaning=5@8.0"], "layer 8: the model has 6, counted from 0"),
        (&["--with", "leaning=5@x"], "give LAYER or LAYER.HEAD"),
        (&["--with", "depth"], "it can be: attention=LAYER.HEAD, heads, layers, leaning=POSITION"),
        (&["--with", "layers,layers"], "--with names one of its parts twice"),
        (&["--with", "layers", "--format", "csv"], "give --format json or table"),
        (&["--with", "layers", "--compare", "tiny-base"], "cannot be used with"),
        (&["--attention", "window=0"], "use causal, none, window=N, prefix=N (N from 1 on), block or naive"),
        (&["--attention", "block"], "--attention block is for the documents of a pack; give --pack N"),
        (&["--pack", "120", "--packing", "block", "--attention", "naive"], "give one of them"),
        (&["--forbid", "5"], "give POSITION:TOKEN, both counted from 0, or *:TOKEN"),
        (&["--forbid", "5:5"], "a token always sees itself"),
        (&["--forbid", "5:40"], "position 40: the text has 27 tokens, counted from 0"),
        (&["--forbid", "5:9"], "position 5 does not see token 9 under causal anyway"),
        (&["--forbid", "9:5@7"], "layer 7: the model has 6, counted from 0"),
        (&["--labels", "last"], "it can be: next, same"),
    ] {
        let output = lossglass(&[&["analyze", "--chat", CHAT], args].concat());
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(wanted), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty() && !stderr.contains("panicked"), "{args:?}: {stderr}");
    }
}
