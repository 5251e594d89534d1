//! Games played by calls on a chain and in the model at once: what is read from the chain is what the
//! model has, field by field, at each look.

#![allow(
    clippy::result_large_err,
    reason = "beside a request to a node, the size of an error is nothing"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::common::between::{Between, Hook};
use crate::common::{
    CLOCK, DELAY, account, alphabet, alphabet_prestate, deployment, today, wallet,
};
use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall as _;
use fpvm_challenger::calls;
use fpvm_challenger::deployment::{Deployment, Setup};
use fpvm_challenger::factory::{CreateError, Factory};
use fpvm_challenger::read::watch::{GameWatcher, game};
use fpvm_challenger::read::{ReadError, Reader};
use fpvm_contracts::game::abi::FaultDisputeGame::claimDataLenCall;
use fpvm_contracts::game::abi::{Judge as Judge_, Pauses};
use fpvm_dispute::arguments::Roles;
use fpvm_dispute::call::{Action, Block, Call, Effect, GameAction, Guard};
use fpvm_dispute::claim::{GameStatus, Side, VmStatus};
use fpvm_dispute::factory::Implementation;
use fpvm_dispute::fees::FeeSpikes;
use fpvm_dispute::game::moves::Move;
use fpvm_dispute::game::payment::Surroundings;
use fpvm_dispute::game::step::Step;
use fpvm_dispute::player::value_of;
use fpvm_dispute::registry::{AnchorRegistry, Judge, Moment, Registry};
use fpvm_dispute::rules::Rules;
use fpvm_dispute::superchain::Superchain;
use fpvm_dispute::vault::Vault;
use fpvm_dispute::vm::alphabet::AlphabetVm;
use fpvm_l1::{At, Chain as _, Local};

/// The proposer.
const ANN: u8 = 2;
const BOB: u8 = 3;

struct Board {
    chain: Local,
    deployment: Deployment,
    model: fpvm_dispute::chain::Chain<AlphabetVm>,
    game: Address,
    watcher: GameWatcher,
}

impl Board {
    /// A game that Ann has created.
    fn new(setup: &Setup, root: B256) -> Self {
        let (chain, deployment) = deployment(setup);
        let owner = account(1);
        let rules = Rules::new(setup.params.clone()).expect("legal rules");
        let bond = rules.required_bond(fpvm_dispute::position::Position::ROOT);
        let game_type = setup.params.game_type;
        let version = setup.params.version;
        let mut factory = fpvm_dispute::factory::Factory::of(version, deployment.factory, owner);
        let implementation = Implementation {
            address: deployment.implementation,
            rules: rules.into(),
        };
        let args = deployment.args(&setup.params);
        let set = factory.set_implementation_with(owner, game_type, implementation, args);
        set.expect("the owner");
        let set = factory.set_init_bond(owner, game_type, bond.expect("a root"));
        set.expect("the owner");
        let vm = AlphabetVm {
            absolute_prestate: alphabet_prestate(),
        };
        let (anchor, delay) = (setup.anchor, setup.finality_delay);
        let registry: Registry = if version.pays_at_resolution() {
            AnchorRegistry::new(owner, [(game_type, anchor)]).into()
        } else {
            // It was made earlier than any game.
            let at = deployment.registry;
            Judge::new(at, version, owner, delay, anchor, game_type, 1).into()
        };
        let vault = Vault::at(deployment.vault, version, owner, setup.delay);
        let mut model = fpvm_dispute::chain::Chain::new(vm, vault, registry, factory);
        model.vm_address = deployment.vm;
        if let Some(chain) = deployment.system {
            // Pauses are of all chains here.
            model.superchain = Superchain::new(owner, chain);
        }
        for key in [ANN, BOB] {
            model.fund(account(key), crate::common::PURSE);
        }

        let mut ann = wallet(Arc::new(chain.clone()), ANN);
        let factory = Factory(deployment.factory);
        let block = U256::from(16);
        let game = factory.create(&mut ann, game_type, root, block, &mut |_| ());
        let game = game.expect("it is created");
        let create = Action::Create(fpvm_dispute::factory::Create {
            game_type,
            root_claim: root,
            extra_data: block.to_be_bytes_vec(),
        });
        let call = Call {
            from: account(ANN),
            value: model.factory.init_bond(game_type),
            action: create,
        };
        let here = here(&chain, At::Latest);
        assert_eq!(model.apply(&call, &here), Ok(Effect::Created(0)));
        let reader = Reader::newest(&chain).expect("a block");
        let watcher = GameWatcher::open(&reader, game).expect("a game");
        let mut board = Self {
            chain,
            deployment,
            model,
            game,
            watcher,
        };
        board.compare();
        board
    }

