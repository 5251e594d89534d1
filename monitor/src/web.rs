//! Pages about what was seen last, over HTTP: all games with what is wrong first, each game's report, and the same as
//! data and as figures.
//!
//! | path | what |
//! | --- | --- |
//! | `/` | all games; `?show=open`, `wrong`, `disputed` or `unread` some of them, `&page=2` the next hundred |
//! | `/game/0x…` | a game's report |
//! | `/status.json` | what `--format json` prints |
//! | `/metrics` | figures for Prometheus |
//!
//! Pages ask nothing outside of this server, and whatever comes from a chain or a node is escaped.

mod escape;
mod overview;
mod tree;

use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Address;
use tiny_http::{Header, Method, Request, Response, Server, StatusCode};

use crate::problems::Problem;
use crate::report::report;
use crate::status::Status;
use crate::survey::Survey;
use escape::escape;
use overview::{Show, View};

/// Requests that are answered at once.
const THREADS: usize = 4;
/// What a page may do: nothing outside of this server.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Nobody can listen at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve pages at {address}: {why}")]
pub struct WebError {
    /// The address.
    pub address: String,
    /// Why.
    pub why: String,
}

/// Serves pages until the process ends.
#[derive(Debug)]
pub struct Web {
    last: Arc<Mutex<Last>>,
    address: String,
}

/// What was seen last.
#[derive(Clone, Debug, Default)]
struct Last {
    seen: Option<(Arc<Survey>, Arc<[Problem]>)>,
    metrics: Arc<str>,
}

impl Web {
    /// Listens at an address, `HOST:PORT`.
    ///
    /// # Errors
    /// If nobody can listen there.
    pub fn serve(address: &str) -> Result<Self, WebError> {
        let server = Server::http(address).map_err(|why| WebError {
            address: address.to_owned(),
            why: why.to_string(),
        })?;
        let address = server.server_addr().to_string();
        let (server, last) = (Arc::new(server), Arc::new(Mutex::new(Last::default())));
        for _ in 0..THREADS {
            let (server, last) = (server.clone(), last.clone());
            std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    let last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let answer = answer(&request, &last);
                    // Who does not read the answer does not want it.
                    let _ = request.respond(answer);
                }
            });
        }
        Ok(Self { last, address })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Takes what was seen, and the figures.
    pub fn set(&self, seen: Option<(Arc<Survey>, Vec<Problem>)>, metrics: String) {
        let seen = seen.map(|(survey, problems)| (survey, problems.into()));
        let last = Last {
            seen,
            metrics: metrics.into(),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

type Answer = Response<std::io::Cursor<Vec<u8>>>;

fn answer(request: &Request, last: &Last) -> Answer {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return text(405, "text/plain; charset=utf-8", "only GET is answered\n");
    }
    let (path, query) = request.url().split_once('?').unwrap_or((request.url(), ""));
    if path == "/metrics" {
        return text(200, "text/plain; version=0.0.4", &*last.metrics);
    }
    let Some((survey, problems)) = &last.seen else {
        return page(503, &overview::waiting());
    };
    if path == "/" {
        let view = View::parse(query);
        return page(200, &overview::page(survey, problems, view));
    }
    if path == "/status.json" {
        // Everything in it can be written as JSON.
        let json = serde_json::to_string(&Status::of(survey, problems)).unwrap_or_default();
        return text(200, "application/json", json);
    }
    let game = path.strip_prefix("/game/");
    let Some(game) = game.and_then(|game| game.parse::<Address>().ok()) else {
        return text(404, "text/plain; charset=utf-8", "there is no such page\n");
    };
    match survey.seen().find(|(listed, _)| listed.game == game) {
        Some((_, seen)) => {
            let report = report(survey.chain_id, seen);
            page(200, &fpvm_report::html::page(&report).unwrap_or_default())
        }
        None => text(404, "text/plain; charset=utf-8", "that game was not read\n"),
    }
}

fn page(status: u16, html: &str) -> Answer {
    text(status, "text/html; charset=utf-8", html)
}

fn text(status: u16, kind: &str, body: impl Into<String>) -> Answer {
    let mut response = Response::from_string(body).with_status_code(StatusCode(status));
    for (name, value) in [
        ("Content-Type", kind),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    response
}

impl Show {
    /// As it stands in an address.
    const fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Disputed => "disputed",
            Self::Wrong => "wrong",
            Self::Unread => "unread",
        }
    }
}
