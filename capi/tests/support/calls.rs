//! Call sequences over the C ABI, read from bytes; the fuzz target and its corpus share them.
//!
//! Knows what must hold whatever a host does within the header's rules: no call is INTERNAL, a
//! failure gives an error and no result, a success gives no error.

#![allow(clippy::all, unsafe_code, dead_code)]

use ::confidant_capi::{
    agent::*, analytics::*, assembly::*, backend::*, collection::*, condition::*, config::*,
    document::*, embedder::*, error::*, extractor::*, failure::*, given::*, health::*,
    identifier::*, list::*, llm::*, memory::*, preference::*, reading::*, recall::*, reply::*,
    report::*, session::*, signal_rules::*, signals::*, store::*, text::*, turn::*, version::*,
};
use std::ffi::c_void;
use std::mem::{size_of, zeroed};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

/// The most calls of one sequence, and the most turns it saves.
const MOST_CALLS: usize = 32;
const MOST_TURNS: usize = 2;
/// After so many sequences the customers are emptied.
const CLEAN_EVERY: u64 = 32;
/// After so many sequences the stores are made anew, so that what a sequence meets stays small.
const RENEW_EVERY: u64 = 1_000;
/// The most handles of a kind that are alive at once.
const MOST_HANDLES: usize = 3;

type Err = *mut confidant_error;

/// What is left of the bytes; nothing left reads as zero.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Mostly small; sometimes one of the numbers that break things.
    fn number(&mut self) -> u64 {
        match self.byte() {
            250 => u64::MAX,
            251 => i64::MAX as u64,
            252 => 1 << 53,
            253 => 1 << 32,
            254 => u64::from_le_bytes([(); 8].map(|()| self.byte())),
            255 => u64::MAX / 2 + 2,
            small => u64::from(small),
        }
    }

    fn size(&mut self) -> usize {
        self.number() as usize
    }

    fn code(&mut self) -> i32 {
        match self.byte() {
            255 => i32::MIN,
            254 => i32::MAX,
            253 => -1,
            small => i32::from(small % 16),
        }
    }

    fn float(&mut self) -> f64 {
        match self.byte() {
            255 => f64::NAN,
            254 => f64::INFINITY,
            253 => -1.0,
            252 => f64::MIN_POSITIVE,
            small => f64::from(small) / 100.0,
        }
    }

    /// A time that the store takes, or one that it does not.
    fn time(&mut self) -> i64 {
        match self.byte() {
            255 => i64::MIN,
            254 => i64::MAX,
            253 => -1,
            small => 1_700_000_000_000 + i64::from(small) * 1_000,
        }
    }

    /// Text into one of a few buffers, or into what follows here; sometimes not UTF-8, too long
    /// to be true, or NULL with a length.
    fn text(&mut self) -> confidant_str {
        const TEXTS: [&str; 12] = [
            "acme",
            "alice",
            "bob",
            "key-1",
            "{\"a\":1}",
            "Could you please help me with my invoice? Thank you very much.",
            "hey lol, wanna reset my pw asap",
            "{",
            "model",
            "t1c9e2f4-12",
            "2026-11-21T09:30:00Z",
            "",
        ];
        static LONG: [u8; 70_000] = [b'x'; 70_000];
        let (ptr, len) = match self.byte() {
            255 => (null(), self.size()),
            254 => (LONG.as_ptr(), (1 << 40) + self.size() / 4),
            253 => (b"\xff\xfe\x80".as_ptr(), 3),
            252 => (LONG.as_ptr(), 60_000 + self.byte() as usize * 39),
            251 => (null(), 0),
            250 => (b"a\0b\n".as_ptr(), 4),
            small if small >= 128 => {
                let len = usize::from(small & 31).min(self.0.len());
                let (text, rest) = self.0.split_at(len);
                self.0 = rest;
                (text.as_ptr(), len)
            }
            small => {
                let text = TEXTS[usize::from(small) % TEXTS.len()];
                (text.as_ptr(), text.len())
            }
        };
        confidant_str { ptr: ptr.cast(), len }
    }

    fn names(&mut self) -> [confidant_str; 2] {
        [self.text(), self.text()]
    }

    /// The size that a struct says it has: its own, a shorter or longer one within its buffer, or
    /// nonsense that must be refused before anything is read.
    fn struct_size<T>(&mut self) -> usize {
        match self.byte() {
            255 => 0,
            254 => usize::MAX,
            253 => 4_104,
            252 => 8 * usize::from(self.byte()),
            251 => usize::from(self.byte()),
            _ => size_of::<T>(),
        }
    }
}

/// A struct with room behind it, as a newer host's would be longer.
#[repr(C)]
struct Roomy<T> {
    value: T,
    room: [u8; 4_096],
}

/// A struct of zeros with a size.
fn made<T>(input: &mut Input<'_>) -> Roomy<T> {
    // SAFETY: plain C data.
    let mut made: Roomy<T> = unsafe { zeroed() };
    let size = input.struct_size::<T>();
    unsafe { (&raw mut made).cast::<usize>().write(size) };
    made
}

