//! What separates tenants, and customers within one: nothing of another is reachable.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::as_conversions)]

mod support;

use confidant::{
    Channel, Confidant, Customer, Error, ErrorKind, NewAnswer, NewTurn, Outcome, Page, Summary,
    Turn,
};
use support::*;

fn customer(memory: &Confidant, tenant: &str, name: &str) -> Customer {
    memory.tenant(tenant).unwrap().customer(name).unwrap()
}

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error.kind(),
    }
}

/// Everything that the public API tells about a customer.
type Everything = (Vec<Turn>, Vec<Turn>, u64, Vec<confidant::SessionDetails>, Summary);

fn everything(customer: &Customer) -> Everything {
    let context = customer.memory().load_context().unwrap();
    let sessions = customer.sessions(Page::first(1_000)).unwrap();
    (
        archive(customer, 1_000),
        turns_of(&context),
        context.total(),
        sessions,
        customer.analytics().summary().unwrap(),
    )
}

// X-15, K-22
#[test]
fn the_same_customer_id_under_two_tenants_is_two_memories() {
    on_every_store(|place| {
        let memory = place.open();
        let tenants = ["acme", "globex", "Acme", "acme ", "default"];
        for (number, tenant) in tenants.iter().enumerate() {
            let alice = customer(&memory, tenant, "alice");
            assert!(alice.memory().load_context().unwrap().is_empty(), "{tenant}");
            for text in texts(tenant, number + 1) {
                alice.memory().save_turn(NewTurn::said(&text)).unwrap();
            }
        }
        for memory in [memory.clone(), place.open()] {
            for (number, tenant) in tenants.iter().enumerate() {
                let alice = customer(&memory, tenant, "alice");
                assert_eq!((alice.tenant_id(), alice.id()), (*tenant, "alice"));
                assert_eq!(context_said(&alice), texts(tenant, number + 1));
                assert_eq!(said(&archive(&alice, 2)), texts(tenant, number + 1));
            }
            assert_eq!(
                context_said(&memory.customer("alice").unwrap()),
                texts("default", 5),
                "no tenant is `default`"
            );
        }
    });
}

// K-22
#[test]
fn names_that_run_together_alike_are_different_customers() {
    on_every_store(|place| {
        let memory = place.open();
        let pairs = [
            ("a", "bc"),
            ("ab", "c"),
            ("a", "b c"),
            ("a b", "c"),
            ("a%", "c"),
            ("a_", "c"),
            ("A", "BC"),
            ("a'", "--c"),
        ];
        for (tenant, name) in pairs {
            let text = format!("{tenant}|{name}");
            customer(&memory, tenant, name)
                .memory()
                .save_turn(NewTurn::said(&text).key("k"))
                .unwrap();
        }
        for (tenant, name) in pairs {
            assert_eq!(
                context_said(&customer(&memory, tenant, name)),
                [format!("{tenant}|{name}")]
            );
        }
    });
}

// X-15, K-22, mem0#3928
#[test]
fn nothing_of_another_tenant_is_reachable_by_its_identifiers() {
    on_every_store(|place| {
        let memory = place.open();
        let (ours, theirs) =
            (customer(&memory, "acme", "alice"), customer(&memory, "globex", "alice"));
        let their_session = theirs.open_session(Channel::Phone).unwrap();
        let their_turn = their_session.save_turn(NewTurn::said("theirs")).unwrap();
        ours.memory().save_turn(NewTurn::said("ours")).unwrap();
        let before = (everything(&ours), everything(&theirs));
        assert_eq!(kind(ours.memory().turn(their_turn.id)), ErrorKind::NotFound);
        assert_eq!(
            kind(ours.memory().answer(their_turn.id, NewAnswer::new("x"))),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(ours.memory().turns(Page::first(5).after(their_turn.id))),
            ErrorKind::NotFound
        );
        assert_eq!(kind(ours.session(their_session.id())), ErrorKind::NotFound);
        assert_eq!(
            kind(ours.sessions(Page::first(5).after(their_session.id()))),
            ErrorKind::NotFound
        );
        let our_session = ours.open_session(Channel::Chat).unwrap();
        assert_eq!(
            kind(our_session.answer(their_turn.id, NewAnswer::new("x"))),
            ErrorKind::NotFound
        );
        let after = everything(&ours);
        assert_eq!((after.0, after.1, everything(&theirs)), (before.0.0, before.0.1, before.1));
    });
}

