//! What every store must do, whatever it is made of.

use blob::{BlobStore, ByteRange, ByteStream, Error, Key, SizeLimit, memory_content};
use bytes::Bytes;
use domain::{DatasetId, ModelId, UserId};
use futures::{StreamExt, TryStreamExt};
use sha2::{Digest, Sha256};
use std::io;
use uuid::Uuid;

pub fn key(name: &str) -> Key {
    Key::model_file(ModelId(Uuid::from_u128(1)), name).expect("a plain name")
}

fn pieces(pieces: Vec<io::Result<&'static [u8]>>) -> ByteStream {
    futures::stream::iter(pieces.into_iter().map(|p| p.map(Bytes::from_static))).boxed()
}

async fn read(store: &dyn BlobStore, key: &Key, range: Option<ByteRange>) -> Vec<u8> {
    let object = store.get(key, range).await.expect("object");
    let bytes: Vec<Bytes> = object.content.try_collect().await.expect("content");
    bytes.concat()
}

/// The whole suite.
pub async fn run(store: &dyn BlobStore) {
    stores_and_reads(store).await;
    reads_parts(store).await;
    keeps_the_size(store).await;
    a_broken_upload_leaves_what_was_there(store).await;
    removes(store).await;
    lists(store).await;
    takes_large_objects_in_small_memory(store).await;
}

async fn stores_and_reads(store: &dyn BlobStore) {
    let key = Key::dataset(UserId(Uuid::from_u128(1)), DatasetId(Uuid::from_u128(2)), "a.jsonl");
    assert_eq!(store.head(&key).await.expect("head"), None);
    assert!(matches!(store.get(&key, None).await, Err(Error::NotFound(_))));
    let stored = store.put(&key, pieces(vec![Ok(b"hello "), Ok(b""), Ok(b"world")]), SizeLimit::Exactly(11)).await.expect("put");
    assert_eq!((stored.size, stored.sha256), (11, hex::encode(Sha256::digest(b"hello world"))));
    assert_eq!(store.head(&key).await.expect("head").map(|m| m.size), Some(11));
    assert_eq!(read(store, &key, None).await, b"hello world");
    store.put(&key, memory_content("bye"), SizeLimit::AtMost(100)).await.expect("replace");
    assert_eq!(read(store, &key, None).await, b"bye");
    store.put(&key, memory_content(""), SizeLimit::Exactly(0)).await.expect("an empty object");
    assert_eq!(read(store, &key, None).await, b"");
}

async fn reads_parts(store: &dyn BlobStore) {
    let key = key("parts.json");
    store.put(&key, memory_content("0123456789"), SizeLimit::Exactly(10)).await.expect("put");
    assert_eq!(read(store, &key, Some(ByteRange::Between(2, 4))).await, b"234");
    assert_eq!(read(store, &key, Some(ByteRange::From(7))).await, b"789");
    assert_eq!(read(store, &key, Some(ByteRange::Last(2))).await, b"89");
    let object = store.get(&key, Some(ByteRange::Between(8, 99))).await.expect("object");
    assert_eq!((object.size, object.range), (10, 8..10));
    assert!(matches!(store.get(&key, Some(ByteRange::From(10))).await, Err(Error::Range { size: 10 })));
}

async fn keeps_the_size(store: &dyn BlobStore) {
    let key = key("bounded.json");
    let too_large = store.put(&key, pieces(vec![Ok(b"12345"), Ok(b"678")]), SizeLimit::Exactly(7)).await;
    assert!(matches!(too_large, Err(Error::TooLarge { limit: 7 })), "{too_large:?}");
    let too_large = store.put(&key, memory_content("12345678"), SizeLimit::AtMost(7)).await;
    assert!(matches!(too_large, Err(Error::TooLarge { limit: 7 })), "{too_large:?}");
    let too_short = store.put(&key, memory_content("123456"), SizeLimit::Exactly(7)).await;
    assert!(matches!(too_short, Err(Error::TooShort { expected: 7, received: 6 })), "{too_short:?}");
    assert_eq!(store.head(&key).await.expect("head"), None);
}

