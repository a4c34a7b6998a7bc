//! The event stream of a job.

use crate::world::{World, on_each, request};
use axum::body::BodyDataStream;
use domain::JobId;
use futures::StreamExt;
use http::StatusCode;
use serde_json::{Value, json};

/// One block of the stream's text.
#[derive(Debug, Default, PartialEq)]
struct Block {
    name: String,
    id: Option<u64>,
    data: Value,
    comment: Option<String>,
    retry: Option<u64>,
}

struct Stream {
    body: BodyDataStream,
    pending: String,
}

impl Stream {
    async fn open(world: &World, job: JobId, last_event_id: Option<&str>) -> Self {
        Self::at(world, &format!("/api/jobs/{job}/stream"), last_event_id).await
    }

    /// Of all jobs.
    async fn of_all(world: &World, last_event_id: Option<&str>) -> Self {
        Self::at(world, "/api/jobs/stream", last_event_id).await
    }

    async fn at(world: &World, path: &str, last_event_id: Option<&str>) -> Self {
        let mut request = request("GET", path, Some(&world.ada), None);
        if let Some(id) = last_event_id {
            request.headers_mut().insert("last-event-id", id.parse().expect("a header"));
        }
        let response = world.send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers()["cache-control"].to_str().expect("text").contains("no-cache"));
        Self { body: response.into_body().into_data_stream(), pending: String::new() }
    }

    /// The next block; none when the stream is over.
    async fn next(&mut self) -> Option<Block> {
        loop {
            if let Some((block, rest)) = self.pending.split_once("\n\n") {
                let block = parse(block);
                self.pending = rest.to_owned();
                return Some(block);
            }
            let chunk = self.body.next().await?.expect("a chunk");
            self.pending.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    async fn greeting(&mut self, job: JobId) {
        let first = self.next().await.expect("a block");
        assert_eq!((first.name.as_str(), first.id, first.retry), ("connected", None, Some(3000)));
        assert_eq!(first.data["jobId"], job.to_string());
    }

    /// Numbers and names of the next events.
    async fn take(&mut self, count: usize) -> Vec<(u64, String)> {
        let mut events = Vec::new();
        while events.len() < count {
            let block = self.next().await.expect("the stream goes on");
            if block.comment.is_none() {
                events.push((block.id.expect("a number"), block.name));
            }
        }
        events
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => block.comment = Some(value.to_owned()),
            "event" => value.clone_into(&mut block.name),
            "id" => block.id = value.parse().ok(),
            "retry" => block.retry = value.parse().ok(),
            "data" => block.data = serde_json::from_str(value).expect("JSON"),
            _ => panic!("unknown field in {text}"),
        }
    }
    block
}

fn names(events: &[(u64, String)]) -> Vec<(u64, &str)> {
    events.iter().map(|(id, name)| (*id, name.as_str())).collect()
}

