//! Questions of JSON-RPC over HTTP, one for each connection, as the nodes and signers of tests read and answer them.

use std::io::{self, BufRead, Write};

use serde_json::Value;

/// A question.
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The request's line and its headers, with their line ends.
    pub head: String,
    /// What is asked.
    pub body: Value,
}

/// Reads a question.
///
/// # Errors
/// If the connection breaks, or what comes is no JSON.
pub fn read(from: &mut impl BufRead) -> io::Result<Question> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begin = head.len();
        from.read_line(&mut head)?;
        let line = head.get(begin..).unwrap_or_default().trim();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body)?;
    Ok(Question { head, body })
}

/// Answers, with more headers, each with its line end.
///
/// # Errors
/// If nobody listens any more.
pub fn answer(to: &mut impl Write, status: &str, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(
        to,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n{body}"
    )?;
    to.flush()
}
