//! What a run tells of itself: log lines and debug info.

use crate::args::StepMatcher;
use crate::runner::mebibytes;
use fpvm::AnyVm;
use fpvm::analysis;
use fpvm::analysis::null::COUNTS;
use fpvm_core::formats::symbols::Symbols;
use fpvm_oracle::Stats;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Instant;

/// The log lines of a run.
pub(super) struct Info {
    /// Steps at which there is one.
    pub(super) at: StepMatcher,
    began: Instant,
    first_step: u64,
}

impl Info {
    pub(super) fn new(at: StepMatcher, vm: &dyn AnyVm) -> Self {
        Self {
            at,
            began: Instant::now(),
            first_step: vm.step(),
        }
    }

    /// Logs where the machine is, with upstream's fields.
    pub(super) fn log(&self, vm: &mut dyn AnyVm) {
        let (step, pc, pages) = (vm.step(), vm.pc(), vm.page_count());
        let ips = (step - self.first_step) as f64 / self.began.elapsed().as_secs_f64();
        let (pc_hex, insn) = (format!("{pc:08x}"), format!("{:08x}", vm.insn()));
        let (pc_hex, insn) = (pc_hex.as_str(), insn.as_str());
        let mem = mebibytes(vm.memory_used());
        let name = place(vm.symbols(), pc);
        let (mem, name) = (mem.as_str(), &*name);
        tracing::info!(target: "vm", step, pc = pc_hex, insn, ips, pages, mem, name, "processing");
    }
}

/// Says where the guest accessed page 0, if it did.
pub(super) fn warn_of_page_zero(vm: &dyn AnyVm) {
    let counts: BTreeMap<_, _> = vm.counts().into_iter().collect();
    let [count, step, pc, address] = COUNTS.map(|name| counts.get(name).copied().unwrap_or(0));
    if count > 0 {
        let (place, address) = (
            analysis::stack::place(vm, pc).to_string(),
            format!("{address:#x}"),
        );
        let (place, address) = (place.as_str(), address.as_str());
        tracing::warn!(target: "vm", count, step, place, address, "The guest accessed page 0, a null pointer, first here");
    }
}

/// The function that an address is in, or upstream's word for none.
fn place(symbols: &Symbols, address: u64) -> Cow<'static, str> {
    let all = symbols.all();
    if all.is_empty() {
        return "!unknown".into();
    }
    let after = all.partition_point(|symbol| symbol.start <= address);
    match after.checked_sub(1).and_then(|last| all.get(last)) {
        None => "!start".into(),
        Some(symbol) if symbol.start.saturating_add(symbol.size) < address => "!gap".into(),
        Some(symbol) => symbol.readable().into(),
    }
}

/// What `--debug-info` writes: Cannon's fields. Those that its newest has beside these are written for
/// the VM types that it runs.
#[derive(Serialize)]
pub(super) struct DebugInfo {
    pages: usize,
    memory_used: String,
    num_preimage_requests: u64,
    total_preimage_size: u64,
    total_steps: u64,
    #[serde(flatten)]
    counts: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    cache: Option<CacheMisses>,
}

/// Instructions outside of the part of memory that upstream decodes ahead. There is no such part here.
#[derive(Serialize)]
struct CacheMisses {
    instruction_cache_miss_count: u64,
    highest_icache_miss_pc: &'static str,
}

impl DebugInfo {
    pub(super) fn new(vm: &dyn AnyVm, stats: Stats) -> Self {
        let counts: BTreeMap<_, _> = vm.counts().into_iter().collect();
        Self {
            cache: (!counts.is_empty()).then_some(CacheMisses {
                instruction_cache_miss_count: 0,
                highest_icache_miss_pc: "0x0",
            }),
            counts,
            pages: vm.page_count(),
            memory_used: format!("{:#x}", vm.memory_used()),
            num_preimage_requests: stats.requests,
            total_preimage_size: stats.bytes,
            total_steps: vm.step(),
        }
    }
}
