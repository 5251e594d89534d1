//! Takes the place of all tiers of this crate on hosts for which it has no emitter.

use crate::Counters;
use core::convert::Infallible;
use core::marker::PhantomData;
use fpvm_core::definition::isa::Isa;
use fpvm_core::definition::state::State;
use fpvm_core::machine::code::Code;
use fpvm_core::machine::memory::{MemoryLimit, PagedMemory};
use fpvm_core::machine::vm::{Running, Tier};
use fpvm_core::step::concrete::Stop;
use fpvm_core::step::oracle::OracleError;
use std::io;
use std::sync::Arc;

/// The translator and the crosscheck on a host that has neither.
#[derive(Debug)]
pub struct Untranslated<I> {
    never: Infallible,
    isa: PhantomData<I>,
}

impl<I: Isa> Untranslated<I> {
    /// Always fails.
    pub fn new() -> io::Result<Self> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the translator knows x86-64 Linux only",
        ))
    }

    /// Always fails.
    pub fn every(_steps: u64) -> io::Result<Self> {
        Self::new()
    }

    /// Changes nothing.
    pub fn hot_after(self, _visits: u8) -> Self {
        match self.never {}
    }

    /// Changes nothing.
    #[cfg(feature = "faults")]
    pub fn spoil(self, _trace: u64) -> Self {
        match self.never {}
    }

    /// Changes nothing.
    pub fn explain(self) -> Self {
        match self.never {}
    }

    /// Changes nothing.
    pub fn digest_code(self) -> Self {
        match self.never {}
    }

    /// Counts that stay 0.
    pub fn counters(&self) -> Arc<Counters> {
        match self.never {}
    }
}

impl<I: Isa> Tier<I> for Untranslated<I> {
    fn run(
        &mut self,
        _code: &mut Code<I>,
        _state: &mut State<I>,
        _memory: &mut PagedMemory<I::Word>,
        _env: &mut Running<'_, '_>,
        _until: u64,
    ) -> Result<(), Stop<MemoryLimit, OracleError>> {
        match self.never {}
    }

    fn forget(&mut self, _pages: &[u64]) {
        match self.never {}
    }
}
