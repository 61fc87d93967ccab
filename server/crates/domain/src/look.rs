//! How somebody wants the pages to look.
//!
//! Owns which choices there are. None of them says anything that another one does not.

use crate::closed_list;

closed_list! {
    /// Dark letters on a light ground, or the other way round.
    Theme {
        /// A light ground.
        Light = "light",
        /// A dark ground.
        Dark = "dark",
    }
}

closed_list! {
    /// How much room the rows of a list have.
    Density {
        /// Most rows on a screen.
        Compact = "compact",
        /// Rows that are easy to hit with a finger.
        Comfortable = "comfortable",
    }
}

/// What an account chose; `None` = as the system of whoever reads has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Look {
    /// Light or dark.
    pub theme: Option<Theme>,
    /// Room of rows.
    pub density: Option<Density>,
}
