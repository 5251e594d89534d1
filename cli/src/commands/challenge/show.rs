//! What `challenge` prints of what happens.

use crate::output::{Format, json_line, print, to_stdout};
use fpvm_challenger::event::{Event, Name};
use fpvm_challenger::service::{NO_HOST, NO_OUTPUTS, NO_SUPER_ROOTS};

/// Prints an event, and logs what only somebody who looks for an error wants to know.
pub(super) fn show(event: &Event, format: Format, dry_run: bool) -> anyhow::Result<()> {
    if format == Format::Json {
        return to_stdout(|out| json_line(out, event));
    }
    let game = event.game.map_or(String::new(), |game| game.to_string());
    let Event { what, why, .. } = event;
    match event.event {
        Name::Planned if dry_run => print(&format!("{game} would {what}\n    {why}\n")),
        Name::Planned | Name::Sending => {
            let hash = event.transaction.map(|hash| hash.to_string());
            tracing::debug!(target: "challenger", game, what, why, hash, "{:?}", event.event);
            Ok(())
        }
        Name::Overtaken => {
            tracing::info!(target: "challenger", game, what, "Somebody else has done it first");
            Ok(())
        }
        Name::Done => {
            let block = event.block.unwrap_or_default();
            print(&format!("{game} {what}, in block {block}\n    {why}\n"))
        }
        Name::Found | Name::Waiting | Name::Bonds => print(&format!("{game} {what}\n")),
        Name::Over => print(&format!("{game} is over: {what}\n")),
        Name::Left => print(&format!("{game} is not played: {}\n", with_flag(why))),
        Name::Alarm => {
            tracing::error!(target: "challenger", game, why, "FALSE PROPOSAL");
            print(&format!(
                "{game} is won, and its proposal is FALSE: {why}\n"
            ))
        }
        Name::Difference => {
            tracing::error!(target: "challenger", what, "SECOND OPINION");
            print(&format!("{what}\n"))
        }
        Name::Refused | Name::Trouble | Name::Again => {
            tracing::warn!(target: "challenger", game, what, why, "{:?}", event.event);
            Ok(())
        }
    }
}

/// Why a game is not played, with the flag that helps where there is one.
pub(super) fn with_flag(why: &str) -> String {
    let flag = match why {
        NO_OUTPUTS => "with --rollup-rpc, or give --outputs",
        NO_SUPER_ROOTS => "with --superroot-rpc",
        _ if why.ends_with(NO_HOST) => "with --host-preset or --host-command, or give --preimages",
        _ => return why.to_owned(),
    };
    format!("{why} {flag}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_by_its_flag() {
        assert!(with_flag(NO_SUPER_ROOTS).ends_with("super roots with --superroot-rpc"));
        assert!(with_flag(NO_OUTPUTS).contains("--rollup-rpc"));
        assert!(with_flag(&format!("nobody does{NO_HOST}")).contains("--host-preset"));
        assert_eq!(with_flag("a game of 1997"), "a game of 1997");
    }
}
