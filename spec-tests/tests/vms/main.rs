//! All virtual machines against what upstream's programs made, and against each other.
mod conformance;
mod fuzz;
mod interpretations;
mod mutations;
mod random_steps;
mod riscv;
mod states;
