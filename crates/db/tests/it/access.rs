//! API keys, tokens sent by mail, invitations, the audit log, and the last admin.

use crate::{at, on_each};
use db::account_tokens::{self, AccountToken, Purpose};
use db::audit::{self, AuditFilter, Entry};
use db::invitations::{self, Invitation};
use db::users::{self, Administered, Admission, UserFilter};
use db::{Db, Page, instances};
use domain::audit::AuditAction;
use domain::{AuditId, InvitationId, MicroUsd, Role, UserId};
use sea_orm::{ConnectionTrait, Database};
use testkit::rows::{stored_user, user};

fn entry(action: AuditAction, actor: UserId, seconds: i64) -> Entry {
    Entry {
        id: AuditId::new(at(seconds)),
        at: at(seconds),
        action,
        actor_id: Some(actor),
        subject_id: Some(actor.uuid()),
        via: None,
        address_prefix: Some("192.0.2.0/24".to_owned()),
        details: Some(serde_json::json!({ "from": 1 })),
    }
}

#[tokio::test]
async fn the_audit_log_grows_and_nothing_else() {
    for database in testkit::databases() {
        let db = database.migrated().await;
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        let all = [entry(AuditAction::Login, ada.id, 1), entry(AuditAction::Logout, ada.id, 2)];
        audit::insert(&db, &all).await.expect("added");
        let found = audit::list(&db, &AuditFilter::default(), Page::first(10)).await.expect("list");
        assert_eq!((found.total, found.rows), (2, vec![all[1].clone(), all[0].clone()]));
        let filter = AuditFilter { action: Some(AuditAction::Login), user_id: Some(ada.id) };
        assert_eq!(audit::list(&db, &filter, Page::first(10)).await.expect("list").rows, [all[0].clone()]);

        let connection = Database::connect(&database.url).await.expect("connection");
        for statement in ["UPDATE audit_log SET action = 'login'", "DELETE FROM audit_log"] {
            let error = connection.execute_unprepared(statement).await.expect_err("refused").to_string();
            assert!(error.contains("append-only"), "{error}");
        }
        if database.kind == "postgres" {
            assert!(connection.execute_unprepared("TRUNCATE audit_log").await.is_err());
        }
        // The account goes, its lines stay.
        assert!(users::remove(&db, ada.id, &[entry(AuditAction::AccountPurged, ada.id, 3)]).await.expect("removed"));
        assert_eq!(audit::list(&db, &AuditFilter::default(), Page::first(10)).await.expect("list").total, 3);
    }
}

fn token(user_id: UserId, hash: &str, seconds: i64) -> AccountToken {
    AccountToken {
        id: uuid::Uuid::now_v7(),
        user_id,
        purpose: Purpose::ResetPassword,
        token_hash: hash.to_owned(),
        created_at: at(seconds),
        expires_at: at(seconds + 3600),
        email: None,
    }
}

#[tokio::test]
async fn a_token_opens_once_within_its_time_and_for_its_purpose() {
    on_each(async |db| {
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        assert!(account_tokens::insert(&db, &token(ada.id, "one", 0), 2).await.expect("insert"));
        assert!(account_tokens::insert(&db, &token(ada.id, "two", 0), 2).await.expect("insert"));
        assert!(!account_tokens::insert(&db, &token(ada.id, "three", 0), 2).await.expect("insert"), "two are enough");
        let owner = async |hash, now| account_tokens::owner(&db, Purpose::ResetPassword, hash, at(now)).await.expect("query");
        assert_eq!((owner("one", 3599).await, owner("one", 3600).await, owner("none", 0).await), (Some(ada.id), None, None));
        assert_eq!(account_tokens::verify_email(&db, "one", at(1)).await.expect("query"), None, "it is for something else");
        let tries = (0..4).map(|_| {
            let db = db.clone();
            tokio::spawn(async move { account_tokens::reset_password(&db, "one", "new hash", at(2)).await })
        });
        let mut opened = 0;
        for one in tries.collect::<Vec<_>>() {
            opened += usize::from(one.await.expect("task").expect("query").is_some());
        }
        assert_eq!((opened, owner("two", 2).await), (1, None), "the others are worthless then");
        let ada = users::get(&db, ada.id).await.expect("query").expect("there");
        assert_eq!((ada.password_hash.as_str(), ada.email_verified_at), ("new hash", Some(at(2))));
    })
    .await;
}

fn invitation(hash: &str, email: Option<&str>) -> Invitation {
    Invitation {
        id: InvitationId::new(at(0)),
        email: email.map(str::to_owned),
        role: Role::BillingAdmin,
        token_hash: hash.to_owned(),
        invited_by: None,
        created_at: at(0),
        expires_at: at(100),
        used_at: None,
        used_by: None,
        revoked_at: None,
    }
}

