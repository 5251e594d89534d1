//! A web server for tests: its files are there, or anything that may be there instead.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

/// What the server does for a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// Sends these bytes.
    File(Vec<u8>),
    /// Sends a page for people, with a status that says that all is well.
    Page,
    /// Sends the reader to another address.
    Redirect(String),
    /// Sends nothing but a status.
    Status(u16),
    /// Sends bytes for as long as the reader takes them.
    Endless,
    /// Ends the connection.
    HangUp,
}

/// What the server has.
#[derive(Clone, Default, Debug)]
pub struct Files {
    /// By path, such as `/folder/file`.
    pub replies: BTreeMap<String, Reply>,
    /// For all other paths; a status of 404 where there is none.
    pub otherwise: Option<Reply>,
    /// The paths that it was asked for, in order.
    pub asked: Vec<String>,
}

/// The server; it answers until the test's process ends.
#[derive(Clone, Debug)]
pub struct FileServer {
    /// Where it listens.
    pub url: String,
    files: Arc<Mutex<Files>>,
}

impl FileServer {
    /// Starts it on a free port of this machine.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let files = Arc::new(Mutex::new(Files::default()));
        let shared = files.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = shared.clone();
                // Who hangs up does not want the answer.
                std::thread::spawn(move || serve(client, &shared).ok());
            }
        });
        Self { url, files }
    }

    /// What it has, to look at and to change.
    pub fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().expect("no test panics with it")
    }

    /// Has it reply to a path.
    pub fn put(&self, path: &str, reply: Reply) {
        self.files().replies.insert(path.to_owned(), reply);
    }
}

fn serve(mut client: TcpStream, files: &Mutex<Files>) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    while lines
        .next()
        .transpose()?
        .is_some_and(|line| !line.is_empty())
    {}
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let reply = {
        let mut files = files.lock().expect("no test panics with it");
        files.asked.push(path.clone());
        let own = files.replies.get(&path).or(files.otherwise.as_ref());
        own.cloned().unwrap_or(Reply::Status(404))
    };
    let mut head = |status: u16, more: &str| {
        write!(
            client,
            "HTTP/1.1 {status} OK\r\nConnection: close\r\n{more}\r\n"
        )
    };
    match reply {
        Reply::File(bytes) => {
            head(200, &format!("Content-Length: {}\r\n", bytes.len()))?;
            client.write_all(&bytes)
        }
        Reply::Page => {
            head(200, "Content-Type: text/html\r\n")?;
            client.write_all(b"<!doctype html><title>Please log in</title>")
        }
        Reply::Redirect(to) => head(302, &format!("Location: {to}\r\nContent-Length: 0\r\n")),
        Reply::Status(status) => head(status, "Content-Length: 0\r\n"),
        Reply::Endless => {
            head(200, "")?;
            loop {
                client.write_all(&[0x1f; 4096])?;
            }
        }
        Reply::HangUp => Ok(()),
    }
}
