//! What happens, as events: for logs, for programs, and for counting.

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent as _;
use fpvm_dispute::claim::GameStatus;
use fpvm_dispute::game::Game;
use fpvm_dispute::game::payment::Bonds;
use fpvm_l1::{Progress, Receipt};
use serde::Serialize;

use crate::bonds;
use crate::game_type::GameType;
use crate::player::{Kind, PlannedTx};
use crate::read::game_params::GameParams;
use crate::read::watch::GameSnapshot;

/// Something that happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event {
    /// What kind it is of.
    pub event: Name,
    /// The game that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub game: Option<Address>,
    /// What it is about: "attack claim 3".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// The reason, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Wei that go with it, in decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// The transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction: Option<B256>,
    /// The transaction's block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<u64>,
    /// The gas that was paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    /// Wei that the vault has paid out by it, in decimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid: Option<String>,
    /// What kind of transaction it is.
    #[serde(skip)]
    pub kind: Option<Kind>,
}

/// The kinds of events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// A game is played from now on.
    Found,
    /// A game is not played.
    Left,
    /// A transaction is planned.
    Planned,
    /// Something is done.
    Done,
    /// Somebody else has done it first.
    Overtaken,
    /// Something cannot be done now.
    Refused,
    /// Something is wrong with a game or with the chain.
    Trouble,
    /// A game waits for the program, which is being run.
    Waiting,
    /// The state of an account's bonds has changed.
    Bonds,
    /// A game is over, and there is nothing to be paid.
    Over,
    /// A transaction is on its way.
    Sending,
    /// A transaction was dropped by a reorg, or is stuck, and is sent again.
    Again,
    /// A proposal is false, and nobody but the guardian can do something about it.
    Alarm,
    /// Two ways to run a program come to different states.
    Difference,
}

impl Event {
    /// An event with nothing but its kind.
    fn of(event: Name, game: Option<Address>) -> Self {
        Self {
            event,
            game,
            what: String::new(),
            why: String::new(),
            value: None,
            transaction: None,
            block: None,
            gas: None,
            paid: None,
            kind: None,
        }
    }

    /// A game is played from now on.
    pub fn found(game_params: &GameParams) -> Self {
        let game_type = GameType(game_params.rules.params().game_type);
        let about = game_params.about();
        let what = if game_params.is_won_at_creation() {
            format!(
                "watch a game of type {game_type} about {about}, which is won: its root becomes the anchor, or is false"
            )
        } else {
            format!("play a game of type {game_type} about {about}")
        };
        Self {
            what,
            ..Self::of(Name::Found, Some(game_params.game))
        }
    }

    /// A game is not played from this account, but resolved, and its bonds are looked after.
    pub fn watched(game_params: &GameParams) -> Self {
        let game_type = GameType(game_params.rules.params().game_type);
        let about = game_params.about();
        let what = format!(
            "watch a game of type {game_type} about {about}, which only its proposer and its challenger play"
        );
        Self {
            what,
            ..Self::of(Name::Found, Some(game_params.game))
        }
    }

    /// An account's bonds are further than before.
    pub fn bonds(seen: &GameSnapshot, account: Address, bonds: &Bonds) -> Self {
        Self {
            what: format!("{account} {}", bonds::words(bonds, seen)),
            value: (bonds.wei > 0).then(|| bonds.wei.to_string()),
            ..Self::of(Name::Bonds, Some(seen.game.address()))
        }
    }

    /// A game is not played.
    pub fn left(game: Address, why: &str) -> Self {
        Self {
            why: why.to_owned(),
            ..Self::of(Name::Left, Some(game))
        }
    }

    /// Something goes wrong in a game.
    pub fn trouble(game: Address, why: &str) -> Self {
        Self {
            why: why.to_owned(),
            ..Self::of(Name::Trouble, Some(game))
        }
    }

    /// A game waits for the program.
    pub fn waiting(game: Address) -> Self {
        Self {
            what: "run the program: what is to be answered next follows from it".into(),
            ..Self::of(Name::Waiting, Some(game))
        }
    }

