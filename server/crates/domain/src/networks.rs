//! The networks in which phones may be contacted.
//!
//! Owns the words for how a choice of them is kept; what they are is asked of the engine.

use crate::closed_list;

closed_list! {
    /// How the choice of networks stands in the database.
    Stored {
        /// Nobody ever chose.
        Unchosen = "unchosen",
        /// As somebody chose it.
        Chosen = "chosen",
        /// Somebody chose, and the row is gone.
        Lost = "lost",
        /// Changed outside Carillon: it is not believed, and nothing is let through.
        Forged = "forged",
    }
}
