//! The editor: one text, or the turns of a chat. What it holds is the sample, keystroke by keystroke.

use ratatui_textarea::{Input, TextArea, WrapMode};

use crate::sample::{Chat, Message, Sample};

/// Roles that [`Editor::next_role`] goes through.
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];

/// An open editor.
#[derive(Debug)]
pub struct Editor {
    /// A single one without a role for raw text.
    pub turns: Vec<TurnEditor>,
    /// Index of the turn that keys go to.
    pub focus: usize,
    /// Whether the sample is a chat.
    pub is_chat: bool,
    tools: Vec<serde_json::Value>,
}

/// One text under edit.
#[derive(Debug)]
pub struct TurnEditor {
    pub area: TextArea<'static>,
    /// What the message has beside its content; its content is stale while it is edited.
    pub message: Message,
}

impl TurnEditor {
    fn new(message: Message) -> Self {
        let mut area = TextArea::from(message.content.split('\n'));
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.move_cursor(ratatui_textarea::CursorMove::Bottom);
        area.move_cursor(ratatui_textarea::CursorMove::End);
        Self { area, message }
    }

    fn of_role(role: &str) -> Self {
        Self::new(Message { role: role.into(), ..Message::default() })
    }

    /// The text as it stands.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// What the message has that this editor does not show, in words.
    pub fn extras(&self) -> Option<String> {
        let message = &self.message;
        let mut extras = Vec::new();
        if message.reasoning_content.is_some() {
            extras.push("reasoning".to_owned());
        }
        match message.tool_calls.len() {
            0 => {}
            1 => extras.push("1 tool call".into()),
            n => extras.push(format!("{n} tool calls")),
        }
        (!extras.is_empty()).then(|| format!("+ {}", extras.join(", ")))
    }
}

impl Editor {
    /// An editor on `sample`, its cursor at the end.
    pub fn new(sample: &Sample) -> Self {
        match sample {
            Sample::Text(text) => Self {
                turns: vec![TurnEditor::new(Message { content: text.clone(), ..Message::default() })],
                focus: 0,
                is_chat: false,
                tools: Vec::new(),
            },
            Sample::Chat(chat) => {
                let mut turns: Vec<TurnEditor> = chat.messages.iter().cloned().map(TurnEditor::new).collect();
                if turns.is_empty() {
                    turns.push(TurnEditor::of_role("user"));
                }
                Self { focus: turns.len() - 1, turns, is_chat: true, tools: chat.tools.clone() }
            }
        }
    }

    /// What the editor holds.
    pub fn sample(&self) -> Sample {
        if !self.is_chat {
            return Sample::Text(self.turns[0].text());
        }
        let message = |turn: &TurnEditor| Message { content: turn.text(), ..turn.message.clone() };
        Sample::Chat(Chat { messages: self.turns.iter().map(message).collect(), tools: self.tools.clone() })
    }

    /// The turn that keys go to.
    pub fn focused(&mut self) -> &mut TurnEditor {
        &mut self.turns[self.focus]
    }

    /// A key goes to the focused text; true if the text changed.
    pub(super) fn input(&mut self, input: Input) -> bool {
        self.focused().area.input(input)
    }

    pub(super) fn insert(&mut self, text: &str) -> bool {
        self.focused().area.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    pub(super) fn step_focus(&mut self, by: isize) {
        self.focus = self.focus.saturating_add_signed(by).min(self.turns.len() - 1);
    }

    /// A turn after the focused one, of the role that would answer it.
    pub(super) fn add_turn(&mut self) {
        self.is_chat = true;
        let role = match self.focused().message.role.as_str() {
            "user" | "tool" => "assistant",
            _ => "user",
        };
        self.focus += 1;
        self.turns.insert(self.focus, TurnEditor::of_role(role));
    }

    /// False if it is the only turn.
    pub(super) fn remove_turn(&mut self) -> bool {
        if self.turns.len() == 1 {
            return false;
        }
        self.turns.remove(self.focus);
        self.focus = self.focus.min(self.turns.len() - 1);
        true
    }

    pub(super) fn move_turn(&mut self, by: isize) -> bool {
        let to = self.focus.saturating_add_signed(by).min(self.turns.len() - 1);
        self.turns.swap(self.focus, to);
        let moved = to != self.focus;
        self.focus = to;
        moved
    }

    pub(super) fn next_role(&mut self) {
        let role = &mut self.focused().message.role;
        let at = ROLES.iter().position(|known| known == role).map_or(0, |at| (at + 1) % ROLES.len());
        *role = ROLES[at].into();
    }

    /// Raw text becomes a chat of one user turn, and a chat the text of its turns.
    pub(super) fn toggle_chat(&mut self) {
        if self.is_chat {
            let text: Vec<String> = self.turns.iter().map(TurnEditor::text).collect();
            *self = Self::new(&Sample::Text(text.join("\n")));
        } else {
            let message = Message { role: "user".into(), content: self.turns[0].text(), ..Message::default() };
            *self = Self::new(&Sample::Chat(Chat { messages: vec![message], tools: Vec::new() }));
        }
    }
}
