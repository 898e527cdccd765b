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
    /// The same shape, vocabulary and template with random weights: what training from nothing begins with.
    Random,
}

impl Embedded {
    /// The name after `--model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyBase => "tiny-base",
            Self::TinyChat => "tiny-chat",
            Self::Random => "random",
        }
    }

    /// How many weights it has.
    pub fn parameters(self) -> u64 {
        3_221_952
    }

    /// Every one of them.
    pub const EVERY: [Self; 3] = [Self::TinyBase, Self::TinyChat, Self::Random];

    /// Its GGUF file; of the random one only what is no weight counts.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::TinyBase | Self::Random => &TINY_BASE.0,
            Self::TinyChat => &TINY_CHAT.0,
        }
    }
}
