//! `sockeye-herd CLIENTS` lets so many clients live through each scenario, as Sockeye and as the official client,
//! and prints when they came as JSON.

use std::error::Error;

use serde::Serialize;
use sockeye_herd::{Arrivals, BUCKET, Herd, Official, Ours, SCENARIOS};

/// What came of a scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    name: &'static str,
    clients: u32,
    bucket_ms: u128,
    ours: Counts,
    reference: Counts,
}

/// How many attempts there were in each bucket.
#[derive(Debug, Serialize)]
struct Counts {
    /// The most in one for which a server was there.
    worst: u32,
    total: u64,
    attempts: Vec<u32>,
    served: Vec<u32>,
}

impl From<Arrivals> for Counts {
    fn from(arrivals: Arrivals) -> Self {
        let (worst, (total, _)) = (arrivals.worst(), arrivals.total());
        Self { worst, total, attempts: arrivals.attempts, served: arrivals.served }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let clients = std::env::args().nth(1).ok_or("usage: sockeye-herd CLIENTS")?.parse()?;
    let herd = Herd { clients, seed: 1 };
    let outcomes = SCENARIOS.map(|scenario| Outcome {
        name: scenario.name,
        clients,
        bucket_ms: BUCKET.as_millis(),
        ours: herd.run::<Ours>(&scenario).into(),
        reference: herd.run::<Official>(&scenario).into(),
    });
    println!("{}", serde_json::to_string(&outcomes)?);
    Ok(())
}
