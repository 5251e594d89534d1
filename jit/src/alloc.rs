//! Host registers for a trace's values, given out as code is emitted.
//!
//! Between instructions every cell is in its home: a host register of its own or the context. Values
//! that are not in a home live in a few temporaries, and in slots of the context when those run out.

use crate::asm::{Asm, Mem, Reg, Rm};
use crate::ir::{Node, Nodes, Val};
use crate::layout::{Home, Layout, SLOTS};
use crate::live::Liveness;
use fpvm_core::definition::operand::CELLS;

/// Where a value is; it may be in several places.
#[derive(Clone, Copy, Default, Debug)]
struct Places {
    temporary: Option<Reg>,
    /// The cell whose home it is in.
    cell: Option<u8>,
    slot: Option<u8>,
}

/// An operand of a host instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Operand {
    Reg(Reg),
    Mem(Mem),
    Imm(i32),
}

/// The state of host registers at a place in a trace.
#[derive(Debug)]
pub(crate) struct Alloc<'a> {
    pub(crate) asm: &'a mut Asm,
    pub(crate) layout: &'a Layout,
    pub(crate) nodes: &'a Nodes,
    live: &'a Liveness,
    places: Vec<Places>,
    /// The value in each cell's home.
    homes: [Option<Val>; CELLS],
    /// The value in each temporary, by its register.
    held: [Option<Val>; Reg::COUNT],
    /// Registers that are not to be given out, a bit each.
    locked: u16,
    slots: [Option<Val>; SLOTS],
    /// The node that is being emitted.
    pub(crate) at: usize,
    /// The trace cannot be emitted: no slot or register is left, or a value has been lost.
    pub(crate) failed: bool,
}

impl<'a> Alloc<'a> {
    pub(crate) fn new(
        asm: &'a mut Asm,
        layout: &'a Layout,
        nodes: &'a Nodes,
        live: &'a Liveness,
    ) -> Self {
        let mut alloc = Alloc {
            asm,
            layout,
            nodes,
            live,
            places: vec![Places::default(); nodes.list.len()],
            homes: [None; CELLS],
            held: [None; Reg::COUNT],
            locked: 0,
            slots: [None; SLOTS],
            at: 0,
            failed: false,
        };
        for (value, node) in nodes.list.iter().enumerate() {
            if let Node::Entry(cell) = node {
                alloc.homes[usize::from(*cell)] = Some(value as Val);
                alloc.places[value].cell = Some(*cell);
            }
        }
        alloc
    }

    fn wide(&self) -> bool {
        self.layout.wide
    }

    fn places(&mut self, value: Val) -> &mut Places {
        &mut self.places[value as usize]
    }

    /// Whether a value is needed by a later node.
    fn live_later(&self, value: Val) -> bool {
        self.live.is_live_after(value, self.at)
    }

    /// Whether a value is needed by this node or a later one.
    fn live_now(&self, value: Val) -> bool {
        self.at == 0 || self.live.is_live_after(value, self.at - 1)
    }

    /// All registers may be given out again.
    pub(crate) fn unlock(&mut self) {
        self.locked = 0;
    }

    /// Keeps a register from being given out until [`Alloc::unlock`].
    pub(crate) fn lock(&mut self, reg: Reg) -> Reg {
        self.locked |= 1 << reg.number();
        reg
    }

    /// The host register that a value is in, if any.
    fn in_reg(&self, value: Val) -> Option<Reg> {
        let places = self.places[value as usize];
        match places.temporary {
            None => self.layout.pins[usize::from(places.cell?)],
            temporary => temporary,
        }
    }

    /// Where in the context a value is, if anywhere.
    fn in_mem(&self, value: Val) -> Option<Mem> {
        let places = self.places[value as usize];
        match places.cell.map(|cell| self.layout.home(cell)) {
            Some(Home::Memory(cell)) => Some(cell),
            _ => places.slot.map(Layout::slot),
        }
    }

    /// Whether a value is somewhere else than in a temporary.
    fn is_kept(&self, value: Val) -> bool {
        let places = self.places[value as usize];
        places.cell.is_some() || places.slot.is_some() || self.nodes.as_constant(value).is_some()
    }

