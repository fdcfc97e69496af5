//! Where this crate's own tests keep a store: a schema of its own on the server that
//! `CONFIDANT_TEST_POSTGRES` names (`tests/services.sh` starts one).

use super::link::{Link, random};
use super::location::Location;
use crate::store::{Options, conformance};

/// A fresh schema; dropped with its tables.
pub(in crate::store) struct Place {
    pub(super) location: String,
}

impl Place {
    /// `None`, said by name, where there is no server; in CI that is a failure.
    pub(super) fn new() -> Option<Place> {
        let Ok(server) = std::env::var("CONFIDANT_TEST_POSTGRES") else {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("a test").to_owned();
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "{name}: CONFIDANT_TEST_POSTGRES is not set"
            );
            println!("skipped: {name}: CONFIDANT_TEST_POSTGRES is not set");
            return None;
        };
        Some(Place { location: format!("{server}?schema=test_{:016x}", random()) })
    }

    pub(super) fn link(&self) -> (Location, Link) {
        let location = Location::parse(&self.location).expect("a location");
        let tls = super::tls::connector(&location).expect("a connector");
        let link = Link::connect(&location, &tls, &options(), location.patience)
            .map_err(|failure| failure.error)
            .expect("connects");
        (location, link)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (location, mut link) = self.link();
        let _ = link.simple(&format!(
            "SET lock_timeout TO 2000; DROP SCHEMA IF EXISTS {} CASCADE",
            location.schema
        ));
    }
}

fn options() -> Options {
    conformance::options()
}

pub(in crate::store) fn two_on_postgres() -> conformance::Two<Place> {
    let place = Place::new()?;
    let open = || crate::store::open(&place.location, &options()).expect("opens");
    let (first, second) = (open(), open());
    // Dropped last: the schema goes when the stores have closed.
    Some((place, first, second))
}
