//! Chat template -> rendered text and the provenance of every character.
//!
//! ```text
//! chat ─▶ field     the texts of each message, and the messages as a template sees them
//!      ─▶ locate    renders them, each text with its origin: where did every field go?
//!      ─▶ label     what stands between the fields: header, stop, default system text, …
//!      ─▶ Rendered  text, segments that tile it, notes
//! ```

pub mod annotate;
mod calls;
pub mod card;
mod delimiter;
mod edges;
mod engine;
mod field;
mod invented;
mod label;
mod locate;
mod marker;
mod prompt;
mod provenance;
mod stop;
mod tags;
mod unstable;

use std::sync::Arc;

pub use engine::TemplateError;
pub use field::THINK;
pub use provenance::{Change, Changed, Part, Placed, RenderFacts, Rendered, Segment};

use crate::sample::Chat;
use engine::Engine;
use stop::Stops;

/// The ChatML template of `--template chatml`, with generation tags around what the assistant writes.
pub const CHATML: &str = include_str!("template/chatml.jinja");

/// A model's chat template, parsed once; cheap to clone and to share between threads. What it prints is what
/// transformers prints.
#[derive(Clone)]
pub struct ChatTemplate {
    engine: Arc<Engine>,
    bos: Option<String>,
    /// The time for `strftime_now`, in seconds since 1970; `None` is the clock's.
    now: Option<i64>,
    stops: Arc<Stops>,
    /// Tag-like pieces such as `</think>` that the source names and may look for in a message.
    tags: Arc<[String]>,
}

impl ChatTemplate {
    /// Parses `source`. The texts of the special tokens become `bos_token`, `eos_token` and `pad_token` in the template;
    /// one that is `None` is undefined there, as in transformers.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`] with the line.
    pub fn new(source: &str, bos: Option<&str>, eos: Option<&str>, pad: Option<&str>) -> Result<Self, TemplateError> {
        let specials: Vec<(&'static str, String)> = [("bos_token", bos), ("eos_token", eos), ("pad_token", pad)]
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?.to_string())))
            .collect();
        Ok(Self {
            engine: Arc::new(Engine::new(source, &specials)?),
            now: None,
            bos: bos.filter(|text| !text.is_empty()).map(str::to_string),
            stops: Arc::new(Stops::new(eos)),
            tags: field::tags(source).into(),
        })
    }

    /// The same where `eos` ends a turn, though the template may not know it as `eos_token`.
    pub fn stopped_by(self, eos: Option<&str>) -> Self {
        Self { stops: Arc::new(Stops::new(eos)), ..self }
    }

    /// The ChatML template, for models that come without one.
    pub fn chatml() -> Self {
        Self::new(CHATML, None, Some("<|im_end|>"), None).expect("the template is a constant that a test parses")
    }

    /// Whether the template marks generated text with `{% generation %}`.
    pub fn has_generation_tags(&self) -> bool {
        self.engine.generation
    }

    /// Takes this for the time that `strftime_now` asks for, in seconds since 1970; the clock's otherwise.
    #[must_use]
    pub fn dated(mut self, seconds: i64) -> Self {
        self.now = Some(seconds);
        self
    }

    /// Renders `chat` once; once more where that is how to learn what a generation prompt adds, what the template says of
    /// the chat's tools, or whether an answer loses something because others follow.
    ///
    /// # Errors
    /// The template's own refusal (`raise_exception`), an error in it with its line, or a render that does not end.
    pub fn render(&self, chat: &Chat, add_generation_prompt: bool) -> Result<Rendered, TemplateError> {
        let mut rendered = self.labelled(chat, add_generation_prompt)?;
        rendered.facts.unstable = unstable::first(&self.engine, &self.tags, chat, &rendered.changes, self.now());
        if !chat.tools.is_empty() && rendered.segments.iter().any(|segment| segment.part == Part::DefaultSystem) {
            let without = Chat { tools: Vec::new(), ..chat.clone() };
            let without = self.labelled(&without, add_generation_prompt).ok();
            rendered.facts.tools = invented::of_tools(&rendered, without.as_ref());
        }
        let notes = invented::notes(&rendered);
        rendered.notes.extend(notes);
        Ok(rendered)
    }

    fn labelled(&self, chat: &Chat, add_generation_prompt: bool) -> Result<Rendered, TemplateError> {
        let (fields, located) = locate::locate(&self.engine, chat, &self.tags, add_generation_prompt, self.now())?;
        Ok(label::label(chat, &fields, located, self.bos.as_deref(), &self.stops))
    }

    fn now(&self) -> i64 {
        self.now.unwrap_or_else(crate::jinja::now)
    }
}

impl std::fmt::Debug for ChatTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChatTemplate")
            .field("bos", &self.bos)
            .field("generation", &self.engine.generation)
            .finish_non_exhaustive()
    }
}
