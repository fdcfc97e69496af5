//! A scripted HTTP server on a loopback port, in place of a language model's server.
//!
//! Knows how to misbehave on purpose: late, split, cut, reset or silent replies. It records
//! what it was asked, and whether the client closed the connection first.

// Each test program uses its own part of it.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest that the server waits for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a reply ends once its frames are written.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    /// The connection is closed in order.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, and the connection stays open until the client closes it.
    Hang,
}

/// What the server does with one request.
#[derive(Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    frames: Vec<(Duration, Vec<u8>)>,
    first_byte_delay: Duration,
    write_size: usize,
    is_chunked: bool,
    /// What is written again and again behind the frames, and the pause before each.
    endless: Option<(Duration, Vec<u8>)>,
    end: End,
}

impl Reply {
    /// A reply with that status and no body yet.
    pub fn status(status: u16) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            frames: Vec::new(),
            first_byte_delay: Duration::ZERO,
            write_size: usize::MAX,
            is_chunked: false,
            endless: None,
            end: End::Close,
        }
    }

    /// No reply at all: the connection is closed once the request was read.
    pub fn none() -> Reply {
        Reply::status(0)
    }

    /// A success in JSON lines, one frame each; the frames hold their own line ends.
    pub fn ndjson<T: AsRef<[u8]>>(frames: impl IntoIterator<Item = T>) -> Reply {
        let mut reply = Reply::status(200).header("Content-Type", "application/x-ndjson");
        reply.frames =
            frames.into_iter().map(|frame| (Duration::ZERO, frame.as_ref().to_vec())).collect();
        reply
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a frame.
    pub fn frame(self, bytes: impl AsRef<[u8]>) -> Self {
        self.frame_after(Duration::ZERO, bytes)
    }

    /// Adds a frame that comes after a pause.
    pub fn frame_after(mut self, pause: Duration, bytes: impl AsRef<[u8]>) -> Self {
        self.frames.push((pause, bytes.as_ref().to_vec()));
        self
    }

    /// Writes those bytes again and again, behind all frames, until the client closes.
    pub fn endless(mut self, pause: Duration, bytes: impl AsRef<[u8]>) -> Self {
        self.endless = Some((pause, bytes.as_ref().to_vec()));
        self
    }

    /// A success in server-sent events, one frame each; the frames hold their own line ends.
    pub fn events<T: AsRef<[u8]>>(frames: impl IntoIterator<Item = T>) -> Reply {
        let mut reply = Reply::ndjson(frames);
        reply.headers = vec![("Content-Type".to_owned(), "text/event-stream".to_owned())];
        reply
    }

    /// Waits before the status line.
    pub fn slow_first_byte(mut self, pause: Duration) -> Self {
        self.first_byte_delay = pause;
        self
    }

    /// Writes at most that many bytes at once.
    pub fn write_size(mut self, bytes: usize) -> Self {
        self.write_size = bytes;
        self
    }

    /// Sends the body in HTTP chunks, one a frame, as the real server does.
    pub fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    /// Ends in another way than closing in order.
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// What the server was asked.
#[derive(Clone)]
pub struct Received {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Received>>,
    closed_by_client: Mutex<usize>,
    changed: Condvar,
    is_stopping: AtomicBool,
}

/// The server; it stops when dropped.
pub struct FakeServer {
    address: SocketAddr,
    seen: Arc<Seen>,
    thread: Option<JoinHandle<()>>,
}

impl FakeServer {
    /// Starts a server that gives those replies in order; then it answers 418.
    pub fn start(replies: impl IntoIterator<Item = Reply>) -> FakeServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let seen = Arc::new(Seen::default());
        let replies: Vec<Reply> = replies.into_iter().collect();
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || serve(&listener, replies, &shared));
        FakeServer { address, seen, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything asked so far, oldest first.
    pub fn requests(&self) -> Vec<Received> {
        self.seen.requests.lock().expect("not poisoned").clone()
    }

    /// Waits until the client has closed a connection before the reply was over.
    pub fn saw_client_close(&self) -> bool {
        let closed = self.seen.closed_by_client.lock().expect("not poisoned");
        let (closed, _) = self
            .seen
            .changed
            .wait_timeout_while(closed, PATIENCE, |closed| *closed == 0)
            .expect("not poisoned");
        *closed > 0
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        self.seen.is_stopping.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, replies: Vec<Reply>, seen: &Arc<Seen>) {
    let mut replies = replies.into_iter();
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        if seen.is_stopping.load(Ordering::SeqCst) {
            return;
        }
        let reply = replies.next().unwrap_or_else(|| Reply::status(418));
        let seen = Arc::clone(seen);
        std::thread::spawn(move || {
            let _ = converse(stream, &reply, &seen);
        });
    }
}

fn converse(mut stream: TcpStream, reply: &Reply, seen: &Seen) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let request = receive(&stream, reply.end == End::Reset)?;
    seen.requests.lock().expect("not poisoned").push(request);
    std::thread::sleep(reply.first_byte_delay);
    let mut head = format!("HTTP/1.1 {} Scripted\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if reply.is_chunked {
        head.push_str("Transfer-Encoding: chunked\r\n");
    }
    if reply.status == 0 {
        return Ok(());
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    let written = write_frames(&mut stream, reply).and_then(|()| write_on(&mut stream, reply));
    if written.is_err() || (reply.end == End::Hang && is_closed_by_client(&mut stream)) {
        *seen.closed_by_client.lock().expect("not poisoned") += 1;
        seen.changed.notify_all();
    }
    Ok(())
}

fn write_frames(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    for (pause, frame) in &reply.frames {
        std::thread::sleep(*pause);
        let bytes = match reply.is_chunked {
            true => [format!("{:x}\r\n", frame.len()).as_bytes(), frame, b"\r\n"].concat(),
            false => frame.clone(),
        };
        for part in bytes.chunks(reply.write_size) {
            stream.write_all(part)?;
        }
    }
    if reply.is_chunked && reply.end == End::Close {
        stream.write_all(b"0\r\n\r\n")
    } else {
        Ok(())
    }
}

/// Writes on until the client has had enough.
fn write_on(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<()> {
    let Some((pause, bytes)) = &reply.endless else { return Ok(()) };
    loop {
        std::thread::sleep(*pause);
        stream.write_all(bytes)?;
    }
}

/// Reads one request. With `leave_a_byte` its last byte stays unread, so that closing the
/// socket resets the connection.
fn receive(stream: &TcpStream, leave_a_byte: bool) -> std::io::Result<Received> {
    let mut reader = BufReader::with_capacity(1, stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; if leave_a_byte { length.saturating_sub(1) } else { length }];
    reader.read_exact(&mut body)?;
    Ok(Received {
        method,
        path,
        headers,
        body: String::from_utf8(body).expect("requests are UTF-8"),
    })
}

fn is_closed_by_client(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(bytes) => bytes == 0,
        Err(cause) => matches!(cause.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
    }
}
