//! Reports of dispute games: what each claim says, who is right, why an honest player answers it, where the money
//! goes, and the one instruction that a game comes down to.
//!
//! [`report()`] reads a game through the model of `fpvm-dispute`, wherever the game itself is, into a
//! [`Report`]: plain data, for JSON and for tests. [`html`] makes one page of it that needs nothing else,
//! [`view`] makes text of it, and [`watch`] shows the game on a terminal while it is played.

mod build;
mod events;
pub mod html;
pub mod instruction;
pub mod money;
mod next;
pub mod simulated;
pub mod time;
pub mod view;
pub mod watch;

use alloy_primitives::{Address, B256};
use serde::{Serialize, Serializer};

pub use build::{Happened, Opinion, Party, Role, Subject, about, report};
pub use events::Event;
pub use instruction::Instruction;

/// A report of a game. Times are seconds since 1970, amounts wei in decimal digits.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Where the game was played.
    pub title: String,
    /// The game's status.
    pub status: Status,
    /// Address of the game's contract.
    pub game: Address,
    /// When the report was made, or the game was resolved.
    pub now: u64,
    /// When the game was created.
    pub created_at: u64,
    /// The rules of the game.
    pub rules: Rules,
    /// The proposal that the game is about.
    pub proposal: Proposal,
    /// The accounts that took part.
    pub accounts: Vec<Account>,
    /// All claims, oldest first.
    pub claims: Vec<Claim>,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    /// The instruction that was run on chain, if one was and it is known.
    pub instruction: Option<Instruction>,
    /// What can be done next, the most urgent first, in words; nothing once the game is over.
    pub next: Vec<String>,
    /// What the guardian has to know: the proposal is false, and nobody else can do something about it.
    pub alarm: Option<Alarm>,
}

/// A false proposal that nobody can dispute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Alarm {
    /// What is wrong, and what is to be done about it.
    pub words: String,
    /// From when on it is relied on, in seconds since 1970.
    pub until: u64,
}

impl Report {
    /// The name of an account.
    pub fn name(&self, address: Address) -> &str {
        let mut accounts = self.accounts.iter();
        let account = accounts.find(|account| account.address == address);
        account.map_or("?", |account| &account.name)
    }
}

/// The status of a game.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Clocks are running.
    InProgress,
    /// The proposal was refuted.
    ChallengerWins,
    /// The proposal stands.
    DefenderWins,
}

/// The rules that a reader needs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// The type's number in the factory.
    pub game_type: u32,
    /// How it is played; nothing of a game that is won at its creation.
    #[serde(flatten)]
    pub play: Option<Play>,
}

/// How a game is played.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Play {
    /// Depth of the deepest claims.
    pub max_depth: u8,
    /// Depth of the deepest claims about outputs.
    pub split_depth: u8,
    /// Time that each side has, in seconds.
    pub max_clock_duration: u64,
    /// Least time that a side is left with after its move, in seconds.
    pub clock_extension: u64,
    /// The state root before the first instruction.
    pub absolute_prestate: B256,
}

/// What a game is about.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Who proposed.
    pub creator: Address,
    /// Whether roots here are super roots, and not output roots of L2 blocks.
    pub is_super: bool,
    /// The root proposed.
    pub root: B256,
    /// Its L2 block; of a super root its timestamp, in seconds since 1970.
    pub block: String,
    /// The root that both sides agree on.
    pub starting_root: B256,
    /// Its L2 block, or timestamp.
    pub starting_block: String,
    /// The L1 head: the newest L1 block that the game takes data from.
    pub l1_head: B256,
    /// Whether it is right; `None` if nobody could tell.
    pub right: Option<bool>,
    /// What is true there, as far as anybody could tell.
    pub truth: Option<B256>,
    /// How many chains the super root is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chains: Option<usize>,
}

impl Proposal {
    /// What the proposal is about, in words.
    pub(crate) fn about(&self) -> String {
        if self.is_super {
            format!("Super root at timestamp {}", self.block)
        } else {
            format!("L2 block {}", self.block)
        }
    }
}

/// An account and its money.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its address.
    pub address: Address,
    /// Its name.
    pub name: String,
    /// What is known about the player.
    pub role: Role,
    /// The number of claims that it made.
    pub claims: usize,
    /// Bonds posted.
    #[serde(serialize_with = "decimal")]
    pub posted: u128,
    /// Bonds won, its own included, of the claims that are decided.
    #[serde(serialize_with = "decimal")]
    pub won: u128,
    /// Its bonds that are not decided yet.
    #[serde(serialize_with = "decimal")]
    pub open: u128,
    /// Paid out to it.
    #[serde(serialize_with = "decimal")]
    pub paid: u128,
    /// The state of its bonds, if that was asked for.
    pub bonds: Option<Standing>,
}

/// The state of an account's bonds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Standing {
    /// In one word: `posted`, `won`, `refund`, `closed`, `unlocked`, `paid`, `refunded`, `lost`, `none`.
    pub state: &'static str,
    /// From when on the next step towards their payment can be made.
    pub next: Option<u64>,
    /// The state in words, with the account as the subject: "has won 0.5 ether: …".
    pub words: String,
    /// How much of them has been paid.
    #[serde(serialize_with = "decimal")]
    pub paid: u128,
}

/// What a claim is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An output root.
    Output,
    /// A state of the VM.
    State,
}

/// A place in the trace of a super game.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Place {
    /// The second, since 1970.
    pub timestamp: u64,
    /// The step after it: 0 is the super root itself.
    pub step: u64,
}

/// A claim.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// The claim that it answers.
    pub parent: Option<usize>,
    /// `attack` or `defend`; `None` for the root.
    pub side: Option<&'static str>,
    /// Depth in the tree.
    pub depth: u8,
    /// The way down from the root: `L` and `R`.
    pub path: String,
    /// Generalised index.
    #[serde(serialize_with = "decimal")]
    pub gindex: u128,
    /// The kind of value that it claims.
    pub kind: Kind,
    /// What the claim is about, in words.
    pub about: String,
    /// In the upper half of a super game: the place of the state that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What is claimed.
    pub value: B256,
    /// The true value there, if anybody could tell.
    pub truth: Option<B256>,
    /// Whether an honest player would have made it.
    pub honest: Option<bool>,
    /// Why the honest player answers it, or does not.
    pub why: Option<String>,
    /// Who made it.
    pub claimant: Address,
    /// The bond that was posted with it.
    #[serde(serialize_with = "decimal")]
    pub bond: u128,
    /// When it was made, on the game's clock.
    pub made_at: u64,
    /// Time that its side had used then, in seconds.
    pub used: u64,
    /// For how much longer it can be answered, in seconds; `None` once its subgame is resolved.
    pub left: Option<u64>,
    /// Who countered it.
    pub countered_by: Option<Address>,
    /// Whether it was countered by an instruction.
    pub stepped: bool,
    /// Who got its bond, once that is decided.
    pub bond_to: Option<Address>,
}

/// Writes a number as decimal digits, because JavaScript's numbers are too short for it.
fn decimal<S: Serializer>(number: &u128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}
