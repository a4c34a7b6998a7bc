//! `GET /api/notifications`

use crate::convert::notifications::notification;
use crate::dto::common::Envelope;
use crate::dto::notifications::{ListNotifications, NotificationList};
use crate::extract::{Auth, Paging, Params};
use crate::openapi::Failures;
use crate::reply::{ApiResult, Reply};
use crate::state::ApiState;
use axum::extract::State;

/// The caller's notifications, newest first.
#[utoipa::path(
    get, path = "/api/notifications", operation_id = "listNotifications", tag = "notifications",
    params(ListNotifications),
    responses((status = 200, description = "A page of notifications", body = Envelope<NotificationList>), Failures)
)]
pub async fn list(
    State(state): State<ApiState>,
    Auth(caller): Auth,
    Params(query): Params<ListNotifications>,
) -> ApiResult<NotificationList> {
    let page = Paging::new(query.page, query.page_size)?;
    let unread_only = query.unread_only.unwrap_or_default();
    let found = app::notifications::list(&state.app, &caller, unread_only, page.page, page.page_size).await?;
    let notifications = found.notifications.into_iter().map(notification).collect();
    let reply = Reply::ok(NotificationList { notifications }).page(page, found.total);
    Ok(reply.meta(|meta| meta.unread_count = Some(found.unread)))
}
