//! Counts the examples of a data set: `cargo run -p dataset --example validate -- FILE`.
#![expect(clippy::print_stdout, reason = "an example that prints")]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: validate FILE")?;
    let mut reader = dataset::read_examples(path.as_ref(), None)?;
    let mut trained = 0;
    for example in &mut reader {
        trained += example?.trained_messages();
    }
    println!("{:?}, {trained} trained messages", reader.counts());
    Ok(())
}
