//! A game about the toy rollup, played in the model to its end: an honest player, and one that lies about
//! blocks and instructions.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use fpvm_core::machine::vm::Vm as GuestVm;
use fpvm_core::step::oracle::PreimagePart;
use fpvm_core::step::verify::verify;
use fpvm_dispute::call::{Action, Block, Call, GameAction, Made};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::{OutputRoot, VmStatus};
use fpvm_dispute::factory::{Create, Factory};
use fpvm_dispute::game::Game;
use fpvm_dispute::player::cheat::{self, Cheat, Way};
use fpvm_dispute::player::{ALL, Me, Plan, View, honest, value_of};
use fpvm_dispute::position::Position;
use fpvm_dispute::registry::AnchorRegistry;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::simulate::opinion::Opinion;
use fpvm_dispute::trace::lie::Extent;
use fpvm_dispute::trace::memo::Memo;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, Outputs, StepData, TraceError};
use fpvm_dispute::vault::Vault;
use fpvm_dispute::vm::{StepContext, Vm};
use fpvm_isa_mips::Mips32;
use fpvm_report::{Party, Role};
use fpvm_trace::{GuestProgram, Program as _, Vms};

use fpvm_e2e::rollup::{CHAIN_ID, find_read, output, rollup};

pub(crate) const CHEAT: Address = Address::repeat_byte(0xc4);
pub(crate) const HONEST: Address = Address::repeat_byte(0x40);
const START: u64 = 1_790_000_000;
const DELAY: u64 = 604_800;

/// The model's VM: the verifier in Rust.
#[derive(Clone, Debug)]
struct Verifier;

impl Vm for Verifier {
    fn step(&self, at: &StepContext<'_>, state: &[u8], proof: &[u8]) -> Result<B256, Revert> {
        let mut part = |key: &[u8; 32], offset: u64| {
            let (part, length) = at.oracle.read(B256::from(*key), offset).ok()?;
            let (bytes, len) = (part.0, usize::try_from(length).ok()?);
            Some(Some(PreimagePart { bytes, len }))
        };
        let verified = verify::<Mips32>(state, proof, &mut part);
        let verified = verified.map_err(|error| Revert::Vm(error.to_string().into_bytes()))?;
        Ok(verified.post.into())
    }
}

/// What is true: the outputs, and the executions of the guest.
pub(crate) struct Truth {
    outputs: OutputList,
    pub(crate) vms: Vms<GuestProgram<'static, GuestVm<Mips32>>>,
}

impl Outputs for Truth {
    fn output(&self, block: U256) -> Result<B256, TraceError> {
        self.outputs.output(block)
    }

    fn safe_head(&self) -> U256 {
        self.outputs.safe_head()
    }

    fn evidence(
        &self,
        block: U256,
    ) -> Result<fpvm_dispute::game::block_number::BlockEvidence, TraceError> {
        self.outputs.evidence(block)
    }
}

impl Executions for Truth {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        self.vms.claim(inputs, index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.vms.step(inputs, index)
    }
}

impl Truth {
    pub(crate) fn new() -> Memo<Self> {
        let outputs = OutputList::new(U256::from(100), (100..=104).map(output).collect());
        let vms = Vms::new(rollup(), 5_000_000);
        Memo::new(Self { outputs, vms })
    }
}

/// A game that is over, and all calls of it.
pub(crate) struct Played {
    pub(crate) game: Game,
    pub(crate) made: Vec<Made>,
}

pub(crate) fn parties() -> BTreeMap<Address, Party> {
    let party = |name: &str, role| Party {
        name: name.into(),
        role,
    };
    [
        (HONEST, party("Alice", Role::Honest)),
        (CHEAT, party("Mallory", Role::Cheat)),
    ]
    .into()
}

/// The truth as a trace.
pub(crate) fn trace(truth: &Memo<Truth>) -> SplitTrace<&Memo<Truth>, &Memo<Truth>> {
    SplitTrace {
        outputs: truth,
        executions: truth,
    }
}

struct Board {
    chain: Chain<Verifier>,
    made: Vec<Made>,
    now: u64,
}

