//! Sentences to watch while a model learns something else: `sample_data/probes.json`.

use serde_json::{Map, Value};

use super::{BUILT_IN, Sample, read_record};

const SOURCE: &str = include_str!("../../sample_data/probes.json");

/// What is worth watching while `learned` is learned, by name: for a sample of the program a paraphrase, something
/// related and something unrelated; for any other something unrelated.
pub fn probes(learned: &Sample) -> Vec<(String, Sample)> {
    let built_in = BUILT_IN.iter().find(|built_in| built_in.sample() == *learned).map(|built_in| built_in.name);
    let kind = match learned {
        Sample::Text(_) | Sample::Prepared(_) => "text",
        Sample::Chat(_) => "chat",
    };
    // A test reads all of them; were the file broken, there would be none.
    let mut file: Map<String, Value> = serde_json::from_str(SOURCE).unwrap_or_default();
    let records = built_in.and_then(|name| file.remove(name)).or_else(|| file.remove(kind));
    let Some(Value::Array(records)) = records else { return Vec::new() };
    records.into_iter().filter_map(probe).collect()
}

fn probe(record: Value) -> Option<(String, Sample)> {
    let name = record.get("name")?.as_str()?.to_owned();
    Some((name, read_record(record, None).ok()?.sample))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_sample_has_its_probes() {
        for built_in in BUILT_IN {
            let found = probes(&built_in.sample());
            let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["paraphrase", "related", "unrelated"], "{}", built_in.name);
            assert!(found.iter().all(|(_, probe)| *probe != built_in.sample()));
        }
        let file: Map<String, Value> = serde_json::from_str(SOURCE).unwrap();
        assert_eq!(file.len(), BUILT_IN.len() + 2, "nothing in the file is for nobody");
    }

    #[test]
    fn any_other_text_has_something_unrelated() {
        for learned in [Sample::Text("x".into()), Sample::Chat(Default::default())] {
            let found = probes(&learned);
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].0, "unrelated");
            assert_eq!(std::mem::discriminant(&found[0].1), std::mem::discriminant(&learned));
        }
    }
}