/// Handles of one kind; NULL is always among them.
struct Slots<T> {
    handles: Vec<*mut T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> Slots<T> {
    fn new(free: unsafe extern "C" fn(*mut T)) -> Slots<T> {
        Slots { handles: Vec::new(), free }
    }

    fn pick(&self, input: &mut Input<'_>) -> *mut T {
        let place = usize::from(input.byte());
        if self.handles.is_empty() || place > 240 {
            null_mut()
        } else {
            self.handles[place % self.handles.len()]
        }
    }

    fn keep(&mut self, handle: *mut T) {
        if handle.is_null() {
            return;
        }
        self.handles.push(handle);
        if self.handles.len() > MOST_HANDLES {
            let oldest = self.handles.remove(0);
            unsafe { (self.free)(oldest) };
        }
    }

    fn free_one(&mut self, input: &mut Input<'_>) {
        let place = usize::from(input.byte());
        let handle = if self.handles.is_empty() || place > 240 {
            null_mut()
        } else {
            self.handles.remove(place % self.handles.len())
        };
        unsafe { (self.free)(handle) };
    }
}

impl<T> Drop for Slots<T> {
    fn drop(&mut self) {
        for handle in self.handles.drain(..) {
            unsafe { (self.free)(handle) };
        }
    }
}

/// What must hold of every fallible call.
fn ended(status: confidant_status, err: Err, was_wanted: bool) -> bool {
    assert!((0..=17).contains(&status) && status != CONFIDANT_ERR_INTERNAL, "the status {status}");
    assert_eq!(
        err.is_null(),
        status == 0 || !was_wanted,
        "an error comes with a failure and only then"
    );
    unsafe {
        if !err.is_null() {
            assert_eq!(confidant_error_status(err), status);
            assert!(confidant_error_message(err).len > 0);
            confidant_error_detail(err);
            confidant_error_is_retryable(err);
        }
        confidant_error_free(err);
    }
    status == 0
}

thread_local! {
    /// Whether this sequence uses the memory that collects turns, which is faster.
    static COLLECTS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    /// Whether this sequence has the store in its hands already.
    static IS_IN_USE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// How many sequences there were.
static SEQUENCES: AtomicU64 = AtomicU64::new(0);

/// The open memory of this sequence; there are two in the process, each made anew now and then.
fn store() -> *mut confidant_store {
    static STORES: [AtomicPtr<confidant_store>; 2] =
        [AtomicPtr::new(null_mut()), AtomicPtr::new(null_mut())];
    static AGE: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];
    let collects = COLLECTS.get();
    let (place, now) = (usize::from(collects), SEQUENCES.load(Ordering::SeqCst));
    let open = STORES[place].load(Ordering::SeqCst);
    let is_young = now < AGE[place].load(Ordering::SeqCst) + RENEW_EVERY;
    if !open.is_null() && (is_young || IS_IN_USE.get()) {
        IS_IN_USE.set(true);
        return open;
    }
    unsafe { confidant_store_close(open) };
    let fresh = opened(collects);
    STORES[place].store(fresh, Ordering::SeqCst);
    AGE[place].store(now, Ordering::SeqCst);
    IS_IN_USE.set(true);
    fresh
}

fn opened(collects: bool) -> *mut confidant_store {
    let folder = if std::path::Path::new("/dev/shm").is_dir() {
        "/dev/shm".into()
    } else {
        std::env::temp_dir()
    };
    let path =
        folder.join(format!("confidant-calls-{}-{}.db", std::process::id(), u8::from(collects)));
    let location = path.to_str().unwrap();
    let (mut config, mut out, mut err) = (null_mut(), null_mut(), null_mut());
    unsafe {
        confidant_config_new(&mut config, &mut err);
        confidant_config_set_durability(config, CONFIDANT_DURABILITY_PROCESS_CRASH, &mut err);
        confidant_config_set_hot_turns(config, 5, &mut err);
        confidant_config_set_persist_every(config, if collects { 1_000 } else { 0 }, &mut err);
        let text = confidant_str { ptr: location.as_ptr().cast(), len: location.len() };
        assert_eq!(confidant_store_open(text, config, &mut out, &mut err), 0, "{location}");
        confidant_config_free(config);
    }
    // Nobody else needs the names of its files.
    for end in ["", "-wal", "-shm", "-lock"] {
        let _ = std::fs::remove_file(format!("{location}{end}"));
    }
    out
}

struct World {
    configs: Slots<confidant_config>,
    memories: Slots<confidant_memory>,
    contexts: Slots<confidant_context>,
    turns: Slots<confidant_turns>,
    sessions: Slots<confidant_session>,
    lists: Slots<confidant_sessions>,
    preferences: Slots<confidant_preferences>,
    extractors: Slots<confidant_extractor>,
    llms: Slots<confidant_llm>,
    agents: Slots<confidant_agent>,
    replies: Slots<confidant_reply>,
    recalled: Slots<confidant_recalled>,
    collections: Slots<confidant_collection>,
    embedders: Slots<confidant_embedder>,
    documents: Slots<confidant_documents>,
    rules: Slots<confidant_signal_rules>,
    given: Slots<confidant_given>,
    reports: Slots<confidant_analytics_report>,
    saved: usize,
    turn_ids: Vec<u64>,
    session_ids: Vec<u64>,
    callbacks: u64,
}

/// How often the library took data over, and gave it back.
static GIVEN: AtomicU64 = AtomicU64::new(0);
static TAKEN_BACK: AtomicU64 = AtomicU64::new(0);

/// Reads a sequence of calls from bytes, and makes them.
pub fn run(data: &[u8]) {
    // One sequence at a time: what is given and taken back is counted for all.
    static ONE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut input = Input(data);
    COLLECTS.set(input.byte() & 7 != 0);
    SEQUENCES.fetch_add(1, Ordering::SeqCst);
    IS_IN_USE.set(false);
    let before = GIVEN.load(Ordering::SeqCst) - TAKEN_BACK.load(Ordering::SeqCst);
    let mut world = World {
        configs: Slots::new(confidant_config_free),
        memories: Slots::new(confidant_memory_free),
        contexts: Slots::new(confidant_context_free),
        turns: Slots::new(confidant_turns_free),
        sessions: Slots::new(confidant_session_free),
        lists: Slots::new(confidant_sessions_free),
        preferences: Slots::new(confidant_preferences_free),
        extractors: Slots::new(confidant_extractor_free),
        llms: Slots::new(confidant_llm_free),
        agents: Slots::new(confidant_agent_free),
        replies: Slots::new(confidant_reply_free),
        recalled: Slots::new(confidant_recalled_free),
        collections: Slots::new(confidant_collection_free),
        embedders: Slots::new(confidant_embedder_free),
        documents: Slots::new(confidant_documents_free),
        rules: Slots::new(confidant_signal_rules_free),
        given: Slots::new(confidant_given_free),
        reports: Slots::new(confidant_analytics_report_free),
        saved: 0,
        turn_ids: Vec::new(),
        session_ids: Vec::new(),
        callbacks: 0,
    };
    for _ in 0..MOST_CALLS {
        if input.0.is_empty() {
            break;
        }
        unsafe { world.call(&mut input) };
    }
    world.clean();
    drop(world);
    let after = GIVEN.load(Ordering::SeqCst) - TAKEN_BACK.load(Ordering::SeqCst);
    assert_eq!(before, after, "user data is destroyed once, with the last handle that needs it");
}

impl World {
    /// Empties the customers that sequences write to, so that the store does not grow.
    fn clean(&mut self) {
        static RUNS: AtomicU64 = AtomicU64::new(0);
        if (self.saved == 0 && self.session_ids.is_empty())
            || RUNS.fetch_add(1, Ordering::SeqCst) % CLEAN_EVERY != 0
        {
            return;
        }
        for memory in self.memories.handles.iter().copied() {
            let mut err = null_mut();
            ended(unsafe { confidant_memory_clear(memory, null_mut(), &mut err) }, err, true);
        }
    }

    fn turn_id(&self, input: &mut Input<'_>) -> u64 {
        let place = usize::from(input.byte());
        if self.turn_ids.is_empty() || place > 200 {
            input.number()
        } else {
            self.turn_ids[place % self.turn_ids.len()]
        }
    }

    fn session_id(&self, input: &mut Input<'_>) -> u64 {
        let place = usize::from(input.byte());
        match self.session_ids.is_empty() || place > 200 {
            true => input.number(),
            false => self.session_ids[place % self.session_ids.len()],
        }
    }

