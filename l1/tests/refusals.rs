//! Nodes, and those before them, that refuse for a while: a read is asked again.

use fpvm_e2e::http;
use fpvm_l1::{At, Call, Chain as _, Error, Rpc};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::BufReader;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// What a node says: a page for people, an error, or a result.
enum Reply {
    Page,
    Error(i64, &'static str),
    Result(Value),
}

/// A node that gives these replies, one for each request; how many are left is told.
fn node(replies: Vec<Reply>) -> (String, Arc<Mutex<VecDeque<Reply>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let left = Arc::new(Mutex::new(VecDeque::from(replies)));
    let replies = left.clone();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let id = http::read(&mut reader).unwrap().body["id"].clone();
            let body = match replies.lock().unwrap().pop_front().unwrap() {
                Reply::Page => "<html><body>One moment, please</body></html>".into(),
                Reply::Error(code, message) => json!({
                    "jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message},
                })
                .to_string(),
                Reply::Result(result) => {
                    json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()
                }
            };
            http::answer(&mut client, "200 OK", "", &body).unwrap();
        }
    });
    (url, left)
}

#[test]
fn a_read_that_is_refused_for_a_while_is_asked_again() {
    let (url, left) = node(vec![
        Reply::Page,
        Reply::Error(-32_007, "15/second request limit reached"),
        Reply::Result(json!("0x384")),
        Reply::Error(-32_016, "over rate limit"),
        Reply::Page,
        Reply::Error(-32_603, "oops"),
        Reply::Result(json!("0x01")),
        Reply::Error(3, "execution reverted"),
    ]);
    let chain = Rpc::connect(&url, Some(900)).expect("it answers in the end");
    let answer = chain.call(&Call::default(), At::Latest);
    assert_eq!(answer.expect("it answers in the end")[..], [1]);
    // A revert is an answer.
    let answer = chain.call(&Call::default(), At::Latest);
    assert!(matches!(answer, Err(Error::Reverted(_))), "{answer:?}");
    assert!(left.lock().unwrap().is_empty());
}
