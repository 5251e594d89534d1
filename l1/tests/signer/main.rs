//! Keys that are elsewhere: a remote signer over HTTP and over HTTPS with certificates, which may lie, refuse or be silent;
//! and a keystore file.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

mod fake;

use alloy::signers::local::PrivateKeySigner;
use fake::{Certificates, FakeSigner, Lie};
use fpvm_l1::signer::{RemoteSigner, Signer, SignerError};
use fpvm_l1::{
    Address, At, B256, Chain as _, Error, Local, Policy, Progress, Receipt, Request, SendError,
    U256, Wallet,
};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap()
}

fn at(signer: &FakeSigner) -> RemoteSigner {
    RemoteSigner {
        patience: Duration::from_secs(1),
        ..RemoteSigner::new(signer.url.clone(), key().address())
    }
}

/// Sends ether by a signer: to somebody, or by creating a contract.
fn send(signer: Signer, to: Option<Address>) -> Result<Receipt, SendError> {
    let chain = Local::new(900);
    chain.fund(key().address(), U256::from(10u64.pow(18)));
    let chain = Arc::new(chain);
    let request = Request {
        what: "send".into(),
        to,
        data: vec![0x5f, 0x5f, 0xf3].into(),
        value: U256::from(5),
        gas: None,
    };
    let mut wallet = Wallet::new(chain.clone(), signer, Policy::default());
    let receipts = wallet.send(&[request], &mut |_: Progress<'_>| {})?;
    if let Some(to) = to {
        assert_eq!(chain.balance(to, At::Latest).unwrap(), U256::from(5));
    }
    Ok(receipts[0].clone())
}

const TO: Address = Address::repeat_byte(9);

#[test]
fn a_transaction_is_signed_elsewhere() {
    let fake = FakeSigner::start(key(), None);
    let mut remote = at(&fake);
    remote.headers = vec!["Authorization=Bearer a=b".into(), "X-Other=1".into()];
    let signer = Signer::remote(remote).unwrap();
    assert_eq!(signer.address(), key().address());
    assert!(send(signer.clone(), Some(TO)).unwrap().succeeded);
    assert!(send(signer, None).unwrap().created.is_some());
    let asked = fake.asked();
    assert_eq!(asked[0]["method"], "health_status");
    let arguments = &asked[1]["params"][0];
    assert_eq!(asked[1]["method"], "eth_signTransaction");
    // As op-service's signer client has it.
    for (name, value) in [
        ("from", format!("{:#x}", key().address())),
        ("to", format!("{TO:#x}")),
        ("chainId", "0x384".into()),
        ("nonce", "0x0".into()),
        ("value", "0x5".into()),
        ("input", "0x5f5ff3".into()),
    ] {
        assert_eq!(arguments[name], value, "{name}");
    }
    assert_eq!(asked[2]["params"][0]["to"], serde_json::Value::Null);
    let headers = fake.headers();
    assert!(
        headers.contains("authorization: Bearer a=b\r\n"),
        "{headers}"
    );
}

#[test]
fn certificates_go_both_ways() {
    let certificates = Certificates::new();
    let fake = FakeSigner::start(key(), Some(&certificates));
    let good = RemoteSigner {
        ca: Some(certificates.ca.clone()),
        identity: Some((certificates.cert.clone(), certificates.key.clone())),
        ..at(&fake)
    };
    let signer = Signer::remote(good.clone()).unwrap();
    assert!(send(signer, Some(TO)).unwrap().succeeded);
    let answered = fake.asked().len();
    // Without a certificate of our own, with one of somebody else's, and where the signer is not whom we trust.
    let other = Certificates::new();
    for bad in [
        RemoteSigner {
            identity: None,
            ..good.clone()
        },
        RemoteSigner {
            identity: Some((other.cert.clone(), other.key.clone())),
            ..good.clone()
        },
        RemoteSigner {
            ca: Some(other.ca.clone()),
            ..good.clone()
        },
        RemoteSigner {
            ca: None,
            ..good.clone()
        },
    ] {
        let error = Signer::remote(bad).expect_err("they do not trust each other");
        assert!(
            matches!(error, SignerError::Remote(Error::Unreachable { .. })),
            "{error}"
        );
    }
    assert_eq!(fake.asked().len(), answered, "none of these was heard");
    for (ca, identity, names) in [
        (certificates.key.clone(), None, &certificates.key),
        (
            certificates.ca.clone(),
            Some((certificates.cert.clone(), certificates.ca.clone())),
            &certificates.cert,
        ),
        (
            certificates.ca.with_file_name("none"),
            None,
            &certificates.ca.with_file_name("none"),
        ),
    ] {
        let bad = RemoteSigner {
            ca: Some(ca),
            identity,
            ..good.clone()
        };
        let error = Signer::remote(bad).expect_err("it is no such file");
        let said = error.to_string();
        assert!(said.contains(&names.display().to_string()), "{said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
}

#[test]
fn a_signer_that_signs_something_else_is_not_believed() {
    for (lie, why) in [
        (
            Lie::Value,
            "it is another transaction than the one that was asked for",
        ),
        (
            Lie::Chain,
            "it is another transaction than the one that was asked for",
        ),
        (
            Lie::Tail,
            "it is another transaction than the one that was asked for",
        ),
        (Lie::Key, "it is signed by 0x"),
        (Lie::Legacy, "it is no transaction"),
        (Lie::Nothing, "it is no transaction"),
    ] {
        let fake = FakeSigner::start(key(), None);
        fake.lie(Some(lie));
        let error = send(Signer::remote(at(&fake)).unwrap(), Some(TO)).unwrap_err();
        assert!(
            matches!(error, SendError::Signer(SignerError::Untrue { .. })),
            "{lie:?}: {error}"
        );
        assert!(error.to_string().contains(why), "{lie:?}: {error}");
    }
}

#[test]
fn a_signer_that_refuses_or_is_silent_says_so_and_may_come_back() {
    let fake = FakeSigner::start(key(), None);
    let secret = RemoteSigner {
        endpoint: fake.url.replace("http://", "http://user:SECRET@") + "/SECRET?apikey=SECRET",
        headers: vec!["Authorization=SECRET".into()],
        ..at(&fake)
    };
    let signer = Signer::remote(secret.clone()).unwrap();
    fake.lie(Some(Lie::Refusal));
    let error = send(signer.clone(), Some(TO)).unwrap_err();
    let expected = format!(
        "the signer {} refuses eth_signTransaction: unauthorized (code -32000)",
        fake.url
    );
    assert_eq!(error.to_string(), expected);
    for (lie, why) in [
        (Lie::Hang, "operation timed out"),
        (Lie::HangUp, "connection"),
        (Lie::Page, "HTTP status 404"),
    ] {
        fake.lie(Some(lie));
        let begun = Instant::now();
        let error = send(signer.clone(), Some(TO)).unwrap_err();
        // The daemon tries again, as where the chain does not answer.
        assert!(matches!(error, SendError::Chain(_)), "{lie:?}: {error:?}");
        let said = format!("{error} {error:?} {signer:?}");
        assert!(
            said.contains(&fake.url) && said.contains(why),
            "{lie:?}: {said}"
        );
        assert!(!said.contains("SECRET"), "{said}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{lie:?}");
    }
    fake.lie(None);
    assert!(send(signer, Some(TO)).unwrap().succeeded);
    for bad in ["Authorization", "Author ization=SECRET", "A=SECRET\n"] {
        let header = RemoteSigner {
            headers: vec![bad.into()],
            ..secret.clone()
        };
        let error = Signer::remote(header).unwrap_err();
        assert!(matches!(error, SignerError::Header), "{error}");
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}

/// Of the definition of web3 secret storage.
const KEYSTORE: &str = r#"{"crypto": {
    "cipher": "aes-128-ctr", "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
    "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
    "kdf": "pbkdf2", "kdfparams": {"c": 262144, "dklen": 32, "prf": "hmac-sha256",
        "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd"},
    "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2"},
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6", "version": 3}"#;

#[test]
fn a_keystore_opens_with_the_first_line_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let keystore = write("keystore", KEYSTORE);
    for text in ["testpassword", "testpassword\n", "testpassword\r\nmore\n"] {
        let signer = Signer::from_keystore(&keystore, Some(&write("password", text)));
        let address = signer.unwrap().address();
        assert_eq!(
            address.to_string().to_lowercase(),
            "0x008aeeda4d805471df9b2a5b0f38a0c3bcba786b"
        );
    }
    let error = |keystore: &_, password: &_| {
        let error = Signer::from_keystore(keystore, Some(password)).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("SECRET"), "{said}");
        said
    };
    let wrong = write("wrong", "SECRET");
    assert!(error(&keystore, &wrong).contains("Mac Mismatch"));
    assert!(error(&wrong, &wrong).contains("cannot open the keystore"));
    assert!(error(&keystore, &folder.path().join("none")).contains("cannot use"));
}
