//! A pre-state from a web server, by its hash.

use std::fs::File;
use std::io::{BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::{Duration, Instant};

use alloy_primitives::B256;
use flate2::bufread::GzDecoder;
use fpvm_l1::last_cause;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode, Url};
use tempfile::NamedTempFile;

use super::{ENDINGS, LOOK, Limits, Open, check};

/// The most redirections that are followed.
const REDIRECTIONS: usize = 5;
/// The longest time for making a connection.
const CONNECT: Duration = Duration::from_secs(20);

/// A folder on a web server, in which pre-states lie under their hashes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PrestateUrl(Url);

impl PrestateUrl {
    /// The folder at a URL.
    ///
    /// # Errors
    /// If that is none of HTTP; the text does not show it, because it may have a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "http://HOST/FOLDER or https://HOST/FOLDER is expected";
        let url: Url = text
            .parse()
            .map_err(|why| format!("what is given is no URL: {why}; {expected}"))?;
        match (url.scheme(), url.host_str()) {
            ("http" | "https", Some(_)) => Ok(Self(url)),
            _ => Err(format!(
                "what is given is no URL of a web server: {expected}"
            )),
        }
    }

    /// Its name in messages: scheme, host and port, because the rest may be a password.
    fn name(&self) -> String {
        let port = self
            .0
            .port()
            .map_or(String::new(), |port| format!(":{port}"));
        let host = self.0.host_str().unwrap_or_default();
        format!("{}://{host}{port}", self.0.scheme())
    }

    /// The address of a file in it.
    fn file(&self, name: &str) -> Url {
        let mut url = self.0.clone();
        // Only an address without a host has no segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
        url
    }
}

/// A pre-state cannot be had from a server.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0} does not answer: {1}")]
    Silent(String, String),
    #[error("{0} has no file of it ({1})")]
    Absent(String, String),
    #[error("{0} answers with HTTP status {1}")]
    Status(String, StatusCode),
    #[error("{0} answers with a web page and not with a state file")]
    Page(String),
    #[error("{0} answers with more than {1} bytes")]
    TooLarge(String, u64),
    #[error("{0} does not come to an end within {1} s")]
    Slow(String, u64),
    #[error("what {0} has under that name cannot be used: {1}")]
    Wrong(String, String),
    #[error("it cannot be kept in {0}: {1}")]
    Keep(PathBuf, std::io::Error),
    #[error("no connection can be made: {0}")]
    Setup(String),
    #[error("interrupted")]
    Interrupted,
}

/// Fetches the pre-state from the server and puts it into the folder `kept`; gives its path there. It ends early once
/// `is_over`.
pub(super) fn fetch(
    from: &PrestateUrl,
    prestate: B256,
    kept: &Path,
    limits: &Limits,
    open: &Open<'_>,
    is_over: &dyn Fn() -> bool,
) -> Result<PathBuf, FetchError> {
    let setup = |why: String| FetchError::Setup(why);
    // This fails only if it was done before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|why| setup(why.to_string()))?;
    let client = Client::builder()
        .connect_timeout(CONNECT.min(limits.time))
        .redirect(Policy::custom(|attempt| {
            let from_tls = attempt.previous().iter().any(|url| url.scheme() == "https");
            if attempt.previous().len() > REDIRECTIONS {
                attempt.error(format!("it redirects more than {REDIRECTIONS} times"))
            } else if from_tls && attempt.url().scheme() != "https" {
                attempt.error("it redirects to an address without TLS")
            } else {
                attempt.follow()
            }
        }))
        .build()
        .map_err(|why| setup(last_cause(&why)))?;
    let name = from.name();
    let download = async {
        for ending in ENDINGS {
            let url = from.file(&format!("{prestate}.{ending}"));
            let silent = |why: reqwest::Error| FetchError::Silent(name.clone(), last_cause(&why));
            let response = client.get(url).send().await.map_err(silent)?;
            match response.status() {
                StatusCode::NOT_FOUND | StatusCode::GONE => {}
                StatusCode::OK => {
                    return body(response, &name, kept, limits).await;
                }
                status => return Err(FetchError::Status(name.clone(), status)),
            }
        }
        let endings = ENDINGS.map(|ending| format!(".{ending}")).join(", ");
        Err(FetchError::Absent(name.clone(), endings))
    };
    let begun = Instant::now();
    let file = runtime.block_on(async {
        let mut download = pin!(download);
        loop {
            match tokio::time::timeout(LOOK, &mut download).await {
                Ok(done) => return done,
                Err(_) if is_over() => return Err(FetchError::Interrupted),
                Err(_) if begun.elapsed() > limits.time => {
                    return Err(FetchError::Slow(name.clone(), limits.time.as_secs()));
                }
                Err(_) => {}
            }
        }
    })?;
    keep(file, prestate, kept, &name, open)
}

