//! The lessons that come with the program, and the files that they may open.

/// A lesson that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// What `lossglass lesson NAME` takes.
    pub name: &'static str,
    /// The file, as in `assets/lessons`.
    pub source: &'static str,
}

/// The lessons, in the order of the list.
pub const SHIPPED: &[Shipped] = &[
    Shipped { name: "how", source: include_str!("../../assets/lessons/how.md") },
    Shipped { name: "chats", source: include_str!("../../assets/lessons/chats.md") },
    Shipped { name: "forgets", source: include_str!("../../assets/lessons/forgets.md") },
];

/// What lies beside them: the name of each file and what is in it.
pub const FILES: &[(&str, &str)] = &[("chats.jsonl", include_str!("../../sample_data/chats.jsonl"))];

/// The lesson of that name.
pub fn named(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|lesson| lesson.name == name)
}
