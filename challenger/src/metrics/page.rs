//! Metrics as the text that Prometheus reads.

use std::fmt::{Display, Write as _};

use super::Histogram;

/// The text for Prometheus, so far. All names begin with the name of the program.
#[derive(Clone, Debug)]
pub struct Page {
    program: &'static str,
    text: String,
}

impl Page {
    /// An empty page; names begin with `program` and an underscore.
    pub const fn new(program: &'static str) -> Self {
        Self {
            program,
            text: String::new(),
        }
    }

    /// Writes what a metric is; gives its full name.
    fn begin(&mut self, name: &str, help: &str, kind: &str) -> String {
        let name = format!("{}_{name}", self.program);
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}.\n# TYPE {name} {kind}");
        name
    }

    /// Adds a metric; `kind` is `gauge` or `counter`.
    pub fn one(&mut self, name: &str, help: &str, kind: &str, value: f64) {
        let name = self.begin(name, help, kind);
        let _ = writeln!(self.text, "{name} {value}");
    }

    /// Adds a metric with a value for each of some labels, such as `status="idle"`: see [`Page::label`].
    pub fn labelled<L: Display, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        kind: &str,
        values: &[(L, V)],
    ) {
        let name = self.begin(name, help, kind);
        for (labels, value) in values {
            let _ = writeln!(self.text, "{name}{{{labels}}} {value}");
        }
    }

    /// Adds a histogram for each of some labels; an empty text is no label.
    pub fn histogram<L: Display>(&mut self, name: &str, help: &str, values: &[(L, &Histogram)]) {
        let name = self.begin(name, help, "histogram");
        for (labels, histogram) in values {
            histogram.write(&mut self.text, &name, &labels.to_string());
        }
    }

    /// A label with any value; characters that would end it are escaped.
    pub fn label(name: &str, value: impl Display) -> String {
        let value = value.to_string();
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("{name}=\"{}\"", value.replace('\n', "\\n"))
    }

    /// All of it.
    pub fn text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        assert_eq!(Page::label("a", "b\"c\\d\ne"), r#"a="b\"c\\d\ne""#);
        let mut page = Page::new("x");
        page.labelled("y", "Z", "gauge", &[(Page::label("a", 1), 2)]);
        page.one("z", "Z", "counter", 0.5);
        let expected = "# HELP x_y Z.\n# TYPE x_y gauge\nx_y{a=\"1\"} 2\n# HELP x_z Z.\n# TYPE x_z counter\nx_z 0.5\n";
        assert_eq!(page.text(), expected);
    }
}