    /// A proposal is false, and nobody but the guardian can do something about it.
    pub fn alarm(game: Address, why: &str) -> Self {
        Self {
            why: why.to_owned(),
            ..Self::of(Name::Alarm, Some(game))
        }
    }

    /// Two ways to run a program come to different states, or what shows it is kept.
    pub fn difference(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            ..Self::of(Name::Difference, None)
        }
    }

    /// Something goes wrong with the chain or the account.
    pub fn general(why: &str) -> Self {
        Self {
            why: why.to_owned(),
            ..Self::of(Name::Trouble, None)
        }
    }

    /// A game is over.
    pub fn over(game: &Game) -> Self {
        let what = match game.status() {
            GameStatus::InProgress => "the game goes on",
            GameStatus::ChallengerWins => "the proposal is refuted",
            GameStatus::DefenderWins => "the proposal stands",
        };
        Self {
            what: what.into(),
            ..Self::of(Name::Over, Some(game.address()))
        }
    }

    fn tx(name: Name, tx: &PlannedTx) -> Self {
        Self {
            what: tx.request.what.clone(),
            why: tx.why.clone(),
            value: (!tx.request.value.is_zero()).then(|| tx.request.value.to_string()),
            kind: Some(tx.kind),
            ..Self::of(name, Some(tx.game))
        }
    }

    /// Something is to be done.
    pub fn planned(tx: &PlannedTx) -> Self {
        Self::tx(Name::Planned, tx)
    }

    /// Something is done.
    pub fn done(tx: &PlannedTx, receipt: &Receipt) -> Self {
        Self {
            transaction: Some(receipt.transaction),
            block: Some(receipt.block),
            gas: Some(receipt.gas_used),
            paid: paid(receipt),
            ..Self::tx(Name::Done, tx)
        }
    }

    /// Somebody else has done it first.
    pub fn overtaken(tx: &PlannedTx) -> Self {
        Self::tx(Name::Overtaken, tx)
    }

    /// Something cannot be done.
    pub fn refused(tx: &PlannedTx, why: &str) -> Self {
        Self {
            why: why.to_owned(),
            ..Self::tx(Name::Refused, tx)
        }
    }
}

alloy_sol_types::sol! {
    #[allow(missing_docs, reason = "made by the macro")]
    event Withdrawal(address indexed account, uint256 value);
}

/// Wei that vaults have paid out by a transaction, if they have.
fn paid(receipt: &Receipt) -> Option<String> {
    let logs = receipt.logs.iter();
    let paid = logs.filter_map(|log| {
        let topics = log.topics.iter().copied();
        let event = Withdrawal::decode_raw_log(topics, &log.data).ok()?;
        Some(event.value)
    });
    let paid: U256 = paid.fold(U256::ZERO, U256::saturating_add);
    (!paid.is_zero()).then(|| paid.to_string())
}

/// The receiver of the events.
#[allow(missing_debug_implementations, reason = "a closure has none")]
pub struct EventSink<'a>(pub &'a mut dyn FnMut(&Event));

impl EventSink<'_> {
    /// Passes an event on.
    #[allow(clippy::needless_pass_by_value, reason = "made to be emitted")]
    pub fn emit(&mut self, event: Event) {
        (self.0)(&event);
    }

    /// Passes the progress of a transaction on.
    pub fn progress(&mut self, progress: &Progress<'_>) {
        let about = |name, what: &str, transaction| Event {
            what: what.to_owned(),
            transaction: Some(transaction),
            ..Event::of(name, None)
        };
        let event = match progress {
            Progress::Sending(request, _, hash) => about(Name::Sending, &request.what, *hash),
            Progress::Dropped(request, hash) | Progress::Replacing(request, hash) => {
                about(Name::Again, &request.what, *hash)
            }
            Progress::Earlier(1) => {
                Event::general("1 transaction waits from before, and is waited for")
            }
            Progress::Earlier(count) => Event::general(&format!(
                "{count} transactions wait from before, and are waited for"
            )),
            Progress::Silent(error) => Event::general(&error.to_string()),
            Progress::Included(..) => return,
        };
        self.emit(event);
    }
}
