//! Random states in front of one instruction, for any ISA, from its table.

use fpvm_core::definition::isa::{Isa, Op as _, Source, Threads};
use fpvm_core::definition::operand::Cell;
use fpvm_core::definition::state::State;
use fpvm_core::definition::threads::thread_len;
use fpvm_core::definition::word::Word as _;
use fpvm_core::machine::memory::{Memory as _, PagedMemory};
use fpvm_core::machine::vm::Vm;
use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;

/// What the generator is told of an ISA.
pub(crate) struct Calls {
    /// The cell of the system call's number, and the numbers.
    pub(crate) number: (u8, &'static [u64]),
    /// The cells of its arguments.
    pub(crate) arguments: &'static [u8],
    /// Those of them that may be an address, and a count of bytes there.
    pub(crate) buffer: (u8, u8),
}

pub(crate) struct Generator {
    rng: Xoshiro256PlusPlus,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        Self { rng }
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.rng.random_range(0..end)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// A number that something may go wrong with.
    fn edge(&mut self) -> u64 {
        let sign = self.pick(&[
            0x8000_0000,
            1 << 63,
            0x7fff_ffff,
            u64::MAX >> 1,
            u64::MAX,
            0,
        ]);
        let near = self.pick(&[0u64, 1, 2, 3, 4, 7, 8, 28, 29, 31, 32]);
        match self.below(5) {
            0 => self.rng.random(),
            1 => near,
            2 => sign.wrapping_add(near),
            3 => sign.wrapping_sub(near),
            // An address in the page that has contents.
            _ => 0x4000 + self.rng.random_range(0..256),
        }
    }

    /// A machine in front of an instruction of a table row.
    pub(crate) fn machine<I: Isa>(&mut self, row: usize, calls: &Calls) -> Vm<I> {
        let mut state = State::<I>::default();
        // No program brings register 0 to hold anything, but a witness may.
        if self.below(4) == 0 {
            state.set(Cell(0), I::Word::truncate(self.edge()));
        }
        for cell in 1..I::REGISTERS.len() as u8 {
            state.set(Cell(cell), I::Word::truncate(self.edge()));
        }
        let kept = [I::PC, I::EXITED, I::EXIT_CODE, I::PREIMAGE_OFFSET];
        let of_threads = I::THREADS.map_or(&[][..], |threads| threads.fields);
        for field in I::STATE.iter().chain(of_threads) {
            match field.source {
                Source::Cell(cell) if !kept.contains(&cell) => {
                    let value = self.edge() & u64::MAX >> (64 - 8 * field.size);
                    state.set(cell, I::Word::truncate(value));
                }
                _ => {}
            }
        }
        if self.below(2) == 0 {
            let (cell, numbers) = calls.number;
            state.set(Cell(cell), I::Word::truncate(self.pick(numbers)));
            for cell in calls.arguments {
                if self.below(3) > 0 {
                    let small = self.below(9) as u64;
                    state.set(Cell(*cell), I::Word::truncate(small));
                }
            }
            let at = self.edge();
            state.set(Cell(calls.buffer.0), I::Word::truncate(at));
        }
        // The host does not pass on hints of any length.
        let count = self.pick(&[0, 1, 3, 4, 5, 8, 31, 32, 33, 4096, 70_000]);
        state.set(Cell(calls.buffer.1), I::Word::truncate(count));
        state.step = self.pick(&[0, 77, u64::MAX]);
        self.rng.fill(&mut state.preimage_key);
        state.preimage_key[0] = self.pick(&[1, 2, 4, 6]);
        let offset = self.pick(&[0u64, 3, 8, 20, 40, 47]);
        state.set(I::PREIMAGE_OFFSET, I::Word::truncate(offset));

        let pc = match self.below(4) {
            0 => 0x4000 + 4 * self.below(64) as u64,
            1 => self.pick(&[0, 2, 0x1c, 0x1e, 0x7fff_fffc, u64::MAX - 3]),
            _ => 0x1000 + 4 * self.below(64) as u64,
        };
        let pc = I::Word::truncate(pc);
        state.set(I::PC, pc);
        if let Some(next) = I::NEXT_PC {
            let four = I::Word::truncate(4);
            let after = num_traits::WrappingAdd::wrapping_add(&pc, &four);
            let slot = I::Word::truncate(self.edge());
            let sequential = self.below(4) > 0;
            state.set(next, if sequential { after } else { slot });
        }
        if let Some(threads) = I::THREADS {
            self.threads(&mut state, &threads);
        }
        let mut memory = PagedMemory::<I::Word>::new().expect("memory");
        for at in (0x4000..0x4100).step_by(8) {
            memory
                .write(at, self.rng.random::<u64>().to_be_bytes())
                .expect("memory");
        }
        let free: u32 = self.rng.random();
        let insn = match I::TABLE.get(row) {
            Some(row) => row.value | free & !row.mask,
            None => free,
        };
        let bytes = if I::BIG_ENDIAN {
            insn.to_be_bytes()
        } else {
            insn.to_le_bytes()
        };
        memory.write(pc.zext(), bytes).expect("memory");
        Vm::new(state, memory)
    }

    /// Other threads, and where in its turn the running one is; mostly in the middle of it.
    fn threads<I: Isa>(&mut self, state: &mut State<I>, threads: &Threads) {
        let ended = self.pick(&[0, 0, 0, 0, 0, 0, 1, 2]);
        state.set(threads.ended, I::Word::truncate(ended));
        let side = self.pick(&[0, 0, 1, 1, 2]);
        state.set(threads.side, I::Word::truncate(side));
        let mut running = state.thread_proof();
        running.truncate(thread_len::<I>());
        let mut stacks = [Vec::new(), Vec::new()];
        for stack in &mut stacks {
            for _ in 0..self.below(3) {
                let mut other = running.clone();
                self.rng.fill(&mut other[..8]);
                stack.push(other);
            }
        }
        stacks[usize::from(side != 0)].push(running);
        assert!(state.set_stacks(stacks));
        let quantum = threads.quantum;
        let steps = self.pick(&[0, 1, 7, quantum - 1, quantum, u64::MAX]);
        for field in I::STATE
            .iter()
            .filter(|field| field.source == Source::StepsSinceSwitch)
        {
            state.unpack(field, &steps.to_be_bytes());
        }
    }

    /// Rows of the table, the undefined instruction included.
    pub(crate) fn rows<I: Isa>() -> usize {
        I::Op::ALL.len()
    }
}
