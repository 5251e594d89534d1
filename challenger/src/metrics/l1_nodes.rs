//! How each node of L1 does, under the same names in every daemon.

use fpvm_l1::Chain;

use super::Page;

/// Figures of a chain's nodes; nothing of a chain without nodes.
pub fn l1_nodes(chain: &dyn Chain) -> String {
    let nodes = chain.nodes();
    if nodes.is_empty() {
        return String::new();
    }
    let mut page = Page::new("fpvm");
    let mut figure = |name, help, kind, value: &dyn Fn(&fpvm_l1::NodeReport) -> u64| {
        let values = nodes.iter();
        let values = values.map(|node| (Page::label("node", &node.name), value(node)));
        page.labelled(name, help, kind, &values.collect::<Vec<_>>());
    };
    figure(
        "l1_node_up",
        "Whether the L1 node is asked: 0 where it fails, is behind, or is on another chain or fork",
        "gauge",
        &|node| u64::from(node.trouble.is_none()),
    );
    figure(
        "l1_node_answers",
        "Questions that the L1 node answered",
        "counter",
        &|node| node.answers,
    );
    figure(
        "l1_node_failures",
        "Times that the L1 node did not answer",
        "counter",
        &|node| node.failures,
    );
    page.text()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpvm_l1::{Limits, Rpc};
    use std::time::Duration;

    #[test]
    fn each_node_has_its_figures_and_no_secret_is_among_them() {
        let url = "http://user:SECRET@127.0.0.1:1/v3/SECRET?apikey=SECRET";
        let rpc = Rpc::node(url, Duration::ZERO).expect("a URL");
        rpc.question("eth_chainId", serde_json::json!([]))
            .expect_err("nobody listens there");
        let text = l1_nodes(&rpc);
        assert!(
            text.contains("fpvm_l1_node_failures{node=\"http://127.0.0.1:1\"} 1\n"),
            "{text}"
        );
        assert!(
            text.contains("fpvm_l1_node_answers{node=\"http://127.0.0.1:1\"} 0\n"),
            "{text}"
        );
        assert!(!text.contains("SECRET"), "{text}");
        let error = Rpc::connect_all(&[], None, Duration::ZERO, Limits::default());
        assert!(error.is_err(), "no node is no chain");
        assert_eq!(l1_nodes(&fpvm_l1::Local::new(1)), "");
    }
}
