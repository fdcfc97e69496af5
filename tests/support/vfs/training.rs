//! A store that has grown: enough alike turns to train a dictionary on.

use super::crash::STORE;
use super::life::Clockwork;
use confidant::{Confidant, Durability, NewTurn};
use std::sync::OnceLock;

/// Many customers who say much the same: enough to train a dictionary on.
pub fn fill(memory: &Confidant, turns: usize) {
    let things = [
        "parcel",
        "invoice",
        "password",
        "refund",
        "tracking link",
        "delivery address",
        "phone",
        "payment",
    ];
    for number in 0..20 {
        let archive = memory.customer(&format!("crowd {number}")).unwrap().memory();
        let texts: Vec<(String, String)> = (0..turns / 20)
            .map(|turn| {
                let (one, other) = (things[turn % 8], things[(turn / 8) % 8]);
                let said = format!(
                    "Hello, I have a question about my {one}. Where can I see the {other}? {turn}"
                );
                (
                    said,
                    format!(
                        "I understand your concern about the {one}; the {other} is on its way now."
                    ),
                )
            })
            .collect();
        let new: Vec<NewTurn<'_>> =
            texts.iter().map(|(said, answer)| NewTurn::said(said).answered(answer)).collect();
        archive.save_turns(&new).unwrap();
    }
}

/// A dictionary as `maintain` trains it.
pub fn dictionary() -> &'static [u8] {
    static TRAINED: OnceLock<Vec<u8>> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = super::folder();
        let path = folder.path().join(STORE);
        let memory = Clockwork::new(Durability::PowerLoss).open(&path).unwrap();
        fill(&memory, 2_000);
        assert!(memory.maintain().unwrap().trained.is_some());
        drop(memory);
        let file = rusqlite::Connection::open(&path).unwrap();
        file.query_row("SELECT bytes FROM dictionaries", [], |row| row.get(0)).unwrap()
    })
}
