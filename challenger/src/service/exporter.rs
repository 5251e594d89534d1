//! Figures for Prometheus, over HTTP: as small a server as does it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest that a client may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest request that is read, in bytes.
const LIMIT: u64 = 1 << 14;

/// Nobody can listen at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics at {address}: {source}")]
pub struct ExportError {
    /// The address.
    pub address: String,
    /// Why.
    pub source: std::io::Error,
}

/// Answers every request with the newest figures.
#[derive(Debug)]
pub struct Exporter(Arc<Mutex<String>>);

impl Exporter {
    /// Listens at an address.
    ///
    /// # Errors
    /// If nobody can listen there.
    pub fn serve(address: &str) -> Result<Self, ExportError> {
        let listener = TcpListener::bind(address).map_err(|source| ExportError {
            address: address.to_owned(),
            source,
        })?;
        let text = Arc::new(Mutex::new(String::new()));
        let shared = text.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let text = shared
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                // Who does not read the answer does not want it.
                let _ = answer(client, &text);
            }
        });
        Ok(Self(text))
    }

    /// Takes new figures.
    pub fn set(&self, text: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

fn answer(mut client: TcpStream, text: &str) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(client.try_clone()?.take(LIMIT)).lines();
    // The request ends with an empty line.
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    write!(
        client,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}
