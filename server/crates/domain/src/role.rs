//! Roles of accounts and what each may do.
//!
//! Owns the table of permissions. Where a permission is needed is declared beside each route;
//! whether somebody holds it is decided here and nowhere else.

use crate::closed_list;

closed_list! {
    /// The one role of an account.
    Role {
        /// Sees inventory, jobs and audit in scope.
        Viewer = "viewer",
        /// Viewer, and runs jobs, edits tags and fixed groups.
        Operator = "operator",
        /// Everything but reading dialled numbers and changing the audit log.
        Admin = "admin",
        /// Sees the audit log; commands nothing.
        Auditor = "auditor",
    }
}

closed_list! {
    /// One thing that a route or command needs.
    Permission {
        /// Phones, sites, groups.
        ViewInventory = "view_inventory",
        /// Tags and fixed groups.
        EditTags = "edit_tags",
        /// Phones, sites, rules, credentials, imports.
        ManageInventory = "manage_inventory",
        /// Jobs and their targets.
        ViewJobs = "view_jobs",
        /// Start, pause, resume, cancel and retry jobs.
        RunJobs = "run_jobs",
        /// Take calls, dial and transfer on somebody's phone.
        CallControl = "call_control",
        /// Let dangerous jobs of others run; the account's own flag comes on top.
        Approve = "approve",
        /// Stop every job on every node.
        StopAll = "stop_all",
        /// Let jobs run again after a stop.
        ReleaseStop = "release_stop",
        /// The audit log.
        ViewAudit = "view_audit",
        /// Dialled numbers in full, one at a time.
        ReadNumbers = "read_numbers",
        /// Accounts, tokens of others, settings.
        Administer = "administer",
        /// Numbers about the whole house, for programs that watch it.
        ViewMetrics = "view_metrics",
        /// One's own account, tokens and sessions.
        OwnAccount = "own_account",
    }
}

impl Permission {
    /// Whether it is about all there is, so that nobody who reaches less can hold it.
    pub const fn concerns_everything(self) -> bool {
        matches!(
            self,
            Self::ManageInventory | Self::Administer | Self::ReleaseStop | Self::ViewMetrics
        )
    }
}

impl Role {
    /// Whether this role holds the permission.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission as P;
        match self {
            Self::Viewer => matches!(
                permission,
                P::ViewInventory | P::ViewJobs | P::ViewAudit | P::OwnAccount
            ),
            Self::Operator => matches!(
                permission,
                P::ViewInventory
                    | P::EditTags
                    | P::ViewJobs
                    | P::RunJobs
                    | P::CallControl
                    | P::Approve
                    | P::StopAll
                    | P::ViewAudit
                    | P::OwnAccount
            ),
            Self::Admin => !matches!(permission, P::ReadNumbers),
            Self::Auditor => matches!(
                permission,
                P::ViewInventory
                    | P::ViewJobs
                    | P::ViewAudit
                    | P::ReadNumbers
                    | P::ViewMetrics
                    | P::OwnAccount
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_auditors_read_numbers() {
        let allowed: Vec<_> = Role::ALL
            .iter()
            .filter(|role| role.may(Permission::ReadNumbers))
            .collect();
        assert_eq!(allowed, [&Role::Auditor]);
    }

    #[test]
    fn only_operators_and_admins_run_jobs() {
        let allowed: Vec<_> = Role::ALL
            .iter()
            .filter(|role| role.may(Permission::RunJobs))
            .collect();
        assert_eq!(allowed, [&Role::Operator, &Role::Admin]);
    }
}
