//! Notifications.

use crate::world::on_each;
use serde_json::{Value, json};

#[tokio::test]
async fn notifications_are_read_one_by_one_all_at_once_and_dismissed() {
    on_each(|world| async move {
        let ada = &world.ada;
        for name in ["one", "two", "three"] {
            world.validated(ada, name, b"").await;
            world.advance(chrono::Duration::seconds(1));
        }
        let list = async |query: &str| world.get(&format!("/api/notifications{query}"), ada).await.json();
        let all = list("?pageSize=2").await;
        assert_eq!(all["meta"], json!({ "pagination": { "page": 1, "pageSize": 2, "total": 3, "hasMore": true }, "unreadCount": 3 }));
        let newest = &all["data"]["notifications"][0];
        assert!(newest["message"].as_str().is_some_and(|text| text.contains("three")), "{newest:#}");
        assert!(newest["actionUrl"].as_str().is_some_and(|url| url.starts_with("/datasets/")));
        let id = newest["id"].as_str().expect("an id").to_owned();
        world.call("PATCH", &format!("/api/notifications/{id}/read"), Some(ada), None).await.data();
        let unread = list("?unreadOnly=true").await;
        assert_eq!((unread["data"]["notifications"].as_array().map(Vec::len), unread["meta"]["unreadCount"].as_u64()), (Some(2), Some(2)));
        world.call("DELETE", &format!("/api/notifications/{id}"), Some(ada), None).await.data();
        world.call("DELETE", &format!("/api/notifications/{id}"), Some(ada), None).await.fails(404, "NOTIFICATION_NOT_FOUND", None);
        assert_eq!(list("").await["meta"]["pagination"]["total"], 2);
        assert_eq!(world.post("/api/notifications/read-all", Some(ada), Value::Null).await.data()["updated"], 2);
        assert_eq!(list("").await["meta"]["unreadCount"], 0);
        world.get("/api/notifications?unreadOnly=perhaps", ada).await.fails(400, "VALIDATION_ERROR", Some("unreadOnly"));
    })
    .await;
}