// X-15, K-22
#[test]
fn nothing_of_another_tenant_is_countable() {
    on_every_store(|place| {
        let memory = place.open();
        for n in 0..5 {
            for text in texts("x", 3) {
                let turn = NewTurn::said(&text).answered("y").confidence(0.1).resolved(true);
                customer(&memory, "globex", &format!("customer {n}"))
                    .memory()
                    .save_turn(turn)
                    .unwrap();
            }
        }
        let empty = memory.tenant("acme").unwrap().analytics().summary().unwrap();
        assert_eq!(
            (empty.customers, empty.sessions, empty.turns, empty.mean_confidence),
            (0, 0, 0, None)
        );
        let ours = customer(&memory, "acme", "customer 1");
        let turn = NewTurn::said("a").answered("b").confidence(0.9);
        ours.memory().save_turn(turn).unwrap();
        let summary = memory.tenant("acme").unwrap().analytics().summary().unwrap();
        assert_eq!(
            (summary.customers, summary.sessions, summary.turns, summary.resolved_turns),
            (1, 1, 1, 0)
        );
        assert_eq!(summary.mean_confidence, Some(0.9));
        assert_eq!(ours.analytics().summary().unwrap(), summary);
        assert_eq!(ours.sessions(Page::first(10)).unwrap().len(), 1);
        assert_eq!(ours.memory().stats().unwrap().total, 1);
        let theirs = memory.tenant("globex").unwrap().analytics().summary().unwrap();
        assert_eq!(
            (theirs.customers, theirs.sessions, theirs.turns, theirs.mean_confidence),
            (5, 5, 15, Some(0.1))
        );
    });
}

//
#[test]
fn a_clear_under_one_tenant_leaves_the_same_customer_of_the_other() {
    on_every_store(|place| {
        let memory = place.open();
        let (ours, theirs) =
            (customer(&memory, "acme", "alice"), customer(&memory, "globex", "alice"));
        for customer in [&ours, &theirs] {
            customer.memory().save_turns(&[NewTurn::said("x"); 60]).unwrap();
            customer.open_session(Channel::Chat).unwrap();
        }
        let before = everything(&theirs);
        assert_eq!(ours.memory().clear().unwrap(), 60);
        for memory in [&memory, &place.open()] {
            assert_eq!(everything(&customer(memory, "globex", "alice")), before);
            assert!(everything(&customer(memory, "acme", "alice")).0.is_empty());
        }
    });
}

// K-23, X-15
#[test]
fn clearing_one_of_two_hundred_customers_leaves_the_others_turn_by_turn() {
    on_every_store(|place| {
        let memory = place.open();
        let customers: Vec<Customer> = (0..200)
            .map(|n| customer(&memory, ["acme", "globex"][n % 2], &format!("customer {}", n / 2)))
            .collect();
        for (n, customer) in customers.iter().enumerate() {
            let texts = texts(customer.id(), 2 + n % 5);
            let turns: Vec<NewTurn<'_>> =
                texts.iter().map(|text| NewTurn::said(text).answered("y")).collect();
            customer.memory().save_turns(&turns).unwrap();
        }
        let before: Vec<Everything> = customers.iter().map(everything).collect();
        customers[101].memory().clear().unwrap();
        let reopened = place.open();
        for (n, kept) in customers.iter().enumerate() {
            let cold = everything(&customer(&reopened, kept.tenant_id(), kept.id()));
            assert_eq!(everything(kept), cold, "{n}");
            if n == 101 {
                assert_eq!((cold.0.len(), cold.2, cold.3.len(), cold.4.turns), (0, 0, 0, 0));
            } else {
                assert_eq!(cold, before[n], "{n}");
            }
        }
    });
}

