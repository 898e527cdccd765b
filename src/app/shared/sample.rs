//! The sample on screen: what takes its place, and how it is read.

use super::{Caret, Shared};
use crate::data::Opened;
use crate::mask::{Basis, Mode};
use crate::sample::{Form, Sample};
use crate::sequence::Packing;
use crate::session::{Pack, Text};
use crate::source::Source;

impl Shared {
    /// A sample from elsewhere takes the place of what is on screen, and is looked at from its start.
    pub(in crate::app) fn open(&mut self, sample: Sample, name: impl Into<String>) {
        self.is_new_sample = true;
        self.opened += 1;
        self.policy.split = None;
        if self.policy.basis == Mode::Completion.into() {
            self.policy.basis = Basis::Automatic;
        }
        self.form = Form::of_sample(&sample);
        self.replace(sample, name);
    }

    /// The same for what was read from a file: it says its form and its split itself.
    pub(in crate::app) fn open_read(&mut self, opened: Opened) {
        let Opened { sample, name, split, form, .. } = opened;
        self.open(sample, name);
        (self.policy.split, self.form) = (split, form);
    }

    /// The sample on screen, and how it is read, to be kept in a session.
    pub(in crate::app) fn text(&self) -> Text {
        let pack = self.pack.as_ref();
        Text {
            name: self.sample_name.clone(),
            form: self.form,
            sample: self.sample.clone(),
            encoding: self.encoding,
            pack: pack.map(|pack| Pack { records: pack.records.to_vec(), index: pack.index, options: pack.options }),
            experiment: self.experiment.clone(),
        }
    }

    /// The text of a session takes the place of what is on screen, read as it was then.
    pub(in crate::app) fn reopen(&mut self, text: &Text) {
        (self.sample, self.sample_name) = (text.sample.clone(), text.name.clone());
        (self.form, self.encoding) = (text.form, text.encoding);
        self.pack = text.pack_request();
        self.experiment = text.experiment.clone();
    }

    /// What is edited takes the place of what it was; the cursor stays.
    pub(in crate::app) fn replace(&mut self, sample: Sample, name: impl Into<String>) {
        let same_kind = std::mem::discriminant(&sample) == std::mem::discriminant(&self.sample);
        if !same_kind {
            self.policy.basis = Basis::Automatic;
            self.form = Form::of_sample(&sample);
        }
        if let (Sample::Text(before), Sample::Text(after)) = (&self.sample, &sample) {
            self.policy.split = self.policy.split.map(|split| moved_split(split, before, after));
        }
        self.allow_all_edges();
        self.sample = sample;
        self.sample_name = name.into();
    }

    /// The same for what is typed in the editor: the cursor goes where its caret is.
    pub(in crate::app) fn type_over(&mut self, sample: Sample, caret: Caret) {
        self.caret = Some(caret);
        self.hush();
        let name = if self.sample_name.ends_with(" (edited)") || self.sample_name == "typed" {
            self.sample_name.clone()
        } else {
            format!("{} (edited)", self.sample_name)
        };
        self.replace(sample, name);
    }

    /// The pack of another data set is no more.
    pub(in crate::app) fn unpack(&mut self) {
        self.pack = None;
    }

    /// The pack on screen, where there is one, is that of record `index`.
    pub(in crate::app) fn pack_around(&mut self, index: usize) {
        if let Some(pack) = &mut self.pack {
            pack.index = index;
        }
    }

    /// The completion starts at the cursor; at the same place again, nowhere.
    pub(in crate::app) fn toggle_split(&mut self) {
        if matches!(self.sample, Sample::Chat(_)) {
            return self.say("a chat's completion starts at its last assistant message; the split is for raw text");
        }
        if self.pack.is_some() {
            return self.say("the prompts of packed texts are those of their records");
        }
        let here = self.sequence().chars_before(self.cursor);
        self.policy.split = (self.policy.split != Some(here)).then_some(here);
        self.policy.basis = Basis::Automatic;
        self.rescore();
    }

    /// Special-token text that a user typed is encoded as text from now on, or as special tokens again.
    pub(in crate::app) fn toggle_escape(&mut self) {
        self.encoding.escape_specials = !self.encoding.escape_specials;
        self.say(match self.encoding.escape_specials {
            true => "special-token text in what was typed is encoded as text",
            false => "special-token text in what was typed becomes special tokens",
        });
    }

    /// Content that is a list of parts reaches the template as one text from now on, or as the list again.
    pub(in crate::app) fn toggle_join(&mut self) {
        self.encoding.join_parts = !self.encoding.join_parts;
        self.say(match self.encoding.join_parts {
            true => "content in parts is joined to one text before the template gets it",
            false => "content in parts reaches the template as the list that it is",
        });
    }

    /// Records that are packed know of each other from now on, or no more; whether there are any.
    pub(in crate::app) fn switch_packing(&mut self) -> bool {
        let Some(pack) = &mut self.pack else {
            self.say("nothing is packed; start with --chat FILE --pack N");
            return false;
        };
        let packing = pack.options.packing.other();
        pack.options.packing = packing;
        self.say(match packing {
            Packing::Block => "block packing: documents know nothing of each other",
            Packing::Naive => "naive packing: as if all documents were one text",
        });
        true
    }

    /// The user asked for this model.
    pub(in crate::app) fn choose_model(&mut self, source: Source) {
        self.allow_all_edges();
        self.chosen_model = Some(source);
    }

    /// The model before the one that was asked for stays; false where none was asked for.
    pub(in crate::app) fn keep_working_model(&mut self) -> bool {
        let is_other = self.chosen_model != self.working_model;
        if is_other {
            self.chosen_model = self.working_model.clone();
        }
        is_other
    }
}

/// Where the split is after an edit: it stays with its text, so what is typed before it moves it on.
fn moved_split(split: usize, before: &str, after: &str) -> usize {
    let same = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
    if same >= split {
        return split;
    }
    let (before, after) = (before.chars().count(), after.chars().count());
    (split + after).saturating_sub(before).clamp(same, after)
}
