//! This machine: folders and their room, hosts' programs, addresses to listen at.

use super::examine::Finding;
use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Room below which disputes may end for want of it, and below which nothing works, in bytes.
const LITTLE: u64 = 20 << 30;
const NONE: u64 = 1 << 30;
/// For how long a host's program may think about its own help text.
const HELP: Duration = Duration::from_secs(10);

/// The folder of the challenger's data, and that of temporary files.
pub(super) fn folders(data: Option<PathBuf>) -> Vec<Finding> {
    let mut found = Vec::new();
    if data.is_none() {
        let says =
            "there is no --datadir: what is found and what hosts fetch is gone with the process";
        let advice =
            "Name a folder that stays, so that games go on after a restart without their sources";
        found.push(Finding::warning("disk", says, advice));
    }
    let temporary = std::env::temp_dir();
    for (folder, flag) in data
        .map(|data| (data, "--datadir"))
        .into_iter()
        .chain([(temporary, "TMPDIR")])
    {
        found.push(self::folder(&folder, flag));
    }
    found
}

fn folder(folder: &Path, flag: &str) -> Finding {
    let shown = folder.display();
    let written =
        std::fs::create_dir_all(folder).and_then(|()| tempfile::NamedTempFile::new_in(folder));
    if let Err(error) = written {
        let says = format!("nothing can be written in {shown} ({flag}): {error}");
        let advice = "Give the folder to the account that the service runs as, or name another";
        return Finding::failure("disk", says, advice);
    }
    let free = match free(folder) {
        Ok(free) => free,
        Err(error) => {
            let says = format!("how much room {shown} ({flag}) has is not known: {error}");
            return Finding::warning("disk", says, "See whether the disk is full");
        }
    };
    let says = format!("{shown} ({flag}) has {} GiB of room", free >> 30);
    let advice = "States that are remembered and what hosts fetch take gigabytes: make room, or name another folder";
    match free {
        free if free < NONE => Finding::failure("disk", says, advice),
        free if free < LITTLE => Finding::warning("disk", says, advice),
        _ => Finding::ok("disk", says),
    }
}

/// Bytes that an ordinary process can still write in a folder.
fn free(folder: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// A host's program: whether it runs at all.
pub(super) fn host(program: &str) -> Vec<Finding> {
    let command = Command::new(program)
        .arg("--help")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let advice = "Install the host's program, and name it by --host-program";
    let mut child = match command {
        Ok(child) => child,
        Err(error) => {
            // What cannot find its libraries says the same as what is not there.
            let says = format!("the host {program} does not run: {error}");
            return vec![Finding::failure("host", says, advice)];
        }
    };
    let until = Instant::now() + HELP;
    let ended = loop {
        match child.try_wait() {
            Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            ended => break ended,
        }
    };
    vec![match ended {
        // 127 is the dynamic linker's, where a library is missing; no code is a signal's.
        Ok(Some(status)) if status.code().is_none_or(|code| code == 127) => {
            let says = format!("the host {program} does not run: {status}");
            Finding::failure(
                "host",
                says,
                "See by hand what it says: a library may be missing",
            )
        }
        Ok(Some(_)) => Finding::ok("host", format!("{program} runs")),
        Ok(None) | Err(_) => {
            // It is ours, and has ended or is ended.
            let _ = child.kill();
            let _ = child.wait();
            Finding::ok("host", format!("{program} starts"))
        }
    }]
}

/// An address that is listened at.
pub(super) fn address(flag: &str, address: &str) -> Vec<Finding> {
    vec![match TcpListener::bind(address) {
        Ok(_) => Finding::ok("address", format!("{address} ({flag}) is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Finding::warning(
            "address",
            format!("{address} ({flag}) is in use"),
            "A service may run already: each takes an address of its own",
        ),
        Err(error) => Finding::failure(
            "address",
            format!("nobody can listen at {address} ({flag}): {error}"),
            "Name an address of this machine, as 127.0.0.1:7300",
        ),
    }]
}