    /// Makes a call on both sides, and compares.
    fn play(&mut self, key: u8, action: GameAction) {
        let number = Action::Game(0, action.clone());
        let value = value_of(self.model.game(0).expect("created"), &number);
        let request = calls::game(self.game, &action, value);
        let mut sender = wallet(Arc::new(self.chain.clone()), key);
        let sent = sender.send(&[request], &mut |_| ());
        let sent =
            sent.unwrap_or_else(|error| panic!("{}", fpvm_challenger::reasons::sending(&error)));
        let call = Call {
            from: account(key),
            value,
            action: number,
        };
        let block = here(&self.chain, At::Hash(sent[0].block_hash));
        let done = self.model.apply(&call, &block);
        assert!(done.is_ok(), "{call:?}: {done:?}");
        self.compare();
    }

    fn compare(&mut self) {
        let expected = self.model.game(0).expect("created");
        let reader = Reader::newest(&self.chain).expect("a block");
        let (seen, _) = self.watcher.look(&reader).expect("it can be read");
        assert_eq!(&seen.game, expected, "as followed");
        let game_type = expected.rules().params().game_type;
        assert_eq!(seen.anchor, self.model.registry.anchor(game_type));
        let now = reader.block.time;
        for index in 0..expected.claims().len() {
            let durations = [expected, &seen.game].map(|g| g.challenger_duration(index, now));
            assert_eq!(durations[0], durations[1]);
        }
        let (game_params, seen) = game(&reader, self.game).expect("it can be read");
        assert_eq!(&seen.game, expected, "at once");
        for key in [ANN, BOB] {
            let found = game_params
                .withdrawal(&reader, account(key))
                .expect("a number");
            let unlocked = self.model.vault.withdrawal(self.game, account(key));
            assert_eq!(found, unlocked);
            let around = Surroundings {
                judge: self.model.registry.judge().cloned(),
                vault: self.model.vault.clone(),
                registered: true,
                at: Moment {
                    paused: self.model.superchain.is_paused(now),
                    now,
                },
            };
            let bonds = expected.bonds(account(key), &around);
            assert_eq!(seen.bonds(account(key)), bonds, "key {key}");
            if seen.game.status() != GameStatus::InProgress {
                assert_eq!(seen.game.closing(&seen.around), expected.closing(&around));
            }
        }
        let held = game_params.bonds(&reader).expect("a number");
        assert_eq!(held, U256::from(self.model.vault.balance(self.game)));
    }

    /// The guardian does something on both sides.
    fn guard(&mut self, guard: Guard, to: Address, data: Vec<u8>) {
        let request = fpvm_l1::Request {
            what: "guard".into(),
            to: Some(to),
            data: data.into(),
            value: U256::ZERO,
            gas: None,
        };
        let mut guardian = wallet(Arc::new(self.chain.clone()), 1);
        let sent = guardian.send(&[request], &mut |_| ()).expect("it is done");
        let call = Call {
            from: account(1),
            value: 0,
            action: Action::Guard(guard),
        };
        let block = here(&self.chain, At::Hash(sent[0].block_hash));
        assert_eq!(self.model.apply(&call, &block), Ok(Effect::Done));
        self.compare();
    }

    /// Lets time pass.
    fn wait(&mut self, seconds: u64) {
        self.chain.advance(seconds);
        self.compare();
    }

    fn attack(&mut self, key: u8, parent: usize, side: Side, claim: B256) {
        let disputed = self.model.game(0).expect("created").claims()[parent].claim;
        let mv = Move {
            disputed,
            parent,
            claim,
            side,
        };
        self.play(key, GameAction::Move(mv));
    }
}

/// A block, as the model takes it.
fn here(chain: &Local, at: At) -> Block {
    let block = chain.block(at).expect("a block");
    Block {
        timestamp: block.time,
        base_fee: block.base_fee,
        parent_hash: block.parent,
    }
}

