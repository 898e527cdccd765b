//! What there is to choose from: files and samples, models, tokens, filters.

use std::path::Path;

use super::{About, Chosen, Item, PickerKind};
use crate::app::overlay::{Browser, Filter};
use crate::app::{App, keymap};
use crate::app::{Command, Context};
use crate::mask::Roles;
use crate::mask::finding::Code;
use crate::memory::size_text;
use crate::sample;
use crate::source::{Known, Place};

/// The samples that come with the program where one is to be opened, then the directory's parent and entries.
pub fn file_items(kind: PickerKind, directory: &Path, entries: &[(String, bool)]) -> Vec<Item> {
    let built_in = if kind == PickerKind::Open { sample::BUILT_IN } else { &[] };
    let mut items: Vec<Item> = built_in
        .iter()
        .enumerate()
        .map(|(i, built_in)| Item {
            label: built_in.name.into(),
            about: About::Words(format!("sample · {}", built_in.about)),
            choice: Chosen::Sample(i),
        })
        .collect();
    if let Some(parent) = directory.parent() {
        items.push(Item {
            label: "../".into(),
            about: About::Words(String::new()),
            choice: Chosen::Directory(parent.into()),
        });
    }
    items.extend(entries.iter().map(|(name, is_directory)| {
        let path = directory.join(name);
        let shown = crate::sequence::visible_text(name);
        match is_directory {
            true => {
                Item { label: format!("{shown}/"), about: About::Words(String::new()), choice: Chosen::Directory(path) }
            }
            false => Item { label: shown, about: About::Words(String::new()), choice: Chosen::File(path) },
        }
    }));
    items
}

/// Models with what is known of each, and their checkpoints.
pub fn model_items(models: &[Known]) -> Vec<Item> {
    let item =
        |label: String, words: String| Item { choice: Chosen::Model(label.clone()), label, about: About::Words(words) };
    let all = models.iter().flat_map(|model| {
        let stored = match &model.place {
            Place::Stored { revisions, .. } => &revisions[..],
            _ => &[],
        };
        let checkpoints = model.checkpoints.iter().map(move |revision| {
            let words = if stored.contains(revision) { "on disk" } else { "" };
            item(format!("{}@{revision}", model.name), words.to_owned())
        });
        std::iter::once(item(model.name.clone(), model_words(model))).chain(checkpoints)
    });
    all.collect()
}

fn model_words(model: &Known) -> String {
    let weights = model.parameters.map(|count| format!("{:.0} M", count as f64 / 1e6));
    let place = match &model.place {
        Place::Embedded => "embedded".to_owned(),
        Place::Stored { bytes, .. } => format!("{} on disk", size_text(*bytes)),
        Place::Remote if model.is_gated => "gated".to_owned(),
        Place::Remote => "to download".to_owned(),
    };
    let steps = (!model.checkpoints.is_empty()).then(|| "type @ for its steps".to_owned());
    let words = [Some(model.about.clone()), steps, weights, Some(place)];
    words.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// The vocabulary with probabilities at the current temperature, most likely first.
pub fn token_items(app: &App) -> Vec<Item> {
    let Some(distribution) = app.distribution() else {
        return Vec::new();
    };
    let top = distribution.top(usize::MAX, app.views.predict.temperature);
    top.into_iter()
        .map(|candidate| Item {
            label: app.token_label(candidate.id),
            about: About::Probability(candidate.p),
            choice: Chosen::Token(candidate.id),
        })
        .collect()
}

/// The vocabulary, those with a known probability first.
pub fn forced_items(app: &App, likely: &[(u32, f64)]) -> Vec<Item> {
    let item = |id: u32, about| Item { label: app.token_label(id), about, choice: Chosen::Token(id) };
    let vocabulary = app.analysis.model.as_ref().map_or(0, |model| model.tokens.len() as u32);
    let rest = (0..vocabulary).filter(|id| !likely.iter().any(|(known, _)| known == id));
    let rest = rest.map(|id| item(id, About::Words(String::new())));
    likely.iter().map(|&(id, p)| item(id, About::Probability(p))).chain(rest).collect()
}

/// What can be listed of a data set: only what occurs, with how many records have it.
pub fn filter_items(records: &Browser) -> Vec<Item> {
    let findings = Code::EVERY.into_iter().filter(|&code| code != Code::Unreadable).map(Filter::Finding);
    let lengths = [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768].map(Filter::Longer);
    let others = findings.chain((0..Roles::NAMES.len()).map(Filter::Role)).chain(lengths);
    let counted = others.chain([Filter::Unreadable]).map(|filter| (filter, records.count(filter)));
    let occurring = counted.filter(|&(_, count)| count > 0);
    let all = (Filter::All, records.records.len());
    std::iter::once(all)
        .chain(occurring)
        .map(|(filter, count)| Item {
            label: filter.name(),
            about: About::Words(format!("{count} {}", if count == 1 { "record" } else { "records" })),
            choice: Chosen::Filter(filter),
        })
        .collect()
}

/// The commands that hold in `context`.
pub fn palette_items(context: Context) -> Vec<Item> {
    keymap::bindings(context)
        .filter(|binding| binding.command != Command::Palette)
        .map(|binding| Item {
            label: binding.help.into(),
            about: About::Words(binding.keys.join(" ")),
            choice: Chosen::Command(binding.command),
        })
        .collect()
}
