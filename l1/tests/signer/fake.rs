//! A remote signer of one key, which may lie, and certificates.

use alloy::consensus::{SignableTransaction, TxEip1559, TxLegacy};
use alloy::primitives::{Address, B256, Bytes, Signature, TxKind, U256};
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use fpvm_e2e::http::{self, Question};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use std::io::{BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a signer does in place of what it is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lie {
    /// Another amount.
    Value,
    /// Another chain.
    Chain,
    /// More bytes behind.
    Tail,
    /// Another key.
    Key,
    /// A transaction of another type.
    Legacy,
    /// No bytes.
    Nothing,
    Refusal,
    Hang,
    HangUp,
    /// A page for people, with status 404.
    Page,
}

/// A signer; it answers until the test's process ends.
pub(crate) struct FakeSigner {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: PrivateKeySigner,
    lie: Option<Lie>,
    asked: Vec<Value>,
    headers: String,
}

impl FakeSigner {
    pub(crate) fn start(key: PrivateKeySigner, certificates: Option<&Certificates>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State {
            key,
            lie: None,
            asked: Vec::new(),
            headers: String::new(),
        }));
        let shared = state.clone();
        let tls = certificates.map(|certificates| certificates.server.clone());
        let url = match tls {
            Some(_) => format!("https://localhost:{port}"),
            None => format!("http://127.0.0.1:{port}"),
        };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (shared, tls) = (shared.clone(), tls.clone());
                std::thread::spawn(move || {
                    // Who hangs up does not want the answer.
                    let _ = match tls {
                        None => serve(client, &shared),
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            serve(StreamOwned::new(connection, client), &shared)
                        }
                    };
                });
            }
        });
        Self { url, state }
    }

    pub(crate) fn lie(&self, lie: Option<Lie>) {
        self.state.lock().unwrap().lie = lie;
    }

    pub(crate) fn asked(&self) -> Vec<Value> {
        self.state.lock().unwrap().asked.clone()
    }

    /// The headers of the last question.
    pub(crate) fn headers(&self) -> String {
        self.state.lock().unwrap().headers.clone()
    }
}

fn serve<S: Read + Write>(stream: S, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let Question { head, body } = http::read(&mut reader)?;
    let (answer, lie) = {
        let mut state = state.lock().unwrap();
        state.headers = head;
        state.asked.push(body.clone());
        (state.answer(&body), state.lie)
    };
    let (status, body) = match lie {
        Some(Lie::Hang) => {
            std::thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        Some(Lie::HangUp) => return Ok(()),
        Some(Lie::Page) => ("404 Not Found", "<html>SECRET</html>".to_owned()),
        _ => ("200 OK", answer.to_string()),
    };
    http::answer(&mut reader.into_inner(), status, "", &body)
}

impl State {
    fn answer(&self, question: &Value) -> Value {
        let mut answer = match (question["method"].as_str(), self.lie) {
            (Some("health_status"), _) => json!({"result": "v1"}),
            (Some("eth_signTransaction"), Some(Lie::Refusal)) => {
                json!({"error": {"code": -32_000, "message": "unauthorized"}})
            }
            (Some("eth_signTransaction"), lie) => {
                json!({"result": self.signed(&question["params"][0], lie)})
            }
            _ => json!({"error": {"code": -32_601, "message": "no such method"}}),
        };
        answer["jsonrpc"] = json!("2.0");
        answer["id"] = question["id"].clone();
        answer
    }

    fn signed(&self, arguments: &Value, lie: Option<Lie>) -> Bytes {
        let text = |name: &str| arguments[name].as_str().unwrap_or_default();
        let number = |name: &str| {
            let digits = text(name).strip_prefix("0x").unwrap();
            u128::from_str_radix(digits, 16).unwrap()
        };
        let small = |name: &str| u64::try_from(number(name)).unwrap();
        let to = arguments["to"]
            .as_str()
            .map(|to| to.parse::<Address>().unwrap());
        let mut transaction = TxEip1559 {
            chain_id: small("chainId"),
            nonce: small("nonce"),
            gas_limit: small("gas"),
            max_fee_per_gas: number("maxFeePerGas"),
            max_priority_fee_per_gas: number("maxPriorityFeePerGas"),
            to: to.map_or(TxKind::Create, TxKind::Call),
            value: U256::from(number("value")),
            access_list: Default::default(),
            input: text("input").parse().unwrap(),
        };
        let mut key = self.key.clone();
        match lie {
            Some(Lie::Value) => transaction.value += U256::from(1),
            Some(Lie::Chain) => transaction.chain_id += 1,
            Some(Lie::Key) => key = PrivateKeySigner::from_bytes(&B256::repeat_byte(8)).unwrap(),
            Some(Lie::Nothing) => return Bytes::new(),
            Some(Lie::Legacy) => {
                let legacy = TxLegacy {
                    chain_id: Some(transaction.chain_id),
                    to: transaction.to,
                    ..TxLegacy::default()
                };
                let mut raw = Vec::new();
                let signature = sign(&key, &legacy);
                legacy.into_signed(signature).eip2718_encode(&mut raw);
                return raw.into();
            }
            _ => {}
        }
        let mut raw = Vec::new();
        let signature = sign(&key, &transaction);
        transaction.into_signed(signature).eip2718_encode(&mut raw);
        if matches!(lie, Some(Lie::Tail)) {
            raw.push(0);
        }
        raw.into()
    }
}

fn sign(key: &PrivateKeySigner, transaction: &impl SignableTransaction<Signature>) -> Signature {
    key.sign_hash_sync(&transaction.signature_hash()).unwrap()
}

/// An authority, and what it has signed for the signer and for who asks it.
pub(crate) struct Certificates {
    /// The authority's certificate, the asker's, and the asker's key, in PEM.
    pub(crate) ca: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
    server: Arc<ServerConfig>,
    _folder: tempfile::TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let ca = authority.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(authority, authority_key);
        let leaf = || {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let ((server, server_key), (client, client_key)) = (leaf(), leaf());
        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).unwrap();
        // This fails only if it was done before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots))
            .build()
            .unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
        let server_key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
        let config = ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, server_key)
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, pem: String| {
            let path = folder.path().join(name);
            std::fs::write(&path, pem).unwrap();
            path
        };
        Self {
            ca: write("ca.pem", ca.pem()),
            cert: write("cert.pem", client.pem()),
            key: write("key.pem", client_key.serialize_pem()),
            server: Arc::new(config),
            _folder: folder,
        }
    }
}
