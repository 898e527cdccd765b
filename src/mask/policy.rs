//! Which targets count, and how much, before there is a sequence: what a user chose, once for a whole data set.

use super::profile::Profile;
use super::{Choices, LossMask, MaskError, MaskOptions, Mode, Paint, PartWeights};
use crate::sample::Form;
use crate::sequence::{Kind, Sequence};

/// What decides which targets count.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Basis {
    /// The form of each record.
    #[default]
    Automatic,
    Mode(Mode),
    /// What a trainer scores; options do not change it.
    Profile(&'static Profile),
}

impl From<Mode> for Basis {
    fn from(mode: Mode) -> Self {
        Self::Mode(mode)
    }
}

impl From<&'static Profile> for Basis {
    fn from(profile: &'static Profile) -> Self {
        Self::Profile(profile)
    }
}

impl Basis {
    /// Its name in a list: that of the mode or the profile.
    pub fn name(self) -> String {
        match self {
            Self::Automatic => "by the records' form".into(),
            Self::Mode(mode) => mode.to_string(),
            Self::Profile(profile) => profile.name.clone(),
        }
    }

    /// What a mask made of it is called: `assistant, stop=0, 2 painted`, `as trl-qwen3`.
    pub fn mask_name(self, mask: &LossMask) -> String {
        match self {
            Self::Automatic | Self::Mode(_) => mask.name(),
            Self::Profile(profile) if mask.paint().is_empty() => format!("as {}", profile.name),
            Self::Profile(profile) => format!("as {}, {} painted", profile.name, mask.paint().len()),
        }
    }
}

/// A basis and the options that hold under its modes; from it every loss mask is made, on screen, in an audit and in
/// training alike.
///
/// ```
/// use lossglass::mask::{Mode, Policy};
/// use lossglass::sample::Form;
/// use lossglass::sequence::Kind;
///
/// // Nothing chosen: a chat's assistant turns count, of raw text everything, and of a prompt with its completion that.
/// let policy = Policy::default();
/// assert_eq!(policy.mode(Form::Messages, Kind::Chat, None), Mode::Assistant);
/// assert_eq!(policy.mode(Form::Text, Kind::Text, None), Mode::All);
/// assert_eq!(policy.mode(Form::PromptCompletion, Kind::Text, Some(12)), Mode::Completion);
///
/// // A mode that was chosen holds for every record.
/// assert_eq!(Policy::from(Mode::LastTurn).mode(Form::Messages, Kind::Chat, None), Mode::LastTurn);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Policy {
    pub basis: Basis,
    /// Raw text: how many characters the prompt has, whatever a record says of it.
    pub split: Option<usize>,
    /// Chats: weights for parts of the assistant's turns, in the place of the mode's.
    pub parts: PartWeights,
    /// Which parts count, what the rest weighs, what becomes of straddlers.
    pub choices: Choices,
}

impl<B: Into<Basis>> From<B> for Policy {
    fn from(basis: B) -> Self {
        Self { basis: basis.into(), ..Self::default() }
    }
}

impl Policy {
    /// The same on another basis.
    pub fn on(self, basis: impl Into<Basis>) -> Self {
        Self { basis: basis.into(), ..self }
    }

    /// The mode that counts for a record of that form and kind, whose prompt has `split` characters where it is raw text
    /// with a completion.
    ///
    /// Where none was chosen: raw text counts behind its prompt if it has one, else everywhere; a chat of a prompt and a
    /// completion as its data says, since the prompt may have turns of the assistant's; any other chat in the
    /// assistant's turns.
    pub fn mode(&self, form: Form, kind: Kind, split: Option<usize>) -> Mode {
        match (self.basis, kind, form) {
            (Basis::Mode(mode), ..) => mode,
            (Basis::Profile(profile), ..) => profile.mode_for(kind, self.split.or(split)),
            (Basis::Automatic, _, Form::Prepared) => Mode::AsPrepared,
            (Basis::Automatic, Kind::Text, _) if self.split.or(split).is_some() => Mode::Completion,
            (Basis::Automatic, Kind::Chat, Form::PromptCompletion) => Mode::Custom,
            (Basis::Automatic, kind, _) => Mode::default_for(kind),
        }
    }

    /// The options that hold on `sequence`; those of a profile are its own.
    pub fn options(&self, sequence: &Sequence, split: Option<usize>) -> MaskOptions {
        match self.basis {
            Basis::Profile(profile) => profile.options(sequence, self.split.or(split)),
            _ => MaskOptions::new(sequence, self.split.or(split), self.parts).with(sequence, self.choices),
        }
    }

    /// The loss mask of a record's tokens; `form` and `split` are the record's own.
    ///
    /// # Errors
    /// If the mode does not apply to this sequence; the message says what to do.
    pub fn mask(&self, sequence: &Sequence, form: Form, split: Option<usize>) -> Result<LossMask, MaskError> {
        self.painted(sequence, form, split, Paint::default())
    }

    /// The same with `paint` over it.
    ///
    /// # Errors
    /// As [`mask`](Self::mask).
    pub fn painted(
        &self,
        sequence: &Sequence,
        form: Form,
        split: Option<usize>,
        paint: Paint,
    ) -> Result<LossMask, MaskError> {
        let mode = self.mode(form, sequence.kind, split);
        LossMask::painted(sequence, mode, self.options(sequence, split), paint)
    }

    /// The policy as it is printed: `by the records' form, stop=none`.
    pub fn name(&self) -> String {
        if let Basis::Profile(profile) = self.basis {
            return format!("{} ({})", profile.name, profile.title);
        }
        let mut name = self.basis.name();
        if self.choices != Choices::default() {
            name.push_str(&format!(", {}", self.choices));
        }
        if self.parts != PartWeights::default() {
            name.push_str(&format!(", {}", self.parts));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `--split` is of raw text; the chats of the same data set keep what they have.
    #[test]
    fn a_split_makes_a_completion_of_raw_text_alone() {
        let policy = Policy { split: Some(3), ..Policy::default() };
        assert_eq!(policy.mode(Form::Text, Kind::Text, None), Mode::Completion);
        assert_eq!(policy.mode(Form::Messages, Kind::Chat, None), Mode::Assistant);
        assert_eq!(policy.on(Mode::All).mode(Form::Text, Kind::Text, None), Mode::All);
    }
}