    /// Whether a node has made its value already.
    pub(crate) fn is_placed(&self, value: Val) -> bool {
        self.in_reg(value).is_some() || self.in_mem(value).is_some()
    }

    /// A value as an operand of any kind; its register is locked if it is in one.
    pub(crate) fn operand(&mut self, value: Val) -> Operand {
        if let Some(k) = self.nodes.as_constant(value) {
            let imm = if self.wide() {
                i32::try_from(k as i64).ok()
            } else {
                Some(k as i32)
            };
            if let Some(imm) = imm {
                return Operand::Imm(imm);
            }
        }
        match (self.in_reg(value), self.in_mem(value)) {
            (None, Some(mem)) => Operand::Mem(mem),
            _ => Operand::Reg(self.reg(value)),
        }
    }

    /// A value as a register or memory operand.
    pub(crate) fn rm(&mut self, value: Val) -> Rm {
        match self.operand(value) {
            Operand::Reg(reg) => Rm::Reg(reg),
            Operand::Mem(mem) => Rm::Mem(mem),
            Operand::Imm(_) => Rm::Reg(self.reg(value)),
        }
    }

    /// A value in a register, locked.
    pub(crate) fn reg(&mut self, value: Val) -> Reg {
        if let Some(reg) = self.in_reg(value) {
            return self.lock(reg);
        }
        let reg = self.scratch();
        self.fetch(reg, value);
        self.hold(reg, value);
        reg
    }

    /// Copies a value into a register. Leaves the flags alone.
    pub(crate) fn fetch(&mut self, to: Reg, value: Val) {
        let wide = self.wide();
        if let Some(k) = self.nodes.as_constant(value) {
            self.asm.mov_imm(to, k);
        } else if let Some(from) = self.in_reg(value) {
            if from != to {
                self.asm.mov(wide, to, from);
            }
        } else if let Some(mem) = self.in_mem(value) {
            self.asm.mov(wide, to, mem);
        } else {
            // A value that is nowhere has been lost: no trace is better than a wrong one.
            self.failed = true;
        }
    }

    /// Says that a temporary has a value.
    pub(crate) fn hold(&mut self, reg: Reg, value: Val) {
        self.drop_held(reg);
        self.held[reg as usize] = Some(value);
        self.places(value).temporary = Some(reg);
    }

    fn drop_held(&mut self, reg: Reg) {
        if let Some(old) = self.held[reg as usize].take() {
            self.places(old).temporary = None;
        }
    }

    /// A temporary for use within this node, locked.
    pub(crate) fn scratch(&mut self) -> Reg {
        let temporaries = self.layout.temporaries;
        let open = |alloc: &Self, reg: &Reg| alloc.locked & 1 << reg.number() == 0;
        // The cheapest is a register whose value nothing needs, then one whose value is elsewhere too;
        // among equals it is the one whose value is needed last.
        let cost = |alloc: &Self, reg: Reg| {
            let held = alloc.held[reg as usize];
            let Some(value) = held.filter(|value| alloc.live_now(*value)) else {
                return (0, 0);
            };
            let next = u32::MAX - alloc.live.last_use[value as usize];
            (if alloc.is_kept(value) { 1 } else { 2 }, next)
        };
        let best = temporaries
            .iter()
            .filter(|reg| open(self, reg))
            .min_by_key(|reg| cost(self, **reg));
        match best.copied() {
            Some(reg) => {
                self.evict(reg);
                self.lock(reg)
            }
            None => {
                // No node needs more than there are; give the trace up if one does.
                self.failed = true;
                temporaries[0]
            }
        }
    }

    /// Frees a temporary, with its value kept somewhere if it is still needed.
    pub(crate) fn evict(&mut self, reg: Reg) {
        let Some(value) = self.held[reg as usize] else {
            return;
        };
        if self.live_now(value) && !self.is_kept(value) {
            let free = self
                .slots
                .iter()
                .position(|owner| owner.is_none_or(|owner| !self.live_now(owner)));
            match free {
                Some(slot) => {
                    if let Some(old) = self.slots[slot].replace(value) {
                        self.places(old).slot = None;
                    }
                    self.places(value).slot = Some(slot as u8);
                    let wide = self.wide();
                    self.asm.mov_to(wide, Layout::slot(slot as u8), reg);
                }
                None => self.failed = true,
            }
        }
        self.drop_held(reg);
    }

