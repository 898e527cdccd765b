//! Where every character of a rendered chat came from.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use strum::IntoStaticStr;

/// The kind of text a character belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
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
    /// What a tool answered, with what a template wraps it in.
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
        self.into()
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
    pub role: Option<Arc<str>>,
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
    /// Which bytes of `text` are which bytes of a message's content, in order, where they are the same.
    pub contents: Vec<Placed>,
    /// What the template did to messages beyond printing them.
    pub changes: Vec<Change>,
    pub facts: RenderFacts,
    /// What a user should know of how the text came about, in words; the changes among it.
    pub notes: Vec<String>,
}

/// What is known of a render besides where its characters came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderFacts {
    /// What `add_generation_prompt` adds, or would have added before an answer, as bytes of the text.
    pub prompted: Vec<Range<usize>>,
    /// What the template adds of the record's own tools, as bytes of the text.
    pub tools: Vec<Range<usize>>,
    /// The variables and attributes that the template prints and that are undefined, as its source names them.
    pub undefined: Vec<String>,
    /// The first change of an earlier answer that the template would not make were that answer the last, by its place
    /// among the changes.
    pub unstable: Option<usize>,
    /// The message of each tool call whose arguments, a JSON text in the data, are encoded once more.
    pub encoded_twice: Vec<usize>,
    /// The message of each tool call with an argument of null that its tool does not ask for.
    pub null_arguments: Vec<usize>,
}

/// Where a stretch of a message's content stands in the rendered text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub message: usize,
    /// Bytes of the message's content.
    pub source: Range<usize>,
    /// As many bytes of [`Rendered::text`].
    pub out: Range<usize>,
}

/// What a template did to one message beyond printing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub message: usize,
    pub role: String,
    pub what: Changed,
}

/// The ways in which a template changes what a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    LeftOut,
    ReasoningLeftOut,
    ContentLeftOut,
    CallsLeftOut,
    /// Part of its text.
    Cut,
    Trimmed,
    TagsRewritten,
    Rewritten,
    /// Whitespace-only text that cannot be found.
    BlankLost,
    /// Its list of parts printed as Python writes a list.
    PrintedAsList,
}

impl Changed {
    /// Whether something that the message says is nowhere in the text.
    pub fn drops(self) -> bool {
        matches!(self, Self::LeftOut | Self::ReasoningLeftOut | Self::ContentLeftOut | Self::CallsLeftOut)
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LeftOut => "left out by the template",
            Self::ReasoningLeftOut => "its reasoning left out by the template",
            Self::ContentLeftOut => "its content left out by the template",
            Self::CallsLeftOut => "a part of its tool calls left out by the template",
            Self::Cut => "part of its text left out by the template",
            Self::Trimmed => "text trimmed by the template",
            Self::TagsRewritten => "tags in its text rewritten by the template",
            Self::Rewritten => "text rewritten by the template",
            Self::PrintedAsList => "its list of content parts printed as a Python list by the template",
            Self::BlankLost => "whitespace-only text not found in the rendered text",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {} ({}): {}", self.message + 1, self.role, self.what)
    }
}
