//! The traces that there are, their exits, and the jumps between them.

use crate::Departure;
use crate::asm::{Asm, JUMP_LEN, MOV_EAX, jump_between};
use crate::buffer::CodeBuffer;
use crate::context::{Context, LOST, common};
use crate::emit::{Common, Origin, emit};
use crate::layout::Layout;
use crate::live::Liveness;
use crate::trace::{ExitKind, Trace};
use fpvm_core::machine::memory::PAGE_SIZE;
use rustc_hash::FxHashMap;
use std::io;

/// What to do after leaving translated code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExitAction {
    /// The interpreter does the next instruction, for this reason.
    Interpret(Departure),
    /// The trace at the exit's address goes on.
    Go,
    /// The trace at the address in the context goes on.
    Find,
    /// The interpreter does what is left of the steps: fewer than the trace has.
    Finish,
}

/// An exit of a translated trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExitPoint {
    pub(crate) action: ExitAction,
    pub(crate) pc: u64,
    pub(crate) trace: usize,
    /// How often the interpreter was needed here.
    pub(crate) interpreted: u32,
    /// Whether the trace does not expect the addresses of the instruction to be aligned.
    pub(crate) assume_unaligned: bool,
    /// Steps from there to the trace's end.
    pub(crate) rest: u32,
    /// Offset of the code that a jump to another trace replaces.
    link: Option<usize>,
}

#[derive(Debug)]
struct Translated {
    pc: u64,
    begin: usize,
    end: usize,
    alive: bool,
    /// Exits of other traces that jump here.
    incoming: Vec<u32>,
}

/// Translated traces.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) buffer: CodeBuffer,
    pub(crate) context: Context,
    layout: Layout,
    common: Common,
    traces: Vec<Translated>,
    by_pc: FxHashMap<u64, usize>,
    by_page: FxHashMap<u64, Vec<usize>>,
    exits: Vec<ExitPoint>,
    /// Whether traces do not jump to each other.
    apart: bool,
    /// A hash of all code that was made, if it was asked for.
    pub(crate) digest: Option<u64>,
    asm: Asm,
    live: Liveness,
}

impl Cache {
    pub(crate) fn new(layout: Layout) -> io::Result<Self> {
        let mut cache = Self {
            buffer: CodeBuffer::new()?,
            context: Context::new(),
            layout,
            common: Common::default(),
            traces: Vec::new(),
            by_pc: FxHashMap::default(),
            by_page: FxHashMap::default(),
            exits: Vec::new(),
            apart: false,
            digest: None,
            asm: Asm::default(),
            live: Liveness::default(),
        };
        cache.clear(None);
        Ok(cache)
    }

    /// Drops all traces, and gives cells a new layout.
    pub(crate) fn clear(&mut self, layout: Option<Layout>) {
        if let Some(layout) = layout {
            self.layout = layout;
        }
        self.traces.clear();
        self.by_pc.clear();
        self.by_page.clear();
        self.context.clear();
        self.asm.bytes.clear();
        self.common = common(&mut self.asm, &self.layout);
        self.buffer.truncate(0);
        self.buffer.append(&self.asm.bytes);
        self.exits.clear();
        self.exits.push(ExitPoint {
            action: ExitAction::Find,
            pc: 0,
            trace: usize::MAX,
            interpreted: 0,
            assume_unaligned: false,
            rest: 0,
            link: None,
        });
        debug_assert_eq!(self.exits.len(), LOST as usize + 1);
    }

    /// The registers of cells now.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Offset of the code for a guest address.
    pub(crate) fn find(&self, pc: u64) -> Option<usize> {
        self.by_pc.get(&pc).map(|trace| self.traces[*trace].begin)
    }

    pub(crate) fn exit(&mut self, number: u32) -> Option<&mut ExitPoint> {
        self.exits.get_mut(number as usize)
    }

    /// Bytes of code.
    pub(crate) fn code_len(&self) -> usize {
        self.buffer.len()
    }