    /// Frees all temporaries.
    pub(crate) fn evict_all(&mut self) {
        for reg in self.layout.temporaries {
            self.evict(*reg);
        }
    }

    /// The register in which this node's value is made: that of the cell to which it is written, if
    /// nothing needs the cell's old value any more, otherwise a temporary. It may be the register of an
    /// operand that is not needed later.
    pub(crate) fn dest(&mut self) -> Reg {
        let value = self.at as Val;
        let (cell, write) = self.live.written[self.at];
        let home = usize::from(cell);
        // If control can leave before the write, the cell still has to have its old value there.
        let unbroken = self.live.next_leave[self.at] > write;
        if let Some(pin) = self.layout.pins[home]
            && write != crate::live::NEVER
            && unbroken
            && self.homes[home].is_none_or(|old| !self.live_later(old))
        {
            self.move_in(cell, value);
            return pin;
        }
        let dead = self.layout.temporaries.iter().find(|reg| {
            let held = self.held[**reg as usize];
            held.is_some_and(|held| !self.live_later(held))
        });
        let reg = match dead {
            Some(reg) => *reg,
            None => self.scratch(),
        };
        self.hold(reg, value);
        reg
    }

    /// The same for the next node's value, if this node makes that too. This node's register has to be locked.
    pub(crate) fn dest_of_next(&mut self) -> Reg {
        self.at += 1;
        let reg = self.dest();
        self.at -= 1;
        reg
    }

    /// A cell's home has its old value no more.
    fn move_out(&mut self, cell: u8) {
        if let Some(old) = self.homes[usize::from(cell)].take()
            && self.places[old as usize].cell == Some(cell)
        {
            let other = self.homes.iter().position(|held| *held == Some(old));
            self.places(old).cell = other.map(|other| other as u8);
        }
    }

    /// A cell's home has a new value.
    fn move_in(&mut self, cell: u8, value: Val) {
        self.move_out(cell);
        self.homes[usize::from(cell)] = Some(value);
        // Of several homes, one that is a register is the better to know.
        let pinned = self.layout.pins[usize::from(cell)].is_some();
        if self.places[value as usize].cell.is_none() || pinned {
            self.places(value).cell = Some(cell);
        }
    }

    /// Writes a cell.
    pub(crate) fn set_cell(&mut self, cell: u8, value: Val) {
        let home = usize::from(cell);
        let old = self.homes[home];
        if old == Some(value) {
            return;
        }
        let wide = self.wide();
        if let Some(old) = old
            && self.live_later(old)
            && self.nodes.as_constant(old).is_none()
        {
            self.keep(cell, old);
        }
        // Before a register is found for the new value: that of the old one is not free because the home has it too.
        self.move_out(cell);
        let pin = self.layout.pins[home];
        match pin {
            Some(pin) => self.fetch(pin, value),
            None => match self.operand(value) {
                Operand::Imm(imm) => self.asm.mov_to_imm(wide, self.layout.cell(cell), imm),
                _ => {
                    let reg = self.reg(value);
                    self.asm.mov_to(wide, self.layout.cell(cell), reg);
                }
            },
        }
        self.move_in(cell, value);
        // The cell's register holds the value from now on; a temporary that did is free.
        if pin.is_some()
            && let Some(temporary) = self.places[value as usize].temporary
        {
            self.drop_held(temporary);
        }
    }

    /// Keeps a value alive beyond the cell that it is in.
    fn keep(&mut self, cell: u8, value: Val) {
        let places = self.places[value as usize];
        let elsewhere = self
            .homes
            .iter()
            .enumerate()
            .any(|(other, held)| other != usize::from(cell) && *held == Some(value));
        if places.temporary.is_some() || places.slot.is_some() || elsewhere {
            return;
        }
        let reg = self.scratch();
        self.fetch(reg, value);
        self.hold(reg, value);
    }
}
