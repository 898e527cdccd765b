//! The kinds of findings: their names, how bad each is, what it stands for and what to do.

use strum::{EnumCount, IntoStaticStr, VariantArray};

use super::Severity;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumCount, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Code {
    NothingScored,
    StopUnscored,
    StopAbsent,
    StopNotEos,
    StopTyped,
    EndAbsent,
    DataDropped,
    ThinkUnpaired,
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
    WeightIgnored,
    ArgumentsEncodedTwice,
    NullArguments,
    PromptRepeated,
    Duplicate,
    OverContext,
    AllScored,
    Unreadable,
}

impl Code {
    /// Every code.
    pub const EVERY: [Self; Self::COUNT] = *Self::VARIANTS.first_chunk().expect("as many as there are");

    /// Every code, the major ones first.
    pub fn by_severity() -> impl Iterator<Item = Self> {
        let of = |severity| Self::EVERY.into_iter().filter(move |code| code.severity() == severity);
        of(Severity::Major).chain(of(Severity::Minor))
    }

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
            Self::NothingScored
            | Self::StopUnscored
            | Self::StopNotEos
            | Self::StopTyped
            | Self::EndAbsent
            | Self::DataDropped
            | Self::ThinkUnpaired
            | Self::DoubleBos
            | Self::PartsPrinted
            | Self::Unreadable => Severity::Major,
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
            Self::StopNotEos => (
                "no assistant turn ends with a token that ends a generation of the model: it learns to stop and is not stopped",
                "name the stop as eos in the tokenizer's and the generation config, or use the model's own template",
            ),
            Self::StopTyped => (
                "a stop mark typed in a message is scored: the model learns to stop in the middle of an answer",
                "take the mark out of the answer, or encode it as text: --escape-specials",
            ),
            Self::EndAbsent => (
                "nothing ends a completion, so that the model does not learn to stop",
                "put the end-of-sequence token behind it: --append-eos",
            ),
            Self::DataDropped => (
                "the template drops what a message says: nobody learns it",
                "use a template that prints it (--template), or take it out of the data",
            ),
            Self::ThinkUnpaired => (
                "a think mark that is scored has no partner in its turn: the model learns reasoning that begins or ends alone",
                "give the reasoning as reasoning_content or between both marks, and use a template that prints it so",
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
            Self::WeightIgnored => (
                "the data weighs a message otherwise than the mask does",
                "use the data's weights: --mask custom; or take them out",
            ),
            Self::ArgumentsEncodedTwice => (
                "the arguments of a tool call are JSON text, and the template encodes that text once more",
                "give the arguments as an object, or use a template that takes them as text",
            ),
            Self::NullArguments => (
                "a tool call has arguments of null that its tool does not ask for, as tables such as Arrow and Parquet add them",
                "take them out, or keep the arguments as JSON text in the table",
            ),
            Self::PromptRepeated => (
                "two records give the same prompt different answers",
                "keep one of them, unless the model is to learn several answers",
            ),
            Self::Duplicate => {
                ("a record that says what an earlier one says: it counts twice", "leave one of them out")
            }
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
