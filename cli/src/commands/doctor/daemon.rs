//! A service that runs: whether it serves figures, and whether it has seen L1 lately.

use super::examine::Finding;
use super::l1::now;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// The longest that connecting, and each piece of the answer, may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read, in bytes.
const LIMIT: u64 = 8 << 20;
/// How the figure's name ends which is the time of the newest L1 block that was seen.
const SEEN: &str = "_l1_head_timestamp ";

/// Looks at the figures that are served at an address.
pub(super) fn look(address: &str, max_age: Duration) -> Vec<Finding> {
    let page = match page(address) {
        Ok(page) => page,
        Err(error) => {
            let says = format!("nobody serves figures at {address}: {error}");
            return vec![Finding::failure(
                "daemon",
                says,
                "The service does not run, or its --metrics is another",
            )];
        }
    };
    vec![well(&page, now(), max_age)]
}

fn page(address: &str) -> io::Result<String> {
    let at = address.to_socket_addrs()?.next();
    let at = at.ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LIMIT).read_to_string(&mut answer)?;
    Ok(answer)
}

/// What figures say at a time.
fn well(page: &str, now: u64, max_age: Duration) -> Finding {
    let figures = page.lines().filter(|line| !line.starts_with('#'));
    let seen = figures.filter_map(|line| line.split_once(SEEN)).next();
    let seen = seen.and_then(|(_, value)| value.trim().parse::<f64>().ok());
    match seen {
        Some(seen) if seen >= 1.0 => {
            let age = now.saturating_sub(seen as u64);
            let says = format!("the newest L1 block that it has seen is {age} s old");
            if age <= max_age.as_secs() {
                Finding::ok("daemon", says)
            } else {
                Finding::failure(
                    "daemon",
                    says,
                    "Its log says why: most often the L1 node does not answer",
                )
            }
        }
        _ => Finding::failure(
            "daemon",
            "it has seen no L1 block yet",
            "Its log says why: it has just begun, or the L1 node does not answer",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::examine::Grade;
    use super::*;

    #[test]
    fn a_service_is_well_as_long_as_it_sees_l1() {
        let grade = |page: &str, now| well(page, now, Duration::from_secs(600)).grade;
        for name in ["op_challenger", "fpvm_monitor", "op_proposer_default"] {
            let page = format!(
                "# HELP {name}_l1_head_timestamp Its time.\n# TYPE {name}_l1_head_timestamp gauge\n{name}_l1_head_timestamp 1790000000\n"
            );
            assert_eq!(grade(&page, 1_790_000_600), Grade::Ok);
            assert_eq!(grade(&page, 1_790_000_601), Grade::Failure);
            // A chain whose time was moved on.
            assert_eq!(grade(&page, 5), Grade::Ok);
        }
        assert_eq!(
            grade("op_challenger_l1_head_timestamp 0\n", 5),
            Grade::Failure
        );
        assert_eq!(grade("", 5), Grade::Failure);
    }
}
