//! Playing dispute games, and looking at them: what each claim says, who is right, why an honest
//! player answers it, and where the money goes.
//!
//! [`report`] tells a whole game as data and as one page of HTML, [`view`] as text, and [`watch`] on a
//! terminal while it is played. They read the game
//! through the model of `dispute`, wherever the game itself is. [`vm`] is what a player holds to be true
//! of the executions of a real VM, [`recorded`] such a VM for guests whose pre-images are at hand.

pub mod money;
pub mod recorded;
pub mod report;
pub mod simulated;
pub mod view;
pub mod vm;
pub mod watch;