/// What the server sends, in a file without a name of its own.
async fn body(
    mut response: Response,
    name: &str,
    kept: &Path,
    limits: &Limits,
) -> Result<NamedTempFile, FetchError> {
    let content = response.headers().get(CONTENT_TYPE);
    let content = content.and_then(|value| value.to_str().ok());
    if content.is_some_and(|content| content.starts_with("text/html")) {
        return Err(FetchError::Page(name.to_owned()));
    }
    let too_large = || FetchError::TooLarge(name.to_owned(), limits.bytes);
    if response
        .content_length()
        .is_some_and(|all| all > limits.bytes)
    {
        return Err(too_large());
    }
    let cannot = |error| FetchError::Keep(kept.to_owned(), error);
    let mut file = tempfile::Builder::new()
        .prefix(".fetched-")
        .tempfile_in(kept)
        .map_err(cannot)?;
    let mut all = 0;
    loop {
        let silent = |why: reqwest::Error| FetchError::Silent(name.to_owned(), last_cause(&why));
        let Some(chunk) = response.chunk().await.map_err(silent)? else {
            return Ok(file);
        };
        if all == 0 && chunk.trim_ascii_start().starts_with(b"<") {
            return Err(FetchError::Page(name.to_owned()));
        }
        all += chunk.len() as u64;
        if all > limits.bytes {
            return Err(too_large());
        }
        file.write_all(&chunk).map_err(cannot)?;
    }
}

/// Gives a fetched file the name that its contents ask for, if it is the pre-state.
fn keep(
    file: NamedTempFile,
    prestate: B256,
    kept: &Path,
    name: &str,
    open: &Open<'_>,
) -> Result<PathBuf, FetchError> {
    let cannot = |error| FetchError::Keep(kept.to_owned(), error);
    let wrong = |why: String| FetchError::Wrong(name.to_owned(), why);
    let ending = ending(file.path()).map_err(|error| wrong(error.to_string()))?;
    let place = tempfile::Builder::new()
        .prefix(".fetched-")
        .suffix(&format!(".{ending}"))
        .tempfile_in(kept)
        .map_err(cannot)?
        .into_temp_path();
    file.persist(&place).map_err(|error| cannot(error.error))?;
    // The file's temporary name would say nothing in a message.
    let now = place.display().to_string();
    check(&place, prestate, open).map_err(|why| wrong(why.replace(&now, "it")))?;
    let last = kept.join(format!("{prestate}.{ending}"));
    place.persist(&last).map_err(|error| cannot(error.error))?;
    Ok(last)
}

/// The ending of the name of a state file with these contents. Some servers unpack what they serve, so the name by
/// which it was asked for says nothing.
fn ending(path: &Path) -> std::io::Result<&'static str> {
    let first = |file: &mut dyn Read| {
        let mut first = [0];
        Ok::<_, std::io::Error>((file.read(&mut first)? == 1).then_some(first[0]))
    };
    let open = || File::open(path).map(BufReader::new);
    Ok(match first(&mut open()?)? {
        Some(0x1f) => match first(&mut GzDecoder::new(open()?))? {
            Some(b'{') => "json.gz",
            _ => "bin.gz",
        },
        Some(b'{') => "json",
        _ => "bin",
    })
}