#[tokio::test]
async fn events_are_replayed_followed_and_end_with_the_job() {
    on_each(|world| async move {
        let job = world.job(&world.ada).await;
        world.append(job, "stage", json!({ "stage": "training", "message": "Epoch 1" })).await;
        let mut stream = Stream::open(&world, job, None).await;
        stream.greeting(job).await;
        assert_eq!(names(&stream.take(2).await), [(1, "queue"), (2, "stage")]);
        world.append(job, "metrics", json!({ "trainingLoss": 1.5 })).await;
        let block = stream.next().await.expect("a block");
        assert_eq!((block.id, block.name.as_str(), &block.data), (Some(3), "metrics", &json!({ "trainingLoss": 1.5 })));
        world.append(job, "progress", json!({ "progress": 5.0 })).await;
        world.complete(job).await;
        assert_eq!(names(&stream.take(2).await), [(4, "progress"), (5, "complete")]);
        assert!(stream.next().await.is_none(), "the stream ends after the terminal event");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_returns_misses_nothing_and_sees_nothing_twice() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut seen = Vec::new();
    for round in 0..5_u64 {
        let last = seen.last().map(|(id, _): &(u64, String)| id.to_string());
        let mut stream = Stream::open(&world, job, last.as_deref()).await;
        stream.greeting(job).await;
        for n in 0..3 {
            world.append(job, "progress", json!({ "progress": round * 3 + n })).await;
        }
        // Breaks off with events unread, the more the more often.
        seen.extend(stream.take(3).await);
        drop(stream);
    }
    world.complete(job).await;
    let last = seen.last().expect("events").0.to_string();
    let mut stream = Stream::open(&world, job, Some(&last)).await;
    stream.greeting(job).await;
    while let Some(block) = stream.next().await {
        seen.push((block.id.expect("a number"), block.name));
    }
    let ids: Vec<u64> = seen.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, (1..=17).collect::<Vec<u64>>());
    assert_eq!(seen.last().expect("events").1, "complete");

    // The query does the same, for clients that cannot set the header.
    let answer = world.get(&format!("/api/jobs/{job}/stream?lastEventId=15"), &world.ada).await;
    let text = String::from_utf8(answer.bytes.to_vec()).expect("text");
    assert_eq!(text.matches("\nid: ").count() + text.matches("\nid:1").count(), 2, "{text}");
}

#[tokio::test]
async fn a_job_that_has_ended_never_leaves_a_client_waiting() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    world.complete(job).await;
    for last in [None, Some("2"), Some("99999"), Some("")] {
        let mut stream = Stream::open(&world, job, last).await;
        stream.greeting(job).await;
        let mut last = None;
        while let Some(block) = stream.next().await {
            last = Some((block.id, block.name));
        }
        assert_eq!(last, Some((Some(2), "complete".to_owned())));
    }
    let mut wrong = request("GET", &format!("/api/jobs/{job}/stream"), Some(&world.ada), None);
    wrong.headers_mut().insert("last-event-id", "abc".parse().expect("a header"));
    world.answer(wrong).await.fails(400, "VALIDATION_ERROR", Some("Last-Event-ID"));
}

#[tokio::test]
async fn many_clients_see_the_same_events() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = Stream::open(&world, job, None).await;
        stream.greeting(job).await;
        streams.push(stream);
    }
    world.append(job, "progress", json!({ "progress": 1 })).await;
    world.complete(job).await;
    for stream in &mut streams {
        assert_eq!(names(&stream.take(3).await), [(1, "queue"), (2, "progress"), (3, "complete")]);
        assert!(stream.next().await.is_none());
    }
    drop(streams);
    assert_eq!(world.app.hub.waiting(), (0, 0));
}

#[tokio::test]
async fn events_of_another_process_arrive_by_the_look_into_the_database() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut stream = Stream::open(&world, job, None).await;
    stream.greeting(job).await;
    stream.take(1).await;
    let now = domain::Clock::now(&*world.clock);
    let event = db::jobs::NewEvent::new("progress", json!({ "progress": 1 }), now);
    let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| effects.events.push(event);
    db::jobs::update(&world.app.db, job, now, change).await.expect("written");
    assert_eq!(names(&stream.take(1).await), [(2, "progress")]);
}

#[tokio::test]
async fn a_heartbeat_is_sent_when_nothing_happens_and_a_stopping_server_lets_go() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut stream = Stream::open(&world, job, None).await;
    stream.greeting(job).await;
    stream.take(1).await;
    let before = std::time::Instant::now();
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let block = stream.next().await.expect("a block");
    assert_eq!(block.comment.as_deref(), Some("heartbeat"));
    // The paused clock also runs on, and on a busy machine far, while the database is asked whether there is something new.
    assert!(began.elapsed().as_secs() >= 14, "{:?}", began.elapsed());
    assert!(before.elapsed().as_secs() < 10, "the time of the test's clock, not of the wall");
    tokio::time::resume();
    world.stopping.cancel();
    while stream.next().await.is_some() {}
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut stream = Stream::open(&world, job, None).await;
    stream.greeting(job).await;
    world.call("POST", "/api/auth/logout", Some(&world.ada), None).await.data();
    tokio::time::pause();
    while stream.next().await.is_some() {}
}

#[tokio::test]
async fn a_stream_whose_log_cannot_be_read_ends_so_that_its_client_returns() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut stream = Stream::open(&world, job, None).await;
    stream.greeting(job).await;
    world.app.db.clone().close().await.expect("closed");
    tokio::time::pause();
    while let Some(block) = stream.next().await {
        assert!(block.comment.is_some(), "{block:?}");
    }
}

