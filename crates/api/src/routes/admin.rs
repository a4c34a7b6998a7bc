//! Accounts, invitations, instance types and the audit log, for administrators.

pub mod audit_log;
pub mod create_invitation;
pub mod list_instances;
pub mod list_invitations;
pub mod list_users;
pub mod reset_link;
pub mod revoke_invitation;
pub mod update_instance;
pub mod update_user;
