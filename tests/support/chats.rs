//! Chats in one line.

use lossglass::sample::{Chat, Message};

/// A chat of these roles and contents.
pub fn chat(messages: &[(&str, &str)]) -> Chat {
    let message =
        |&(role, content): &(&str, &str)| Message { role: role.into(), content: content.into(), ..Message::default() };
    Chat { messages: messages.iter().map(message).collect(), ..Chat::default() }
}