async fn a_broken_upload_leaves_what_was_there(store: &dyn BlobStore) {
    let key = key("kept.json");
    store.put(&key, memory_content("first"), SizeLimit::Exactly(5)).await.expect("put");
    let gone = || Err(io::Error::new(io::ErrorKind::ConnectionReset, "the client went away"));
    let broken = store.put(&key, pieces(vec![Ok(b"sec"), gone()]), SizeLimit::Exactly(6)).await;
    assert!(matches!(broken, Err(Error::Content(_))), "{broken:?}");
    assert_eq!(read(store, &key, None).await, b"first");
    // Also when the request is dropped between two pieces.
    let endless = pieces(vec![Ok(b"sec")]).chain(futures::stream::pending()).boxed();
    let mut put = Box::pin(store.put(&key, endless, SizeLimit::Exactly(6)));
    for _ in 0..50 {
        assert!(futures::poll!(put.as_mut()).is_pending());
        tokio::task::yield_now().await;
    }
    drop(put);
    assert_eq!(read(store, &key, None).await, b"first");
}

async fn removes(store: &dyn BlobStore) {
    let key = key("gone.json");
    store.put(&key, memory_content("x"), SizeLimit::Exactly(1)).await.expect("put");
    assert!(store.delete(&key).await.expect("delete"));
    assert!(!store.delete(&key).await.expect("delete again"));
    assert_eq!(store.head(&key).await.expect("head"), None);
}

/// The keys below a prefix, in order.
pub async fn listed(store: &dyn BlobStore, prefix: &str) -> Vec<String> {
    let found: Vec<_> = store.list(prefix).try_collect().await.expect("a list");
    let mut keys: Vec<String> = found.into_iter().map(|listed| listed.key.to_string()).collect();
    keys.sort();
    keys
}

async fn lists(store: &dyn BlobStore) {
    store.check().await.expect("it can be used");
    let before = listed(store, "datasets").await;
    let user = UserId(Uuid::from_u128(7));
    let keys: Vec<Key> = (0..5).map(|n| Key::dataset(user, DatasetId(Uuid::from_u128(n)), "a.json")).collect();
    for key in &keys {
        store.put(key, memory_content("12"), SizeLimit::Exactly(2)).await.expect("put");
    }
    let texts: Vec<String> = keys.iter().map(Key::to_string).collect();
    assert_eq!(listed(store, &format!("datasets/{user}")).await, texts);
    assert_eq!(listed(store, "datasets").await.len(), before.len() + 5);
    assert_eq!(listed(store, &format!("datasets/{}", UserId(Uuid::from_u128(8)))).await, Vec::<String>::new());
    let first = store.list("datasets").try_next().await.expect("a list").expect("an object");
    let age = chrono::Utc::now() - first.modified;
    assert!(first.size > 0 || before.len() == 1, "{first:?}");
    assert!(age < chrono::Duration::minutes(10) && age > chrono::Duration::minutes(-10), "{age}");
    for key in &keys {
        store.delete(key).await.expect("delete");
    }
    assert_eq!(listed(store, &format!("datasets/{user}")).await, Vec::<String>::new());
}

async fn takes_large_objects_in_small_memory(store: &dyn BlobStore) {
    let (key, size) = (key("large.bin"), 48 * 1024 * 1024u64);
    let piece = Bytes::from(vec![7u8; 64 * 1024]);
    let content = futures::stream::iter((0..size / 65536).map(move |_| Ok(piece.clone()))).boxed();
    let stored = store.put(&key, content, SizeLimit::Exactly(size)).await.expect("put");
    assert_eq!(stored.size, size);
    let mut content = store.get(&key, None).await.expect("object").content;
    let mut read = 0;
    while let Some(piece) = content.try_next().await.expect("content") {
        assert!(piece.len() <= 1024 * 1024, "read in pieces");
        read += piece.len() as u64;
    }
    assert_eq!(read, size);
    store.delete(&key).await.expect("delete");
}