    unsafe fn call(&mut self, input: &mut Input<'_>) {
        let mut err: Err = null_mut();
        let wanted = input.byte() < 250;
        let e: *mut Err = if wanted { &mut err } else { null_mut() };
        unsafe {
            match input.byte() % 64 {
                0 => self.make_config(input, e, wanted),
                1 => self.change_config(input, e, wanted),
                2 | 3 | 4 | 5 => {
                    let [tenant, customer] = input.names();
                    let mut out = null_mut();
                    let memory = if input.byte() > 250 { null_mut() } else { store() };
                    let place = if input.byte() > 250 { null_mut() } else { &raw mut out };
                    let status = confidant_memory_open(memory, tenant, customer, place, e);
                    if ended(status, err, wanted) {
                        confidant_memory_tenant(out);
                        confidant_memory_customer(out);
                    }
                    assert_eq!(out.is_null(), status != 0);
                    self.memories.keep(out);
                }
                6 | 7 | 8 => {
                    let mut out = null_mut();
                    let status = match input.flag() {
                        true => {
                            confidant_memory_load_context(self.memories.pick(input), &mut out, e)
                        }
                        false => confidant_session_context(self.sessions.pick(input), &mut out, e),
                    };
                    assert_eq!(ended(status, err, wanted), !out.is_null());
                    self.contexts.keep(out);
                }
                9 | 10 | 11 | 12 => self.save(input, e, wanted),
                13 | 14 => self.answer(input, e, wanted),
                15 | 16 => {
                    let (memory, mut out) = (self.memories.pick(input), null_mut());
                    let status = match input.flag() {
                        true => confidant_memory_turns(
                            memory,
                            self.turn_id(input),
                            input.size(),
                            &mut out,
                            e,
                        ),
                        false => confidant_memory_turn(memory, self.turn_id(input), &mut out, e),
                    };
                    assert_eq!(ended(status, err, wanted), !out.is_null());
                    self.turns.keep(out);
                }
                17 => {
                    let mut removed = 0;
                    let status = confidant_memory_clear(self.memories.pick(input), &mut removed, e);
                    ended(status, err, wanted);
                }
                18 => {
                    let memory = self.memories.pick(input);
                    let status = match input.byte() % 3 {
                        0 => confidant_memory_invalidate(memory, e),
                        1 => confidant_memory_flush(memory, e),
                        _ => confidant_store_invalidate(store(), e),
                    };
                    ended(status, err, wanted);
                }
                19 => {
                    let mut out = made::<confidant_buffer_stats>(input);
                    ended(
                        confidant_memory_stats(self.memories.pick(input), &raw mut out.value, e),
                        err,
                        wanted,
                    );
                    assert_eq!(out.room, [0; 4_096], "nothing is written behind a struct");
                }
                20 | 21 | 22 => self.open_session(input, e, wanted),
                23 => self.session_figures(input, e, wanted),
                24 => {
                    let (memory, mut out) = (self.memories.pick(input), null_mut());
                    let after = if input.flag() { 0 } else { self.session_id(input) };
                    let status =
                        confidant_memory_sessions(memory, after, input.size(), &mut out, e);
                    assert_eq!(ended(status, err, wanted), !out.is_null());
                    self.lists.keep(out);
                }
                25 | 26 => {
                    let mut out = null_mut();
                    let status = match input.flag() {
                        true => {
                            confidant_memory_preferences(self.memories.pick(input), &mut out, e)
                        }
                        false => {
                            confidant_extractor_conclude(self.extractors.pick(input), &mut out, e)
                        }
                    };
                    assert_eq!(ended(status, err, wanted), !out.is_null());
                    self.preferences.keep(out);
                }
                27 | 28 => self.extract(input, e, wanted),
                29 => {
                    let mut out = made::<confidant_summary>(input);
                    let status = match input.flag() {
                        true => confidant_memory_summarize(
                            self.memories.pick(input),
                            &raw mut out.value,
                            e,
                        ),
                        false => {
                            confidant_store_summarize(store(), input.text(), &raw mut out.value, e)
                        }
                    };
                    ended(status, err, wanted);
                }
                30 | 31 => self.make_llm(input, e, wanted),
                32 | 33 => self.make_agent(input, e, wanted),
                34 | 35 | 36 => self.respond(input, e, wanted),
                37 => {
                    let mut out = made::<confidant_spending>(input);
                    ended(
                        confidant_agent_spending(self.agents.pick(input), &raw mut out.value, e),
                        err,
                        wanted,
                    );
                    confidant_agent_model(self.agents.pick(input));
                }
                38 => {
                    let mut out = made::<confidant_stats>(input);
                    ended(confidant_store_stats(store(), &raw mut out.value, e), err, wanted);
                    confidant_store_location(store());
                }
                39 => self.identifiers(input, e, wanted),
                40 | 41 | 42 | 43 => self.look(input),
                44 => {
                    let mut out = 0;
                    ended(confidant_llm_remaining(self.llms.pick(input), &mut out, e), err, wanted);
                }
                45 => self.configs.free_one(input),
                46 => self.memories.free_one(input),
                47 => self.contexts.free_one(input),
                48 => self.turns.free_one(input),
                49 => self.sessions.free_one(input),
                50 => self.lists.free_one(input),
                51 => self.preferences.free_one(input),
                52 => self.extractors.free_one(input),
                53 => self.llms.free_one(input),
                54 => self.agents.free_one(input),
                55 => self.replies.free_one(input),
                56 => {
                    let mut out = null_mut();
                    let location = confidant_str {
                        ptr: "/no/such/folder/x.db".as_ptr().cast(),
                        len: input.size() % 21,
                    };
                    let location = if input.flag() { location } else { input.text() };
                    // Only what cannot be opened: opening is slow, and litters.
                    let refused = confidant_str { len: location.len, ptr: location.ptr };
                    if location.len == 0 || location.len > 1 << 30 || location.ptr.is_null() {
                        let status =
                            confidant_store_open(refused, self.configs.pick(input), &mut out, e);
                        assert!(!ended(status, err, wanted) && out.is_null());
                    }
                }
                57 => self.recall(input, e, wanted),
                58 => self.collect(input, e, wanted),
                59 => self.search(input, e, wanted),
                60 => self.signal(input, e, wanted),
                61 => self.know(input, e, wanted),
                62 => self.assemble(input, e, wanted),
                _ => {
                    confidant_status_name(input.code());
                    confidant_version();
                    self.read_text(input, e, wanted);
                    assert_eq!(confidant_abi_version(), CONFIDANT_ABI_VERSION);
                }
            }
        }
    }

