//! Where every character of a rendered chat came from.

use std::ops::Range;

/// The kind of text a character belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The beginning-of-sequence token.
    Bos,
    /// A turn's role marker, up to its content.
    Header,
    /// What the message says.
    Content,
    /// Reasoning, with its delimiters.
    Reasoning,
    /// A tool call of the assistant's.
    ToolCall,
    /// What a tool answered.
    ToolResult,
    /// The marker that ends a turn.
    Stop,
    /// What follows the stop marker, usually a newline.
    AfterStop,
    /// What `add_generation_prompt` supplies beyond the header, an empty think block included.
    GenerationPrefill,
    /// A system text that the template invents.
    DefaultSystem,
    /// Raw text.
    Plain,
    /// Padding.
    Pad,
}

impl Part {
    /// The part's name in JSON and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Part::Bos => "bos",
            Part::Header => "header",
            Part::Content => "content",
            Part::Reasoning => "reasoning",
            Part::ToolCall => "tool_call",
            Part::ToolResult => "tool_result",
            Part::Stop => "stop",
            Part::AfterStop => "after_stop",
            Part::GenerationPrefill => "generation_prefill",
            Part::DefaultSystem => "default_system",
            Part::Plain => "plain",
            Part::Pad => "pad",
        }
    }

    /// Whether it stands before what the message itself says, so that a prompt for that message ends with it.
    pub fn precedes_message(self) -> bool {
        matches!(self, Part::Bos | Part::Header | Part::GenerationPrefill)
    }
}

/// A run of characters with one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Bytes of [`Rendered::text`].
    pub span: Range<usize>,
    /// The message's index, `None` for text of no message (the default system text, a generation prompt).
    pub turn: Option<usize>,
    /// The turn's role.
    pub role: Option<String>,
    pub part: Part,
}

/// A rendered chat. The segments tile `text`: in order, without gap or overlap, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    pub segments: Vec<Segment>,
    /// What stood between `{% generation %}` tags, as bytes of `text`; `None` if the template has no such tag.
    pub generation: Option<Vec<Range<usize>>>,
    /// What came from the messages themselves, as bytes of `text`, in order; all else the template wrote.
    pub typed: Vec<Range<usize>>,
    /// What the template did to the messages that a user should know, in words (content trimmed, text rewritten, …).
    pub notes: Vec<String>,
}
