//! Roles of messages as a mask knows them.

use std::fmt;
use std::str::FromStr;

use super::MaskError;
use crate::sample::is_assistant;

/// The roles that chats have, in the order in which they are written. `tool` stands for every name of what a tool
/// answered.
const KNOWN: [&str; 5] = ["system", "developer", "user", "assistant", "tool"];

/// A set of roles, at least one: `user,assistant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// Whether messages of this role are in the set.
    pub fn contains(self, role: &str) -> bool {
        place(role).is_some_and(|at| self.0 & 1 << at != 0)
    }

    /// The names of the roles, in order.
    pub const NAMES: [&str; 5] = KNOWN;

    /// The place of a role, or of what it stands for, in [`Self::NAMES`].
    pub fn place(role: &str) -> Option<usize> {
        place(role)
    }

    /// Whether any template and any mask know the role.
    pub fn is_known(role: &str) -> bool {
        place(role).is_some()
    }
}

fn place(role: &str) -> Option<usize> {
    let name = match role {
        role if is_assistant(role) => "assistant",
        "ipython" | "function" | "tool_response" => "tool",
        role => role,
    };
    KNOWN.iter().position(|known| *known == name)
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = KNOWN.into_iter().filter(|role| self.contains(role)).collect();
        f.write_str(&names.join(","))
    }
}

impl FromStr for Roles {
    type Err = MaskError;

    fn from_str(text: &str) -> Result<Self, MaskError> {
        let bit = |role: &str| place(role.trim()).map(|at| 1 << at);
        let unknown = |role: &str| MaskError::Role { role: role.trim().into(), known: KNOWN.join(", ") };
        text.split(',').try_fold(0, |set, role| Ok(set | bit(role).ok_or_else(|| unknown(role))?)).map(Self)
    }
}
