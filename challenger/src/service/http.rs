//! A small HTTP server for metrics and pages: one answer for each connection.
//!
//! Each connection has a thread of its own and a few seconds, so that a client that connects and says nothing (as
//! browsers do, ahead of need) holds up nobody.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The longest that a client may take for its request, and for each piece of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request that is read, in bytes.
const LIMIT: u64 = 1 << 14;
/// Connections that are answered at once; more are closed.
const MOST: usize = 64;

/// What is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// `GET`, `HEAD` or another word of the client's.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// What was sent with it, where its length was told.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// HTTP's status code, and its word.
    pub status: &'static str,
    /// The kind of the body, as `Content-Type` has it.
    pub kind: &'static str,
    /// More headers, each with its value.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body.
    pub body: String,
}

/// Listens at an address, `HOST:PORT`, until the process ends; gives the address.
///
/// # Errors
/// If nobody can listen there.
pub fn serve(
    address: &str,
    answer: impl Fn(&Request) -> Answer + Send + Sync + 'static,
) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let bound = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Each connection that is being answered has a reference.
            if Arc::strong_count(&answer) > MOST {
                continue;
            }
            let answer = answer.clone();
            // A client that does not read the answer does not want it, and without a thread there is none.
            let _ = thread::Builder::new().spawn(move || respond(client, &*answer));
        }
    });
    Ok(bound)
}

fn respond(mut client: TcpStream, answer: &dyn Fn(&Request) -> Answer) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let begun = Instant::now();
    let mut reader = BufReader::new(client.try_clone()?.take(LIMIT));
    let mut lines = reader.by_ref().lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    let mut words = first.split(' ').map(str::to_owned);
    let mut request = Request {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        body: Vec::new(),
    };
    let mut length = 0;
    // The headers end with an empty line.
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        if begun.elapsed() > PATIENCE {
            return Ok(());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    // Whoever says more than there is, or than is read, is answered by what came.
    reader.take(length).read_to_end(&mut request.body)?;
    let Answer {
        status,
        kind,
        headers,
        body,
    } = answer(&request);
    let headers: String = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let length = body.len();
    let body = if request.method == "HEAD" { "" } else { &body };
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}"
    )
}