impl Board {
    fn call(&mut self, from: Address, value: u128, action: Action) {
        let block = Block {
            timestamp: self.now,
            base_fee: 1_000_000_000,
            parent_hash: B256::repeat_byte(0x11),
        };
        let call = Call {
            from,
            value,
            action,
        };
        let result = self.chain.apply(&call, &block);
        assert!(
            result.is_ok(),
            "{action:?}: {result:?}",
            action = call.action
        );
        let at = self.now;
        self.made.push(Made { at, call, result });
    }

    fn game(&self) -> &Game {
        self.chain.game(0).expect("created")
    }

    fn plan(&self, play: impl FnOnce(&View<'_>) -> Plan) -> Vec<Action> {
        let (game, now, base_fee) = (self.game(), self.now, 1_000_000_000);
        let plan = play(&View {
            game,
            now,
            base_fee,
        });
        assert!(plan.trouble.is_none(), "{:?}", plan.trouble);
        plan.actions
    }
}

/// A game of mainnet's depths but for one: at 73, the last claim would be the honest challenger's, and no
/// instruction could be run against it. It is about block 104, wrong from block 102 on, in which the cheat lies about
/// the state after the instruction that reads the middle of its first keccak256 pre-image.
pub(crate) fn play(truth: &Memo<Truth>) -> Played {
    let inputs = Inputs {
        l1_head: B256::ZERO,
        starting: OutputRoot {
            root: output(101),
            block: U256::from(101),
        },
        disputed: OutputRoot {
            root: output(102),
            block: U256::from(102),
        },
    };
    let mut machine = rollup().start(&inputs).expect("it loads");
    let prestate = B256::from(machine.vm.state_root());
    assert_eq!(VmStatus::of(&prestate), Some(VmStatus::Unfinished));
    let lie = Extent {
        outputs_from: Some(U256::from(102)),
        steps_from: Some(find_read(&mut machine, 40).into()),
        salt: 1,
    };
    let rules = Rules::new(Params {
        l2_chain_id: U256::from(CHAIN_ID),
        max_depth: 72,
        ..Params::mainnet(prestate)
    });
    let rules = rules.expect("legal rules");
    let bond = rules.required_bond(Position::ROOT).expect("a bond");
    let mut factory = Factory::new(HONEST);
    factory
        .set_implementation(HONEST, 0, rules)
        .expect("the owner's");
    factory.set_init_bond(HONEST, 0, bond).expect("the owner's");
    let anchor = OutputRoot {
        root: output(100),
        block: U256::from(100),
    };
    let registry = AnchorRegistry::new(HONEST, [(0, anchor)]);
    let mut chain = Chain::new(Verifier, Vault::new(HONEST, DELAY), registry, factory);
    for account in [HONEST, CHEAT] {
        chain.fund(account, 10_000_000_000_000_000_000_000);
    }
    let (made, now) = (Vec::new(), START);
    let mut board = Board { chain, made, now };
    let create = Create {
        game_type: 0,
        root_claim: lie.output(U256::from(104), output(104)),
        extra_data: U256::from(104).to_be_bytes_vec(),
    };
    board.call(CHEAT, bond, Action::Create(create));

    let mut honest = Me::new(HONEST, 0, Opinion::new(truth, None));
    let mut liar = Me::new(CHEAT, 0, Opinion::new(truth, Some(lie)));
    let cheat = Cheat {
        way: Way::Liar,
        seed: 1,
        budget: 100,
    };
    loop {
        let before = board.made.len();
        board.now += 3_600;
        for action in board.plan(|view| honest::next_moves(&mut honest, view)) {
            let value = value_of(board.game(), &action);
            board.call(HONEST, value, action);
        }
        board.now += 600;
        for action in board.plan(|view| cheat::next_moves(&cheat, &mut liar, view)) {
            let value = value_of(board.game(), &action);
            board.call(CHEAT, value, action);
        }
        if board.made.len() == before {
            break;
        }
    }
    board.now += 302_400;
    for claim in (0..board.game().claims().len()).rev() {
        let resolve = GameAction::ResolveClaim { claim, count: ALL };
        board.call(HONEST, 0, Action::Game(0, resolve));
    }
    board.call(HONEST, 0, Action::Game(0, GameAction::Resolve));
    board.now += DELAY;
    let credit = GameAction::ClaimCredit(HONEST);
    board.call(HONEST, 0, Action::Game(0, credit));
    Played {
        game: board.game().clone(),
        made: board.made,
    }
}