    unsafe fn make_config(&mut self, _: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut out = null_mut();
            let status = confidant_config_new(&mut out, e);
            assert!(ended(status, if wanted { *e } else { null_mut() }, wanted));
            self.configs.keep(out);
        }
    }

    unsafe fn change_config(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let config = self.configs.pick(input);
            let status = match input.byte() % 9 {
                0 => confidant_config_set_hot_turns(config, input.size(), e),
                1 => confidant_config_set_hot_bytes(config, input.size(), e),
                2 => confidant_config_set_hot_ttl_ms(config, input.number() as i64, e),
                3 => confidant_config_set_persist_every(config, input.size(), e),
                4 => confidant_config_set_durability(config, input.code(), e),
                5 => confidant_config_set_busy_timeout_ms(config, input.number(), e),
                6 => confidant_config_set_session_idle_ms(config, input.number(), e),
                7 => confidant_config_set_max_text_bytes(config, input.size(), e),
                _ => {
                    let mut clock = made::<confidant_clock>(input);
                    clock.value.now_ms = if input.flag() { Some(now_ms) } else { None };
                    clock.value.destroy = Some(take_back);
                    clock.value.user_data = self.data(clock.value.struct_size, 32);
                    confidant_config_set_clock(config, &raw const clock.value, e)
                }
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
        }
    }

    /// Data that the library owns from now on, if the struct is so long that its `destroy` is seen.
    fn data(&mut self, struct_size: usize, needed: usize) -> *mut c_void {
        if struct_size % 8 == 0 && (needed..=4_096).contains(&struct_size) {
            GIVEN.fetch_add(1, Ordering::SeqCst);
        }
        self.callbacks += 1;
        null_mut()
    }

    fn new_turn(&self, input: &mut Input<'_>, made: &mut confidant_new_turn) {
        let given = input.byte();
        if given & 1 == 0 {
            made.said = input.text();
        }
        if given & 2 != 0 {
            made.answer = input.text();
        }
        if given & 4 != 0 {
            made.answered_by = input.text();
            made.metadata = input.text();
        }
        if given & 8 != 0 {
            made.key = input.text();
        }
        if given & 16 != 0 {
            made.has_at = 1;
            made.at_ms = input.time();
        }
        if given & 32 != 0 {
            made.has_answered_at = 7;
            made.answered_at_ms = input.time();
        }
        if given & 64 != 0 {
            made.has_confidence = u32::MAX;
            made.confidence = input.float();
        }
        made.resolved = u32::from(given);
    }

    unsafe fn save(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        if self.saved >= MOST_TURNS {
            return;
        }
        unsafe {
            let mut ids = [0_u64; 3];
            let mut turns = [(); 3].map(|()| made::<confidant_new_turn>(&mut Input(&[])));
            let mut array: [confidant_new_turn; 3] = turns.each_ref().map(|one| one.value);
            let how = input.byte();
            let count = if how & 4 == 0 { 1 } else { usize::from(how >> 6).min(3) };
            for turn in array.iter_mut().take(count.max(1)) {
                self.new_turn(input, turn);
            }
            turns[0].value = array[0];
            turns[0].value.struct_size = input.struct_size::<confidant_new_turn>();
            let ids_wanted = if how & 8 == 0 { ids.as_mut_ptr() } else { null_mut() };
            let (memory, session) = (self.memories.pick(input), self.sessions.pick(input));
            let status = match how & 7 {
                0 | 1 => {
                    confidant_memory_save_turn(memory, &raw const turns[0].value, ids_wanted, e)
                }
                2 | 3 => {
                    confidant_session_save_turn(session, &raw const turns[0].value, ids_wanted, e)
                }
                4 | 5 => confidant_memory_save_turns(memory, array.as_ptr(), count, ids_wanted, e),
                6 => confidant_session_save_turns(session, array.as_ptr(), count, ids_wanted, e),
                _ => confidant_memory_save_turns(memory, null(), input.size(), ids_wanted, e),
            };
            if ended(status, if wanted { *e } else { null_mut() }, wanted) {
                self.saved += count;
                self.turn_ids.extend(ids.into_iter().filter(|id| *id != 0));
            } else {
                assert_eq!(ids, [0; 3], "a failure leaves results untouched");
            }
        }
    }

    unsafe fn answer(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut answer = made::<confidant_new_answer>(input);
            let given = input.byte();
            answer.value.text = input.text();
            if given & 1 != 0 {
                answer.value.by = input.text();
            }
            if given & 2 != 0 {
                answer.value.metadata = input.text();
            }
            if given & 4 != 0 {
                answer.value.has_at = 1;
                answer.value.at_ms = input.time();
            }
            if given & 8 != 0 {
                answer.value.has_confidence = 1;
                answer.value.confidence = input.float();
            }
            let pointer = if given & 128 != 0 { null() } else { &raw const answer.value };
            let id = self.turn_id(input);
            let status = match given & 16 {
                0 => confidant_memory_answer(self.memories.pick(input), id, pointer, e),
                _ => confidant_session_answer(self.sessions.pick(input), id, pointer, e),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
        }
    }

