//! The life of a model whose training is on the Hub, step by step: what is fetched, and when.

use std::collections::HashMap;

use super::command::model;
use super::download::temporary;
use super::server::{TestHub, sha256};
use crate::terminal::Pty;

/// Of the 154 revisions those that the life asks for.
const STEPS: [usize; 11] = [0, 1, 4, 16, 64, 256, 2000, 8000, 32000, 128_000, 143_000];

/// The model with other weights: the scale of one norm differs.
fn weights(bytes: &[u8], by: usize) -> Vec<u8> {
    let device = &candle_core::Device::Cpu;
    let mut tensors: HashMap<String, candle_core::Tensor> =
        candle_core::safetensors::load_buffer(bytes, device).expect("the fixture");
    let norm = tensors.get_mut("model.norm.weight").expect("a norm");
    *norm = norm.affine(1.0 + by as f64 / 100.0, 0.0).expect("scaled");
    safetensors::serialize(&tensors, None).expect("written")
}

#[test]
fn every_checkpoint_comes_once_and_after_the_one_before_has_spoken() {
    let of_step = |(at, revision): (usize, String)| {
        let files = model().into_iter().map(|(name, bytes)| match name {
            "model.safetensors" => (name, weights(&bytes, at)),
            _ => (name, bytes),
        });
        (revision, files.collect::<Vec<_>>())
    };
    let revisions = std::iter::once("main".to_owned()).chain(STEPS.map(|step| format!("step{step}")));
    let revisions: Vec<_> = revisions.enumerate().map(of_step).collect();
    let digests: Vec<String> = revisions
        .iter()
        .map(|(_, files)| sha256(&files.iter().find(|(name, _)| *name == "model.safetensors").expect("weights").1))
        .collect();
    let (home, server) = (temporary(), TestHub::with_revisions("EleutherAI/pythia-14m", revisions));
    let home = home.path().to_str().expect("a plain path");
    let variables = [("HF_HOME", home), ("HF_ENDPOINT", &server.hub.endpoint), ("HF_HUB_OFFLINE", "")];
    let mut pty = Pty::start(&["--model", "pythia-14m", "--text", "hello there"], &variables, 120, 40);
    pty.wait_for("pythia-14m");
    pty.wait_for("ready");
    pty.press("4L");
    pty.wait_for("all 11 checkpoints of pythia-14m");
    pty.wait_for("11 of them to download, one after another");
    pty.press("\r");
    pty.wait_for("11 checkpoints of pythia-14m: , and . go through them");
    pty.wait_for("step 143,000 of 143,000");
    // The slider stays on this machine.
    pty.press("{{{");
    pty.wait_for("step 8,000 of 143,000");
    pty.press("}");
    pty.wait_for("step 32,000 of 143,000");
    for (digest, step) in digests.iter().skip(1).zip(STEPS) {
        assert_eq!(server.cdn.count("GET", &format!("/cdn/{digest}?signed=1")), 1, "step {step}");
    }
    let asked = server.cdn.requests().into_iter().filter(|request| request.method == "GET").map(|request| request.path);
    let order: Vec<usize> = asked.filter_map(|path| digests.iter().position(|digest| path.contains(digest))).collect();
    assert_eq!(order, (0..digests.len()).collect::<Vec<_>>(), "one after another");
    // Again, with all of them here: nothing is asked for.
    pty.press("L");
    pty.wait_for("are put away");
    let before = server.hub.requests().len();
    pty.press("L");
    pty.wait_for("step 143,000 of 143,000");
    assert_eq!((server.cdn.requests().len(), server.hub.requests().len()), (digests.len(), before));
    pty.press("\x03");
    pty.wait_for_exit();
}
