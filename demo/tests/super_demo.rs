//! Whole super games on a chain in this process: the cheat loses its bonds, whatever it lies about.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fpvm::AnyIsa;
use fpvm_contracts::{IMAC_ARTIFACT, MIPS64_ARTIFACT};
use fpvm_demo::{DemoChain, Screen, SuperDemo};
use fpvm_l1::Policy;

/// Keeps the story.
#[derive(Default)]
struct Story(Mutex<String>);

impl Screen for Story {
    fn print(&self, text: &str) -> anyhow::Result<()> {
        self.0.lock().expect("not poisoned").push_str(text);
        Ok(())
    }

    fn show(&self, _: String) {}
}

fn isa(name: &str) -> &'static dyn AnyIsa {
    let is_it = |isa: &&&'static dyn AnyIsa| [isa.name(), isa.vm_type()].contains(&name);
    *fpvm::ISAS.iter().find(is_it).expect("a VM")
}

fn play(vm: &str, contract: &'static str, seed: u64) -> (String, String) {
    let demo = SuperDemo {
        isa: isa(vm),
        chain: DemoChain::local(Policy::default(), seed).expect("a chain"),
        contract,
        seed,
        clock: Duration::from_secs(180),
        interrupted: Arc::default(),
    };
    let story = Arc::new(Story::default());
    let page = demo.play(story.clone()).unwrap_or_else(|error| {
        panic!(
            "{vm}, seed {seed}: {error:#}\n{}",
            story.0.lock().expect("a story")
        )
    });
    let story = story.0.lock().expect("not poisoned").clone();
    (page, story)
}

#[test]
fn the_cheat_loses() {
    for (vm, contract) in [("mips64", MIPS64_ARTIFACT), ("imac-1", IMAC_ARTIFACT)] {
        for seed in 1..5 {
            let (page, story) = play(vm, contract, seed);
            assert!(story.contains("the proposal is refuted"), "{story}");
            assert!(story.contains("super root at timestamp"), "{story}");
            assert!(story.contains("has the contract run it"), "{story}");
            assert!(page.contains("<html"), "{vm}, {seed}");
            assert!(page.contains("\"isSuper\":true"), "{vm}, {seed}");
        }
    }
}

#[test]
fn there_is_no_program_for_every_vm() {
    let demo = SuperDemo {
        isa: isa("mips"),
        chain: DemoChain::local(Policy::default(), 1).expect("a chain"),
        contract: MIPS64_ARTIFACT,
        seed: 1,
        clock: Duration::from_secs(180),
        interrupted: Arc::default(),
    };
    let refused = demo.play(Arc::new(Story::default()));
    let refused = refused.expect_err("there is none").to_string();
    assert!(refused.contains("no program"), "{refused}");
}
