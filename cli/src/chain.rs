//! A connection to an L1, as the flags of a command describe it.

use anyhow::{Context as _, ensure};
use fpvm_challenger::reasons;
use fpvm_challenger::rollup::SuperNodes;
use fpvm_challenger::said::Said;
use fpvm_l1::signer::{RemoteSigner, Signer};
use fpvm_l1::{Address, Chain, Error, Limits, Policy, Progress, Receipt, Request, Rpc, Wallet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// For how long a rollup's node is asked again before whoever asks goes on without it.
pub(crate) const NODE_PATIENCE: Duration = Duration::from_secs(10);

/// Flags of commands that read a chain.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct NodeArgs {
    /// The Ethereum node (http://… or https://…); may be given several times: then they are asked in this order, the next
    /// where one fails, is behind, or is on another chain or fork than the others
    #[arg(long, alias = "l1-eth-rpc", value_name = "URL", value_delimiter = ',')]
    pub(crate) rpc: Vec<String>,
    /// The chain that the node has to be on [default: the one that most of the nodes are on]
    #[arg(long, value_name = "N", value_parser = crate::args::number)]
    pub(crate) chain_id: Option<u64>,
    /// For how long a node that does not answer is asked again, and a new block is waited for
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "2m")]
    patience: Duration,
}

/// Flags of commands that talk to a chain.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Chain")]
pub(crate) struct ChainArgs {
    #[command(flatten)]
    pub(crate) node: NodeArgs,
    #[command(flatten)]
    pub(crate) sender: SenderArgs,
}

/// Who sends transactions, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct SenderArgs {
    /// File with the key that signs (a keystore as geth writes it); its password is in --password-file, or in
    /// FPVM_KEYSTORE_PASSWORD [default: the key in FPVM_PRIVATE_KEY]
    #[arg(long, value_name = "FILE")]
    keystore: Option<PathBuf>,
    /// File whose first line is the keystore's password
    #[arg(long, value_name = "FILE", requires = "keystore")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    remote: RemoteArgs,
    /// How many blocks make a transaction done, its own among them
    #[arg(long, value_name = "BLOCKS", value_parser = crate::args::number, default_value = "1")]
    confirmations: u64,
    /// The most to pay for a unit of gas, in gwei
    #[arg(long, value_name = "GWEI", value_parser = crate::args::number, default_value = "500")]
    max_fee: u64,
}

/// A remote signer, by op-signer's flags.
#[derive(Debug, clap::Args)]
struct RemoteArgs {
    /// Have this remote signer sign (op-signer's eth_signTransaction), http://… or https://…
    #[arg(
        long,
        alias = "signer.endpoint",
        value_name = "URL",
        requires = "signer_address",
        conflicts_with = "keystore"
    )]
    signer_endpoint: Option<String>,
    /// The account that it signs for
    #[arg(
        long,
        alias = "signer.address",
        value_name = "ADDRESS",
        requires = "signer_endpoint"
    )]
    signer_address: Option<Address>,
    /// Header to send it (NAME=VALUE); may be given several times
    #[arg(
        long,
        alias = "signer.header",
        value_name = "HEADER",
        requires = "signer_endpoint"
    )]
    signer_header: Vec<String>,
    /// Certificates (PEM) that the signer's own is signed by [default: the system's]
    #[arg(
        long,
        alias = "signer.tls.ca",
        value_name = "FILE",
        requires = "signer_endpoint"
    )]
    signer_tls_ca: Option<PathBuf>,
    /// Certificate (PEM) to show the signer
    #[arg(
        long,
        alias = "signer.tls.cert",
        value_name = "FILE",
        requires = "signer_tls_key"
    )]
    signer_tls_cert: Option<PathBuf>,
    /// The key of that certificate (PEM)
    #[arg(
        long,
        alias = "signer.tls.key",
        value_name = "FILE",
        requires_all = ["signer_tls_cert", "signer_endpoint"]
    )]
    signer_tls_key: Option<PathBuf>,
}

impl RemoteArgs {
    /// The remote signer, where one is named.
    fn signer(&self) -> anyhow::Result<Option<RemoteSigner>> {
        let (Some(endpoint), Some(address)) = (&self.signer_endpoint, self.signer_address) else {
            return Ok(None);
        };
        let (cert, key) = (&self.signer_tls_cert, &self.signer_tls_key);
        let has_files = cert.is_some() || self.signer_tls_ca.is_some();
        ensure!(
            !has_files || !endpoint.starts_with("http://"),
            "--signer-tls-… are for a signer at https://, and --signer-endpoint begins with http://"
        );
        Ok(Some(RemoteSigner {
            headers: self.signer_header.clone(),
            ca: self.signer_tls_ca.clone(),
            identity: cert.clone().zip(key.clone()),
            ..RemoteSigner::new(endpoint.clone(), address)
        }))
    }
}

impl NodeArgs {
    /// The node, where one is named.
    pub(crate) fn connect(&self) -> anyhow::Result<Option<Arc<dyn Chain>>> {
        Ok(self.node()?.map(|rpc| Arc::new(rpc) as _))
    }

