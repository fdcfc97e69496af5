//! The scale run: the same measurements at the beginning and at the end of a long filling.

use crate::figures::{Counted, Times, figure, memory};
use crate::talk::Chance;
use crate::{Asked, Outcome};
use confidant::{Confidant, NewTurn, Tenant};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Saves and loads that one thread is timed at.
const SAVES: usize = 4_000;
const LOADS: usize = 2_000;
/// Customers with a full context from the beginning on, and what that is.
const PROBES: usize = 500;
const CONTEXT: usize = 50;

pub fn run(asked: &Asked) -> Outcome {
    let folder = match &asked.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let location = match &asked.store {
        Some(location) => location.clone(),
        None => folder
            .path()
            .join("load.db")
            .to_str()
            .ok_or("the temporary folder is not Unicode")?
            .to_owned(),
    };
    let turns = asked.turns.unwrap_or(u64::try_from(asked.customers)? * 50);
    let memory = Confidant::open(&location)?;
    let tenant = format!("load-{}", asked.seed);
    eprintln!("filling {}", memory.location());
    let load = Load {
        order: shuffled(asked.customers, asked.seed),
        saved: (0..asked.customers).map(|_| AtomicU32::new(0)).collect(),
        next: AtomicU64::new(0),
        text_bytes: AtomicU64::new(0),
        seed: asked.seed,
        location,
        tenant: memory.tenant(&tenant)?,
        bytes_before: memory.stats().bytes_on_disk,
        memory,
    };
    let probes = load.fill_probes(asked.customers.min(PROBES), asked.threads)?;
    let begin = turns / 50;
    load.fill(begin, asked.threads)?;
    load.measure("begin", probes)?;
    let timed = load.fill_in_tenths(turns, asked.threads)?;
    load.measure("end", probes)?;
    timed.print("save_by_threads");
    load.print(asked.threads)
}

/// Every customer once, in random order.
fn shuffled(customers: usize, seed: u64) -> Vec<usize> {
    let mut chance = Chance::new(seed);
    let mut order: Vec<usize> = (0..customers).collect();
    for place in (1..customers).rev() {
        order.swap(place, chance.below(place + 1));
    }
    order
}

struct Load {
    memory: Confidant,
    tenant: Tenant,
    /// What the store took before.
    bytes_before: u64,
    location: String,
    /// Customers come in this order; once all have come, they are drawn.
    order: Vec<usize>,
    /// The acknowledged turns of each customer.
    saved: Vec<AtomicU32>,
    /// How many turns are given out.
    next: AtomicU64,
    text_bytes: AtomicU64,
    seed: u64,
}

fn name(customer: usize) -> String {
    format!("customer-{}", customer + 1)
}

impl Load {
    /// The customer of a turn, who may come for the first time.
    fn draw(&self, turn: u64, chance: &mut Chance) -> usize {
        let come = usize::try_from(turn).ok().and_then(|turn| self.order.get(turn));
        come.copied().unwrap_or_else(|| chance.below(self.order.len()))
    }

    /// One of those who have come.
    fn draw_known(&self, chance: &mut Chance) -> usize {
        let come = usize::try_from(self.next.load(Ordering::Relaxed))
            .unwrap_or(usize::MAX)
            .min(self.order.len());
        self.order.get(chance.below(come)).copied().unwrap_or_default()
    }

    fn save(
        &self,
        customer: usize,
        (said, answer): &(String, String),
    ) -> confidant::Result<Duration> {
        let start = Instant::now();
        self.tenant
            .customer(&name(customer))?
            .memory()
            .save_turn(NewTurn::said(said).answered(answer))?;
        let took = start.elapsed();
        if let Some(count) = self.saved.get(customer) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.text_bytes.fetch_add((said.len() + answer.len()) as u64, Ordering::Relaxed);
        Ok(took)
    }

    /// Saves with all threads until so many turns are given out.
    fn fill(&self, end: u64, threads: usize) -> Outcome<Counted> {
        let work = |thread: u64| -> confidant::Result<Counted> {
            let mut chance = Chance::new(self.seed.wrapping_mul(1_000_003) ^ (thread << 40) ^ end);
            let mut timed = Counted::default();
            loop {
                let turn = self.next.fetch_add(1, Ordering::Relaxed);
                if turn >= end {
                    return Ok(timed);
                }
                let customer = self.draw(turn, &mut chance);
                timed.add(self.save(customer, &chance.turn())?);
            }
        };
        let mut all = Counted::default();
        std::thread::scope(|scope| -> Outcome {
            let work = &work;
            let threads: Vec<_> =
                (0..threads as u64).map(|thread| scope.spawn(move || work(thread))).collect();
            for thread in threads {
                all.join(&thread.join().map_err(|_| "a thread panicked")??);
            }
            Ok(())
        })?;
        self.next.store(end, Ordering::Relaxed);
        Ok(all)
    }

