//! The audit log: which acts it keeps.

use crate::text_enum::text_enum;

text_enum! {
    /// An act that decides who has access to what, or takes data away.
    AuditAction {
        /// An account was made.
        Signup = "signup",
        /// A session began.
        Login = "login",
        /// A login with a wrong password, of an account that may not, or of none.
        LoginFailed = "login_failed",
        /// A session was ended by its owner.
        Logout = "logout",
        /// A session was revoked from another one.
        SessionRevoked = "session_revoked",
        /// All other sessions were revoked.
        SessionsRevoked = "sessions_revoked",
        /// The password was changed by somebody who knew the old one.
        PasswordChanged = "password_changed",
        /// A link to reset the password was sent.
        PasswordResetRequested = "password_reset_requested",
        /// The password was reset by such a link.
        PasswordReset = "password_reset",
        /// The e-mail address was confirmed.
        EmailVerified = "email_verified",
        /// Another e-mail address was asked for, which is yet to be confirmed.
        EmailChangeRequested = "email_change_requested",
        /// The e-mail address became another one.
        EmailChanged = "email_changed",
        /// An API key was made.
        KeyCreated = "key_created",
        /// An API key was revoked.
        KeyRevoked = "key_revoked",
        /// Somebody was invited.
        InvitationCreated = "invitation_created",
        /// An invitation was taken back.
        InvitationRevoked = "invitation_revoked",
        /// An account's role changed.
        RoleChanged = "role_changed",
        /// An account's tier changed.
        TierChanged = "tier_changed",
        /// An account's monthly budget changed.
        BudgetChanged = "budget_changed",
        /// An account may not log in any more.
        AccountDisabled = "account_disabled",
        /// An account may log in again.
        AccountEnabled = "account_enabled",
        /// The deletion of an account was asked for.
        DeletionRequested = "deletion_requested",
        /// The deletion was called off.
        DeletionCancelled = "deletion_cancelled",
        /// An account was removed with its data.
        AccountPurged = "account_purged",
        /// An account's data was downloaded.
        DataExported = "data_exported",
        /// A data set was deleted.
        DatasetDeleted = "dataset_deleted",
        /// A deleted data set was taken back.
        DatasetRestored = "dataset_restored",
        /// A model was deleted.
        ModelDeleted = "model_deleted",
        /// A deleted model was taken back.
        ModelRestored = "model_restored",
        /// A webhook was made.
        WebhookCreated = "webhook_created",
        /// Where a webhook sends to, or whether it does, changed.
        WebhookChanged = "webhook_changed",
        /// A webhook got another secret.
        WebhookSecretRotated = "webhook_secret_rotated",
        /// A webhook was deleted.
        WebhookDeleted = "webhook_deleted",
        /// What an instance type costs, or whether it is offered, changed.
        InstanceChanged = "instance_changed",
    }
}
