//! The frame's text: what to put in place of names, and parts that not every contract has.

/// A text with names in `{{}}`, and sections: lines between `{{#NAME}}` and `{{/NAME}}` are there with
/// the feature of that name only, between `{{^NAME}}` and `{{/NAME}}` without it only, and between
/// `{{>NAME}}` and `{{/NAME}}` one level deeper with it.
#[derive(Debug)]
pub(super) struct Template(String);

impl Template {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Puts a value in place of a name.
    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.0 = self.0.replace(&format!("{{{{{name}}}}}"), value);
    }

    /// The text with some features.
    pub(super) fn finish(self, features: &[&str]) -> String {
        let (mut out, mut open) = (String::new(), Vec::new());
        for line in self.0.lines() {
            if let Some(mark) = Mark::of(line, features) {
                match mark {
                    Mark::Begin(section) => open.push(section),
                    Mark::End => drop(open.pop()),
                }
                continue;
            }
            if open.contains(&Section::Dropped) {
                continue;
            }
            let deeper = open.iter().filter(|section| **section == Section::Deeper);
            if !line.is_empty() {
                deeper.for_each(|_| out.push_str("    "));
            }
            out.push_str(line);
            out.push('\n');
        }
        out
    }
}

/// What becomes of the lines between two marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Section {
    Kept,
    Dropped,
    Deeper,
}

#[derive(Debug)]
enum Mark {
    Begin(Section),
    End,
}

impl Mark {
    fn of(line: &str, features: &[&str]) -> Option<Self> {
        let mark = line.strip_prefix("{{")?.strip_suffix("}}")?;
        let (kind, name) = mark.split_at_checked(1)?;
        let has = features.contains(&name);
        Some(match kind {
            "#" | "^" if has == (kind == "#") => Self::Begin(Section::Kept),
            "#" | "^" => Self::Begin(Section::Dropped),
            ">" if has => Self::Begin(Section::Deeper),
            ">" => Self::Begin(Section::Kept),
            "/" => Self::End,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "a\n{{#X}}\nwith {{NAME}}\n{{/X}}\n{{^X}}\nwithout\n{{/X}}\n{{>X}}\ndeep\n\n{{/X}}\n";

    #[test]
    fn sections_depend_on_features() {
        let text = |features: &[&str]| {
            let mut template = Template::new(TEXT);
            template.put("NAME", "b");
            template.finish(features)
        };
        assert_eq!(text(&["X"]), "a\nwith b\n    deep\n\n");
        assert_eq!(text(&["Y"]), "a\nwithout\ndeep\n\n");
    }
}
