//! The game and `fpvm bisect` come to the same step: where two executions part.

use alloy_primitives::{Address, B256, U256};
use fpvm_checkpoints::bisect::bisect;
use fpvm_checkpoints::warm::Warm;
use fpvm_core::machine::vm::Vm as GuestVm;
use fpvm_dispute::call::{Action, Block, Call, GameAction};
use fpvm_dispute::chain::Chain;
use fpvm_dispute::claim::{OutputRoot, Side};
use fpvm_dispute::factory::{Create, Factory};
use fpvm_dispute::player::{Me, View, honest, value_of};
use fpvm_dispute::position::Position;
use fpvm_dispute::registry::AnchorRegistry;
use fpvm_dispute::revert::Revert;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::split::SplitTrace;
use fpvm_dispute::trace::{Executions, Inputs, StepData, TraceError};
use fpvm_dispute::vault::Vault;
use fpvm_dispute::vm::{StepContext, Vm};
use fpvm_e2e::rollup::{output, rollup};
use fpvm_isa_mips::Mips32;
use fpvm_trace::{GuestProgram, Program as _, Vms};

const ANN: Address = Address::repeat_byte(0xaa);
const BOB: Address = Address::repeat_byte(0xbb);
const EVERY: u64 = 5_000_000;

/// A VM that is never asked: the game stops before the step.
struct Unasked;

impl Vm for Unasked {
    fn step(&self, _: &StepContext<'_>, _: &[u8], _: &[u8]) -> Result<B256, Revert> {
        Err(Revert::Empty)
    }
}

/// What is run on another L1 head than the game's.
fn astray(inputs: &Inputs) -> Inputs {
    Inputs {
        l1_head: B256::repeat_byte(1),
        ..*inputs
    }
}

/// One who runs everything on inputs that have gone through `of`.
struct Running {
    vms: Vms<GuestProgram<'static, GuestVm<Mips32>>>,
    of: fn(&Inputs) -> Inputs,
}

impl Executions for Running {
    fn claim(&self, inputs: &Inputs, index: u128) -> Result<B256, TraceError> {
        self.vms.claim(&(self.of)(inputs), index)
    }

    fn step(&self, inputs: &Inputs, index: u128) -> Result<StepData, TraceError> {
        self.vms.step(&(self.of)(inputs), index)
    }
}

/// The true outputs from block 100 on, or others from block 102 on.
fn outputs(lie: bool) -> OutputList {
    let root = |block| match block {
        102.. if lie => !output(block),
        _ => output(block),
    };
    OutputList::new(U256::from(100), (100..=104).map(root).collect())
}

#[test]
fn a_game_ends_where_bisection_does() {
    let (truth, lie) = (outputs(false), outputs(true));
    let of = |list: &OutputList, block: u64| {
        let block = U256::from(block);
        use fpvm_dispute::trace::Outputs as _;
        let root = list.output(block).expect("listed");
        OutputRoot { root, block }
    };
    let rules = Rules::new(Params {
        l2_chain_id: U256::from(901),
        ..Params::mainnet(B256::repeat_byte(3))
    });
    let rules = rules.expect("legal");
    let bond = rules.required_bond(Position::ROOT).expect("has a root");
    let mut factory = Factory::new(ANN);
    let set = factory.set_implementation(ANN, 0, rules);
    set.and_then(|()| factory.set_init_bond(ANN, 0, bond))
        .expect("the owner");
    let registry = AnchorRegistry::new(ANN, [(0, of(&truth, 100))]);
    let mut chain = Chain::new(Unasked, Vault::new(ANN, 1), registry, factory);
    for account in [ANN, BOB] {
        chain.fund(account, 1_000_000_000_000_000_000_000);
    }
    let mut now = 1_700_000_000;
    let mut apply = |chain: &mut Chain<Unasked>, from, action: Action| {
        now += 1;
        let value = match chain.game(0) {
            Some(game) => value_of(game, &action),
            None => bond,
        };
        let block = Block {
            timestamp: now,
            ..Block::default()
        };
        let call = Call {
            from,
            value,
            action,
        };
        chain.apply(&call, &block).expect("a legal call");
        now
    };
    let create = Create {
        game_type: 0,
        root_claim: of(&lie, 104).root,
        extra_data: U256::from(104).to_be_bytes_vec(),
    };
    let mut time = apply(&mut chain, ANN, Action::Create(create));
    // Each is honest by what its own VM says.
    let opinion = |outputs, of| {
        let vms = Vms::new(rollup(), EVERY);
        let executions = Running { vms, of };
        SplitTrace {
            outputs,
            executions,
        }
    };
    let mut players = [
        Me::new(BOB, 0, opinion(truth.clone(), Inputs::clone)),
        Me::new(ANN, 0, opinion(lie.clone(), astray)),
    ];
    // Until one has an instruction to show.
    let step = 'game: loop {
        for player in &mut players {
            let game = chain.game(0).expect("created");
            let now = time;
            let base_fee = 0;
            let plan = honest::next_moves(
                player,
                &View {
                    game,
                    now,
                    base_fee,
                },
            );
            assert_eq!(plan.trouble, None);
            for action in plan.actions {
                match action {
                    Action::Game(_, GameAction::Step(step)) => break 'game step,
                    Action::Game(_, GameAction::Move(_)) => {
                        time = apply(&mut chain, player.account, action);
                    }
                    other => assert!(matches!(
                        other,
                        Action::Game(_, GameAction::AddLocalData { .. })
                    )),
                }
            }
        }
    };
    let game = chain.game(0).expect("created");
    let position = game.claim(step.claim).expect("a claim").position;
    let decided = game.rules().instruction(position) + u128::from(step.side == Side::Defend);

    let inputs = Inputs {
        l1_head: B256::ZERO,
        starting: of(&truth, 101),
        disputed: of(&lie, 102),
    };
    let warm = |inputs: &Inputs| {
        let machine = rollup().start(inputs).expect("it starts");
        Warm::new(machine, EVERY, None).expect("it freezes")
    };
    let found = bisect(
        &mut warm(&inputs),
        &mut warm(&astray(&inputs)),
        0,
        u64::MAX,
        10_000_000,
    );
    let parting = found.expect("both run").expect("they part");
    // Instruction i leads from step i to step i + 1.
    assert_eq!(u128::from(parting.after.a.step()), decided + 1);
}
