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
    /// The same with fewer and narrower layers, which learn in less time.
    RandomSmall,
    RandomMini,
}

/// The sizes of a model of random weights that is smaller than the embedded ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    pub layers: usize,
    pub hidden: usize,
    pub intermediate: usize,
    pub heads: usize,
    pub kv_heads: usize,
}

impl Embedded {
    /// The name after `--model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyBase => "tiny-base",
            Self::TinyChat => "tiny-chat",
            Self::Random => "random",
            Self::RandomSmall => "random-small",
            Self::RandomMini => "random-mini",
        }
    }

    /// Whether it has learned nothing.
    pub fn is_random(self) -> bool {
        matches!(self, Self::Random | Self::RandomSmall | Self::RandomMini)
    }

    /// Its sizes, where they are not those of the other embedded models.
    pub fn sizes(self) -> Option<Sizes> {
        let sizes = |layers, hidden, intermediate| Sizes { layers, hidden, intermediate, heads: 4, kv_heads: 2 };
        match self {
            Self::RandomSmall => Some(sizes(4, 128, 344)),
            Self::RandomMini => Some(sizes(2, 64, 172)),
            Self::TinyBase | Self::TinyChat | Self::Random => None,
        }
    }

    /// How many weights it has.
    pub fn parameters(self) -> u64 {
        match self {
            Self::TinyBase | Self::TinyChat | Self::Random => 3_221_952,
            Self::RandomSmall => 1_250_432,
            Self::RandomMini => 353_088,
        }
    }

    /// Every one of them.
    pub const EVERY: [Self; 5] = [Self::TinyBase, Self::TinyChat, Self::Random, Self::RandomSmall, Self::RandomMini];

    /// Its GGUF file; of the random ones only what is no weight counts.
    pub fn bytes(self) -> &'static [u8] {
        match self {
            Self::TinyBase | Self::Random | Self::RandomSmall | Self::RandomMini => &TINY_BASE.0,
            Self::TinyChat => &TINY_CHAT.0,
        }
    }
}