/// The worked game: attacks only, down to the first instruction, which decides. Besides, an answer that
/// nobody counters, and resolution in pages.
fn worked(mut board: Board) -> Board {
    for turn in 1..=8u8 {
        board.chain.advance(3_600);
        let key = if turn % 2 == 1 { BOB } else { ANN };
        let claim = VmStatus::Invalid.stamp(B256::repeat_byte(turn));
        board.attack(key, usize::from(turn) - 1, Side::Attack, claim);
    }
    board.attack(ANN, 1, Side::Defend, B256::repeat_byte(0x77));
    let add = GameAction::AddLocalData {
        ident: U256::from(4),
        leaf: 8,
        offset: U256::ZERO,
    };
    board.play(BOB, add);
    let step = GameAction::Step(Step {
        claim: 8,
        side: Side::Attack,
        state: vec![0; 32],
        proof: Vec::new(),
    });
    board.play(BOB, step);
    board.chain.advance(CLOCK * 2);
    board.compare();
    for claim in (2..=9).rev() {
        let count = U256::ZERO;
        board.play(ANN, GameAction::ResolveClaim { claim, count });
    }
    for _ in 0..2 {
        let (claim, count) = (1, U256::ONE);
        board.play(BOB, GameAction::ResolveClaim { claim, count });
    }
    let (claim, count) = (0, U256::ZERO);
    board.play(BOB, GameAction::ResolveClaim { claim, count });
    board.play(BOB, GameAction::Resolve);
    board
}

#[test]
fn a_game_is_the_models() {
    let board = Board::new(&alphabet(), B256::repeat_byte(0x99));
    let mut board = worked(board);
    let status = board.model.game(0).expect("created").status();
    assert_eq!(status, GameStatus::DefenderWins);
    assert_eq!(
        board.watcher.snapshot().expect("looked").anchor.root,
        B256::repeat_byte(0x99)
    );
    board.chain.advance(DELAY);
    for key in [ANN, BOB] {
        if board.model.game(0).expect("created").credit(account(key)) > 0 {
            board.play(key, GameAction::ClaimCredit(account(key)));
        }
    }
}

#[test]
fn a_game_of_today_is_the_models() {
    for is_blacklisted in [false, true] {
        let board = Board::new(&today(), B256::repeat_byte(0x99));
        let mut board = worked(board);
        let deployment = board.deployment;
        if is_blacklisted {
            let call = Judge_::blacklistDisputeGameCall { game: board.game };
            board.guard(Guard::Blacklist(0), deployment.registry, call.abi_encode());
        }
        let pause = Pauses::pauseCall {
            identifier: Address::ZERO,
        };
        let unpause = Pauses::unpauseCall {
            identifier: Address::ZERO,
        };
        board.wait(today().finality_delay);
        board.guard(
            Guard::Pause(Address::ZERO),
            deployment.config,
            pause.abi_encode(),
        );
        board.wait(1_000);
        let unpaused = |board: &mut Board| {
            let of_all = Guard::Unpause(Address::ZERO);
            board.guard(of_all, deployment.config, unpause.abi_encode());
        };
        unpaused(&mut board);
        board.play(BOB, GameAction::Close);
        for key in [ANN, BOB] {
            board.play(ANN, GameAction::ClaimCredit(account(key)));
        }
        board.wait(DELAY - 100);
        board.guard(
            Guard::Pause(Address::ZERO),
            deployment.config,
            pause.abi_encode(),
        );
        board.wait(200);
        unpaused(&mut board);
        for key in [ANN, BOB] {
            if board.model.game(0).expect("created").credit(account(key)) > 0 {
                board.play(BOB, GameAction::ClaimCredit(account(key)));
            }
        }
        let left = board.model.vault.balance(board.game);
        assert_eq!(left, 0, "everything is paid");
        let anchor = board.watcher.snapshot().expect("looked").anchor.block;
        let expected = if is_blacklisted { 0 } else { 16 };
        assert_eq!(anchor, U256::from(expected));
    }
}

#[test]
fn a_permissioned_game_is_the_models() {
    let mut setup = today();
    setup.params.roles = Some(Roles {
        proposer: account(ANN),
        challenger: account(BOB),
    });
    let mut board = Board::new(&setup, B256::repeat_byte(0x99));
    board.attack(BOB, 0, Side::Attack, B256::repeat_byte(1));
    let params = &board.watcher.game_params;
    assert!(params.was_respected && params.may_play(account(BOB)));
    assert!(!params.may_play(account(4)));
}

