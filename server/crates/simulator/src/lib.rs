//! Phones that are not there: real sockets, real protocols, and a ledger of what each one executed.
