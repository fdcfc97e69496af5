//! One connection to the server, driven by whoever uses it.
//!
//! Knows how the client's futures run on the caller's own thread, also inside somebody
//! else's runtime, what a connection must be before a statement runs on it, and how the
//! server's errors become ours. No type of the client leaves this folder.

use super::location::Location;
use crate::error::{Error, ErrorKind, Result, internal};
use crate::store::{Durability, Options};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Connection, SimpleQueryMessage, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Tells a transaction from every other one: its server process, and when it began.
pub(super) const WHICH: &str =
    "SELECT pg_backend_pid()::bigint, (extract(epoch FROM now()) * 1000000)::bigint";
const WHICH_AND_LOCK: &str = "SELECT pg_backend_pid()::bigint, (extract(epoch FROM now()) * 1000000)::bigint, \
                              pg_advisory_xact_lock($1)";
/// Takes locks without waiting, and tells which of them somebody else holds.
const LOCKS: &str = "SELECT pg_backend_pid()::bigint, (extract(epoch FROM now()) * 1000000)::bigint, \
                     ARRAY(SELECT k FROM unnest($1::bigint[]) k WHERE NOT pg_try_advisory_xact_lock(k))";
/// The mark by which a doubtful commit is recognised: one row for each connection.
pub(super) const MARK: &str = "INSERT INTO confidant_marks (slot, mark) VALUES ($1, $2) \
                    ON CONFLICT (slot) DO UPDATE SET mark = excluded.mark, at = excluded.at";

/// Why a statement failed, as far as it decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The connection is gone; what was not committed is lost.
    Lost,
    /// Another transaction stood in the way; the same again may work.
    Overtaken,
    /// A unique value is taken: by which constraint and value.
    Taken(String),
    /// Statements do not stay on one server connection: a pooler lends them by transaction.
    Pooled,
    /// Nothing helps.
    Final,
}

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) why: Why,
    pub(super) error: Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { why: Why::Final, error }
    }
}

/// The connection's own half of the client.
trait Driver: Send {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<AsyncMessage, tokio_postgres::Error>>>;
}

impl<S, T> Driver for Connection<S, T>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send,
{
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<AsyncMessage, tokio_postgres::Error>>> {
        self.poll_message(context)
    }
}

/// Statements by the address and length of their text, which is static, and by whether they
/// are for many units at once.
type Prepared = HashMap<(usize, usize, bool), Statement>;

/// What nearly every transaction needs, prepared: the server then neither parses nor plans.
#[derive(Clone)]
pub(super) struct Own {
    pub(super) which: Statement,
    pub(super) which_and_lock: Statement,
    pub(super) mark: Statement,
    pub(super) locks: Statement,
}

pub(super) struct Link {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    client: Option<Arc<Client>>,
    driver: Option<Box<dyn Driver>>,
    /// What others have told on the channel since it was last asked for.
    pub(super) heard: Vec<String>,
    /// Whether the server has warned of anything: of a commit, that it gave up waiting for its
    /// standby.
    pub(super) warned: bool,
    /// Statements that stay prepared on this connection.
    pub(super) prepared: Prepared,
    /// The engine's own; `None` behind a pooler that lends connections by transaction.
    pub(super) own: Option<Own>,
    /// The server's process behind this connection.
    pub(super) backend: i64,
    /// The row in which this connection's commits leave their mark.
    pub(super) slot: i64,
    shown: Arc<str>,
    process: u32,
}

