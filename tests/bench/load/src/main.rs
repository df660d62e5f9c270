//! The load generator of `npm run bench -- server`: many Socket.IO clients in one thread.
//!
//! `sockeye-load ADDRESS:PORT` reads commands from its standard input, one on a line, and answers each with one
//! line of JSON when it is done; so whoever drives it can look at the server between them.
//!
//! | command                | does                                                                    |
//! | ---------------------- | ----------------------------------------------------------------------- |
//! | `connect COUNT`        | connects more clients to the namespace `/`, on WebSockets               |
//! | `hold RATE SECONDS`    | lets the server send RATE events a second to all of them, as many as SECONDS have |
//! | `saturate N SECONDS`   | lets it send as many as it can: as long as less than N are under way    |
//!
//! The server sends an event of 200 bytes to everybody for each `POST /api/broadcast` with `{event, data}`. The
//! clients check that each gets every event, in order.

mod broadcast;
mod client;
mod phases;
mod tally;
mod wire;

use std::error::Error;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use phases::Audience;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("usage: sockeye-load ADDRESS:PORT")?;
    LocalSet::new().run_until(serve(server.parse()?)).await
}

async fn serve(server: SocketAddr) -> Result<(), Box<dyn Error>> {
    let mut audience = Audience::new(server).await?;
    let mut lines = read_lines();
    while let Some(line) = lines.recv().await {
        let words: Vec<_> = line.split_whitespace().collect();
        match *words.as_slice() {
            ["connect", count] => answer(&audience.connect(count.parse()?).await?)?,
            ["hold", rate, seconds] => {
                answer(&audience.hold(rate.parse()?, for_seconds(seconds)?).await?)?;
            }
            ["saturate", ahead, seconds] => {
                answer(&audience.saturate(ahead.parse()?, for_seconds(seconds)?).await?)?;
            }
            _ => return Err(format!("no such command: {line}").into()),
        }
    }
    Ok(())
}

fn for_seconds(seconds: &str) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from_secs_f64(seconds.parse()?)?)
}

fn answer(figures: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(figures)?)?;
    Ok(stdout.flush()?)
}

/// Reads the standard input in a thread of its own, which ends with the program.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