    unsafe fn open_session(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let (memory, mut out) = (self.memories.pick(input), null_mut());
            if self.session_ids.len() >= MOST_TURNS {
                return;
            }
            let status = match input.byte() % 3 {
                0 => confidant_session_open(memory, input.code(), &mut out, e),
                1 => confidant_session_open_at(memory, input.code(), input.time(), &mut out, e),
                _ => confidant_session_get(memory, self.session_id(input), &mut out, e),
            };
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            if !out.is_null() {
                self.session_ids.push(confidant_session_id(out));
            }
            self.sessions.keep(out);
        }
    }

    unsafe fn session_figures(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let session = self.sessions.pick(input);
            let mut out = made::<confidant_session_figures>(input);
            let mut outcome = made::<confidant_outcome>(input);
            outcome.value.outcome = input.code();
            outcome.value.rating = input.number() as u32;
            let how = input.byte();
            let status = match how & 3 {
                0 => confidant_session_metrics(session, &raw mut out.value, e),
                1 => confidant_session_close(session, null(), null_mut(), e),
                _ => confidant_session_close(
                    session,
                    &raw const outcome.value,
                    &raw mut out.value,
                    e,
                ),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
            assert_eq!(out.room, [0; 4_096]);
            confidant_session_id(session);
            confidant_session_channel(session);
            confidant_session_opened_at_ms(session);
        }
    }

    unsafe fn extract(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let extractor = self.extractors.pick(input);
            let mut json = confidant_str { ptr: null(), len: 0 };
            let status = match input.byte() % 6 {
                0 | 1 => {
                    let mut options = made::<confidant_extractor_options>(input);
                    options.value.style_ratio = input.float();
                    options.value.min_turns = input.number() as u32;
                    options.value.brief_below = input.number() as u32;
                    options.value.has_brief_below = u32::from(input.flag());
                    options.value.preset = i32::from(input.0.len() % 3 == 2);
                    let mut out = null_mut();
                    let status = confidant_extractor_new(&raw const options.value, &mut out, e);
                    ended(status, if wanted { *e } else { null_mut() }, wanted);
                    self.extractors.keep(out);
                    // Whatever was picked before may be gone now.
                    return;
                }
                2 => confidant_extractor_learn_context(extractor, self.contexts.pick(input), e),
                3 => confidant_extractor_learn_turns(extractor, self.turns.pick(input), e),
                4 => confidant_extractor_state(extractor, &mut json, e),
                _ => confidant_extractor_restore(extractor, input.text(), e),
            };
            if ended(status, if wanted { *e } else { null_mut() }, wanted) && json.len > 0 {
                let mut err = null_mut();
                let text = std::slice::from_raw_parts(json.ptr.cast::<u8>(), json.len).to_vec();
                let text = confidant_str { ptr: text.as_ptr().cast(), len: text.len() };
                assert_eq!(
                    confidant_extractor_restore(extractor, text, &mut err),
                    0,
                    "its own state reads back"
                );
            }
            confidant_extractor_covered(extractor);
            confidant_extractor_rules_version(extractor);
        }
    }

    unsafe fn make_llm(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut out = null_mut();
            let texts = [input.text(), input.text()];
            let status = match input.byte() % 4 {
                0 => {
                    let mut article = made::<confidant_article>(input);
                    article.value.title = texts[0];
                    article.value.content = texts[1];
                    article.value.steps = if input.flag() { texts.as_ptr() } else { null() };
                    article.value.step_count = usize::from(input.byte() % 3);
                    confidant_llm_offline(&raw const article.value, 1, &mut out, e)
                }
                1 => {
                    let mut reply = made::<confidant_scripted_reply>(input);
                    reply.value.pieces = texts.as_ptr();
                    reply.value.piece_count = usize::from(input.byte() % 3);
                    reply.value.failure = input.code();
                    reply.value.has_confidence = 1;
                    reply.value.confidence = input.float();
                    confidant_llm_scripted(&raw const reply.value, 1, &mut out, e)
                }
                _ => {
                    let mut callbacks = made::<confidant_llm_callbacks>(input);
                    callbacks.value.complete =
                        if input.byte() < 240 { Some(complete) } else { None };
                    callbacks.value.destroy = Some(take_back);
                    callbacks.value.name = texts[0];
                    callbacks.value.is_free = u32::from(input.flag());
                    self.data(callbacks.value.struct_size, 32);
                    callbacks.value.user_data = usize::from(input.byte()) as *mut c_void;
                    confidant_llm_new(&raw const callbacks.value, &mut out, e)
                }
            };
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            confidant_llm_name(out);
            confidant_llm_is_free(out);
            self.llms.keep(out);
        }
    }

    unsafe fn make_agent(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut options = made::<confidant_agent_options>(input);
            let (mut out, given) = (null_mut(), input.byte());
            options.value.llm = self.llms.pick(input);
            options.value.persona = i32::from(input.byte() % 5);
            options.value.persona_name = input.text();
            options.value.persona_manner = input.text();
            options.value.persona_tone = i32::from(input.byte() % 4);
            if given & 1 != 0 {
                options.value.fallback = input.text();
            }
            if given & 2 != 0 {
                options.value.max_prompt_tokens = input.size();
                options.value.max_reply_tokens = input.number() as u32;
            }
            if given & 4 != 0 {
                options.value.has_prompt_turns = 1;
                options.value.prompt_turns = input.size();
            }
            if given & 8 != 0 {
                options.value.has_price = 1;
                options.value.input_nano = input.number();
                options.value.output_nano = input.number();
            }
            if given & 16 != 0 {
                options.value.has_budget = 1;
                options.value.budget_nano = input.number();
            }
            if given & 32 != 0 {
                options.value.has_temperature = 1;
                options.value.temperature = input.float();
            }
            let pointer = if given & 64 != 0 { null() } else { &raw const options.value };
            let status = confidant_agent_new(store(), pointer, &mut out, e);
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            self.agents.keep(out);
        }
    }

    unsafe fn respond(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        if self.saved >= MOST_TURNS {
            return;
        }
        unsafe {
            let mut message = made::<confidant_message>(input);
            let given = input.byte();
            message.value.text = input.text();
            if given & 1 != 0 {
                message.value.key = input.text();
            }
            if given & 2 != 0 {
                message.value.metadata = input.text();
                message.value.profile = input.text();
            }
            if given & 4 != 0 {
                message.value.has_at = 1;
                message.value.at_ms = input.time();
            }
            let mut sink = made::<confidant_text_sink>(input);
            sink.value.on_text = if input.byte() < 240 { Some(on_text) } else { None };
            sink.value.destroy = Some(take_back);
            sink.value.user_data = usize::from(input.byte()) as *mut c_void;
            let sink = if given & 8 != 0 {
                null()
            } else {
                self.data(sink.value.struct_size, 32);
                &raw const sink.value
            };
            let mut out = null_mut();
            let (agent, session) = (self.agents.pick(input), self.sessions.pick(input));
            let status = confidant_agent_respond(
                agent,
                session,
                &raw const message.value,
                sink,
                &mut out,
                e,
            );
            self.saved += 1;
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            self.replies.keep(out);
        }
    }

    unsafe fn identifiers(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut id: confidant_id = zeroed();
            let (mut number, mut time) = (0, 0);
            let status = match input.byte() % 6 {
                0 => confidant_turn_id_format(self.turn_id(input), &mut id, e),
                1 => confidant_turn_id_parse(input.text(), &mut number, e),
                2 => confidant_session_id_format(self.session_id(input), &mut id, e),
                3 => confidant_session_id_parse(input.text(), &mut number, e),
                4 => confidant_time_format(input.time(), &mut id, e),
                _ => confidant_time_parse(input.text(), &mut time, e),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
            assert_eq!(id.text[36], 0);
        }
    }

    unsafe fn recall(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut query = made::<confidant_recall_query>(input);
            let given = input.byte();
            query.value.question = input.text();
            query.value.limit = input.size();
            let metadata = [confidant_pair { name: input.text(), value: input.text() }; 2];
            if given & 1 != 0 {
                query.value.metadata = metadata.as_ptr();
                query.value.metadata_count = usize::from(given >> 6).min(metadata.len());
            }
            if given & 2 != 0 {
                query.value.session_id = self.session_id(input);
            }
            if given & 4 != 0 {
                (query.value.has_channel, query.value.channel) = (1, input.code());
            }
            if given & 8 != 0 {
                (query.value.has_from, query.value.from_ms) = (1, input.time());
                (query.value.has_until, query.value.until_ms) = (1, input.time());
            }
            (query.value.has_resolved, query.value.resolved) =
                (u32::from(given & 16), u32::from(given & 32));
            let mut out = null_mut();
            let status = confidant_memory_recall(
                self.memories.pick(input),
                &raw const query.value,
                &mut out,
                e,
            );
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            for place in 0..confidant_recalled_count(out) {
                let one = &*confidant_recalled_at(out, place);
                read_turn(one.turn);
                for word in 0..one.match_count {
                    let word = &*confidant_recalled_match(out, place, word);
                    read(word.asked);
                    read(word.found);
                    assert!(word.strength > 0.0);
                }
            }
            confidant_recalled_basis(out);
            self.recalled.keep(out);
        }
    }

    unsafe fn collect(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let (mut out, mut flag) = (null_mut(), 7);
            let collection = self.collections.pick(input);
            let status = match input.byte() % 8 {
                0 | 1 => {
                    // Few collections, so that the store does not grow.
                    let names = ["notes", "other", "", "a\nb"];
                    let name = names[usize::from(input.byte()) % 4];
                    let name = confidant_str { ptr: name.as_ptr().cast(), len: name.len() };
                    match input.flag() {
                        true => confidant_collection_open(store(), input.text(), name, &mut out, e),
                        false => confidant_knowledge_open(store(), input.text(), &mut out, e),
                    }
                }
                2 => confidant_collection_remove(collection, input.text(), &mut flag, e),
                3 => confidant_collection_count_use(
                    collection,
                    input.text(),
                    input.byte().into(),
                    &mut flag,
                    e,
                ),
                4 => confidant_collection_snapshot(collection, e),
                5 => confidant_collection_with_embedder(
                    collection,
                    self.embedders.pick(input),
                    &mut out,
                    e,
                ),
                6 => {
                    let mut done = made::<confidant_embedded>(input);
                    let limit = input.size() % 3;
                    let status =
                        confidant_collection_embed(collection, limit, &raw mut done.value, e);
                    assert_eq!(done.room, [0; 4_096], "nothing is written behind a struct");
                    status
                }
                _ => return self.make_embedder(input, e, wanted),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
            assert!(out.is_null() || status == 0);
            confidant_collection_name(out);
            self.collections.keep(out);
        }
    }

    unsafe fn make_embedder(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut out = null_mut();
            let status = if input.flag() {
                let mut callbacks = made::<confidant_embedder_callbacks>(input);
                callbacks.value.embed = if input.byte() < 240 { Some(embed) } else { None };
                callbacks.value.destroy = Some(take_back);
                callbacks.value.name = input.text();
                callbacks.value.dimensions = input.size();
                self.data(callbacks.value.struct_size, 32);
                callbacks.value.user_data = usize::from(input.byte()) as *mut c_void;
                confidant_embedder_new(&raw const callbacks.value, &mut out, e)
            } else {
                // Made, and never asked.
                let mut options = made::<confidant_http_embedder_options>(input);
                options.value.model = input.text();
                options.value.base_url = input.text();
                options.value.dimensions = input.size();
                options.value.protocol = input.code();
                let status = confidant_embedder_http(&raw const options.value, &mut out, e);
                assert_eq!(out.is_null(), status != 0);
                confidant_embedder_name(out);
                confidant_embedder_free(std::mem::replace(&mut out, null_mut()));
                status
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
            confidant_embedder_name(out);
            confidant_embedder_dimensions(out);
            self.embedders.keep(out);
        }
    }

    unsafe fn search(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let (collection, mut out) = (self.collections.pick(input), null_mut());
            let status = match input.byte() % 4 {
                0 => {
                    let mut document = made::<confidant_new_document>(input);
                    let tags = [input.text(); 2];
                    let given = input.byte();
                    document.value.key = input.text();
                    document.value.text = input.text();
                    if given & 1 != 0 {
                        document.value.metadata = input.text();
                    }
                    if given & 2 != 0 {
                        document.value.category = input.text();
                        document.value.tags = tags.as_ptr();
                        document.value.tag_count = usize::from(given >> 6).min(2);
                    }
                    let count = usize::from(given & 4 == 0);
                    confidant_collection_put(collection, &raw const document.value, count, e)
                }
                1 => confidant_collection_get(collection, input.text(), &mut out, e),
                2 => {
                    let mut count = 0;
                    confidant_collection_count(collection, &mut count, e)
                }
                _ => {
                    let mut steps =
                        [(); 4].map(|()| made::<confidant_condition>(&mut Input(&[])).value);
                    for step in &mut steps {
                        (step.step, step.name, step.value) =
                            (i32::from(input.byte() % 5), input.text(), input.text());
                    }
                    let (question, limit, count) =
                        (input.text(), input.size(), usize::from(input.byte()) % 6);
                    confidant_collection_search(
                        collection,
                        question,
                        limit,
                        steps.as_ptr(),
                        count.min(4),
                        &mut out,
                        e,
                    )
                }
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
            assert!(out.is_null() || status == 0);
            for place in 0..confidant_documents_count(out) {
                let one = &*confidant_documents_at(out, place);
                for text in [one.key, one.title, one.text, one.metadata, one.category, one.passage]
                {
                    read(text);
                }
                for tag in 0..one.tag_count {
                    read(*one.tags.add(tag));
                }
                assert!(one.helped <= one.used);
            }
            confidant_documents_basis(out);
            read(confidant_documents_model(out));
            self.documents.keep(out);
        }
    }

    unsafe fn signal(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            if input.byte() % 4 == 0 {
                let mut options = made::<confidant_signal_rules_options>(input);
                let texts = [input.text(), input.text()];
                let values = [input.float(), input.float()];
                let given = input.byte();
                (options.value.words, options.value.word_values) =
                    (texts.as_ptr(), values.as_ptr());
                options.value.word_count = usize::from(given & 3).min(2);
                options.value.products = texts.as_ptr();
                options.value.product_count = usize::from(given >> 2 & 1);
                options.value.order_ids = texts.as_ptr();
                options.value.order_id_count = usize::from(given >> 3 & 1);
                if given & 16 != 0 {
                    options.value.table =
                        confidant_bytes { ptr: texts[0].ptr.cast(), len: texts[0].len };
                }
                (options.value.preset, options.value.without_table) =
                    (i32::from(given >> 6), u32::from(given & 32));
                let mut out = null_mut();
                let status = confidant_signal_rules_new(&raw const options.value, &mut out, e);
                assert_eq!(
                    ended(status, if wanted { *e } else { null_mut() }, wanted),
                    !out.is_null()
                );
                read(confidant_signal_rules_version(out));
                return self.rules.keep(out);
            }
            let mut context = made::<confidant_signal_context>(input);
            (context.value.rules, context.value.agent_said) =
                (self.rules.pick(input), input.text());
            (context.value.expects, context.value.earlier_same) =
                (input.code(), input.number() as u32);
            let mut out = null_mut();
            let status =
                confidant_signals_analyze(input.text(), &raw const context.value, &mut out, e);
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            if let Some(content) = confidant_signals_read(out).as_ref() {
                read(content.language);
                for place in 0..content.finding_count {
                    let one = &*confidant_signals_finding(out, place);
                    read(one.name);
                    for cue in 0..one.cue_count {
                        read((*confidant_signals_cue(out, place, cue)).rule);
                    }
                }
                for place in 0..content.entity_count {
                    let one = &*confidant_signals_entity(out, place);
                    read(one.rule);
                    assert!(one.start <= one.end && one.kind > 0);
                }
            }
            confidant_signals_free(out);
        }
    }

    unsafe fn know(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut flag = 0;
            let status = match input.byte() % 5 {
                0 | 1 => {
                    let mut out = null_mut();
                    let status = match input.flag() {
                        true => confidant_memory_given(self.memories.pick(input), &mut out, e),
                        false => confidant_turns_given(self.turns.pick(input), &mut out, e),
                    };
                    for place in 0..confidant_given_count(out) {
                        let fact = &*confidant_given_at(out, place);
                        read(fact.value);
                        read(fact.rule);
                        assert!(!confidant_given_newest(out, fact.kind).is_null());
                    }
                    self.given.keep(out);
                    status
                }
                2 => {
                    let mut out = null_mut();
                    let status = confidant_given_asked_again(
                        self.given.pick(input),
                        input.text(),
                        &mut out,
                        e,
                    );
                    self.given.free_one(input);
                    for place in 0..confidant_asked_again_count(out) {
                        read((*(*confidant_asked_again_at(out, place)).fact).value);
                    }
                    confidant_asked_again_free(out);
                    status
                }
                3 => confidant_extractor_unlearn(
                    self.extractors.pick(input),
                    self.turn_id(input),
                    &mut flag,
                    e,
                ),
                _ => return self.report(input, e, wanted),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
        }
    }

    unsafe fn report(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut range = made::<confidant_range>(input);
            (range.value.from_ms, range.value.to_ms) = (input.time(), input.time());
            let (mut out, how) = (null_mut(), input.byte());
            let range = if how & 2 == 0 { null() } else { &raw const range.value };
            let status = match how & 1 {
                0 => confidant_memory_report(self.memories.pick(input), range, &mut out, e),
                _ => confidant_store_report(store(), input.text(), range, &mut out, e),
            };
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            read(confidant_analytics_report_json(out));
            read(confidant_analytics_report_prometheus(out));
            confidant_analytics_report_active_sessions(out);
            confidant_analytics_report_totals(out);
            for what in 0..8 {
                let mut place = 0;
                while let Some(counted) =
                    confidant_analytics_report_counted(out, what, place).as_ref()
                {
                    read(counted.name);
                    place += 1;
                }
            }
            let mut place = 0;
            while let Some(by) = confidant_analytics_report_resolver(out, place).as_ref() {
                (read(by.agent), read(by.topic));
                place += 1;
            }
            let mut place = 0;
            while let Some(day) = confidant_analytics_report_day(out, place).as_ref() {
                read(day.day);
                place += 1;
            }
            let mut limits = made::<confidant_health_limits>(input);
            (limits.value.has_min_cases, limits.value.has_max_repeat_rate) = (1, 1);
            limits.value.max_repeat_rate = input.float();
            let (mut health, mut err) = (null_mut(), null_mut());
            let status = confidant_analytics_report_health(
                out,
                &raw const limits.value,
                &mut health,
                &mut err,
            );
            ended(status, err, true);
            if let Some(worry) = confidant_health_breach(health, 0).as_ref() {
                read(worry.figure);
            }
            read(confidant_health_unknown(health, 0));
            confidant_health_free(health);
            self.reports.keep(out);
        }
    }

    unsafe fn assemble(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let mut request = made::<confidant_context_request>(input);
            let passages = [confidant_pair { name: input.text(), value: input.text() }; 2];
            let given = input.byte();
            (request.value.question, request.value.max_tokens) = (input.text(), input.size());
            if given & 1 != 0 {
                request.value.passages = passages.as_ptr();
                request.value.passage_count = usize::from(given >> 6).min(2);
            }
            if given & 2 != 0 {
                (request.value.has_recalled, request.value.recalled) = (1, input.size());
            }
            if given & 4 != 0 {
                request.value.calibration_text = input.text();
                request.value.calibration_tokens = input.number();
            }
            request.value.without_preferences = u32::from(given & 8);
            let mut counter = made::<confidant_token_counter>(input);
            counter.value.count_tokens = if input.byte() < 240 { Some(count_tokens) } else { None };
            counter.value.destroy = Some(take_back);
            counter.value.user_data = usize::from(input.byte()) as *mut c_void;
            let counter = if given & 16 != 0 {
                null()
            } else {
                self.data(counter.value.struct_size, 32);
                &raw const counter.value
            };
            let (memory, mut out) = (self.memories.pick(input), null_mut());
            let status =
                confidant_memory_assemble(memory, &raw const request.value, counter, &mut out, e);
            assert_eq!(ended(status, if wanted { *e } else { null_mut() }, wanted), !out.is_null());
            if let Some(content) = confidant_assembled_read(out).as_ref() {
                read(content.text);
                assert!(content.tokens <= request.value.max_tokens);
                (0..content.recent_count)
                    .for_each(|place| read_turn(confidant_assembled_recent(out, place)));
                (0..content.recalled_count)
                    .for_each(|place| read_turn(confidant_assembled_recalled(out, place)));
            }
            confidant_assembled_free(out);
        }
    }

    unsafe fn read_text(&mut self, input: &mut Input<'_>, e: *mut Err, wanted: bool) {
        unsafe {
            let message = input.text();
            let status = match input.byte() % 5 {
                0 => {
                    let mut out = null_mut();
                    let status = confidant_text_redact(message, &mut out, e);
                    read(confidant_redacted_text(out));
                    for place in 0..confidant_redacted_count(out) {
                        assert!((*confidant_redacted_at(out, place)).kind > 0);
                    }
                    confidant_redacted_free(out);
                    status
                }
                1 => {
                    let (mut out, mut start, mut end) =
                        (null_mut(), input.number(), input.number());
                    let status = confidant_text_normalize(message, &mut out, e);
                    read(confidant_normalized_text(out));
                    let within =
                        confidant_normalized_original(out, &mut start, &mut end, null_mut());
                    assert!(within != 0 || (start <= end && end <= message.len as u64));
                    confidant_normalized_free(out);
                    status
                }
                2 => {
                    let mut language = confidant_str { ptr: null(), len: 0 };
                    let status = confidant_text_language(message, &mut language, e);
                    read(language);
                    status
                }
                3 => {
                    let mut tokens = 0;
                    confidant_text_estimate_tokens(
                        message,
                        input.text(),
                        input.number(),
                        &mut tokens,
                        e,
                    )
                }
                _ => confidant_config_set_recall_bytes(self.configs.pick(input), input.size(), e),
            };
            ended(status, if wanted { *e } else { null_mut() }, wanted);
        }
    }

    /// Looks at everything that a handle shows.
    unsafe fn look(&mut self, input: &mut Input<'_>) {
        let place = input.size();
        let mut bytes = confidant_bytes { ptr: null(), len: 0 };
        unsafe {
            let context = self.contexts.pick(input);
            for turn in 0..confidant_context_count(context) {
                read_turn(confidant_context_turn(context, turn));
            }
            read_turn(confidant_context_turn(context, place));
            let mut count = 0;
            let first = confidant_context_turns(context, &mut count);
            (0..count).for_each(|turn| read_turn(first.add(turn)));
            confidant_context_total(context);
            if confidant_context_flat(context, &mut bytes, null_mut()) == 0 {
                read(confidant_str { ptr: bytes.ptr.cast(), len: bytes.len });
            }
            let turns = self.turns.pick(input);
            let first = confidant_turns_all(turns, &mut count);
            (0..count).for_each(|turn| read_turn(first.add(turn)));
            for turn in 0..confidant_turns_count(turns) {
                read_turn(confidant_turns_at(turns, turn));
            }
            confidant_turns_flat(turns, &mut bytes, null_mut());
            let list = self.lists.pick(input);
            for at in 0..confidant_sessions_count(list) {
                assert!((*confidant_sessions_at(list, at)).session_id != 0);
            }
            assert!(confidant_sessions_at(list, confidant_sessions_count(list)).is_null());
            read_preferences(self.preferences.pick(input));
            let reply = self.replies.pick(input);
            if let Some(content) = confidant_reply_read(reply).as_ref() {
                read_turn(content.turn);
                read_preferences(content.preferences);
                read(content.text);
                read(confidant_error_message(content.failure));
                for source in 0..content.source_count as usize {
                    read(confidant_reply_source(reply, source));
                }
            }
            confidant_reply_source(reply, place);
        }
    }
}

