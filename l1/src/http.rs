//! A question of JSON-RPC over HTTP, once.

use crate::Error;
use crate::error::{last_cause, tame};
use alloy::rpc::json_rpc::{ErrorPayload, Response, ResponsePayload};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The most bytes of an answer that are read: a page of logs is a few million.
const LARGEST: usize = 256 << 20;
/// The longest that somebody may ask us to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Where one program answers JSON-RPC.
#[derive(Debug)]
pub(crate) struct Http {
    client: reqwest::Client,
    runtime: Runtime,
    url: reqwest::Url,
    /// Scheme, host and port: the rest of an address may be a password.
    pub(crate) name: String,
}

/// Why a question got no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There was no answer.
    Silence(String),
    /// HTTP's number for why not, and for how long to wait where that is said.
    Status(u16, Option<Duration>),
    /// A refusal in the words of JSON-RPC, and for how long to wait where that is said.
    Refused(ErrorPayload, Option<Duration>),
    /// Something else than JSON-RPC.
    Malformed(String),
}

impl Http {
    /// Somebody at a URL, who gets so long for an answer. `setup` adds to the client.
    pub(crate) fn new(
        url: &str,
        whose: &str,
        timeout: Duration,
        setup: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Error> {
        let url: reqwest::Url = url.parse().map_err(|why| {
            Error::Setup(format!(
                "not the URL of a {whose}: {why}; http://HOST:PORT is expected"
            ))
        })?;
        let ("http" | "https", Some(host)) = (url.scheme(), url.host_str()) else {
            let why = format!("the URL of a {whose} begins with http:// or https://");
            return Err(Error::Setup(why));
        };
        let port = url.port().map_or(String::new(), |port| format!(":{port}"));
        let name = format!("{}://{host}{port}", url.scheme());
        // This fails only if it was done before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = setup(reqwest::Client::builder().timeout(timeout)).build();
        let client = client.map_err(|why| Error::Setup(last_cause(&why)))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        Ok(Self {
            client,
            runtime: runtime.map_err(|why| Error::Setup(why.to_string()))?,
            url,
            name,
        })
    }

    /// Whether it is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        matches!(
            self.url.host_str(),
            Some("localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
        )
    }

    /// Asks, and gives the result as it is.
    pub(crate) fn ask(&self, method: &str, params: &Value) -> Result<Box<RawValue>, Failure> {
        let question = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let (status, headers, body) = self
            .runtime
            .block_on(self.post(question.to_string()))
            .map_err(|error| Failure::Silence(last_cause(&error)))?;
        let answer = serde_json::from_slice::<Response>(&body);
        let after = wait(&headers);
        match answer {
            Ok(Response {
                payload: ResponsePayload::Failure(error),
                ..
            }) => {
                let after = after.or_else(|| told_in(&error));
                Err(Failure::Refused(error, after))
            }
            _ if !(200..300).contains(&status) => Err(Failure::Status(status, after)),
            Ok(Response {
                payload: ResponsePayload::Success(result),
                ..
            }) => Ok(result),
            // What it begins with may be a page for people; it is not repeated.
            Err(error) => Err(Failure::Malformed(format!("no JSON-RPC: {error}"))),
        }
    }

    async fn post(&self, body: String) -> reqwest::Result<(u16, HeaderMap, Vec<u8>)> {
        let request = self.client.post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let mut answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            body.extend_from_slice(&part);
            if body.len() > LARGEST {
                break;
            }
        }
        Ok((status, headers, body))
    }
}

/// For how long the header `Retry-After` asks to wait, where it has seconds.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = seconds.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

/// The same in a refusal, as some providers have it: `{"rate": {"backoff_seconds": 30}}`.
fn told_in(error: &ErrorPayload) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Data {
        rate: Rate,
    }
    #[derive(Deserialize)]
    struct Rate {
        backoff_seconds: f64,
    }
    let data: Data = serde_json::from_str(error.data.as_ref()?.get()).ok()?;
    let wait = Duration::try_from_secs_f64(data.rate.backoff_seconds).ok()?;
    Some(wait.min(LONGEST_WAIT))
}

impl Failure {
    /// What happened, in words.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::Silence(why) | Self::Malformed(why) => why.clone(),
            Self::Status(status, _) => format!("HTTP status {status}"),
            Self::Refused(error, _) => tame(&error.message),
        }
    }

    /// For how long to wait before the next question, where that is said.
    pub(crate) fn after(&self) -> Option<Duration> {
        match self {
            Self::Status(_, after) | Self::Refused(_, after) => *after,
            Self::Silence(_) | Self::Malformed(_) => None,
        }
    }
}
