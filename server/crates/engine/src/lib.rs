//! The use cases: inventory, accounts, secrets, jobs, dispatch and audit.