impl Link {
    /// Connects, and verifies that the server keeps what it acknowledges.
    pub(super) fn connect(
        location: &Location,
        tls: &MakeRustlsConnect,
        options: &Options,
        patience: Duration,
    ) -> Result<Link, Failure> {
        let shown: Arc<str> = Arc::from(location.shown.as_str());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(
            |cause| {
                Error::new(
                    ErrorKind::Io,
                    "cannot set up a connection: the operating system refused",
                )
                .with_source(cause)
            },
        )?;
        let unreachable = |cause: std::io::Error| {
            let message = format!("cannot connect to {shown}: {}", cause.kind());
            Failure { why: Why::Lost, error: Error::new(ErrorKind::Io, message).with_source(cause) }
        };
        let config = location.resolved().map_err(unreachable)?;
        let tls = tls.clone();
        let connecting = async move {
            let connected = tokio::time::timeout(patience, config.connect(tls)).await;
            connected.map(|connected| {
                connected.map(|(client, driver)| {
                    let driver: Box<dyn Driver> = Box::new(driver);
                    (client, driver)
                })
            })
        };
        let connected = enter(&runtime, connecting)?;
        let (client, driver) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(cause)) => return Err(refused_connection(&shown, cause)),
            Err(_) => {
                let error = Error::new(
                    ErrorKind::Io,
                    format!("cannot connect to {shown}: it does not answer"),
                );
                return Err(Failure { why: Why::Lost, error });
            }
        };
        let mut link = Link {
            runtime: Some(runtime),
            client: Some(Arc::new(client)),
            driver: Some(driver),
            heard: Vec::new(),
            warned: false,
            prepared: HashMap::new(),
            own: None,
            backend: 0,
            slot: random().cast_signed(),
            shown,
            process: std::process::id(),
        };
        link.verify(options)?;
        Ok(link)
    }

    /// Refuses a server that could forget what it acknowledged.
    fn verify(&mut self, options: &Options) -> Result<(), Failure> {
        let sql = "SELECT pg_backend_pid(), current_setting('server_version_num'), current_setting('fsync'), \
                   current_setting('full_page_writes'), current_setting('synchronous_commit'), \
                   current_setting('server_encoding'), pg_is_in_recovery()";
        let rows = self.simple(sql)?;
        let row = rows.first().ok_or_else(|| internal("the server answered nothing"))?;
        let column = |place: usize| row.get(place).map_or("", String::as_str);
        let refuse = |what: &str| {
            let error =
                Error::new(ErrorKind::Unsupported, format!("cannot use {}: {what}", self.shown));
            Err(Failure::from(error))
        };
        if column(1).parse().unwrap_or(0) < 130_000 {
            return refuse("the server is older than PostgreSQL 13");
        }
        if column(5) != "UTF8" {
            return refuse(&format!(
                "the database has the encoding {}; it must be UTF8",
                column(5)
            ));
        }
        if column(6) == "t" {
            return refuse("it is a standby, which may only be read");
        }
        if column(2) != "on" {
            return refuse(
                "the server runs with fsync=off and may lose or damage everything when it crashes",
            );
        }
        if options.durability == Durability::PowerLoss {
            if column(3) != "on" {
                return refuse(
                    "the server runs with full_page_writes=off, so that power loss may damage it",
                );
            }
            if column(4) == "off" {
                return refuse(
                    "synchronous_commit=off would lose acknowledged turns in a crash; set it on for the role \
                     or the database, or ask for Durability::ProcessCrash",
                );
            }
        }
        self.backend = column(0).parse().unwrap_or(0);
        Ok(())
    }

    /// Makes the connection ready for units: it stays on one server connection.
    pub(super) fn settle(&mut self, settings: &str) -> Result<(), Failure> {
        let client = self.client()?;
        let own = async {
            client.batch_execute(settings).await?;
            Ok(Own {
                which: client.prepare(WHICH).await?,
                which_and_lock: client.prepare(WHICH_AND_LOCK).await?,
                mark: client.prepare(MARK).await?,
                locks: client.prepare(LOCKS).await?,
            })
        };
        self.own = Some(self.run("set up", own)?);
        Ok(())
    }

    pub(super) fn client(&self) -> Result<Arc<Client>, Failure> {
        let gone = || Failure { why: Why::Lost, error: internal("the connection was given up") };
        self.client.clone().filter(|client| !client.is_closed()).ok_or_else(gone)
    }

    /// Runs statements without values; returns the rows of all of them as text.
    pub(super) fn simple(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Failure> {
        let client = self.client()?;
        let messages = self.run("talk to", async { client.simple_query(sql).await })?;
        Ok(texts(&messages))
    }

    /// Drives the connection until the future is ready.
    pub(super) fn run<T: Send>(
        &mut self,
        tried: &str,
        future: impl Future<Output = Result<T, tokio_postgres::Error>> + Send,
    ) -> Result<T, Failure> {
        let shown = Arc::clone(&self.shown);
        self.drive(future)?.map_err(|cause| failed(tried, &shown, cause))
    }

    fn drive<T: Send>(&mut self, future: impl Future<Output = T> + Send) -> Result<T, Failure> {
        let (Some(runtime), true) = (&self.runtime, self.driver.is_some()) else {
            return Err(Failure { why: Why::Lost, error: internal("the connection was given up") });
        };
        let (driver, heard, warned) = (&mut self.driver, &mut self.heard, &mut self.warned);
        let driven = async move {
            let mut future = pin!(future);
            poll_fn(|context| {
                // First the future, so that what it sends goes out with this very round.
                let early = future.as_mut().poll(context);
                if driver
                    .as_mut()
                    .is_some_and(|driver| listen(driver.as_mut(), context, heard, warned))
                {
                    // Whoever waits for an answer learns from this that there will be none.
                    *driver = None;
                }
                if early.is_ready() { early } else { future.as_mut().poll(context) }
            })
            .await
        };
        Ok(enter(runtime, driven)?)
    }

    /// Takes in what the server has sent meanwhile, without waiting; false if it is gone.
    pub(super) fn look(&mut self) -> bool {
        // A yield lets the runtime ask the socket; the first one is over within the first round.
        let looked = self.drive(async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        });
        looked.is_ok() && self.driver.is_some()
    }

    /// Whether a statement can still be sent.
    pub(super) fn is_alive(&self) -> bool {
        self.driver.is_some() && self.client.as_ref().is_some_and(|client| !client.is_closed())
    }
}

