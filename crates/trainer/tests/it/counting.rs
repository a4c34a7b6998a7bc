//! Tokens that are counted by pieces are those of the whole text.

use dataset::TokenCounter;
use domain::dataset::Message;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use trainer::tokenizer::ChatTokenizer;

fn say(role: &str, content: String) -> Message {
    Message { role: role.to_owned(), content, trained: true }
}

#[test]
fn pieces_count_as_the_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tokenizer = ChatTokenizer::load(&root.join("models/tiny-chat")).expect("loads");
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let words = ["brake", " pad", "\n\n", "  ", "é", "😀", "<|end|>", "<|turn|>", "<|", "12", "'s", "."];
    let mut text =
        |most: usize| -> String { (0..random.random_range(0..most)).map(|_| words[random.random_range(0..words.len())]).collect() };
    for _ in 0..40 {
        let mut messages = vec![say("system", text(8))];
        for _ in 0..4 {
            messages.push(say("user", text(12)));
            messages.push(say("assistant", text(30)));
            let rendered = tokenizer.render(&messages, false).expect("renders");
            let whole = tokenizer.encode(&rendered).expect("encodes").ids.len();
            assert_eq!(tokenizer.count_example(&messages), whole);
            assert_eq!(tokenizer.count_example(&messages), whole, "also when it was counted before");
        }
    }
}