    /// Fills in ten parts, so that the first can be compared with the last.
    fn fill_in_tenths(&self, end: u64, threads: usize) -> Outcome<Counted> {
        let begin = self.next.load(Ordering::Relaxed);
        let (mut all, mut total) = (Counted::default(), Duration::ZERO);
        for tenth in 1..=10 {
            let (from, to) =
                (begin + (end - begin) * (tenth - 1) / 10, begin + (end - begin) * tenth / 10);
            let start = Instant::now();
            all.join(&self.fill(to, threads)?);
            total += start.elapsed();
            let rate = (to - from) as f64 / start.elapsed().as_secs_f64();
            figure(&format!("turns_per_second_tenth_{tenth}"), rate, "turns/s");
        }
        figure("turns_per_second", (end - begin) as f64 / total.as_secs_f64(), "turns/s");
        Ok(all)
    }

    /// Customers with a full context, scattered like the others; they are loaded both times.
    fn fill_probes(&self, probes: usize, threads: usize) -> Outcome<usize> {
        let next = AtomicU64::new(0);
        let work = |thread: u64| -> confidant::Result<()> {
            let mut chance = Chance::new(self.seed ^ (thread << 32));
            while let Ok(turn) = usize::try_from(next.fetch_add(1, Ordering::Relaxed)) {
                if turn >= probes * CONTEXT {
                    break;
                }
                let (said, answer) = chance.turn();
                let probe = self.tenant.customer(&probe(turn % probes))?;
                probe.memory().save_turn(NewTurn::said(&said).answered(&answer))?;
                self.text_bytes.fetch_add((said.len() + answer.len()) as u64, Ordering::Relaxed);
            }
            Ok(())
        };
        std::thread::scope(|scope| -> Outcome {
            let work = &work;
            let threads: Vec<_> =
                (0..threads as u64).map(|thread| scope.spawn(move || work(thread))).collect();
            for thread in threads {
                thread.join().map_err(|_| "a thread panicked")??;
            }
            Ok(())
        })?;
        Ok(probes)
    }

    /// What one thread sees: saves, and contexts of customers that are hot nowhere.
    fn measure(&self, when: &str, probes: usize) -> Outcome {
        let mut chance = Chance::new(self.seed ^ when.len() as u64);
        let mut saves = Times::default();
        for _ in 0..SAVES {
            let (customer, turn) = (self.draw_known(&mut chance), chance.turn());
            saves.time(|| self.save(customer, &turn))?;
        }
        saves.print(&format!("save_{when}"));
        let cold =
            Confidant::builder().hot_bytes(0).open(&self.location)?.tenant(self.tenant.id())?;
        let mut loads = Times::default();
        for _ in 0..LOADS {
            let name = probe(chance.below(probes));
            let context = loads.time(|| cold.customer(&name)?.memory().load_context())?;
            same(&name, context.total(), CONTEXT as u64)?;
        }
        loads.print(&format!("load_cold_50_{when}"));
        let (mut loads, mut turns) = (Times::default(), 0);
        for _ in 0..LOADS {
            let customer = self.draw_known(&mut chance);
            let context = loads.time(|| cold.customer(&name(customer))?.memory().load_context())?;
            turns += context.len();
            let saved = self.saved.get(customer).map_or(0, |count| count.load(Ordering::Relaxed));
            same(&name(customer), context.total(), u64::from(saved))?;
        }
        loads.print(&format!("load_cold_any_{when}"));
        figure(&format!("load_cold_any_{when}_turns"), turns as f64 / LOADS as f64, "turns");
        self.print_sizes(when);
        Ok(())
    }

    fn print_sizes(&self, when: &str) {
        for (line, name) in [("VmRSS", "resident"), ("VmHWM", "resident_most")] {
            if let Some(megabytes) = memory(line) {
                figure(&format!("{name}_{when}"), megabytes, "MB");
            }
        }
    }

    /// Compares every customer with what was acknowledged, and says what a turn takes.
    fn print(&self, threads: usize) -> Outcome {
        let reader = Confidant::builder()
            .hot_bytes(0)
            .hot_turns(1)
            .open(&self.location)?
            .tenant(self.tenant.id())?;
        let (mut stored, mut probes) = (0, 0);
        for (customer, saved) in self.saved.iter().enumerate() {
            let total = reader.customer(&name(customer))?.memory().load_context()?.total();
            same(&name(customer), total, u64::from(saved.load(Ordering::Relaxed)))?;
            stored += total;
        }
        for number in 0..self.order.len().min(PROBES) {
            probes += reader.customer(&probe(number))?.memory().load_context()?.total();
        }
        let stored = stored + probes;
        let bytes = self.memory.stats().bytes_on_disk.saturating_sub(self.bytes_before);
        figure("customers", self.saved.len() as f64, "customers");
        figure("threads", threads as f64, "threads");
        figure("turns", stored as f64, "turns");
        figure(
            "text_bytes_per_turn",
            self.text_bytes.load(Ordering::Relaxed) as f64 / stored as f64,
            "bytes",
        );
        figure("file_bytes_per_turn", bytes as f64 / stored as f64, "bytes");
        figure("acknowledged_turns_missing", 0.0, "turns");
        Ok(())
    }
}

fn probe(number: usize) -> String {
    format!("probe-{}", number + 1)
}

/// Fails if the store has another number of turns than were acknowledged.
fn same(name: &str, stored: u64, acknowledged: u64) -> Outcome {
    if stored == acknowledged {
        return Ok(());
    }
    Err(format!("{name} has {stored} turns, but {acknowledged} were acknowledged").into())
}