/// A fixed story of one tenant; tells every result as text. `meanwhile` runs between its calls.
fn story(memory: &Confidant, clock: &TestClock, mut meanwhile: impl FnMut(usize)) -> Vec<String> {
    let tenant = memory.tenant("acme").unwrap();
    let mut told = Vec::new();
    let mut rng = Rng::new(7);
    let mut ids: Vec<(usize, confidant::TurnId)> = Vec::new();
    let mut sessions: Vec<(usize, confidant::SessionId)> = Vec::new();
    for step in 0..150 {
        meanwhile(step);
        let who = rng.below(4);
        let customer = tenant.customer(&format!("customer {who}")).unwrap();
        let key = format!("key {}", rng.below(20));
        let text = format!("step {step}");
        let tell = match rng.below(12) {
            0..3 => match customer.memory().save_turn(NewTurn::said(&text)) {
                Ok(turn) => {
                    ids.push((who, turn.id));
                    format!("{turn:?}")
                }
                Err(error) => error.to_string(),
            },
            3 => format!(
                "{:?}",
                customer
                    .memory()
                    .save_turn(NewTurn::said(&text).key(&key))
                    .map(|turn| turn.to_string())
            ),
            4 => match customer.open_session(Channel::Email) {
                Ok(session) => {
                    sessions.push((who, session.id()));
                    format!("{:?}", session.id())
                }
                Err(error) => error.to_string(),
            },
            5 if !sessions.is_empty() => {
                let (_, id) = *rng.pick(&sessions);
                let done = customer
                    .session(id)
                    .and_then(|session| session.save_turn(NewTurn::said(&text)));
                format!("{done:?}")
            }
            6 if !sessions.is_empty() => {
                let (owner, id) = *rng.pick(&sessions);
                let session = tenant.customer(&format!("customer {owner}")).unwrap().session(id);
                format!(
                    "{:?}",
                    session.and_then(|session| session.close(Outcome::resolved().rated(5)))
                )
            }
            7 if !ids.is_empty() => {
                let (owner, id) = *rng.pick(&ids);
                let owner = tenant.customer(&format!("customer {owner}")).unwrap();
                format!("{:?}", owner.memory().answer(id, NewAnswer::new(&text).confidence(0.7)))
            }
            8 if !ids.is_empty() => format!("{:?}", customer.memory().turn(rng.pick(&ids).1)),
            9 if rng.chance(25) => format!("{:?}", customer.memory().clear()),
            10 => format!(
                "{:?} {:?}",
                tenant.analytics().summary(),
                customer.sessions(Page::first(3))
            ),
            _ => {
                let context = customer.memory().load_context().unwrap();
                format!(
                    "{} {:?} {:?}",
                    context.total(),
                    turns_of(&context),
                    customer.memory().turns(Page::first(2))
                )
            }
        };
        clock.advance(MINUTE * rng.below(20) as i64);
        told.push(tell);
    }
    for who in 0..4 {
        told.push(format!(
            "{:?}",
            everything(&tenant.customer(&format!("customer {who}")).unwrap())
        ));
    }
    told
}

// X-15, K-22, mem0#3928
#[test]
fn a_tenants_results_are_the_same_whether_or_not_other_tenants_exist() {
    on_every_store(|place| {
        let alone = Place::sqlite();
        let expected = story(&alone.open(), &alone.clock, |_| {});

        let memory = place.open();
        let other_handle = place.open();
        let mut rng = Rng::new(11);
        let told = story(&memory, &place.clock, |step| {
            for _ in 0..2 {
                let handle = if rng.chance(30) { &other_handle } else { &memory };
                let other = customer(
                    handle,
                    &format!("tenant {}", rng.below(20)),
                    &format!("customer {}", rng.below(4)),
                );
                match rng.below(8) {
                    0 => drop(other.memory().clear().unwrap()),
                    1 => drop(other.open_session(Channel::Phone).unwrap()),
                    2 => drop(other.memory().load_context().unwrap()),
                    3 => memory.invalidate(),
                    n => {
                        let key = format!("key {}", rng.below(20));
                        let text = format!("theirs {step}");
                        let turn = NewTurn::said(&text).answered("theirs").resolved(true);
                        let turn = if n % 2 == 0 { turn.key(&key) } else { turn };
                        other.memory().save_turn(turn).unwrap();
                    }
                }
            }
        });
        assert_eq!(told.len(), expected.len());
        for (step, (told, expected)) in told.iter().zip(&expected).enumerate() {
            assert_eq!(told, expected, "call {step}");
        }
    });
}
