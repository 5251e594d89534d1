//! A key that another machine has: op-signer, or whatever answers `eth_signTransaction` as it does.

use super::{Signed, SignerError};
use crate::http::{Failure, Http};
use crate::{Address, Bytes, Error};
use alloy::consensus::TxEip1559;
use alloy::consensus::transaction::RlpEcdsaDecodableTx as _;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Identity, tls::Version};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the signer gets for an answer at most.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The wait before that.
const WAIT: Duration = Duration::from_secs(1);

/// Where a remote signer is, and how it knows who asks.
#[derive(Clone)]
pub struct RemoteSigner {
    /// Its URL.
    pub endpoint: String,
    /// The account that it signs for.
    pub address: Address,
    /// Headers that go with each request, each `NAME=VALUE`; they may have secrets.
    pub headers: Vec<String>,
    /// The certificates that its own is to be signed by, in PEM; without this those of the system count.
    pub ca: Option<PathBuf>,
    /// The certificate to show it, and its key, both in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// For how long it is asked again where it does not answer.
    pub patience: Duration,
}

/// The endpoint and the headers may be secrets.
impl std::fmt::Debug for RemoteSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut fields = f.debug_struct("RemoteSigner");
        fields.field("address", &self.address);
        fields.finish_non_exhaustive()
    }
}

/// What signers answer: the transaction alone, or beside what it says.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Raw(Bytes),
    Object { raw: Bytes },
}

impl RemoteSigner {
    /// One at a URL for an account, as the system knows it, with a patience of 15 s.
    pub fn new(endpoint: String, address: Address) -> Self {
        Self {
            endpoint,
            address,
            headers: Vec::new(),
            ca: None,
            identity: None,
            patience: Duration::from_secs(15),
        }
    }

    /// Asks whether it is there. One that does not know the question is.
    pub(super) fn check(&self) -> Result<(), SignerError> {
        match self.ask("health_status", &json!([])) {
            Err(SignerError::Remote(Error::Refused { .. })) => Ok(()),
            said => said.map(|_: Value| ()),
        }
    }

    /// The transaction, signed. What comes back is believed only where it is this transaction, with this account's
    /// signature.
    pub(super) fn sign(&self, transaction: &TxEip1559) -> Result<Signed, SignerError> {
        let to = transaction.to.to().copied();
        let arguments = json!([{
            "from": self.address,
            "to": to,
            "gas": format!("{:#x}", transaction.gas_limit),
            "maxFeePerGas": format!("{:#x}", transaction.max_fee_per_gas),
            "maxPriorityFeePerGas": format!("{:#x}", transaction.max_priority_fee_per_gas),
            "value": transaction.value,
            "nonce": format!("{:#x}", transaction.nonce),
            "input": transaction.input,
            "accessList": [],
            "chainId": format!("{:#x}", transaction.chain_id),
        }]);
        let answer: Answer = self.ask("eth_signTransaction", &arguments)?;
        let (Answer::Raw(raw) | Answer::Object { raw }) = answer;
        let mut rest = &raw[..];
        let decoded = TxEip1559::eip2718_decode(&mut rest);
        let signed = decoded.map_err(|why| self.untrue(&format!("it is no transaction: {why}")))?;
        if signed.tx() != transaction || !rest.is_empty() {
            return Err(self.untrue("it is another transaction than the one that was asked for"));
        }
        match signed.recover_signer() {
            Ok(signer) if signer == self.address => Ok(Signed {
                hash: *signed.hash(),
                raw,
            }),
            Ok(other) => Err(self.untrue(&format!("it is signed by {other}"))),
            Err(why) => Err(self.untrue(&format!("its signature is none: {why}"))),
        }
    }

    fn untrue(&self, why: &str) -> SignerError {
        SignerError::Untrue {
            address: self.address,
            why: why.to_owned(),
        }
    }

    fn ask<T: serde::de::DeserializeOwned>(
        &self,
        method: &'static str,
        params: &Value,
    ) -> Result<T, SignerError> {
        // Anew for each: certificates are replaced from time to time.
        let http = self.http()?;
        let begun = Instant::now();
        loop {
            let failure = match http.ask(method, params) {
                Ok(raw) => match serde_json::from_str(raw.get()) {
                    Ok(answer) => return Ok(answer),
                    Err(why) => Failure::Malformed(why.to_string()),
                },
                Err(failure) => failure,
            };
            let passes = matches!(
                failure,
                Failure::Silence(_) | Failure::Status(408 | 425 | 429 | 500.., _)
            );
            let (tried, wait) = (begun.elapsed(), failure.after().unwrap_or(WAIT));
            if passes && tried + wait < self.patience {
                std::thread::sleep(wait);
                continue;
            }
            let node = format!("the signer {}", http.name);
            let why = failure.why();
            return Err(SignerError::Remote(match failure {
                Failure::Refused(error, _) => Error::Refused {
                    node,
                    method,
                    code: error.code,
                    message: why,
                },
                _ if passes => Error::Unreachable { node, why, tried },
                _ => Error::Malformed { node, method, why },
            }));
        }
    }

    fn http(&self) -> Result<Http, SignerError> {
        let ca = self.ca.as_deref().map(|path| {
            let found = Certificate::from_pem_bundle(&read(path)?);
            let found = found.ok().filter(|found| !found.is_empty());
            found.ok_or_else(|| file(path, "it has no certificate in PEM"))
        });
        let identity = self.identity.as_ref().map(|(certificate, key)| {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            let found = Identity::from_pem(&pem);
            found.map_err(|_| {
                let why = format!(
                    "with {}, it is no certificate and its key in PEM",
                    key.display()
                );
                file(certificate, &why)
            })
        });
        let (ca, identity) = (ca.transpose()?, identity.transpose()?);
        let mut headers = HeaderMap::new();
        for header in &self.headers {
            let (name, value) = header.split_once('=').ok_or(SignerError::Header)?;
            let name: HeaderName = name.trim().parse().map_err(|_| SignerError::Header)?;
            let mut value = HeaderValue::from_str(value).map_err(|_| SignerError::Header)?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        let setup = |mut client: reqwest::ClientBuilder| {
            if ca.is_some() || identity.is_some() {
                client = client.tls_version_min(Version::TLS_1_3);
            }
            if let Some(ca) = ca {
                client = client.tls_certs_only(ca);
            }
            if let Some(identity) = identity {
                client = client.identity(identity);
            }
            // Nobody else gets what the signer is asked, or its headers.
            client
                .default_headers(headers)
                .redirect(reqwest::redirect::Policy::none())
        };
        Http::new(&self.endpoint, "signer", TIMEOUT.min(self.patience), setup)
            .map_err(SignerError::Remote)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, SignerError> {
    std::fs::read(path).map_err(|why| file(path, &why.to_string()))
}

fn file(path: &Path, why: &str) -> SignerError {
    SignerError::File {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}
