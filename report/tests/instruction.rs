//! A report that goes down to the one instruction: of a whole game over the guest `rollup`, which a
//! step that reads a pre-image decides.

mod common;

use alloy_primitives::{B256, U256, hex};
use common::board::{CHEAT, HONEST, Played, Truth, parties, play, trace};
use fpvm_analysis::StepExplanation;
use fpvm_analysis::explain::Register;
use fpvm_analysis::listing::surroundings;
use fpvm_dispute::claim::{GameStatus, Side};
use fpvm_dispute::trace::Executions as _;
use fpvm_e2e::{Tool, skip};
use fpvm_isa_mips::Mips32;
use fpvm_report::instruction::{Contest, Instruction};
use fpvm_report::{self as report, Happened, Opinion, Subject, html};
use fpvm_trace::Prover as _;

#[test]
fn a_game_is_told_down_to_its_instruction() {
    let truth = Truth::new();
    let Played { game, made } = play(&truth);
    assert_eq!(game.status(), GameStatus::ChallengerWins);
    let opinion = Opinion::of(&game, &trace(&truth));
    let contest = Contest::of(&game, &trace(&truth), &opinion).expect("an instruction decided");
    let contested = game.claim(contest.claim).expect("a claim");
    assert_eq!(contested.countered_by, Some(HONEST));
    assert_eq!(contested.claimant, CHEAT);
    assert_eq!(contest.inputs.disputed.block, U256::from(102));

    let vms = &truth.source().vms;
    let index = contest.index;
    let told = vms.at(&contest.inputs, index, |machine| {
        let place = surroundings(&mut machine.vm, 2);
        Ok((machine.prove()?, place))
    });
    let (proof, place) = told.expect("it runs");
    let part = &mut |key: &[u8; 32], offset| proof.part(key, offset);
    let step = StepExplanation::verify::<Mips32>(&proof, part).expect("it holds");
    let told = Instruction::of(&contest, step.clone(), place.clone());
    assert_eq!(told.claim, contest.claim);
    assert_eq!(told.index, index.to_string());
    assert_eq!(
        B256::from(step.pre),
        truth.claim(&contest.inputs, index - 1).expect("it runs")
    );
    assert_eq!(
        B256::from(step.post),
        truth.claim(&contest.inputs, index).expect("it runs")
    );
    assert_ne!(B256::from(step.post), told.claimed, "the claim is a lie");
    if contest.side == Side::Attack {
        assert_eq!(told.claimed, contested.claim);
    }
    assert_eq!(step.assembly, "syscall");
    assert!(
        place
            .symbol
            .as_deref()
            .is_some_and(|name| name.contains("Syscall")),
        "{:?}",
        place.symbol
    );
    let here: Vec<_> = place.code.iter().filter(|line| line.here).collect();
    assert_eq!((here.len(), &here[0].assembly), (1, &step.assembly));
    // It reads four bytes of the state root into memory, and says so in v0.
    let preimage = step.preimage.as_ref().expect("it reads a pre-image");
    assert_eq!((preimage.bytes, preimage.offset), (128, 40));
    let [leaf] = &step.memory[..] else {
        panic!("{:?}", step.memory)
    };
    let changed = (0..32).filter(|i| leaf.before[*i] != leaf.after[*i]);
    assert!(changed.clone().count() > 0 && changed.clone().count() <= 4);
    let first = changed.clone().next().expect("a byte") & !3;
    assert_eq!(
        hex::encode(&leaf.after[first..first + 4]),
        preimage.part[..8]
    );
    let v0 = step.registers.iter().find(|r| r.name == "v0").expect("v0");
    assert_eq!(v0.after.to_string(), "0x00000004");
    let is_pc = |r: &Register| r.name == "pc" && r.before.number == step.pc;
    assert!(step.registers.iter().any(is_pc));

    let subject = Subject {
        title: "A game about the toy rollup".into(),
        game: &game,
        now: game.resolved_at(),
        parties: parties(),
        happened: Happened::Calls(&made),
        instruction: Some(told),
        bonds: Default::default(),
        alarm: None,
    };
    let report = report::report(subject, &opinion);
    let honest = report
        .accounts
        .iter()
        .find(|a| a.address == HONEST)
        .expect("played");
    let cheat = report
        .accounts
        .iter()
        .find(|a| a.address == CHEAT)
        .expect("played");
    assert_eq!((cheat.won, cheat.paid), (0, 0));
    assert_eq!(honest.paid, honest.posted + cheat.posted);

    let page = html::page(&report).expect("a page");
    if let Some(path) = std::env::var_os("FPVM_REPORT") {
        std::fs::write(path, &page).expect("written");
    }
    let Some(browser) = common::browser() else {
        skip(
            Tool::Chromium,
            "no Chromium found, so the report was not drawn",
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.html");
    std::fs::write(&path, page).expect("written");
    let drawn = common::draw(&browser, &path, folder.path());
    let section = drawn
        .split("<section id=\"instruction\"")
        .nth(1)
        .expect("it is drawn");
    let section = section.split("</section>").next().expect("it ends");
    let claimed: B256 = contest.claimed;
    for part in [
        "syscall",
        "Mallory",
        "Alice",
        &claimed.to_string(),
        "0x00000004",
    ] {
        assert!(section.contains(part), "no {part} in {section}");
    }
    // Most of its long back and forth is folded, until somebody follows a link there.
    let page = std::fs::read_to_string(&path).expect("it was written");
    for width in [360, 1100] {
        let looks = common::measure(&browser, &page, width, false, 40);
        assert!(looks.errors.is_empty() && looks.opened, "{looks:?}");
        assert!(looks.width <= width, "{looks:?}");
        assert!(looks.rows < 20, "{} claims: {looks:?}", report.claims.len());
    }
}