    /// The same, for who asks it for more than every chain has.
    pub(crate) fn node(&self) -> anyhow::Result<Option<Rpc>> {
        if self.rpc.is_empty() {
            return Ok(None);
        }
        let rpc = Rpc::connect_all(&self.rpc, self.chain_id, self.patience, Limits::default());
        Ok(Some(rpc?))
    }

    /// Nodes of a rollup at these addresses.
    pub(crate) fn rollup_nodes(&self, urls: &[String]) -> anyhow::Result<Vec<Arc<Rpc>>> {
        // What one does not tell in this time is asked for again at the next round, so that the games that do not
        // need it go on.
        rollup_nodes(urls, self.patience.min(NODE_PATIENCE))
    }

    /// Nodes at these addresses that know super roots; none where nobody is named.
    pub(crate) fn super_nodes(&self, urls: &[String]) -> anyhow::Result<Option<Arc<SuperNodes>>> {
        let nodes = self.rollup_nodes(urls)?;
        Ok((!nodes.is_empty()).then(|| Arc::new(SuperNodes::new(nodes))))
    }
}

impl ChainArgs {
    /// The account that signs.
    pub(crate) fn signer(&self) -> anyhow::Result<Signer> {
        let sender = &self.sender;
        Ok(match (sender.remote.signer()?, &sender.keystore) {
            (Some(mut remote), _) => {
                remote.patience = remote.patience.min(self.node.patience);
                Signer::remote(remote)?
            }
            (None, Some(path)) => Signer::from_keystore(path, sender.password_file.as_deref())?,
            (None, None) => Signer::from_environment()?,
        })
    }

    /// The account that signs, on a chain.
    pub(crate) fn wallet(&self, chain: Arc<dyn Chain>) -> anyhow::Result<Wallet> {
        Ok(Wallet::new(chain, self.signer()?, self.policy()))
    }

    /// How transactions are sent.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            confirmations: self.sender.confirmations,
            patience: self.node.patience,
            max_fee: u128::from(self.sender.max_fee) * 1_000_000_000,
            ..Policy::default()
        }
    }
}

/// The account that signs, or why there is none, in words.
pub(crate) fn account(args: &ChainArgs) -> Result<Address, String> {
    let signer = args.signer().map_err(|error| format!("{error:#}"))?;
    Ok(signer.address())
}

/// Nodes of a rollup at these addresses, which are asked again for so long.
pub(crate) fn rollup_nodes(urls: &[String], patience: Duration) -> anyhow::Result<Vec<Arc<Rpc>>> {
    let node = |url: &String| Ok(Arc::new(Rpc::node(url, patience)?));
    urls.iter().map(node).collect()
}

/// Sends transactions, and logs what happens; their receipts.
pub(crate) fn send(wallet: &mut Wallet, requests: &[Request]) -> anyhow::Result<Vec<Receipt>> {
    let sent = wallet.send(requests, &mut log);
    sent.map_err(|error| anyhow::anyhow!(reasons::sending(&error)))
}

/// Logs how a transaction gets on.
pub(crate) fn log(progress: Progress<'_>) {
    /// What lasts, and would be said at each look.
    static SAID: Said = Said::new();
    match progress {
        Progress::Earlier(count) => {
            if SAID.is_due("Waiting") {
                tracing::info!(target: "l1", count, "Waiting for transactions from before");
            }
        }
        Progress::Sending(request, nonce, hash) => {
            let (what, hash) = (&request.what, hash.to_string());
            tracing::info!(target: "l1", what, nonce, hash, "Sending");
        }
        Progress::Included(request, receipt) => {
            let (what, hash) = (&request.what, receipt.transaction.to_string());
            let (block, gas) = (receipt.block, receipt.gas_used);
            tracing::info!(target: "l1", what, hash, block, gas, "Included");
        }
        Progress::Dropped(request, hash) => {
            let (what, hash) = (&request.what, hash.to_string());
            tracing::warn!(target: "l1", what, hash, "A reorg dropped it, sending it again");
        }
        Progress::Replacing(request, hash) => {
            let (what, hash) = (&request.what, hash.to_string());
            tracing::warn!(target: "l1", what, hash, "It is stuck, offering more");
        }
        Progress::Silent(error) => {
            let error = error.to_string();
            if SAID.is_due(&error) {
                tracing::warn!(target: "l1", error, "No answer, trying on");
            }
        }
    }
}

/// An error of the chain, with a contract's reason by its name.
pub(crate) fn explained(error: Error) -> anyhow::Error {
    match &error {
        Error::Reverted(revert) => anyhow::anyhow!(reasons::describe(revert)),
        _ => error.into(),
    }
}

/// The node that a command cannot do without.
pub(crate) fn needed(chain: Option<Arc<dyn Chain>>) -> anyhow::Result<Arc<dyn Chain>> {
    chain.context("which chain? Name a node with --rpc URL")
}
