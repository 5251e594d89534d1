//! Threads: whose turn it is, and how they begin and end.
//!
//! A thread runs until it yields, ends, has had its quantum, or makes another one, which then runs
//! first. Waiting on a futex and sleeping are yields: nothing keeps a thread off its next turn.

use crate::fault::NO_THREAD;
use crate::state::{
    A0, A1, A3, NEXT_THREAD_ID, SP, THREAD_EXIT_CODE, THREAD_EXITED, THREAD_ID, TRAVERSE_RIGHT, V0,
};
use fpvm_core::definition::machine::Machine;
use fpvm_core::definition::threads::Stack;
use fpvm_isa_mips::Done;
use fpvm_isa_mips::syscall::give_constant;

/// Steps of a turn.
pub const QUANTUM: u64 = 100_000;

/// What the Go runtime makes threads with, and the only thing that works: CLONE_VM, CLONE_FS,
/// CLONE_FILES, CLONE_SIGHAND, CLONE_SYSVSEM and CLONE_THREAD.
const CLONE_FLAGS: u64 = 0x5_0f00;
/// Exit code of a program that asks for other threads.
const PANIC: u64 = 2;

/// The step after a turn: a thread that ended is dropped, another one gives way.
pub(crate) fn context_switch<M: Machine>(m: &mut M) -> Done<M> {
    let ended = m.get(THREAD_EXITED);
    let runs = m.eq_k(ended, 0);
    let (ends, last) = (m.not(runs), is_last(m));
    let nobody = m.and(ends, last);
    m.trap_if(nobody, NO_THREAD)?;
    let side = next_side(m);
    m.cond(runs, |m, runs| {
        if runs {
            m.push_thread(Stack::Waiting);
        }
        Ok(())
    })?;
    pop_onto(m, side);
    Ok(())
}

/// A call that has succeeded with 0, and the end of the turn.
pub(crate) fn preempt<M: Machine>(m: &mut M) -> Done<M> {
    let side = next_side(m);
    give_constant(m, 0)?;
    m.push_thread(Stack::Waiting);
    pop_onto(m, side);
    Ok(())
}

/// Whether there is no thread but the running one.
fn is_last<M: Machine>(m: &mut M) -> M::B {
    let (beneath, waiting) = (m.is_alone(Stack::Active), m.is_alone(Stack::Waiting));
    m.and(beneath, waiting)
}

/// The stack that is active once the running thread has left its own: the other one where that is
/// empty then.
fn next_side<M: Machine>(m: &mut M) -> M::W {
    let side = m.get(TRAVERSE_RIGHT);
    let left = m.eq_k(side, 0);
    let other = m.word(left);
    let empty = m.is_alone(Stack::Active);
    m.select(empty, other, side)
}

fn pop_onto<M: Machine>(m: &mut M, side: M::W) {
    m.set(TRAVERSE_RIGHT, side);
    m.pop_thread();
}

/// `clone(flags, stack)`. The new thread goes on where its maker does, with 0 in v0.
pub(crate) fn clone<M: Machine>(m: &mut M) -> Done<M> {
    let flags = m.get(A0);
    let valid = m.eq_k(flags, CLONE_FLAGS);
    m.cond(valid, |m, valid| {
        if !valid {
            let code = m.constant(PANIC);
            m.exit(code);
            m.stay();
            return Ok(());
        }
        let (id, stack) = (m.get(NEXT_THREAD_ID), m.get(A1));
        let next_id = m.add_k(id, 1);
        let zero = m.constant(0);
        m.set(V0, id);
        m.set(A3, zero);
        m.push_thread(Stack::Active);
        for cell in [V0, A3, THREAD_EXIT_CODE, THREAD_EXITED] {
            m.set(cell, zero);
        }
        m.set(SP, stack);
        m.set(THREAD_ID, id);
        m.set(NEXT_THREAD_ID, next_id);
        Ok(())
    })
}

/// `exit(code)`: the thread ends, and with the last one the program. The program counter stays.
pub(crate) fn exit<M: Machine>(m: &mut M) -> Done<M> {
    let code = m.get(A0);
    let low = m.and_k(code, 0xff);
    let one = m.constant(1);
    let last = is_last(m);
    m.stay();
    m.set(THREAD_EXITED, one);
    m.set(THREAD_EXIT_CODE, low);
    m.cond(last, |m, last| {
        if last {
            m.exit(code);
        }
        Ok(())
    })
}