#[tokio::test]
async fn one_stream_has_the_events_of_all_jobs_of_its_account() {
    on_each(|world| async move {
        let first = world.job(&world.ada).await;
        let mut stream = Stream::of_all(&world, None).await;
        let hello = stream.next().await.expect("a block");
        assert_eq!((hello.name.as_str(), hello.id, hello.data["lastEventId"].as_u64()), ("connected", Some(1), Some(1)));
        let second = world.job(&world.ada).await;
        world.job(&world.bob).await;
        world.append(first, "progress", json!({ "progress": 1 })).await;
        world.complete(second).await;
        world.append(first, "progress", json!({ "progress": 2 })).await;
        let mut seen = Vec::new();
        while seen.len() < 4 {
            let block = stream.next().await.expect("the stream goes on after the end of a job");
            seen.push((block.id.expect("a number"), block.name, block.data["jobId"].as_str().expect("a job").to_owned()));
        }
        let (one, two) = (first.to_string(), second.to_string());
        let expected = [(2, "queue", &two), (3, "progress", &one), (4, "complete", &two), (5, "progress", &one)];
        assert_eq!(seen, expected.map(|(id, name, job)| (id, name.to_owned(), job.clone())));
        drop(stream);
        world.append(second, "log", json!({ "message": "late" })).await;
        let mut stream = Stream::of_all(&world, Some("3")).await;
        stream.next().await.expect("a greeting");
        assert_eq!(names(&stream.take(3).await), [(4, "complete"), (5, "progress"), (6, "log")]);
    })
    .await;
}

#[tokio::test]
async fn a_client_that_reads_slowly_still_gets_everything_in_order() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let mut stream = Stream::open(&world, job, None).await;
    stream.greeting(job).await;
    stream.take(1).await;
    // Far more than is kept for it.
    let now = domain::Clock::now(&*world.clock);
    let events: Vec<_> = (0..1500).map(|n| db::jobs::NewEvent::new("progress", json!({ "progress": n }), now)).collect();
    let change = |_: &mut db::jobs::Job, effects: &mut db::jobs::JobEffects| effects.events.extend(events);
    db::jobs::update(&world.app.db, job, now, change).await.expect("written");
    world.complete(job).await;
    let seen = stream.take(1501).await;
    assert!(seen.iter().zip(2_u64..).all(|((id, _), expected)| *id == expected));
    assert_eq!(seen.last().expect("events").1, "complete");
    assert!(stream.next().await.is_none());
}

/// Streams do not end, so that no answer of theirs is ever whole for the tests of the contract; what the document says of them is held here.
#[tokio::test]
async fn streams_are_what_the_document_says() {
    let world = World::new().await;
    let job = world.job(&world.ada).await;
    let streams: Vec<_> = crate::document::operations().filter(|operation| operation.path.ends_with("/stream")).collect();
    assert_eq!(streams.len(), 3);
    // The events of one job are those of all jobs.
    let of_job = crate::document::operation("GET", "/api/jobs/x/stream").expect("an operation");
    for operation in streams {
        let declared = operation.entry["responses"]["200"]["content"].as_object().expect("content");
        assert_eq!(declared.keys().collect::<Vec<_>>(), ["text/event-stream"], "{}", operation.path);
        let declared = &declared["text/event-stream"];
        assert_eq!(declared["schema"]["type"], "string");
        let example = declared["example"].as_str().expect("an example");
        let blocks: Vec<Block> = example.split_terminator("\n\n").map(parse).collect();
        assert!(blocks.iter().any(|block| block.id.is_some() && block.data.is_object()), "{example}");
        let texts = [&operation.entry["summary"], &operation.entry["description"], &of_job.entry["summary"], &of_job.entry["description"]];
        let described: String = texts.into_iter().filter_map(|text| text.as_str()).collect();
        for name in blocks.iter().map(|block| block.name.as_str()).filter(|name| !name.is_empty()) {
            assert!(described.contains(&format!("`{name}`")), "{name} is not described: {described}");
        }
        let mut stream = Stream::at(&world, &operation.path.replace("{id}", &job.to_string()), None).await;
        let first = stream.next().await.expect("a greeting");
        assert!(described.contains(&format!("`{}`", first.name)) && first.data.is_object(), "{first:?}");
    }
}
