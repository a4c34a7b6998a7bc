//! Webhooks' vocabulary.

use crate::text_enum::text_enum;

text_enum! {
    /// What became of a message to a webhook.
    DeliveryStatus {
        /// It waits for its first or next try.
        Pending = "pending",
        /// It was accepted.
        Delivered = "delivered",
        /// It is not tried any more.
        Failed = "failed",
    }
}
