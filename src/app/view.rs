//! The views: what each remembers by itself, its keys, and what it does with a command.
//!
//! A view is a file here and one of the same name in `ui::view`, which draws it, and a line in the list below.

pub mod attend;
pub mod compare;
pub mod generate;
pub mod predict;
pub mod score;
pub mod train;

pub use attend::AttendPanel;
pub use score::ScorePanel;
pub use train::TrainPanel;

use super::general::Part;
use super::keymap::{Binding, Context};
use super::{App, Command, Effect};

/// What a view is made of, beside how it is drawn; its type holds what it remembers by itself.
pub trait Room: Default {
    /// What it shows, for help and palette.
    const ABOUT: &'static str;
    /// Its keys stand behind these of all views.
    const BEHIND: Part = Part::Masks;
    /// Its keys, which win over those of all views.
    const KEYS: &'static [Binding];
    /// What only it can do.
    type Command;

    /// Does it.
    fn run(app: &mut App, command: Self::Command) -> Vec<Effect>;

    /// The mouse is dragged to token `t`.
    fn drag(app: &mut App, t: usize) {
        app.shared.move_cursor_to(t);
    }

    /// What the view has open ends, one thing at a time; `None` where it has nothing open.
    fn cancel(_app: &mut App) -> Option<Vec<Effect>> {
        None
    }

    /// What it needs from outside, as things are now; asked after every action while it is on screen.
    fn follow(_app: &mut App) -> Vec<Effect> {
        Vec::new()
    }

    /// The titles of its panels, if it has any.
    fn panels() -> Vec<&'static str> {
        Vec::new()
    }

    /// Its panel of that number is shown, if it has panels.
    fn show_panel(&mut self, _panel: usize) {}

    /// It is again as it was; what is on its way from the engine is of no use.
    fn return_to(&mut self, before: Self) {
        *self = before;
    }

    /// The cursor stands on another token, or another model reads it: what was of the one before goes.
    fn leave_place(&mut self) {}

    /// The weights are those after `step` steps, by a step or by going back: what was of these or later ones goes.
    fn leave_weights(&mut self, _step: usize) {}
}

/// Makes everything that goes by view of the list of views.
macro_rules! views {
    ($($key:literal $View:ident in $module:ident,)*) => {
        /// The views, in the order of their tabs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum View {
            $($View),*
        }

        /// A command that only one view has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ViewCommand {
            $($View($module::Command)),*
        }

        $(impl From<$module::Command> for Command {
            fn from(command: $module::Command) -> Self {
                Self::In(ViewCommand::$View(command))
            }
        })*

        /// What each view remembers by itself.
        #[derive(Clone, Debug, Default)]
        pub struct Views {
            $(pub $module: $module::$View),*
        }

        impl View {
            /// Every view, in order.
            pub const EVERY: [Self; [$($key),*].len()] = [$(Self::$View),*];

            /// The tab's title.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$View => stringify!($View)),*
                }
            }

            /// The titles of its panels, in the order of their tabs.
            pub fn panels(self) -> Vec<&'static str> {
                match self {
                    $(Self::$View => $module::$View::panels()),*
                }
            }

            /// The keys that only it has, and behind which of all views' they stand.
            fn keys(self) -> (Part, &'static [Binding]) {
                match self {
                    $(Self::$View => ($module::$View::BEHIND, $module::$View::KEYS)),*
                }
            }
        }

        /// The keys that show a view.
        pub const SHOW: &[Binding] = &[
            $(Binding {
                context: Context::Views,
                keys: &[$key],
                command: Command::Show(View::$View),
                help: $module::$View::ABOUT,
                short: "",
            },)*
            Binding {
                context: Context::Views, keys: &["v"], command: Command::NextView, help: "next view", short: "",
            },
        ];

        /// Does what only one view can do.
        pub(super) fn run(app: &mut App, command: ViewCommand) -> Vec<Effect> {
            match command {
                $(ViewCommand::$View(command) => $module::$View::run(app, command)),*
            }
        }

        /// The mouse is dragged to token `t` over the view on screen.
        pub(super) fn drag(app: &mut App, t: usize) {
            match app.view {
                $(View::$View => $module::$View::drag(app, t)),*
            }
        }

        /// What the view on screen has open ends; `None` where it has nothing open.
        pub(super) fn cancel(app: &mut App) -> Option<Vec<Effect>> {
            match app.view {
                $(View::$View => $module::$View::cancel(app)),*
            }
        }

        /// What a view on screen needs from outside.
        fn follow_in(app: &mut App, view: View) -> Vec<Effect> {
            match view {
                $(View::$View => $module::$View::follow(app)),*
            }
        }

        /// The view on screen shows its panel of that number.
        pub(super) fn show_panel(app: &mut App, panel: usize) {
            match app.view {
                $(View::$View => app.views.$module.show_panel(panel)),*
            }
        }

        impl Views {
            /// Each is again as it was.
            pub(super) fn return_to(&mut self, before: Self) {
                $(self.$module.return_to(before.$module);)*
            }

            /// What was of another token or model goes.
            pub(super) fn leave_place(&mut self) {
                $(self.$module.leave_place();)*
            }

            /// What was of the weights after `step` steps, or later ones, goes.
            pub(super) fn leave_weights(&mut self, step: usize) {
                $(self.$module.leave_weights(step);)*
            }
        }
    };
}

views! {
    "1" Predict in predict,
    "2" Attend in attend,
    "3" Score in score,
    "4" Train in train,
    "5" Compare in compare,
    "6" Generate in generate,
}

impl Default for View {
    fn default() -> Self {
        Self::EVERY[0]
    }
}

/// What the views on screen need from outside.
pub(super) fn follow(app: &mut App) -> Vec<Effect> {
    let in_sight = View::EVERY.into_iter().filter(|&view| app.shows(view)).collect::<Vec<_>>();
    in_sight.into_iter().flat_map(|view| follow_in(app, view)).collect()
}

/// The keys of the views that stand behind that part of all views' keys.
pub fn keys_behind(part: Part) -> impl Iterator<Item = &'static Binding> {
    View::EVERY.into_iter().map(View::keys).filter(move |(behind, _)| *behind == part).flat_map(|(_, keys)| keys)
}
