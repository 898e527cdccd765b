//! Who may see whom.

/// Which keys a query position may attend to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttentionMask {
    /// Itself and everything before it.
    #[default]
    Causal,
}

impl AttentionMask {
    /// Whether the prediction made at position `query` may see position `key`.
    pub fn allows(self, query: usize, key: usize) -> bool {
        match self {
            AttentionMask::Causal => key <= query,
        }
    }

    /// The mask's name on screen.
    pub fn name(self) -> &'static str {
        match self {
            AttentionMask::Causal => "causal",
        }
    }
}
