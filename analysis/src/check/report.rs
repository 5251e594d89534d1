//! What a check found, for people and for programs.

use super::code::counted;
use serde::Serialize;
use std::fmt;

/// Facts, then findings, the gravest first.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Report {
    facts: Vec<Fact>,
    findings: Vec<Finding>,
}

/// Something to know.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Fact {
    /// What the fact is about.
    pub name: &'static str,
    /// The fact.
    pub text: String,
}

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// The program does not run, or its results differ from those on the machine that it was built for.
    Problem,
    /// It matters if the program comes to it, and nothing here shows that it does not.
    Warning,
    /// It is known not to matter.
    Harmless,
}

/// Something found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// How grave it is.
    pub grade: Grade,
    /// What it is.
    pub what: String,
    /// The cause; empty if there is nothing to say about it.
    pub cause: String,
    /// What to do; empty if there is nothing to do.
    pub remedy: String,
}

impl Report {
    /// Something to know.
    pub fn fact(&mut self, name: &'static str, text: &str) {
        let text = text.into();
        self.facts.push(Fact { name, text });
    }

    /// Something found.
    pub fn find(&mut self, grade: Grade, what: impl Into<String>, cause: &str, remedy: &str) {
        let (what, cause, remedy) = (what.into(), cause.into(), remedy.into());
        self.findings.push(Finding {
            grade,
            what,
            cause,
            remedy,
        });
        self.findings.sort_by_key(|finding| finding.grade);
    }

    /// Something that keeps the program from running as it should.
    pub fn problem(&mut self, what: impl Into<String>, cause: &str, remedy: &str) {
        self.find(Grade::Problem, what, cause, remedy);
    }

    /// Something that matters if the program comes to it.
    pub fn warning(&mut self, what: impl Into<String>, cause: &str, remedy: &str) {
        self.find(Grade::Warning, what, cause, remedy);
    }

    /// Something that is known not to matter.
    pub fn harmless(&mut self, what: impl Into<String>, cause: &str) {
        self.find(Grade::Harmless, what, cause, "");
    }

    /// The findings of a grade.
    pub fn of(&self, grade: Grade) -> impl Iterator<Item = &Finding> {
        let findings = self.findings.iter();
        findings.filter(move |finding| finding.grade == grade)
    }

    /// How many problems there are.
    pub fn problems(&self) -> usize {
        self.of(Grade::Problem).count()
    }
}

impl Report {
    /// Writes the harmless findings, in one line for each reason.
    fn tell_harmless(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut causes: Vec<&str> = Vec::new();
        for finding in self.of(Grade::Harmless) {
            match finding.cause.as_str() {
                "" => writeln!(f, "harmless: {}", finding.what)?,
                cause if causes.contains(&cause) => {}
                cause => causes.push(cause),
            }
        }
        for cause in causes {
            let findings = self.of(Grade::Harmless);
            let count = findings.filter(|found| found.cause == cause).count();
            let findings = counted(count, "finding");
            writeln!(f, "harmless: {findings} ({cause}; --json lists them)")?;
        }
        Ok(())
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Harmless => "harmless",
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Fact { name, text } in &self.facts {
            writeln!(f, "{name:<12}{text}")?;
        }
        for finding in self.of(Grade::Problem).chain(self.of(Grade::Warning)) {
            writeln!(f, "{}: {}", finding.grade, finding.what)?;
            for (name, text) in [("cause", &finding.cause), ("remedy", &finding.remedy)] {
                if !text.is_empty() {
                    writeln!(f, "  {name}: {text}")?;
                }
            }
        }
        self.tell_harmless(f)?;
        match (self.problems(), self.of(Grade::Warning).count()) {
            (0, 0) => writeln!(f, "nothing speaks against running it"),
            (0, _) => writeln!(f, "it runs, unless it comes to what the warnings name"),
            _ => Ok(()),
        }
    }
}
