//! Findings: what is worth a second look in a sequence and its mask before anything is trained on it.

mod chat;
mod model;
mod scoring;

use strum::{EnumCount, IntoStaticStr, VariantArray};

use super::LossMask;
use crate::sequence::{Sequence, Vocabulary};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; it may be meant.
    Minor,
    /// Training on this does not do what it is for.
    Major,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Code {
    NothingScored,
    StopUnscored,
    StopAbsent,
    HeaderScored,
    DoubleBos,
    LastTurnNotAssistant,
    TemplateUnstable,
    ContentChanged,
    PartsPrinted,
    UndefinedPrinted,
    DefaultSystem,
    SpecialText,
    StraddlerAtBorder,
    PadIsEos,
    TrailingSpace,
    ScoredCutOff,
    UnknownRole,
    EmptyAssistant,
    WeightNotAssistant,
    OverContext,
    AllScored,
    Unreadable,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    pub severity: Severity,
    /// The record of a data set, from 0; the caller's to fill in.
    pub record: Option<usize>,
    /// The token it is about, or the first of them.
    pub token: Option<usize>,
    /// What is so, in one sentence.
    pub message: String,
}

/// What the model and its tokenizer say that a finding depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub bos: Option<u32>,
    pub eos: Option<u32>,
    pub pad: Option<u32>,
    /// The most tokens that the model takes.
    pub context: usize,
}

impl Facts {
    /// Those of a vocabulary and a context.
    pub fn new(vocabulary: &Vocabulary, context: usize) -> Self {
        Self { bos: vocabulary.bos, eos: vocabulary.eos, pad: vocabulary.pad, context }
    }
}

/// Everything that is found in one sequence, the major findings first.
pub fn findings(sequence: &Sequence, mask: &LossMask, facts: &Facts) -> Vec<Finding> {
    let mut found = match &sequence.pack {
        Some(pack) => {
            mask.documents().zip(&pack.documents).enumerate().fold(Vec::new(), |mut found, (i, (mask, own))| {
                let own_findings = findings(&own.sequence, mask, facts).into_iter();
                found.extend(own_findings.map(|finding| finding.in_document(i + 1, own.tokens.start)));
                found
            })
        }
        None => one(sequence, mask, facts),
    };
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

fn one(sequence: &Sequence, mask: &LossMask, facts: &Facts) -> Vec<Finding> {
    let mut found = scoring::findings(sequence, mask);
    found.extend(chat::findings(sequence));
    found.extend(model::findings(sequence, facts));
    found
}

impl Finding {
    fn new(code: Code, token: Option<usize>, message: impl Into<String>) -> Self {
        Self { code, severity: code.severity(), record: None, token, message: message.into() }
    }

    /// A record that cannot be read or rendered, for the reason given.
    pub fn unreadable(problem: impl Into<String>) -> Self {
        Self::new(Code::Unreadable, None, problem)
    }

    /// The same in record `record` of a data set.
    pub fn in_record(self, record: usize) -> Self {
        Self { record: Some(record), ..self }
    }

    /// The same of a packed document, which starts at token `start`; its number counts from 1.
    fn in_document(self, number: usize, start: usize) -> Self {
        let message = format!("document {number}: {}", self.message);
        Self { token: self.token.map(|token| start + token), message, ..self }
    }

    /// What to do about it.
    pub fn fix(&self) -> &'static str {
        self.code.fix()
    }
}

impl Severity {
    /// The severity's name in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Code {
    /// Every code.
    pub const EVERY: [Self; Self::COUNT] = *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// The code's name in JSON and on screen.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// What the code stands for, in a few words.
    pub fn describe(self) -> &'static str {
        self.entry().0
    }

    /// What to do about it.
    pub fn fix(self) -> &'static str {
        self.entry().1
    }

    /// How bad it is, where nothing makes it worse.
    pub fn severity(self) -> Severity {
        match self {
            Self::NothingScored | Self::StopUnscored | Self::DoubleBos | Self::PartsPrinted | Self::Unreadable => {
                Severity::Major
            }
            _ => Severity::Minor,
        }
    }

    /// What it stands for, what to do.
    fn entry(self) -> (&'static str, &'static str) {
        match self {
            Self::NothingScored => (
                "no target is scored, so there is nothing to learn",
                "choose a mask that scores something of it, or leave the record out",
            ),
            Self::StopUnscored => (
                "a trained turn's stop is not scored: the model does not learn to stop",
                "score it: --stop turn, or a weight other than 0 for stop",
            ),
            Self::StopAbsent => (
                "nothing ends an assistant turn, or what ends it opens the next turn",
                "use a template that ends every assistant turn with a token of its own",
            ),
            Self::HeaderScored => (
                "role markers are scored, which the prompt supplies when the model is used",
                "leave them out: --header off, or generation tags that open behind the header",
            ),
            Self::DoubleBos => (
                "two beginning-of-sequence tokens in a row",
                "leave one out: --prefix none for raw text, or a template that does not write it",
            ),
            Self::LastTurnNotAssistant => (
                "the last turn is not the assistant's, so that its answer is missing",
                "add the answer, or cut the turns behind the last assistant message",
            ),
            Self::TemplateUnstable => (
                "what the template prints of earlier assistant turns depends on what follows them",
                "train each answer as the last of its own record (--mask last-turn), or use a template for training",
            ),
            Self::ContentChanged => (
                "the template does not print a message as it was written",
                "write the message as the template prints it, or use another template",
            ),
            Self::PartsPrinted => (
                "the template does not read content parts: it prints the list as Python writes it",
                "render the parts as one text: --join-parts; or use a template that reads them",
            ),
            Self::UndefinedPrinted => (
                "the template prints a variable or a field that nothing defines, as no text at all",
                "give the record that field, or use a template that does not print it",
            ),
            Self::DefaultSystem => (
                "the template adds text that is in no message",
                "give a system message of your own if the model is to be used with another",
            ),
            Self::SpecialText => (
                "text of a message became special tokens",
                "take the special token's text out of the message, or encode it as text: --escape-specials",
            ),
            Self::StraddlerAtBorder => (
                "a token lies across the border between what is scored and what is not",
                "choose what becomes of it: --straddlers any or inside; or let the border fall between two tokens",
            ),
            Self::PadIsEos => (
                "padding and end of sequence are the same token",
                "give padding a token of its own: a collator that masks padding by id unlearns the stop",
            ),
            Self::TrailingSpace => (
                "a space ends the prompt, where words begin with theirs",
                "move the space from the end of the prompt to the start of the answer",
            ),
            Self::ScoredCutOff => (
                "the context cuts off tokens that the mask scores",
                "shorten the record, split it, or use a model with a longer context",
            ),
            Self::UnknownRole => {
                ("a role that no mask and few templates know", "rename it: system, developer, user, assistant or tool")
            }
            Self::EmptyAssistant => (
                "an assistant message says nothing, so that only its stop is scored",
                "write what it says, or take the message out",
            ),
            Self::WeightNotAssistant => (
                "the data weighs a message that is not the assistant's",
                "take the weight off, unless the model is to speak in that role",
            ),
            Self::OverContext => (
                "the sequence is longer than the model's context",
                "shorten the record, split it, or use a model with a longer context",
            ),
            Self::AllScored => (
                "every target of a chat is scored, what the user says included",
                "use --mask assistant, unless this is pretraining",
            ),
            Self::Unreadable => ("a record that does not parse", "correct the record"),
        }
    }
}