/// Touches every byte of a view, so that a sanitizer sees them.
unsafe fn read(text: confidant_str) {
    if !text.ptr.is_null() {
        let bytes = unsafe { std::slice::from_raw_parts(text.ptr.cast::<u8>(), text.len) };
        std::hint::black_box(bytes.iter().fold(0_u8, |sum, byte| sum ^ byte));
    }
}

unsafe fn read_turn(turn: *const confidant_turn) {
    if let Some(turn) = unsafe { turn.as_ref() } {
        for text in [turn.said, turn.answer, turn.answered_by, turn.metadata] {
            unsafe { read(text) };
        }
        assert!(turn.turn_id != 0 && turn.number > 0);
    }
}

unsafe fn read_preferences(preferences: *const confidant_preferences) {
    unsafe {
        read(confidant_preferences_text(preferences));
        confidant_preferences_customer_turns(preferences);
        for at in 0..confidant_preferences_statement_count(preferences) {
            read((*confidant_preferences_statement(preferences, at)).name);
        }
        confidant_preferences_find(preferences, 1);
        for at in 0..confidant_preferences_count(preferences) {
            let one = &*confidant_preferences_at(preferences, at);
            read(one.name);
            read(one.rules_version);
            for shown in 0..one.evidence_count {
                let shown = &*confidant_preferences_evidence(preferences, at, shown);
                read(shown.rule);
                assert!(shown.turn_id != 0 && shown.start <= shown.end);
            }
        }
    }
}