#[tokio::test]
async fn an_invitation_lets_one_in() {
    on_each(async |db| {
        stored_user(&db, "root@example.com", at(0)).await;
        invitations::insert(&db, &invitation("open", None)).await.expect("insert");
        let tries = (0..4).map(|i| {
            let db = db.clone();
            let user = user(&format!("u{i}@example.com"), at(1));
            tokio::spawn(async move { users::insert(&db, &user, Admission::Invited("open".to_owned())).await })
        });
        let mut admitted = Vec::new();
        for one in tries.collect::<Vec<_>>() {
            admitted.extend(one.await.expect("task").expect("query"));
        }
        assert_eq!((admitted.len(), admitted[0].role), (1, Role::BillingAdmin));
        let listed = invitations::list(&db, Page::first(10)).await.expect("list").rows;
        assert_eq!((listed[0].used_at, listed[0].used_by), (Some(at(1)), Some(admitted[0].id)));
        assert!(!invitations::revoke(&db, listed[0].id, at(2)).await.expect("query"), "it was used");
    })
    .await;
}

async fn demote(db: &Db, id: UserId) -> Administered {
    let change = |user: &mut users::User| {
        user.role = Role::User;
        Vec::new()
    };
    users::administer(db, id, at(5), change).await.expect("query")
}

#[tokio::test]
async fn of_admins_who_go_at_once_one_stays() {
    on_each(async |db| {
        let root = stored_user(&db, "root@example.com", at(0)).await;
        let ada = stored_user(&db, "ada@example.com", at(0)).await;
        users::update(&db, ada.id, |user| user.role = Role::Admin).await.expect("update");
        let (one, two) = (db.clone(), db.clone());
        let tries = [tokio::spawn(async move { demote(&one, root.id).await }), tokio::spawn(async move { demote(&two, ada.id).await })];
        let mut last = 0;
        for one in tries {
            last += usize::from(one.await.expect("task") == Administered::LastAdmin);
        }
        let filter = UserFilter { role: Some(Role::Admin), ..UserFilter::default() };
        assert_eq!((last, users::list(&db, &filter, Page::first(10)).await.expect("list").total), (1, 1));
        assert_eq!(demote(&db, UserId::new(at(0))).await, Administered::NotThere);
    })
    .await;
}

#[tokio::test]
async fn changes_of_an_instance_at_once_do_not_lose_one_another() {
    on_each(async |db| {
        let change = async |rate: bool| {
            let edit = |row: &mut instances::InstanceOverride| {
                if rate {
                    row.rate_per_hour = Some(MicroUsd(7));
                } else {
                    row.offered = false;
                }
                Vec::new()
            };
            instances::update(&db, "local-cpu", at(1), edit).await.expect("update");
        };
        futures::future::join(change(true), change(false)).await;
        let rows = instances::overrides(&db).await.expect("query");
        assert_eq!((rows.len(), rows[0].rate_per_hour, rows[0].offered), (1, Some(MicroUsd(7)), false));
    })
    .await;
}

#[tokio::test]
async fn another_address_makes_what_was_sent_to_the_one_before_worthless() {
    on_each(async |db| {
        let (ada, bob) = (stored_user(&db, "ada@example.com", at(0)).await, stored_user(&db, "bob@example.com", at(0)).await);
        let of =
            |purpose, hash: &str, email: Option<&str>| AccountToken { purpose, email: email.map(str::to_owned), ..token(ada.id, hash, 1) };
        let add = async |token: AccountToken| assert!(account_tokens::insert(&db, &token, 3).await.expect("stored"));
        add(of(Purpose::VerifyEmail, "v", None)).await;
        add(of(Purpose::ChangeEmail, "taken", Some("bob@example.com"))).await;
        add(of(Purpose::ChangeEmail, "free", Some("new@example.com"))).await;
        assert_eq!(account_tokens::change_email(&db, "v", at(2)).await.expect("asked"), None, "for its purpose only");
        assert_eq!(account_tokens::change_email(&db, "taken", at(2)).await.expect("asked"), None, "it is somebody else's");
        assert!(matches!(users::set_email(&db, ada.id, "bob@example.com", at(2)).await, Err(db::Error::Duplicate(_))));
        let before = account_tokens::change_email(&db, "free", at(2)).await.expect("changed").expect("good");
        assert_eq!(before.email, "ada@example.com");
        let now = users::get(&db, ada.id).await.expect("read").expect("there");
        assert_eq!((&*now.email, now.email_verified_at), ("new@example.com", Some(at(2))));
        for gone in ["v", "taken", "free"] {
            assert_eq!(account_tokens::verify_email(&db, gone, at(3)).await.expect("asked"), None);
            assert_eq!(account_tokens::change_email(&db, gone, at(3)).await.expect("asked"), None);
        }
        assert!(users::set_email(&db, bob.id, "b@example.com", at(4)).await.expect("changed"));
        assert_eq!(users::get(&db, bob.id).await.expect("read").expect("there").email_verified_at, None, "yet to be confirmed");
    })
    .await;
}
