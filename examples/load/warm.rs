//! What a copy of every customer's newest turns in Redis would win over reading PostgreSQL.
//!
//! Redis gets the best case: one `GET` of bytes, not unpacked. The store does all its work.
//! A copy that must never be older than what was acknowledged has to be compared with the
//! store, too: that is measured as `store_compare`.

use crate::far::away;
use crate::figures::{Times, figure};
use crate::talk::Chance;
use crate::{Asked, Outcome};
use confidant::{Confidant, NewTurn};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const CUSTOMERS: usize = 200;
const CONTEXT: usize = 50;
const CALLS: usize = 3_000;
/// Fifty packed turns.
const VALUE_BYTES: usize = 12 << 10;

pub fn run(asked: &Asked) -> Outcome {
    let location = asked.store.as_deref().ok_or("--compare-redis needs --store postgres://..")?;
    let redis = asked.redis.as_deref().ok_or("--compare-redis needs HOST:PORT")?;
    let round_trip = Duration::from_micros(asked.round_trip_us);
    let (location, redis) = match asked.round_trip_us {
        0 => (location.to_owned(), redis.to_owned()),
        _ => (elsewhere(location, round_trip)?, away(redis, round_trip)?.to_string()),
    };
    let mut chance = Chance::new(asked.seed);
    let mut redis = Redis::connect(&redis)?;
    let memory = Confidant::builder().hot_bytes(0).open(&location)?;
    for number in 0..CUSTOMERS {
        let alice = memory.customer(&name(number))?.memory();
        let turns: Vec<(String, String)> = (0..CONTEXT).map(|_| chance.turn()).collect();
        let new: Vec<NewTurn<'_>> =
            turns.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        alice.clear()?;
        alice.save_turns(&new)?;
        let value: Vec<u8> =
            (0..VALUE_BYTES).map(|_| chance.below(256).try_into().unwrap_or_default()).collect();
        redis.set(&name(number), &value)?;
    }
    // Handles that know their customer already, as those of a running server do; nothing is hot.
    let known: Vec<_> = (0..CUSTOMERS)
        .map(|number| memory.customer(&name(number)).map(|c| c.memory()))
        .collect::<Result<_, _>>()?;
    let hot = Confidant::open(&location)?;
    let of_hot: Vec<_> = (0..CUSTOMERS)
        .map(|number| hot.customer(&name(number)).map(|c| c.memory()))
        .collect::<Result<_, _>>()?;
    let somebody = memory.customer("somebody-else")?.memory();
    let [mut gets, mut cold, mut named, mut compared] = [(); 4].map(|()| Times::default());
    for call in 0..CALLS {
        let number = chance.below(CUSTOMERS);
        let (Some(customer), Some(is_hot)) = (known.get(number), of_hot.get(number)) else {
            continue;
        };
        let value = gets.time(|| redis.get(&name(number)))?;
        let context = cold.time(|| customer.load_context())?;
        let fresh = named.time(|| memory.customer(&name(number))?.memory().load_context())?;
        if value.len() != VALUE_BYTES || context.len() != CONTEXT || fresh.len() != CONTEXT {
            return Err("something was not read whole".into());
        }
        if call % 4 == 0 {
            is_hot.load_context()?;
            // Another's commit: what is hot may be old until it was compared.
            somebody.save_turn(NewTurn::said("I have written, too"))?;
            std::thread::sleep(Duration::from_millis(2) + round_trip);
            compared.time(|| is_hot.load_context())?;
        }
    }
    figure("round_trip_added", round_trip.as_secs_f64() * 1e6, "us");
    gets.print("redis_get_12k");
    cold.print("store_load_cold_50");
    named.print("store_load_cold_50_by_name");
    compared.print("store_compare");
    Ok(())
}

fn name(number: usize) -> String {
    format!("warm-{number}")
}

/// The same location with its host and port at the end of a longer wire.
fn elsewhere(location: &str, round_trip: Duration) -> Outcome<String> {
    let (before, rest) =
        location.split_once('@').ok_or("the location must be postgres://USER@HOST:PORT/NAME")?;
    let (server, after) =
        rest.split_once('/').ok_or("the location must be postgres://USER@HOST:PORT/NAME")?;
    Ok(format!("{before}@{}/{after}", away(server, round_trip)?))
}

/// As much of Redis's protocol as two commands need.
struct Redis {
    input: BufReader<TcpStream>,
    output: TcpStream,
}

impl Redis {
    fn connect(address: &str) -> Outcome<Redis> {
        let output = TcpStream::connect(address)
            .map_err(|error| format!("cannot connect to {address}: {error}"))?;
        output.set_nodelay(true)?;
        Ok(Redis { input: BufReader::with_capacity(64 << 10, output.try_clone()?), output })
    }

    fn send(&mut self, parts: &[&[u8]]) -> Outcome<String> {
        let mut bytes = format!("*{}\r\n", parts.len()).into_bytes();
        for part in parts {
            bytes.extend(format!("${}\r\n", part.len()).as_bytes());
            bytes.extend(*part);
            bytes.extend(b"\r\n");
        }
        self.output.write_all(&bytes)?;
        let mut line = String::new();
        self.input.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn set(&mut self, key: &str, value: &[u8]) -> Outcome {
        match self.send(&[b"SET", key.as_bytes(), value])?.as_str() {
            "+OK" => Ok(()),
            other => Err(format!("Redis says {other:?}").into()),
        }
    }

    fn get(&mut self, key: &str) -> Outcome<Vec<u8>> {
        let line = self.send(&[b"GET", key.as_bytes()])?;
        let length: usize = line.strip_prefix('$').ok_or("Redis has no such value")?.parse()?;
        let mut value = vec![0; length + 2];
        self.input.read_exact(&mut value)?;
        value.truncate(length);
        Ok(value)
    }
}
