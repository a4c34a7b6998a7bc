//! Every operation: one file a verb. A route and its OpenAPI entry are one declaration.

pub mod activity;
pub mod admin;
pub mod auth;
pub mod catalogue;
pub mod configurations;
pub mod costs;
pub mod datasets;
pub mod docs;
pub mod health;
pub mod jobs;
pub mod models;
pub mod notifications;
pub mod page;
pub mod settings;
pub mod storage;
pub mod webhooks;

use crate::openapi::ApiDoc;
use crate::state::ApiState;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All documented operations.
pub fn operations() -> OpenApiRouter<ApiState> {
    OpenApiRouter::with_openapi(ApiDoc::openapi())
        .routes(routes!(auth::signup::signup))
        .routes(routes!(auth::login::login))
        .routes(routes!(auth::logout::logout))
        .routes(routes!(auth::me::me, auth::update_me::update_me))
        .merge(access())
        .merge(administration())
        .routes(routes!(datasets::list::list, datasets::create::create))
        .routes(routes!(datasets::validate::validate))
        .routes(routes!(datasets::sample::sample))
        .routes(routes!(datasets::get::get, datasets::update::update, datasets::delete::delete))
        .routes(routes!(datasets::confirm::confirm))
        .routes(routes!(datasets::fixes::fixes))
        .routes(routes!(datasets::example::example))
        .routes(routes!(datasets::conversations::conversations))
        .routes(routes!(datasets::export::export))
        .routes(routes!(datasets::export_report::export_report))
        .routes(routes!(datasets::restore::restore))
        .merge(uploads())
        .routes(routes!(jobs::list::list, jobs::create::create))
        .routes(routes!(jobs::estimate::estimate))
        .routes(routes!(jobs::get::get, jobs::update::update))
        .routes(routes!(jobs::stream::stream))
        .routes(routes!(jobs::stream_all::stream_all))
        .routes(routes!(jobs::metrics::metrics))
        .routes(routes!(jobs::logs::logs))
        .routes(routes!(jobs::download_logs::download_logs))
        .routes(routes!(jobs::example::example))
        .routes(routes!(jobs::checkpoints::checkpoints))
        .routes(routes!(jobs::callback::callback))
        .routes(routes!(jobs::callback_checkpoint::callback_checkpoint))
        .routes(routes!(jobs::cancel::cancel))
        .routes(routes!(jobs::retry::retry))
        .routes(routes!(models::list::list))
        .routes(routes!(models::artifacts::artifacts))
        .routes(routes!(models::get::get, models::update::update, models::delete::delete))
        .routes(routes!(models::restore::restore))
        .routes(routes!(models::download::download))
        .routes(routes!(models::archive::archive))
        .routes(routes!(costs::list::list))
        .routes(routes!(costs::summary::summary))
        .routes(routes!(costs::export::export))
        .routes(routes!(notifications::list::list))
        .routes(routes!(notifications::stream::stream))
        .routes(routes!(notifications::read::read))
        .routes(routes!(notifications::read_all::read_all))
        .routes(routes!(notifications::delete::delete))
        .routes(routes!(settings::get::get, settings::update::update))
        .routes(routes!(webhooks::list::list, webhooks::create::create))
        .routes(routes!(webhooks::get::get, webhooks::update::update, webhooks::delete::delete))
        .routes(routes!(webhooks::rotate::rotate))
        .routes(routes!(webhooks::test::test))
        .routes(routes!(webhooks::deliveries::deliveries))
        .routes(routes!(configurations::list::list, configurations::create::create))
        .routes(routes!(configurations::update::update, configurations::delete::delete))
        .routes(routes!(catalogue::catalogue))
        .routes(routes!(activity::activity))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// What an account has besides its data: sessions, keys, password, address, end.
fn access() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(auth::options::options))
        .routes(routes!(auth::sessions::sessions))
        .routes(routes!(auth::revoke_session::revoke_session))
        .routes(routes!(auth::revoke_others::revoke_others))
        .routes(routes!(auth::keys::keys, auth::create_key::create_key))
        .routes(routes!(auth::revoke_key::revoke_key))
        .routes(routes!(auth::change_password::change_password))
        .routes(routes!(auth::forgot_password::forgot_password))
        .routes(routes!(auth::reset_password::reset_password))
        .routes(routes!(auth::verify_email::verify_email))
        .routes(routes!(auth::send_verification::send_verification))
        .routes(routes!(auth::request_deletion::request_deletion, auth::cancel_deletion::cancel_deletion))
        .routes(routes!(auth::export::export))
}

/// For administrators.
fn administration() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(admin::list_users::list_users))
        .routes(routes!(admin::update_user::update_user))
        .routes(routes!(admin::reset_link::reset_link))
        .routes(routes!(admin::list_invitations::list_invitations, admin::create_invitation::create_invitation))
        .routes(routes!(admin::revoke_invitation::revoke_invitation))
        .routes(routes!(admin::list_instances::list_instances))
        .routes(routes!(admin::update_instance::update_instance))
        .routes(routes!(admin::audit_log::audit_log))
}

/// Operations that take a file; they bound its size themselves.
fn uploads() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(datasets::upload::upload))
        .routes(routes!(storage::get_object, storage::put_object))
        .layer(axum::extract::DefaultBodyLimit::disable())
}
