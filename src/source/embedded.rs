//! The models inside the program: 8-bit GGUF files of `assets/models`.

/// Puts a file where a memory map would: candle reads quantised blocks in place, and bytes alone have no alignment.
#[repr(C, align(64))]
struct Aligned<Bytes: ?Sized>(Bytes);

static TINY_BASE: &Aligned<[u8]> = &Aligned(*include_bytes!("../../assets/models/tiny-base.gguf"));
static TINY_CHAT: &Aligned<[u8]> = &Aligned(*include_bytes!("../../assets/models/tiny-chat.gguf"));

/// A model that ships inside the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedded {
    /// Continues texts.
    TinyBase,
    /// Answers chats.
    TinyChat,
}

impl Embedded {
    /// The name after `--model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyBase => "tiny-base",
            Self::TinyChat => "tiny-chat",
        }
    }

    /// How many weights it has.
    pub fn parameters(self) -> u64 {
        3_221_952
    }

    /// Its GGUF file.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::TinyBase => &TINY_BASE.0,
            Self::TinyChat => &TINY_CHAT.0,
        }
    }
}
