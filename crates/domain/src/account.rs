//! Accounts: roles, tiers with their limits, and the caller of a use case.

use crate::id::{SessionId, UserId};
use crate::money::MicroUsd;
use crate::text_enum::text_enum;

text_enum! {
    /// What an account may do.
    Role {
        /// Manages its own things.
        User = "user",
        /// Sees and manages everything.
        Admin = "admin",
        /// Sees everybody's costs and otherwise only its own things.
        BillingAdmin = "billing_admin",
    }
}

text_enum! {
    /// Subscription tier; its limits come from the configuration.
    Tier {
        /// Default.
        Free = "free",
        /// Second.
        Starter = "starter",
        /// Third.
        Professional = "professional",
        /// Highest.
        Enterprise = "enterprise",
    }
}

/// What a tier allows. Generous by default: the server is the user's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierLimits {
    /// Jobs of one account that may run at once; more are queued.
    pub concurrent_jobs: u32,
    /// Bytes of one uploaded file.
    pub max_file_size: u64,
    /// Bytes of all data sets together.
    pub max_storage: u64,
    /// Monthly budget of an account that has none of its own; none means unlimited.
    pub monthly_budget: Option<MicroUsd>,
}

impl Default for TierLimits {
    fn default() -> Self {
        Self { concurrent_jobs: 2, max_file_size: 5 * 1024 * 1024 * 1024, max_storage: 200 * 1024 * 1024 * 1024, monthly_budget: None }
    }
}

/// Who calls a use case. Made by authentication only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub user_id: UserId,
    /// Its role at this moment.
    pub role: Role,
    /// The session that the request came with; none for the program's own work on behalf of the account.
    pub session_id: Option<SessionId>,
}

impl Caller {
    /// Whether this caller may read and change things of `owner`.
    pub fn may_manage(&self, owner: UserId) -> bool {
        self.user_id == owner || self.role == Role::Admin
    }

    /// Whether this caller may read costs of `owner`.
    pub fn may_read_costs_of(&self, owner: UserId) -> bool {
        self.may_manage(owner) || self.role == Role::BillingAdmin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_reach_as_far_as_ruled() {
        let (a, b) = (UserId(uuid::Uuid::from_u128(1)), UserId(uuid::Uuid::from_u128(2)));
        let caller = |role| Caller { user_id: a, role, session_id: None };
        assert!(caller(Role::User).may_manage(a) && !caller(Role::User).may_manage(b) && !caller(Role::User).may_read_costs_of(b));
        assert!(!caller(Role::BillingAdmin).may_manage(b) && caller(Role::BillingAdmin).may_read_costs_of(b));
        assert!(caller(Role::Admin).may_manage(b));
    }
}