/// Whoever drops a connection says good-bye to the server; a forked child, who shares the
/// parent's socket, leaves everything alone.
impl Drop for Link {
    fn drop(&mut self) {
        let (runtime, client, driver) =
            (self.runtime.take(), self.client.take(), self.driver.take());
        if std::process::id() != self.process {
            std::mem::forget((runtime, client, driver));
            return;
        }
        drop(client);
        if let (Some(runtime), Some(mut driver)) = (&runtime, driver) {
            let farewell = async move {
                let ended = poll_fn(|context| {
                    match listen(driver.as_mut(), context, &mut Vec::new(), &mut false) {
                        true => Poll::Ready(()),
                        false => Poll::Pending,
                    }
                });
                let _ = tokio::time::timeout(Duration::from_millis(100), ended).await;
            };
            let _ = enter(runtime, farewell);
        }
        if let Some(runtime) = runtime {
            runtime.shutdown_background();
        }
    }
}

/// Polls the connection; true if it is over. The client's futures learn of errors themselves.
fn listen(
    driver: &mut dyn Driver,
    context: &mut Context<'_>,
    heard: &mut Vec<String>,
    warned: &mut bool,
) -> bool {
    loop {
        match driver.poll(context) {
            Poll::Ready(Some(Ok(AsyncMessage::Notification(told)))) => {
                heard.push(told.payload().to_owned())
            }
            Poll::Ready(Some(Ok(AsyncMessage::Notice(told)))) => {
                *warned |= told.parsed_severity() == Some(Severity::Warning);
            }
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) => return true,
            Poll::Pending => return false,
        }
    }
}

/// Runs a future on this thread. Inside another runtime that is not allowed, so a thread is
/// borrowed for the length of the call.
fn enter<T: Send>(runtime: &Runtime, future: impl Future<Output = T> + Send) -> Result<T, Error> {
    if Handle::try_current().is_err() {
        return Ok(runtime.block_on(future));
    }
    std::thread::scope(|scope| scope.spawn(|| runtime.block_on(future)).join())
        .map_err(|_| internal("a call to the server panicked"))
}

/// Sends both at once and waits for both, in their order on the wire.
pub(super) async fn both<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        poll_into(&mut a, first.as_mut(), context);
        poll_into(&mut b, second.as_mut(), context);
        match (a.take(), b.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (first, second) => {
                (a, b) = (first, second);
                Poll::Pending
            }
        }
    })
    .await
}

/// Sends both at once and waits for the first; nobody hears how the second went.
pub(super) async fn followed_by<A, B>(
    first: impl Future<Output = A>,
    second: impl Future<Output = B>,
) -> A {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|context| {
        poll_into(&mut a, first.as_mut(), context);
        poll_into(&mut b, second.as_mut(), context);
        a.take().map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

/// Sends all at once and waits for all, in their order on the wire.
pub(super) async fn all<T>(futures: Vec<impl Future<Output = T> + Unpin>) -> Vec<T> {
    let mut slots: Vec<_> = futures.into_iter().map(|future| (future, None)).collect();
    let (mut are_sent, mut done) = (false, 0);
    poll_fn(|context| {
        if !std::mem::replace(&mut are_sent, true) {
            slots.iter_mut().for_each(|(future, slot)| poll_into(slot, Pin::new(future), context));
        }
        // Answers come in the order of the questions.
        while let Some((future, slot)) = slots.get_mut(done) {
            poll_into(slot, Pin::new(future), context);
            if slot.is_none() {
                return Poll::Pending;
            }
            done += 1;
        }
        Poll::Ready(())
    })
    .await;
    slots.into_iter().filter_map(|(_, slot)| slot).collect()
}

fn poll_into<T>(
    slot: &mut Option<T>,
    future: Pin<&mut impl Future<Output = T>>,
    context: &mut Context<'_>,
) {
    if slot.is_none()
        && let Poll::Ready(value) = future.poll(context)
    {
        *slot = Some(value);
    }
}

/// The rows of simple statements.
pub(super) fn texts(messages: &[SimpleQueryMessage]) -> Vec<Vec<String>> {
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len()).map(|place| row.get(place).unwrap_or_default().to_owned()).collect(),
        ),
        _ => None,
    });
    rows.collect()
}

