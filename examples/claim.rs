//! A game's claims judged: what an honest player answers to each. The game is the model's; `fpvm-challenger`
//! reads one from a chain.

use alloy_primitives::{Address, B256, U256};
use fpvm_dispute::claim::OutputRoot;
use fpvm_dispute::game::{Game, Proposal};
use fpvm_dispute::player::honest::Reading;
use fpvm_dispute::rules::{Params, Rules};
use fpvm_dispute::synthetic::Rollup;
use fpvm_dispute::trace::outputs::OutputList;
use fpvm_dispute::trace::{Outputs, split::SplitTrace};
use std::sync::Arc;

/// A game about the output of block 104 of the bundled rollup, which starts from that of block 100.
fn game(truth: &OutputList, root_claim: B256) -> Result<Game, Box<dyn std::error::Error>> {
    let rules = Arc::new(Rules::new(Params::mainnet(B256::repeat_byte(3)))?);
    let proposal = Proposal {
        creator: Address::repeat_byte(1),
        root_claim,
        l1_head: B256::repeat_byte(2),
        l2_block: U256::from(104),
        super_root: None,
    };
    let block = U256::from(100);
    let root = truth.output(block)?;
    let bond = rules.required_bond(fpvm_dispute::position::Position::ROOT)?;
    let start = OutputRoot { root, block };
    Ok(Game::new(rules, Address::ZERO, proposal, start, bond, 0))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let truth: OutputList = fpvm_guests::ROLLUP_OUTPUTS.parse()?;
    let right = truth.output(U256::from(104))?;
    // Claims about outputs are judged without a program.
    let executions = None::<Rollup>;
    let trace = SplitTrace {
        outputs: truth.clone(),
        executions,
    };
    for proposed in [right, B256::repeat_byte(0xad)] {
        let game = game(&truth, proposed)?;
        let mut reading = Reading::default();
        let unread = reading.read(&game, &trace);
        assert_eq!(unread.trouble, None, "the outputs are known");
        println!("{proposed} is honest: {}", reading.is_honest(0));
        println!("the answer: {:?}", reading.answer(0));
        assert_eq!(reading.answer(0).is_none(), proposed == right);
    }
    Ok(())
}

#[test]
fn runs() {
    main().unwrap();
}