#[test]
fn a_game_with_time_for_fee_spikes_is_the_models() {
    let mut setup = alphabet();
    setup.params.fee_spikes = Some(FeeSpikes::RECOMMENDED);
    let mut board = Board::new(&setup, B256::repeat_byte(0x99));
    board.attack(BOB, 0, Side::Attack, B256::repeat_byte(1));
    board.chain.set_base_fee(300_000_000_000);
    board.play(BOB, GameAction::SampleFee);
    board.chain.advance(600);
    board.compare();
    board.chain.set_base_fee(1_000_000_000);
    board.chain.advance(3_000);
    board.attack(ANN, 1, Side::Attack, B256::repeat_byte(2));
}

#[test]
fn after_a_reorg_everything_is_read_anew() {
    let mut board = Board::new(&alphabet(), B256::repeat_byte(0x99));
    let before = board.model.clone();
    board.attack(BOB, 0, Side::Attack, B256::repeat_byte(1));
    board.chain.reorg(1, false);
    board.chain.mine(2);
    board.model = before;
    let chain = board.chain.clone();
    let reader = Reader::newest(&chain).expect("a block");
    let (_, anew) = board.watcher.look(&reader).expect("it can be read");
    assert!(anew);
    board.compare();
    let (_, anew) = board.watcher.look(&reader).expect("it can be read");
    assert!(!anew);
}

#[test]
fn what_is_no_game_is_refused() {
    let setup = alphabet();
    let board = Board::new(&setup, B256::repeat_byte(0x99));
    let reader = Reader::newest(&board.chain).expect("a block");
    let nothing = Address::repeat_byte(0xee);
    let error = game(&reader, nothing)
        .map(|_| ())
        .expect_err("nothing there");
    assert!(matches!(error, ReadError::NoContract { .. }), "{error}");
    let error = game(&reader, board.deployment.vault).map(|_| ());
    let error = error.expect_err("another contract");
    assert!(matches!(error, ReadError::UnknownGame { .. }), "{error}");

    let factory = Factory(board.deployment.factory);
    assert_eq!(factory.count(&reader).expect("a number"), 1);
    assert_eq!(factory.game(&reader, 0).expect("listed").game, board.game);
    assert!(factory.game(&reader, 1).is_err());
    let mut ann = wallet(Arc::new(board.chain.clone()), ANN);
    let mut create =
        |game_type, root| factory.create(&mut ann, game_type, root, U256::from(16), &mut |_| ());
    let again = create(255, B256::repeat_byte(0x99));
    assert!(matches!(again, Err(CreateError::Exists(_))), "{again:?}");
    let unknown = create(7, B256::repeat_byte(0x99));
    assert!(
        matches!(unknown, Err(CreateError::UnknownType { .. })),
        "{unknown:?}"
    );
}

/// For a while it is told how many claims there are as of a later block than it is asked about.
struct Hasty(AtomicU32);

impl Hook for Hasty {
    fn at(&self, call: &fpvm_l1::Call, at: At) -> At {
        let counts = call.data.starts_with(&claimDataLenCall::SELECTOR);
        let left = |left: u32| left.checked_sub(1);
        if counts && self.0.fetch_update(Relaxed, Relaxed, left).is_ok() {
            At::Latest
        } else {
            at
        }
    }

    fn pause(&self, _chain: &Local) {}
}

#[test]
fn answers_of_two_blocks_are_no_game() {
    let mut board = Board::new(&alphabet(), B256::repeat_byte(9));
    let block = board.chain.block(At::Latest).expect("a block");
    board.attack(BOB, 0, Side::Attack, B256::repeat_byte(2));
    let read = |times| {
        let chain = Between {
            chain: board.chain.clone(),
            hook: Hasty(AtomicU32::new(times)),
        };
        let reader = Reader::at(&chain, block);
        let read = game(&reader, board.game);
        read.map(|(_, seen)| seen.game.claims().len())
    };
    assert_eq!(read(0).expect("a game"), 1);
    assert_eq!(read(2).expect("it is asked again"), 1);
    let torn = read(100).expect_err("it never tells");
    assert!(
        matches!(torn, ReadError::Torn { block: at, .. } if at == block.hash),
        "{torn}"
    );
}
