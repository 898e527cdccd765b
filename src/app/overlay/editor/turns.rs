//! The editor: one text, or the turns of a chat. What it holds is the sample, keystroke by keystroke.

use ratatui_textarea::{Input, Key, TextArea, WrapMode};

use crate::sample::{Chat, Message, Sample};

/// Roles that [`Editor::next_role`] goes through.
const ROLES: [&str; 4] = ["user", "assistant", "system", "tool"];
/// Bytes up to which a text is wrapped: all of it is wrapped anew at every key, which a larger one would make felt.
const LARGEST_WRAPPED: usize = 32 << 10;
/// How many changes of the turns can be undone.
const MOST_EARLIER: usize = 50;

/// An open editor.
#[derive(Debug)]
pub struct Editor {
    /// A single one without a role for raw text.
    pub turns: Vec<TurnEditor>,
    /// Index of the turn that keys go to.
    pub focus: usize,
    /// Whether the sample is a chat.
    pub is_chat: bool,
    /// What the chat has beside its messages.
    beside: Chat,
    /// The turns before each change of them, the latest last.
    earlier: Vec<Earlier>,
    /// Changes of a text since the latest change of the turns.
    edits: usize,
}

/// What the editor held before a turn was added, removed, moved, or given another role.
#[derive(Debug)]
struct Earlier {
    turns: Vec<TurnEditor>,
    focus: usize,
    is_chat: bool,
    beside: Chat,
    edits: usize,
}

/// One text under edit.
#[derive(Clone, Debug)]
pub struct TurnEditor {
    pub area: TextArea<'static>,
    /// What the message has beside its content; its content is stale while it is edited.
    pub message: Message,
}

impl TurnEditor {
    fn new(message: Message) -> Self {
        let mut area = TextArea::from(message.content.split('\n'));
        area.set_hard_tab_indent(true);
        area.set_cursor_line_style(Default::default());
        area.move_cursor(ratatui_textarea::CursorMove::Bottom);
        area.move_cursor(ratatui_textarea::CursorMove::End);
        let mut turn = Self { area, message };
        turn.choose_wrapping();
        turn
    }

