//! `game watch`: a game on a chain, on the terminal.

use super::show;
use super::watched::{Extent, WatchedArgs, WatchedGame};
use crate::app::App;
use crate::exit;
use anyhow::Context as _;
use fpvm_report::Report;
use fpvm_report::watch::{Key, Watch, draw};
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// Flags of `game watch`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("rpc", |rpc| rpc.required(true)))]
pub(crate) struct Args {
    /// Print it as `game show` does, and end; so too where stdout is no terminal
    #[arg(long)]
    once: bool,
    /// How often the chain is looked at
    #[arg(long, value_name = "TIME", value_parser = crate::args::duration, default_value = "3s")]
    every: Duration,
    #[command(flatten)]
    watched: WatchedArgs,
}

/// Rows that a page has for PgUp and PgDn.
const PAGE: isize = 10;

pub(super) fn run(app: &App, args: &Args) -> anyhow::Result<()> {
    let mut seen = WatchedGame::open(app, &args.watched)?;
    let report = seen.report(Extent::Claims)?;
    if args.once || !std::io::stdout().is_terminal() {
        return show::text(&report);
    }
    let mut terminal =
        ratatui::try_init().context("cannot use the terminal; --once prints text")?;
    let watched = watch(&mut terminal, &mut seen, report, args.every);
    let restored = ratatui::try_restore();
    watched?;
    Ok(restored?)
}

fn watch(
    terminal: &mut DefaultTerminal,
    seen: &mut WatchedGame<'_>,
    mut report: Report,
    every: Duration,
) -> anyhow::Result<()> {
    let mut watch = Watch::new();
    let mut looked = Instant::now();
    loop {
        terminal.draw(|frame| draw(frame, &report, &mut watch))?;
        if event::poll(every.saturating_sub(looked.elapsed()))? {
            match event::read()? {
                Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
                    KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                    // In raw mode Ctrl-C is a key.
                    KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                        return Ok(());
                    }
                    code => {
                        if let Some(key) = asked(code) {
                            watch.press(key, &report);
                        }
                    }
                },
                _ => {}
            }
        }
        if looked.elapsed() >= every {
            match seen.report(Extent::Claims) {
                Ok(newer) => (report, watch.trouble) = (newer, None),
                // What was seen is still worth looking at.
                Err(error) => watch.trouble = Some(exit::describe(&error)),
            }
            looked = Instant::now();
        }
    }
}

const fn asked(code: KeyCode) -> Option<Key> {
    Some(match code {
        KeyCode::Up | KeyCode::Char('k') => Key::By(-1),
        KeyCode::Down | KeyCode::Char('j') => Key::By(1),
        KeyCode::PageUp => Key::By(-PAGE),
        KeyCode::PageDown => Key::By(PAGE),
        KeyCode::Home => Key::First,
        KeyCode::End => Key::Last,
        _ => return None,
    })
}