/// Jitter and marks: different in every process and on every call, no secret.
pub(super) fn random() -> u64 {
    std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), std::thread::current().id())
}

/// What the server said, without the values that it quotes.
#[derive(Debug)]
struct Said {
    code: String,
    message: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Said {}

fn refused_connection(shown: &str, cause: tokio_postgres::Error) -> Failure {
    if cause.as_db_error().is_some() {
        return failed("connect to", shown, cause);
    }
    let reason =
        std::error::Error::source(&cause).map_or_else(|| cause.to_string(), ToString::to_string);
    if is_refused_certificate(&cause) {
        let message = format!("cannot connect to {shown}: its certificate is refused: {reason}");
        return Failure { why: Why::Final, error: Error::new(ErrorKind::Io, message) };
    }
    let error = Error::new(ErrorKind::Io, format!("cannot connect to {shown}: {reason}"));
    Failure { why: Why::Lost, error }
}

/// Whether the handshake failed on the server's certificate: trying again helps nothing.
fn is_refused_certificate(cause: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(cause);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let tls = match inner {
            Some(inner) => inner.downcast_ref::<rustls::Error>(),
            None => error.downcast_ref::<rustls::Error>(),
        };
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Turns the server's error into ours; says what was tried and where.
pub(super) fn failed(tried: &str, shown: &str, cause: tokio_postgres::Error) -> Failure {
    let Some(said) = cause.as_db_error() else {
        let reason = std::error::Error::source(&cause)
            .map_or_else(|| cause.to_string(), ToString::to_string);
        let is_lost = cause.is_closed()
            || std::error::Error::source(&cause).is_none_or(|source| source.is::<std::io::Error>());
        if !is_lost {
            let error = internal(format!("cannot {tried} {shown}: {cause}: {reason}"));
            return Failure { why: Why::Final, error };
        }
        let message = format!("cannot {tried} {shown}: the connection was lost");
        let error = Error::new(ErrorKind::Busy, message)
            .with_source(Said { code: "client".to_owned(), message: reason });
        return Failure { why: Why::Lost, error };
    };
    let code = said.code();
    let class = code.code().get(..2).unwrap_or_default();
    let value = || format!("{:?} {:?}", said.constraint(), said.detail());
    let (why, kind, reason) = match class {
        _ if *code == SqlState::UNIQUE_VIOLATION => {
            (Why::Taken(value()), ErrorKind::Conflict, "it contradicts what is stored")
        }
        "23" => (Why::Final, ErrorKind::Conflict, "it contradicts what is stored"),
        "40" => (
            Why::Overtaken,
            ErrorKind::Busy,
            "others wrote at the same time for the whole busy timeout",
        ),
        _ if *code == SqlState::LOCK_NOT_AVAILABLE => (
            Why::Final,
            ErrorKind::Busy,
            "it stayed locked by somebody else for the whole busy timeout",
        ),
        _ if *code == SqlState::INVALID_SQL_STATEMENT_NAME
            || *code == SqlState::DUPLICATE_PSTATEMENT =>
        {
            (Why::Pooled, ErrorKind::Store, "a pooler lends its connections by transaction")
        }
        _ if *code == SqlState::TOO_MANY_CONNECTIONS => {
            (Why::Lost, ErrorKind::Busy, "it has too many connections")
        }
        // The server ends, starts, or ends this connection; a pooler reports a lost server so.
        "57" | "08" if *code != SqlState::QUERY_CANCELED => {
            (Why::Lost, ErrorKind::Busy, "the connection was ended")
        }
        "28" => (Why::Final, ErrorKind::Store, "the server refuses the user or the password"),
        "XX" if matches!(code.code(), "XX001" | "XX002") => {
            (Why::Final, ErrorKind::Corrupt, "it is damaged")
        }
        "53" => (Why::Final, ErrorKind::Io, "the server has no room left"),
        "54" => (Why::Final, ErrorKind::Limit, "a value is larger than the database takes"),
        _ => (Why::Final, ErrorKind::Store, "the database refused"),
    };
    let source = Said { code: code.code().to_owned(), message: said.message().to_owned() };
    Failure {
        why,
        error: Error::new(kind, format!("cannot {tried} {shown}: {reason}")).with_source(source),
    }
}