    /// Lines are wrapped unless the text is large.
    fn choose_wrapping(&mut self) {
        let bytes: usize = self.area.lines().iter().map(String::len).sum();
        let mode = if bytes > LARGEST_WRAPPED { WrapMode::None } else { WrapMode::WordOrGlyph };
        if mode != self.area.wrap_mode() {
            self.area.set_wrap_mode(mode);
        }
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
                beside: Chat::default(),
                earlier: Vec::new(),
                edits: 0,
            },
            // Ids have no text of their own to write in.
            Sample::Prepared(_) => Self::new(&Sample::Text(String::new())),
            Sample::Chat(chat) => {
                let mut turns: Vec<TurnEditor> = chat.messages.iter().cloned().map(TurnEditor::new).collect();
                if turns.is_empty() {
                    turns.push(TurnEditor::of_role("user"));
                }
                let beside = Chat { messages: Vec::new(), ..chat.clone() };
                Self { focus: turns.len() - 1, turns, is_chat: true, beside, earlier: Vec::new(), edits: 0 }
            }
        }
    }

    /// What the editor holds.
    pub fn sample(&self) -> Sample {
        if !self.is_chat {
            return Sample::Text(self.turns[0].text());
        }
        let message = |turn: &TurnEditor| Message { content: turn.text(), ..turn.message.clone() };
        Sample::Chat(Chat { messages: self.turns.iter().map(message).collect(), ..self.beside.clone() })
    }

    /// The turn that keys go to.
    pub fn focused(&mut self) -> &mut TurnEditor {
        &mut self.turns[self.focus]
    }

    /// A key goes to the focused text; true if the text changed.
    pub(in crate::app) fn input(&mut self, input: Input) -> bool {
        let Some(input) = meant(input) else { return false };
        let changed = self.focused().area.input(input);
        self.note_edit(changed)
    }

    pub(in crate::app) fn insert(&mut self, text: &str) -> bool {
        let changed = self.focused().area.insert_str(text.replace("\r\n", "\n").replace('\r', "\n"));
        self.note_edit(changed)
    }

    fn note_edit(&mut self, changed: bool) -> bool {
        self.edits += usize::from(changed);
        self.focused().choose_wrapping();
        changed
    }

    /// Takes back the latest change of a text, the focused one's first, or of the turns; false if there is none.
    pub(in crate::app) fn undo(&mut self) -> bool {
        if self.edits > 0 || self.earlier.is_empty() {
            let others = (0..self.turns.len()).filter(|&i| i != self.focus);
            let undone = std::iter::once(self.focus).chain(others).find(|&i| self.turns[i].area.undo());
            if let Some(i) = undone {
                self.focus = i;
                self.edits = self.edits.saturating_sub(1);
                self.turns[i].choose_wrapping();
                return true;
            }
        }
        let Some(Earlier { turns, focus, is_chat, beside, edits }) = self.earlier.pop() else { return false };
        (self.turns, self.focus, self.is_chat, self.beside, self.edits) = (turns, focus, is_chat, beside, edits);
        true
    }

    /// Makes the latest undone change of the focused text again.
    pub(in crate::app) fn redo(&mut self) -> bool {
        let changed = self.focused().area.redo();
        self.note_edit(changed)
    }

    /// The turns are about to change.
    fn remember(&mut self) {
        if self.earlier.len() == MOST_EARLIER {
            self.earlier.remove(0);
        }
        self.earlier.push(Earlier {
            turns: self.turns.clone(),
            focus: self.focus,
            is_chat: self.is_chat,
            beside: self.beside.clone(),
            edits: std::mem::take(&mut self.edits),
        });
    }

    pub(in crate::app) fn step_focus(&mut self, by: isize) {
        self.focus = self.focus.saturating_add_signed(by).min(self.turns.len() - 1);
    }

    /// A turn after the focused one, of the role that would answer it.
    pub(in crate::app) fn add_turn(&mut self) {
        self.remember();
        let role = match self.focused().message.role.as_str() {
            "user" | "tool" => "assistant",
            _ => "user",
        };
        self.focus += 1;
        self.turns.insert(self.focus, TurnEditor::of_role(role));
    }

    /// False if it is the only turn.
    pub(in crate::app) fn remove_turn(&mut self) -> bool {
        if self.turns.len() == 1 {
            return false;
        }
        self.remember();
        self.turns.remove(self.focus);
        self.focus = self.focus.min(self.turns.len() - 1);
        true
    }

    pub(in crate::app) fn move_turn(&mut self, by: isize) -> bool {
        let to = self.focus.saturating_add_signed(by).min(self.turns.len() - 1);
        if to == self.focus {
            return false;
        }
        self.remember();
        self.turns.swap(self.focus, to);
        self.focus = to;
        true
    }

    pub(in crate::app) fn next_role(&mut self) {
        self.remember();
        let role = &mut self.focused().message.role;
        let at = ROLES.iter().position(|known| known == role).map_or(0, |at| (at + 1) % ROLES.len());
        *role = ROLES[at].into();
    }

    /// Raw text becomes a chat of one user turn, and a chat the text of its turns.
    pub(in crate::app) fn toggle_chat(&mut self) {
        if self.is_chat {
            let text: Vec<String> = self.turns.iter().map(TurnEditor::text).collect();
            self.become_sample(&Sample::Text(text.join("\n")));
        } else {
            let message = Message { role: "user".into(), content: self.turns[0].text(), ..Message::default() };
            self.become_sample(&Sample::Chat(Chat { messages: vec![message], ..Chat::default() }));
        }
    }

    fn become_sample(&mut self, sample: &Sample) {
        self.remember();
        let earlier = std::mem::take(&mut self.earlier);
        *self = Self { earlier, ..Self::new(sample) };
    }
}

/// The key as the text area takes it, if it is one that a user of this program means something by. The text area has
/// keys of its own beside them, some of which delete text; those that the key table has never come here.
pub(in crate::app) fn meant(input: Input) -> Option<Input> {
    let plain = |key| Input { key, ctrl: false, alt: false, shift: false };
    let Input { key, ctrl, alt, .. } = input;
    match key {
        Key::Enter => Some(plain(Key::Enter)),
        // What terminals make of a line feed.
        Key::Char('j') if ctrl && !alt => Some(plain(Key::Enter)),
        // Some terminals' backspace.
        Key::Char('h') if ctrl && !alt => Some(plain(Key::Backspace)),
        // A word.
        Key::Backspace | Key::Delete => Some(Input { alt: ctrl || alt, ..plain(key) }),
        Key::Left | Key::Right => Some(Input { alt: false, ctrl: ctrl || alt, ..input }),
        _ if ctrl || alt => None,
        Key::Char(_) | Key::Tab | Key::Up | Key::Down | Key::Home | Key::End | Key::PageUp | Key::PageDown => {
            Some(input)
        }
        _ => None,
    }
}
