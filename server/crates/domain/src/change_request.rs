//! What one administrator asks for and another decides about.
//!
//! Owns the words for what is asked and how such a request stands; what follows from it is the engine's.

use crate::closed_list;

closed_list! {
    /// What is asked for.
    ChangeKind {
        /// That another account loses its second factor.
        SecondFactorReset = "second_factor_reset",
        /// Other limits and rules for what one person does alone.
        Rules = "rules",
        /// Other roles that need a second factor.
        SecondFactorRoles = "second_factor_roles",
        /// Other networks for the phones.
        Networks = "networks",
        /// That phones leave the inventory.
        PhonesDeletion = "phones_deletion",
    }
}

closed_list! {
    /// How a request for a change stands.
    ChangeState {
        /// Nobody decided yet.
        Waiting = "waiting",
        /// Another administrator let it come true.
        Approved = "approved",
        /// Another administrator said no.
        Denied = "denied",
        /// Whoever asked for it took it back.
        Cancelled = "cancelled",
        /// Nobody decided in time.
        Expired = "expired",
        /// What it would change was changed meanwhile.
        Void = "void",
        /// It was made at once: nobody else could decide.
        Alone = "alone",
    }
}
