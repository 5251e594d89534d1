//! Pages about the last look, over HTTP: all games with the problems first, each game's report, and the same as data
//! and as metrics.
//!
//! | path | what |
//! | --- | --- |
//! | `/` | all games, or with `?show=open`, `wrong`, `disputed` or `unread` some; with `&page=2` the next hundred |
//! | `/game/0x…` | a game's report |
//! | `/status.json` | what `--format json` prints |
//! | `/metrics` | metrics for Prometheus |
//!
//! Pages load nothing from outside of this server, and everything that comes from a chain or a node is escaped.

mod escape;
mod overview;
mod tree;

use std::sync::{Arc, Mutex, PoisonError};

use alloy_primitives::Address;
use fpvm_challenger::service::http::{Answer, Request, serve};

use crate::problems::Problem;
use crate::report::report;
use crate::status::Status;
use crate::survey::Survey;
use escape::escape;
use overview::{Show, View};

/// What a page may do: nothing outside of this server.
const HEADERS: [(&str, &str); 4] = [
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
];
const PLAIN: &str = "text/plain; charset=utf-8";

/// The server cannot listen at an address.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve pages at {address}: {source}")]
pub struct WebError {
    /// The address.
    pub address: String,
    /// Why.
    pub source: std::io::Error,
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
        let last = Arc::new(Mutex::new(Last::default()));
        let shared = last.clone();
        let served = serve(address, move |request| {
            let last = shared
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            answer(request, &last)
        });
        let bound = served.map_err(|source| WebError {
            address: address.to_owned(),
            source,
        })?;
        let address = bound.to_string();
        Ok(Self { last, address })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Replaces the last look and the metrics.
    pub fn set(&self, seen: Option<(Arc<Survey>, Vec<Problem>)>, metrics: String) {
        let seen = seen.map(|(survey, problems)| (survey, problems.into()));
        let last = Last {
            seen,
            metrics: metrics.into(),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }
}

fn answer(request: &Request, last: &Last) -> Answer {
    if !["GET", "HEAD"].contains(&&*request.method) {
        return text("405 Method Not Allowed", PLAIN, "only GET is answered\n");
    }
    let path = &*request.path;
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    if path == "/metrics" {
        return text("200 OK", "text/plain; version=0.0.4", &*last.metrics);
    }
    let Some((survey, problems)) = &last.seen else {
        return page("503 Service Unavailable", overview::waiting());
    };
    if path == "/" {
        let view = View::parse(query);
        return page("200 OK", overview::page(survey, problems, view));
    }
    if path == "/status.json" {
        // Everything in it can be written as JSON.
        let json = serde_json::to_string(&Status::of(survey, problems)).unwrap_or_default();
        return text("200 OK", "application/json", json);
    }
    let game = path.strip_prefix("/game/");
    let Some(game) = game.and_then(|game| game.parse::<Address>().ok()) else {
        return text("404 Not Found", PLAIN, "there is no such page\n");
    };
    match survey.seen().find(|(listed, _)| listed.game == game) {
        Some((_, seen)) => {
            let report = report(survey.chain_id, seen);
            page(
                "200 OK",
                fpvm_report::html::page(&report).unwrap_or_default(),
            )
        }
        None => text("404 Not Found", PLAIN, "that game was not read\n"),
    }
}

fn page(status: &'static str, html: String) -> Answer {
    text(status, "text/html; charset=utf-8", html)
}

fn text(status: &'static str, kind: &'static str, body: impl Into<String>) -> Answer {
    Answer {
        status,
        kind,
        headers: &HEADERS,
        body: body.into(),
    }
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
