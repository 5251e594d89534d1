//! Reasons not to run a program on a VM, found before anybody runs it.

use crate::isa::{AnyIsa, Patches};
use fpvm_analysis::check::{Code, Grade, Report, check};
use fpvm_analysis::go;
use fpvm_core::formats::guest::{LoadError, OWN};

/// Checks a program, given as the bytes of its file, for what the VM does not do as the program expects, with these
/// changes to Go programs.
pub fn check_program(isa: &'static dyn AnyIsa, bytes: &[u8], patches: Patches) -> Report {
    let loaded = isa.load_program(bytes, patches).map(drop);
    check_loaded(isa, bytes, patches, loaded)
}

/// The same for a program that was loaded, or that could not be.
fn check_loaded(
    isa: &'static dyn AnyIsa,
    bytes: &[u8],
    patches: Patches,
    loaded: Result<(), LoadError>,
) -> Report {
    let mut report = Report::default();
    let (name, vm_type, programs) = (isa.name(), isa.vm_type(), isa.programs());
    report.fact("VM", &format!("--isa {name}, type {vm_type}: {programs}"));
    let release = go::release(bytes);
    report.fact(
        "made by",
        release
            .as_deref()
            .unwrap_or("not Go, or older than Go 1.18"),
    );
    let code = match Code::of(isa, bytes) {
        Ok(code) => code,
        Err(error) => {
            report.problem(format!("the file is broken: {error}"), "", "build it again");
            return report;
        }
    };
    match loaded {
        Ok(()) => check_patches(isa, bytes, release.as_deref(), patches, &mut report),
        Err(error) => report.problem(format!("it cannot be loaded: {error}"), "", ""),
    }
    check(&code, bytes, &mut report);
    report
}

/// What keeps a loaded program from running as it should, as one line; none if nothing does.
pub fn problems(isa: &'static dyn AnyIsa, bytes: &[u8], patches: Patches) -> Option<String> {
    let report = check_loaded(isa, bytes, patches, Ok(()));
    let problems = report
        .of(Grade::Problem)
        .map(|found| match found.remedy.as_str() {
            "" => found.what.clone(),
            remedy => format!("{} ({remedy})", found.what),
        });
    let problems: Vec<_> = problems.collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}

/// Checks whether upstream's patches do to the program what they are meant to.
fn check_patches(
    isa: &'static dyn AnyIsa,
    bytes: &[u8],
    release: Option<&str>,
    patches: Patches,
    report: &mut Report,
) {
    let Some(release) = release.filter(|_| patches != Patches::None && isa.about().upstream != OWN)
    else {
        return;
    };
    if isa.patches_fit(bytes) {
        report.fact("patches", "upstream's fit this Go release");
    } else if patches == Patches::Auto {
        report.fact(
            "patches",
            "upstream's do not fit this Go release, and are moved by --patch auto",
        );
    } else {
        report.problem(
            format!("upstream's patches do not fit {release}"),
            "they go by names that Go numbers anew from release to release, and were made for Go \
             1.22: here they skip a function that the program needs",
            "load it with --patch auto (its pre-state hash is then not upstream's), or build it \
             with Go 1.22",
        );
    }
}
