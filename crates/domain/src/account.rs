//! Accounts: roles, tiers with their limits, and the caller of a use case.

use crate::error::{Error, ErrorKind, Result};
use crate::id::{ApiKeyId, SessionId, UserId};
use crate::money::MicroUsd;
use crate::text_enum::text_enum;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    /// How it came in.
    pub via: Access,
    /// Where from, as far as that is kept.
    pub address: Option<AddressPrefix>,
}

/// The network that a request came from: as much of an address as helps its owner to recognise a session, and not more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressPrefix(IpAddr);

impl AddressPrefix {
    /// The /24 of an IPv4 address, the /48 of an IPv6 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(Ipv4Addr::from_bits(v4.to_bits() & !0xff).into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 80)).into()),
        }
    }
}

impl fmt::Display for AddressPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 48 })
    }
}

text_enum! {
    /// What an API key is good for.
    KeyScope {
        /// Requests that change nothing.
        Read = "read",
        /// All requests but those that decide who has access.
        Write = "write",
    }
}

/// How a caller came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By a login session.
    Session(SessionId),
    /// By a personal API key.
    Key {
        /// Which.
        id: ApiKeyId,
        /// What it is good for.
        scope: KeyScope,
    },
    /// The program's own work on behalf of the account.
    Program,
}

impl Caller {
    /// The login session, where it is one.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.via {
            Access::Session(id) => Some(id),
            Access::Key { .. } | Access::Program => None,
        }
    }

    /// Refuses what a key that only reads may not do. Asked for every unsafe request.
    ///
    /// # Errors
    /// `KEY_READ_ONLY`.
    pub fn require_write(&self) -> Result<()> {
        match self.via {
            Access::Key { scope: KeyScope::Read, .. } => {
                let message = "This API key can only read; use a key with the scope write, or log in.";
                Err(Error::new(ErrorKind::Forbidden, "KEY_READ_ONLY", message))
            }
            _ => Ok(()),
        }
    }

    /// Refuses API keys: whoever has a key must not be able to make more of it than it is.
    ///
    /// # Errors
    /// `SESSION_REQUIRED`.
    pub fn require_session(&self) -> Result<SessionId> {
        self.session_id().ok_or_else(|| {
            let message = "Passwords, sessions, API keys and other people's access are managed when logged in, not with an API key.";
            Error::new(ErrorKind::Forbidden, "SESSION_REQUIRED", message)
        })
    }

    /// Refuses everybody but admins.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub fn require_admin(&self) -> Result<()> {
        if self.role == Role::Admin {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, "FORBIDDEN", "Only administrators of this server may do this."))
    }

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
        let caller = |role| Caller { user_id: a, role, via: Access::Program, address: None };
        assert!(caller(Role::User).may_manage(a) && !caller(Role::User).may_manage(b) && !caller(Role::User).may_read_costs_of(b));
        assert!(!caller(Role::BillingAdmin).may_manage(b) && caller(Role::BillingAdmin).may_read_costs_of(b));
        assert!(caller(Role::Admin).may_manage(b));
        assert!(caller(Role::Admin).require_admin().is_ok() && caller(Role::BillingAdmin).require_admin().is_err());
    }

    #[test]
    fn only_the_network_of_an_address_is_kept() {
        let of = |text: &str| AddressPrefix::of(text.parse().expect("an address")).to_string();
        assert_eq!((of("192.0.2.77"), of("::ffff:192.0.2.77")), ("192.0.2.0/24".to_owned(), "192.0.2.0/24".to_owned()));
        assert_eq!(of("2001:db8:1:2:3::4"), "2001:db8:1::/48");
    }

    #[test]
    fn a_key_is_less_than_a_session() {
        let via = |via| Caller { user_id: UserId(uuid::Uuid::nil()), role: Role::User, via, address: None };
        let id = ApiKeyId(uuid::Uuid::nil());
        let (read, write) = (via(Access::Key { id, scope: KeyScope::Read }), via(Access::Key { id, scope: KeyScope::Write }));
        assert_eq!(read.require_write().expect_err("reads only").code, "KEY_READ_ONLY");
        assert!(write.require_write().is_ok());
        assert_eq!(write.require_session().expect_err("a key").code, "SESSION_REQUIRED");
        let session = via(Access::Session(SessionId(uuid::Uuid::nil())));
        assert!(session.require_write().is_ok() && session.require_session().is_ok());
    }
}
