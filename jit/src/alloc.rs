//! Host registers for a trace's values, given out as code is emitted.
//!
//! Between instructions every cell is in its home: a host register of its own or the context. Values
//! that are not in a home live in a few temporaries, and in slots of the context when those run out.

use crate::asm::{Asm, Mem, Reg, Rm};
use crate::ir::{Node, Nodes, Val};
use crate::layout::{IN_MEMORY, Layout, SLOTS};
use crate::live::Liveness;
use fpvm_core::definition::operand::CELLS;

const NO_VALUE: Val = Val::MAX;
const NO_REG: Reg = 0xff;
const NO_CELL: u8 = 0xff;
const NO_SLOT: u8 = 0xff;

/// Where a value is; it may be in several places.
#[derive(Clone, Copy, Debug)]
struct Place {
    temporary: Reg,
    cell: u8,
    slot: u8,
}

const NOWHERE: Place = Place {
    temporary: NO_REG,
    cell: NO_CELL,
    slot: NO_SLOT,
};

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
    places: Vec<Place>,
    /// The value in each cell's home.
    homes: [Val; CELLS],
    /// The value in each temporary.
    held: [Val; 16],
    locked: u16,
    slots: [Val; SLOTS],
    /// The node that is being emitted.
    pub(crate) at: usize,
    pub(crate) out_of_slots: bool,
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
            places: vec![NOWHERE; nodes.list.len()],
            homes: [NO_VALUE; CELLS],
            held: [NO_VALUE; 16],
            locked: 0,
            slots: [NO_VALUE; SLOTS],
            at: 0,
            out_of_slots: false,
        };
        for (value, node) in nodes.list.iter().enumerate() {
            if let Node::Entry(cell) = node {
                alloc.homes[usize::from(*cell)] = value as Val;
                alloc.places[value].cell = *cell;
            }
        }
        alloc
    }

    fn wide(&self) -> bool {
        self.layout.wide
    }

    fn place(&mut self, value: Val) -> &mut Place {
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
        self.locked |= 1 << reg;
        reg
    }

    /// The host register that a value is in, if any.
    fn in_reg(&self, value: Val) -> Option<Reg> {
        let place = self.places[value as usize];
        if place.temporary != NO_REG {
            return Some(place.temporary);
        }
        let pin = self.layout.pin.get(usize::from(place.cell))?;
        (*pin != IN_MEMORY).then_some(*pin)
    }

    fn in_mem(&self, value: Val) -> Option<Mem> {
        let place = self.places[value as usize];
        let pin = self.layout.pin.get(usize::from(place.cell));
        if pin == Some(&IN_MEMORY) {
            Some(self.layout.cell(place.cell))
        } else if place.slot != NO_SLOT {
            Some(Layout::slot(place.slot))
        } else {
            None
        }
    }

    /// Whether a value is somewhere else than in a temporary.
    fn is_kept(&self, value: Val) -> bool {
        let place = self.places[value as usize];
        place.cell != NO_CELL || place.slot != NO_SLOT || self.nodes.as_constant(value).is_some()
    }

    /// Whether a node has made its value already.
    pub(crate) fn is_placed(&self, value: Val) -> bool {
        self.in_reg(value).is_some() || self.in_mem(value).is_some()
    }

    /// A value as an operand of any kind; locked where it is in a register.
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
        }
    }

    /// Says that a temporary has a value.
    pub(crate) fn hold(&mut self, reg: Reg, value: Val) {
        self.drop_held(reg);
        self.held[usize::from(reg)] = value;
        self.place(value).temporary = reg;
    }

    fn drop_held(&mut self, reg: Reg) {
        let old = core::mem::replace(&mut self.held[usize::from(reg)], NO_VALUE);
        if old != NO_VALUE {
            self.place(old).temporary = NO_REG;
        }
    }

    /// A temporary for use within this node, locked.
    pub(crate) fn scratch(&mut self) -> Reg {
        let temporaries = self.layout.temporaries;
        let open = |alloc: &Self, reg: &Reg| alloc.locked & 1 << *reg == 0;
        let cost = |alloc: &Self, reg: Reg| {
            let value = alloc.held[usize::from(reg)];
            if value == NO_VALUE || !alloc.live_now(value) {
                return (0, 0);
            }
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
                self.out_of_slots = true;
                temporaries[0]
            }
        }
    }

    /// Frees a temporary, with its value kept somewhere if it is still needed.
    pub(crate) fn evict(&mut self, reg: Reg) {
        let value = self.held[usize::from(reg)];
        if value == NO_VALUE {
            return;
        }
        if self.live_now(value) && !self.is_kept(value) {
            let free = self
                .slots
                .iter()
                .position(|owner| *owner == NO_VALUE || !self.live_now(*owner));
            match free {
                Some(slot) => {
                    let old = core::mem::replace(&mut self.slots[slot], value);
                    if old != NO_VALUE {
                        self.place(old).slot = NO_SLOT;
                    }
                    self.place(value).slot = slot as u8;
                    let wide = self.wide();
                    self.asm.mov_to(wide, Layout::slot(slot as u8), reg);
                }
                None => self.out_of_slots = true,
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

    /// The register that this node's value is to be made in: that of the cell it is written to, where
    /// nothing needs the cell's old value any more, else a temporary. May be that of an operand that
    /// is not needed later.
    pub(crate) fn dest(&mut self) -> Reg {
        let value = self.at as Val;
        let (cell, write) = self.live.written[self.at];
        let home = usize::from(cell);
        let pin = self.layout.pin[home];
        let unbroken = self.live.next_leave[self.at] > write;
        if pin != IN_MEMORY && write != crate::live::NEVER && unbroken {
            let old = self.homes[home];
            if old == NO_VALUE || !self.live_later(old) {
                self.move_in(cell, value);
                return pin;
            }
        }
        let dead = self.layout.temporaries.iter().find(|reg| {
            let held = self.held[usize::from(**reg)];
            held != NO_VALUE && !self.live_later(held)
        });
        let reg = match dead {
            Some(reg) => *reg,
            None => self.scratch(),
        };
        self.hold(reg, value);
        reg
    }

    /// A cell's home has a new value.
    fn move_in(&mut self, cell: u8, value: Val) {
        let old = core::mem::replace(&mut self.homes[usize::from(cell)], value);
        if old != NO_VALUE && self.places[old as usize].cell == cell {
            let other = self.homes.iter().position(|held| *held == old);
            self.place(old).cell = other.map_or(NO_CELL, |other| other as u8);
        }
        let pinned = self.layout.pin[usize::from(cell)] != IN_MEMORY;
        if self.places[value as usize].cell == NO_CELL || pinned {
            self.place(value).cell = cell;
        }
    }

    /// Writes a cell.
    pub(crate) fn set_cell(&mut self, cell: u8, value: Val) {
        let home = usize::from(cell);
        let old = self.homes[home];
        if old == value {
            return;
        }
        let wide = self.wide();
        if old != NO_VALUE && self.live_later(old) && self.nodes.as_constant(old).is_none() {
            self.keep(cell, old);
        }
        let pin = self.layout.pin[home];
        if pin != IN_MEMORY {
            self.fetch(pin, value);
        } else {
            match self.operand(value) {
                Operand::Imm(imm) => self.asm.mov_to_imm(wide, self.layout.cell(cell), imm),
                _ => {
                    let reg = self.reg(value);
                    self.asm.mov_to(wide, self.layout.cell(cell), reg);
                }
            }
        }
        self.move_in(cell, value);
        if pin != IN_MEMORY && self.places[value as usize].temporary != NO_REG {
            let reg = self.places[value as usize].temporary;
            self.drop_held(reg);
        }
    }

    /// Sees to it that a value outlives the cell that it is in.
    fn keep(&mut self, cell: u8, value: Val) {
        let place = self.places[value as usize];
        let elsewhere = self
            .homes
            .iter()
            .enumerate()
            .any(|(other, held)| other != usize::from(cell) && *held == value);
        if place.temporary != NO_REG || place.slot != NO_SLOT || elsewhere {
            return;
        }
        let reg = self.scratch();
        self.fetch(reg, value);
        self.hold(reg, value);
    }
}
