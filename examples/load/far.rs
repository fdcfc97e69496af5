//! A network between: passes bytes on after a while, the same to every server.

use crate::Outcome;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// An address from which `server` is half a round trip away.
pub fn away(server: &str, round_trip: Duration) -> Outcome<SocketAddr> {
    let (listener, server) = (TcpListener::bind("127.0.0.1:0")?, server.to_owned());
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let Ok(far) = TcpStream::connect(&server) else { return };
            for stream in [&near, &far] {
                let _ = stream.set_nodelay(true);
            }
            if let (Ok(near_too), Ok(far_too)) = (near.try_clone(), far.try_clone()) {
                one_way(near, far, round_trip / 2);
                one_way(far_too, near_too, round_trip / 2);
            }
        }
    });
    Ok(address)
}

fn one_way(mut from: TcpStream, to: TcpStream, after: Duration) {
    let (sent, due): (Sender<(Instant, Vec<u8>)>, Receiver<_>) = channel();
    std::thread::spawn(move || {
        let mut bytes = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let part = bytes.get(..count).unwrap_or_default().to_vec();
            if sent.send((Instant::now() + after, part)).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        let mut to = to;
        for (at, part) in due {
            // A sleep is up to 100 us late: the rest is waited for awake.
            if let Some(long) =
                at.saturating_duration_since(Instant::now()).checked_sub(Duration::from_micros(100))
            {
                std::thread::sleep(long);
            }
            while Instant::now() < at {
                std::hint::spin_loop();
            }
            if to.write_all(&part).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
