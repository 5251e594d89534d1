//! The default limit of guests' memory: three quarters of the memory that this process may have.
//!
//! That memory is the least of the machine's and the limits of the process's control groups, of both versions and with
//! all parent groups, because a container shows the whole machine's memory, and kills a process that uses more than
//! the container's.

use fpvm_core::machine::memory::Budget;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The most memory that the guests of this process may use together, in bytes.
pub(crate) fn default_memory() -> u64 {
    static BYTES: OnceLock<u64> = OnceLock::new();
    *BYTES.get_or_init(|| available() / 4 * 3)
}

/// The budget that the guests of this process share.
pub(crate) fn shared() -> Arc<Budget> {
    static BUDGET: OnceLock<Arc<Budget>> = OnceLock::new();
    let budget = BUDGET.get_or_init(|| Arc::new(Budget::new(default_memory())));
    budget.clone()
}

#[cfg(target_os = "linux")]
fn available() -> u64 {
    let info = rustix::system::sysinfo();
    let machine = (info.totalram as u64).saturating_mul(u64::from(info.mem_unit));
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    machine.min(of_groups(read).unwrap_or(u64::MAX))
}

#[cfg(not(target_os = "linux"))]
fn available() -> u64 {
    (8 << 30) / 3 * 4
}

/// A mounted hierarchy of control groups that limits memory.
struct Hierarchy {
    /// The group that is mounted.
    root: String,
    /// Where.
    at: PathBuf,
    /// The file with a group's limit.
    file: &'static str,
    is_v2: bool,
}

/// The least limit of the control groups that this process is in; `read` reads files.
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "control groups are Linux's")
)]
fn of_groups(read: impl Fn(&Path) -> Option<String>) -> Option<u64> {
    let groups = read(Path::new("/proc/self/cgroup"))?;
    let mounts = read(Path::new("/proc/self/mountinfo"))?;
    let limits = mounts.lines().filter_map(hierarchy).flat_map(|hierarchy| {
        // The mount may be this process's own group, whose path then belongs to another name space.
        let group = groups.lines().find_map(|line| group(line, &hierarchy));
        let below = group.and_then(|group| group.strip_prefix(hierarchy.root.as_str()));
        let below = below.unwrap_or_default().trim_matches('/');
        let innermost = hierarchy.at.join(below);
        let within = innermost.ancestors().map(Path::to_path_buf);
        let within: Vec<_> = within
            .take_while(|at| at.starts_with(&hierarchy.at))
            .collect();
        within.into_iter().map(move |at| at.join(hierarchy.file))
    });
    let limits: Vec<_> = limits.collect();
    // "max" means no limit.
    let limits = limits
        .iter()
        .filter_map(|file| read(file)?.trim().parse().ok());
    limits.min()
}

/// The hierarchy of a line of `mountinfo`: number, parent's number, device, root, place, options, a dash after optional
/// fields, then type, source and the options of the file system.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (mount, system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, at) = (mount.next()?, mount.next()?);
    let mut system = system.split(' ');
    let (kind, options) = (system.next()?, system.nth(1)?);
    let is_v2 = kind == "cgroup2";
    let limits = is_v2 || kind == "cgroup" && options.split(',').any(|option| option == "memory");
    limits.then(|| Hierarchy {
        root: root.trim_end_matches('/').into(),
        at: at.into(),
        file: if is_v2 {
            "memory.max"
        } else {
            "memory.limit_in_bytes"
        },
        is_v2,
    })
}

/// The path of a group from a line of `/proc/self/cgroup`, if it is of this hierarchy: `0::/a/b` in version 2,
/// `4:memory:/a/b` in version 1.
fn group<'a>(line: &'a str, hierarchy: &Hierarchy) -> Option<&'a str> {
    let mut parts = line.splitn(3, ':');
    let (number, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = if hierarchy.is_v2 {
        number == "0" && controllers.is_empty()
    } else {
        controllers.split(',').any(|name| name == "memory")
    };
    fits.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn least(files: &[(&str, &str)]) -> Option<u64> {
        of_groups(|path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path);
            found.map(|(_, text)| text.to_string())
        })
    }

    const V2: (&str, &str) = (
        "/proc/self/mountinfo",
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
    );

    #[test]
    fn the_least_of_a_group_and_those_it_is_in_counts() {
        let group = ("/proc/self/cgroup", "0::/outer/inner\n");
        let inner = ("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
        let outer = ("/sys/fs/cgroup/outer/memory.max", "838860800\n");
        assert_eq!(least(&[group, V2, inner, outer]), Some(800 << 20));
        let smaller = ("/sys/fs/cgroup/outer/inner/memory.max", "4096\n");
        assert_eq!(least(&[group, V2, smaller, outer]), Some(4096));
        assert_eq!(least(&[group, V2, inner]), None);
        assert_eq!(least(&[]), None);
    }

    #[test]
    fn a_container_sees_its_own_group_at_the_mount() {
        let inside = ("/proc/self/cgroup", "0::/\n");
        let limit = ("/sys/fs/cgroup/memory.max", "8192\n");
        assert_eq!(least(&[inside, V2, limit]), Some(8192));
        // The first version, whose paths are the host's.
        let inside = ("/proc/self/cgroup", "7:cpu:/x\n4:memory:/docker/abc\n");
        let mount = (
            "/proc/self/mountinfo",
            "40 30 0:33 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
        );
        let limit = ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "12288\n");
        assert_eq!(least(&[inside, mount, limit]), Some(12288));
    }
}
