//! `game`: dispute games.

mod advise;
mod deploy;
mod listed;
mod manual_play;
mod report;
mod show;
mod simulate;
mod truth;
mod verify;
mod watch;
mod watched;

use crate::app::App;
use clap::Subcommand;

/// Flags of `game`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Deploy everything that games about a program need
    Deploy(Box<deploy::DeployArgs>),
    /// Create a game about an output root or a super root
    Create(Box<listed::CreateArgs>),
    /// List the games of a factory
    List(Box<listed::ListArgs>),
    /// Show a game's claims, clocks and bonds
    Show(Box<show::Args>),
    /// Say what an honest player answers to a game's claims, and why
    Advise(Box<advise::Args>),
    /// Attack or defend a claim
    Move(Box<manual_play::MoveArgs>),
    /// Counter a claim at the deepest level by an instruction
    Step(Box<manual_play::StepArgs>),
    /// Resolve a claim, or all that can be and the game
    Resolve(Box<manual_play::ResolveArgs>),
    /// Close a resolved game: who gets the bonds is decided, and the anchor may move
    Close(Box<manual_play::GameArgs>),
    /// Take the next step towards an account's payment: unlock what it has won, or have it paid
    Claim(Box<manual_play::ClaimArgs>),
    /// Play many random games between honest players and cheats, without a chain or a program
    Simulate(simulate::Args),
    /// Look at a game on a chain while it is played
    Watch(Box<watch::Args>),
    /// Write a page about a game on a chain, finished or running
    Report(Box<report::Args>),
    /// Check that the contracts behind a factory or a game are those of this release, and tell who may do what
    Verify(Box<verify::Args>),
}

pub(crate) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Deploy(args) => deploy::run(app, args),
        Action::Create(args) => listed::create(args),
        Action::List(args) => listed::list(args),
        Action::Show(args) => show::run(app, args),
        Action::Advise(args) => advise::run(app, args),
        Action::Move(args) => manual_play::make_move(app, args),
        Action::Step(args) => manual_play::step(app, args),
        Action::Resolve(args) => manual_play::resolve(args),
        Action::Close(args) => manual_play::close(args),
        Action::Claim(args) => manual_play::claim(args),
        Action::Simulate(args) => simulate::run(args),
        Action::Watch(args) => watch::run(app, args),
        Action::Report(args) => report::run(app, args),
        Action::Verify(args) => verify::run(args),
    }
}
