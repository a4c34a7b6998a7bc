//! Accounts, sessions, notifications, idempotency keys.

use crate::{at, on_each};
use chrono::Duration;
use db::idempotency::{self, RequestKey, Reservation};
use db::notifications::{self, Notification};
use db::sessions::{self, Session};
use db::users::{self, Admission};
use db::{Error, Page};
use domain::account::Role;
use domain::{MicroUsd, SessionId, UserId};
use testkit::rows::{stored_user, user};

#[tokio::test]
async fn exactly_one_account_is_first_even_when_many_come_at_once() {
    on_each(async |db| {
        let signups = (0..8).map(|i| {
            let db = db.clone();
            tokio::spawn(async move { users::insert(&db, &user(&format!("u{i}@example.com"), at(i)), Admission::Anybody).await })
        });
        let mut admins = 0;
        for signup in signups.collect::<Vec<_>>() {
            let user = signup.await.expect("task").expect("insert").expect("admitted");
            assert_eq!(users::get(&db, user.id).await.expect("get").as_ref(), Some(&user));
            admins += usize::from(user.role == Role::Admin);
        }
        assert_eq!((admins, users::count(&db).await.expect("count")), (1, 8));
        let late = users::insert(&db, &user("late@example.com", at(9)), Admission::OnlyFirst).await.expect("query");
        assert!(late.is_none() && users::by_email(&db, "late@example.com").await.expect("query").is_none());
    })
    .await;
}

#[tokio::test]
async fn an_address_is_taken_whatever_its_case() {
    on_each(async |db| {
        let ada = users::insert(&db, &user(" Ada@Example.com", at(0)), Admission::OnlyFirst).await.expect("insert").expect("first");
        assert_eq!((ada.email.as_str(), ada.role), ("ada@example.com", Role::Admin));
        let again = users::insert(&db, &user("ADA@example.COM", at(1)), Admission::Anybody).await;
        assert!(matches!(again, Err(Error::Duplicate(_))), "{again:?}");
        assert_eq!(users::by_email(&db, "aDa@example.com ").await.expect("query").map(|u| u.id), Some(ada.id));

        let change = |u: &mut users::User| {
            u.monthly_budget = Some(MicroUsd(5_000_000));
            u.updated_at = at(2);
            u.name.clone()
        };
        assert_eq!(users::update(&db, ada.id, change).await.expect("update").as_deref(), Some("Ada"));
        let ada = users::get(&db, ada.id).await.expect("get").expect("there");
        assert_eq!((ada.monthly_budget, ada.updated_at), (Some(MicroUsd(5_000_000)), at(2)));
        assert_eq!(users::update(&db, UserId::new(at(0)), |_| ()).await.expect("update"), None);
    })
    .await;
}

fn session(user: UserId, seconds: i64) -> Session {
    Session {
        id: SessionId::new(at(seconds)),
        user_id: user,
        created_at: at(seconds),
        expires_at: at(seconds + 100),
        revoked_at: None,
        last_seen_at: None,
        user_agent: Some("test".to_owned()),
        address_prefix: None,
    }
}

#[tokio::test]
async fn a_session_ends_by_time_logout_password_change_or_disabling() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let all: Vec<Session> = (0..4).map(|_| session(ada.id, 0)).collect();
        for s in &all {
            sessions::insert(&db, s).await.expect("insert");
        }
        let live = async |i: usize, now: i64| sessions::live(&db, all[i].id, at(now)).await.expect("query").map(|(s, u)| (s.id, u.role));
        assert_eq!(live(0, 99).await, Some((all[0].id, Role::Admin)));
        assert_eq!(live(0, 100).await, None, "expired");
        sessions::touch(&db, all[0].id, at(7)).await.expect("touch");
        assert_eq!(sessions::live(&db, all[0].id, at(8)).await.expect("query").and_then(|(s, _)| s.last_seen_at), Some(at(7)));
        assert!(sessions::revoke(&db, all[0].id, at(10)).await.expect("revoke"));
        assert!(!sessions::revoke(&db, all[0].id, at(11)).await.expect("revoke again"));
        assert_eq!(live(0, 50).await, None, "revoked");
        assert_eq!(sessions::revoke_all(&db, ada.id, Some(all[3].id), at(12)).await.expect("revoke all"), 2);
        assert_eq!((live(1, 50).await, live(3, 50).await.is_some()), (None, true));
        users::update(&db, ada.id, |u| u.disabled_at = Some(at(20))).await.expect("disable");
        assert_eq!(live(3, 50).await, None, "disabled");
        assert!(matches!(sessions::insert(&db, &session(UserId::new(at(0)), 0)).await, Err(Error::Reference(_))));
    })
    .await;
}

fn notification(user: UserId, seconds: i64) -> Notification {
    Notification {
        title: format!("number {seconds}"),
        action_url: Some("/datasets".to_owned()),
        ..testkit::rows::notification(user, at(seconds))
    }
}

#[tokio::test]
async fn notifications_are_paged_read_and_dismissed_by_their_owner_only() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let bob = stored_user(&db, "bob@example.com", at(0)).await;
        let all: Vec<Notification> = (0..5).map(|i| notification(ada.id, i)).collect();
        notifications::insert(&db, &all).await.expect("insert");
        notifications::insert(&db, &all[..1]).await.expect("told once");
        let (page, unread) = notifications::list(&db, ada.id, false, Page { number: 2, size: 2 }).await.expect("list");
        assert_eq!((page.total, unread), (5, 5));
        let numbered = |n: usize| Notification { seq: n as u64 + 1, ..all[n].clone() };
        assert_eq!(page.rows, [numbered(2), numbered(1)]);
        assert!(!notifications::mark_read(&db, bob.id, all[0].id).await.expect("not his"));
        assert!(notifications::mark_read(&db, ada.id, all[0].id).await.expect("read"));
        assert!(notifications::dismiss(&db, ada.id, all[1].id, at(9)).await.expect("dismiss"));
        assert!(!notifications::dismiss(&db, ada.id, all[1].id, at(9)).await.expect("dismissed already"));
        let (page, unread) = notifications::list(&db, ada.id, true, Page::first(10)).await.expect("list");
        assert_eq!((page.total, unread, page.rows.len()), (3, 3, 3));
        assert_eq!(notifications::read_all(&db, ada.id).await.expect("read all"), 3);
        let (page, unread) = notifications::list(&db, ada.id, false, Page::first(10)).await.expect("list");
        assert_eq!((page.total, unread), (4, 0));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_gets_its_first_answer() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let key = RequestKey { user_id: ada.id, route: "POST /api/jobs".to_owned(), key: "k".to_owned() };
        let reserve = async |hash: &str, now| idempotency::reserve(&db, &key, hash, Duration::seconds(60), at(now)).await.expect("reserve");
        assert_eq!(reserve("h", 0).await, Reservation::New);
        assert_eq!(reserve("h", 1).await, Reservation::InProgress);
        assert_eq!(reserve("other", 1).await, Reservation::Mismatch);
        idempotency::release(&db, &key).await.expect("release");
        assert_eq!(reserve("h", 2).await, Reservation::New);
        assert_eq!(reserve("h", 63).await, Reservation::New, "whoever had it died");
        idempotency::complete(&db, &key, 201, "{}").await.expect("complete");
        assert_eq!(reserve("h", 1000).await, Reservation::Answered { status: 201, body: "{}".to_owned() });
        assert_eq!(idempotency::purge(&db, at(64)).await.expect("purge"), 1);
        assert_eq!(reserve("h", 1001).await, Reservation::New);
    })
    .await;
}
