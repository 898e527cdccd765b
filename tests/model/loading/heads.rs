//! Heads that a config ties to the embeddings and the weights do not.

use std::collections::HashMap;
use std::fs;

use candle_core::{DType, Tensor};
use lossglass::checkpoint::Loaded;
use lossglass::decoder::layout::{self, Role};
use lossglass::model::load::describe;
use lossglass::source::Source;

use super::formats::{FIXTURES, copy_without_weights, largest_difference};
use super::{fixture, json, open_directory};

/// A fixture whose config ties the embeddings or not, with these tensors.
fn directory(name: &str, is_tied: bool, tensors: &HashMap<String, Tensor>) -> tempfile::TempDir {
    let directory = copy_without_weights(name);
    let path = directory.path().join("config.json");
    let mut config = json(&path);
    config["tie_word_embeddings"] = is_tied.into();
    fs::write(&path, config.to_string()).expect("writes");
    candle_core::safetensors::save(tensors, directory.path().join("model.safetensors")).expect("saves");
    directory
}

fn loaded(name: &str, is_tied: bool, tensors: &HashMap<String, Tensor>) -> Loaded {
    open_directory(directory(name, is_tied, tensors).path()).expect(name)
}

/// The names of embeddings and head, and the fixture's tensors without a head.
fn parts(name: &str) -> (String, String, HashMap<String, Tensor>) {
    let Loaded { config, mut weights, .. } = open_directory(&fixture(name)).expect(name);
    let head = format!("{}.weight", layout::names(config.family).head);
    let embedding = format!("{}.weight", layout::stem(&config, Role::Embedding, None).expect("a name"));
    weights.remove(&head);
    (embedding, head, weights)
}

#[test]
fn a_head_of_its_own_is_used_whatever_the_config_says() {
    for name in FIXTURES {
        let (embedding, head, mut tensors) = parts(name);
        tensors.insert(head.clone(), tensors[&embedding].affine(-0.5, 0.01).expect("a tensor"));
        let (tied, untied) = (loaded(name, true, &tensors), loaded(name, false, &tensors));
        assert_eq!(tied.config, untied.config, "{name}");
        assert_eq!(tied.weights.len(), untied.weights.len(), "{name}");
        assert_eq!(largest_difference(&tied, &untied), 0.0, "{name}");
        assert!(tied.notes.len() == 1 && tied.notes[0].contains(&head), "{name}: {:?}", tied.notes);
        assert!(untied.notes.is_empty(), "{name}: {:?}", untied.notes);
    }
}

#[test]
fn a_copy_of_the_embeddings_is_said_to_be_left_out() {
    for name in FIXTURES {
        let (embedding, head, mut tensors) = parts(name);
        for dtype in [DType::F32, DType::BF16] {
            // Of two precisions the values decide.
            let copy = tensors[&embedding].to_dtype(dtype).expect("converts");
            tensors.insert(embedding.clone(), copy.to_dtype(DType::F32).expect("converts"));
            tensors.insert(head.clone(), copy);
            let tied = loaded(name, true, &tensors);
            assert!(tied.config.tie_embeddings && tied.notes.is_empty(), "{name}: {:?}", tied.notes);
            let said = tied.left_out.expect("a word");
            assert!(said.contains("a copy of the embeddings") && said.contains(&head), "{name}: {said}");
        }
    }
}

#[test]
fn tied_embeddings_may_be_stored_as_the_head_alone() {
    for name in FIXTURES {
        let (embedding, head, mut tensors) = parts(name);
        let usual = loaded(name, true, &tensors);
        let values = tensors.remove(&embedding).expect("embeddings");
        tensors.insert(head, values);
        let stored = loaded(name, true, &tensors);
        assert_eq!(largest_difference(&stored, &usual), 0.0, "{name}");
        assert_eq!(stored.left_out, None, "{name}");
    }
}

#[test]
fn buffers_are_said_to_be_left_out() {
    let (_, _, mut tensors) = parts("gpt2");
    let buffer = Tensor::zeros((4, 4), DType::F32, &candle_core::Device::Cpu).expect("a tensor");
    for layer in 0..2 {
        tensors.insert(format!("transformer.h.{layer}.attn.bias"), buffer.clone());
    }
    let place = directory("gpt2", true, &tensors);
    let said = open_directory(place.path()).expect("loads").left_out.expect("a word");
    // Who only looks at the model, as the list of models on screen does, reads the same.
    let described = describe(&Source::Directory(place.path().to_owned())).expect("described");
    assert_eq!(described.left_out.as_ref(), Some(&said));
    assert_eq!(said, "left out of the weights: buffers that are computed anew (transformer.h.0.attn.bias and 1 more)");
    assert_eq!(open_directory(&fixture("gpt2")).expect("loads").left_out, None);
}