unsafe extern "C" fn take_back(_: *mut c_void) {
    TAKEN_BACK.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C" fn now_ms(_: *mut c_void) -> i64 {
    1_795_253_400_000
}

/// An embedder that behaves as its number says.
unsafe extern "C" fn embed(
    user_data: *mut c_void,
    texts: *const confidant_str,
    count: usize,
    vectors: *mut f32,
) -> confidant_status {
    let how = user_data as usize;
    for at in 0..count {
        unsafe { read(*texts.add(at)) };
    }
    if how & 1 != 0 {
        unsafe { vectors.write(if how & 2 != 0 { f32::NAN } else { how as f32 }) };
    }
    if how & 32 != 0 { (how & 31) as i32 - 3 } else { 0 }
}

unsafe extern "C" fn count_tokens(user_data: *mut c_void, text: confidant_str) -> usize {
    unsafe { read(text) };
    match user_data as usize {
        255 => usize::MAX,
        least => least + text.len / 4,
    }
}

unsafe extern "C" fn on_text(user_data: *mut c_void, piece: confidant_str) -> i32 {
    unsafe { read(piece) };
    i32::from(user_data as usize & 3 == 3)
}

/// A model that behaves as its number says.
unsafe extern "C" fn complete(
    user_data: *mut c_void,
    request: *const confidant_llm_request,
    reply: *mut confidant_llm_reply<'_>,
) -> confidant_status {
    let how = user_data as usize;
    unsafe {
        read(confidant_llm_request_system(request));
        for at in 0..confidant_llm_request_message_count(request) {
            read((*confidant_llm_request_message(request, at)).text);
        }
        confidant_llm_request_tone(request);
        confidant_llm_request_length(request);
        confidant_llm_request_max_tokens(request);
        let piece = confidant_str { ptr: "a piece ".as_ptr().cast(), len: 8 };
        let bad = confidant_str { ptr: b"\xff".as_ptr().cast(), len: 1 };
        for _ in 0..how & 7 {
            confidant_llm_reply_append(reply, piece, null_mut());
        }
        if how & 8 != 0 {
            assert_eq!(
                confidant_llm_reply_append(reply, bad, null_mut()),
                CONFIDANT_ERR_INVALID_ARGUMENT
            );
            confidant_llm_reply_set_confidence(reply, (how & 3) as f64, null_mut());
            confidant_llm_reply_set_resolved(reply, how as u32, null_mut());
            confidant_llm_reply_add_source(reply, piece, null_mut());
            confidant_llm_reply_set_finish(reply, (how & 3) as i32, null_mut());
            confidant_llm_reply_set_usage(reply, u64::MAX, how as u64, null_mut());
        }
        if how & 16 != 0 {
            confidant_llm_reply_fail(reply, (how & 15) as i32, piece, null_mut());
        }
    }
    if how & 32 != 0 { (how & 31) as i32 - 3 } else { 0 }
}