    /// Makes the code of a trace that begins at `head`; `false` if that is not possible.
    pub(crate) fn add(&mut self, head: u64, trace: &mut Trace, pages: &[u64]) -> bool {
        self.live.find(trace);
        self.asm.bytes.clear();
        let (begin, first) = (self.buffer.len(), self.exits.len() as u32);
        let emitted = emit(
            &mut self.asm,
            &self.layout,
            trace,
            &self.live,
            self.common,
            Origin {
                begin,
                first_exit: first,
                head,
            },
        );
        let Some(emitted) = emitted else {
            return false;
        };
        if let Some(digest) = &mut self.digest {
            *digest = hashed(*digest, &self.asm.bytes);
        }
        if !self.buffer.append(&self.asm.bytes) {
            return false;
        }
        let number = self.traces.len();
        for exit in &trace.exits {
            self.exits.push(ExitPoint {
                action: match exit.kind {
                    ExitKind::Interpret(why) => ExitAction::Interpret(why),
                    ExitKind::Go => ExitAction::Go,
                    ExitKind::Find => ExitAction::Find,
                },
                pc: exit.pc,
                trace: number,
                interpreted: 0,
                assume_unaligned: exit.assume_unaligned,
                rest: trace.steps.saturating_sub(exit.steps).max(1),
                link: None,
            });
        }
        self.exits.push(ExitPoint {
            action: ExitAction::Finish,
            pc: head,
            trace: number,
            interpreted: 0,
            assume_unaligned: false,
            rest: 0,
            link: None,
        });
        self.traces.push(Translated {
            pc: head,
            begin,
            end: self.buffer.len(),
            alive: true,
            incoming: Vec::new(),
        });
        for page in pages {
            self.by_page.entry(*page).or_default().push(number);
        }
        self.by_pc.insert(head, number);
        self.context
            .set_jump(head, Some(self.buffer.address(begin)));
        for (exit, at) in emitted.links {
            let exit = first + exit;
            if let Some(point) = self.exits.get_mut(exit as usize) {
                point.link = Some(begin + at);
                self.link(exit);
            }
        }
        true
    }

    /// Host code of the trace that begins at a guest address.
    pub(crate) fn code(&self, head: u64) -> &[u8] {
        let trace = self.by_pc.get(&head).and_then(|at| self.traces.get(*at));
        trace.map_or(&[], |trace| self.buffer.code(trace.begin, trace.end))
    }

    /// Sets whether traces are kept apart: then no jumps lead from one to another, and each is entered from outside.
    pub(crate) fn keep_apart(&mut self, apart: bool) {
        self.apart = apart;
        for number in 0..self.traces.len() {
            self.unlink(number);
        }
    }

    /// Makes an exit jump to the trace for the address at which it goes on, if there is one.
    pub(crate) fn link(&mut self, exit: u32) {
        let Some(ExitPoint {
            link: Some(at), pc, ..
        }) = self.exits.get(exit as usize).copied()
        else {
            return;
        };
        let Some(number) = self.by_pc.get(&pc).copied().filter(|_| !self.apart) else {
            return;
        };
        let trace = &mut self.traces[number];
        trace.incoming.push(exit);
        self.buffer.patch(at, &jump_between(at, trace.begin));
    }

    /// Puts the trace for an address among those that indirect jumps find; `false` if there is none.
    pub(crate) fn refind(&mut self, pc: u64) -> bool {
        match self.find(pc) {
            Some(begin) if !self.apart => {
                self.context.set_jump(pc, Some(self.buffer.address(begin)));
                true
            }
            _ => false,
        }
    }

    /// Drops a trace: nothing jumps to it any more.
    pub(crate) fn drop_trace(&mut self, number: usize) {
        let Some(trace) = self.traces.get_mut(number).filter(|trace| trace.alive) else {
            return;
        };
        trace.alive = false;
        let pc = trace.pc;
        self.by_pc.remove(&pc);
        self.unlink(number);
    }

    /// Removes the jumps to a trace.
    fn unlink(&mut self, number: usize) {
        let trace = &mut self.traces[number];
        let (pc, incoming) = (trace.pc, core::mem::take(&mut trace.incoming));
        self.context.set_jump(pc, None);
        for exit in incoming {
            if let Some(ExitPoint { link: Some(at), .. }) = self.exits.get(exit as usize).copied() {
                // Back to `mov eax, number`, as emitted.
                let mut mov = [MOV_EAX; JUMP_LEN];
                mov[1..].copy_from_slice(&exit.to_le_bytes());
                self.buffer.patch(at, &mov);
            }
        }
    }

    /// Drops the traces with instructions in a page; gives whether there were any.
    pub(crate) fn drop_page(&mut self, page: u64) -> bool {
        let traces = self.by_page.remove(&page).unwrap_or_default();
        let any = traces.iter().any(|number| self.traces[*number].alive);
        for number in traces {
            self.drop_trace(number);
        }
        any
    }
}

/// A hash and more bytes, hashed: FNV-1a, which is the same everywhere.
fn hashed(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The page of a guest address.
pub(crate) fn page_of(pc: u64) -> u64 {
    pc / PAGE_SIZE as u64
}
