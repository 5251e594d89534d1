//! Histograms, as Prometheus has them.

use std::fmt::Write as _;
use std::time::Duration;

/// A histogram of lengths of time.
#[derive(Clone, PartialEq, Debug)]
pub struct Histogram {
    /// In seconds, rising.
    bounds: &'static [f64],
    /// For each bound, the number of lengths that are above the bound before and not above this one.
    counts: Vec<u64>,
    count: u64,
    sum: f64,
}

impl Histogram {
    /// An empty histogram with these bounds in seconds.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len()],
            count: 0,
            sum: 0.0,
        }
    }

    /// Counts a length of time.
    pub fn observe(&mut self, length: Duration) {
        let seconds = length.as_secs_f64();
        let place = self.bounds.iter().position(|bound| seconds <= *bound);
        if let Some(count) = place.and_then(|place| self.counts.get_mut(place)) {
            *count += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    /// Writes its lines; `labels` are those of each line, such as `vm="cannon"`.
    pub(super) fn write(&self, text: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut below = 0;
        // Writing to a string does not fail.
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count;
            let _ = writeln!(
                text,
                "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}"
            );
        }
        let all = self.count;
        let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {all}");
        let labels = match labels {
            "" => String::new(),
            labels => format!("{{{labels}}}"),
        };
        let _ = writeln!(
            text,
            "{name}_sum{labels} {}\n{name}_count{labels} {all}",
            self.sum
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let mut histogram = Histogram::new(&[0.5, 2.0]);
        for seconds in [0.25, 0.5, 1.0, 3.0] {
            histogram.observe(Duration::from_secs_f64(seconds));
        }
        let mut text = String::new();
        histogram.write(&mut text, "time", "vm=\"cannon\"");
        let expected = "time_bucket{vm=\"cannon\",le=\"0.5\"} 2\ntime_bucket{vm=\"cannon\",le=\"2\"} 3\n\
             time_bucket{vm=\"cannon\",le=\"+Inf\"} 4\ntime_sum{vm=\"cannon\"} 4.75\ntime_count{vm=\"cannon\"} 4\n";
        assert_eq!(text, expected);
        text.clear();
        Histogram::new(&[]).write(&mut text, "time", "");
        assert_eq!(
            text,
            "time_bucket{le=\"+Inf\"} 0\ntime_sum 0\ntime_count 0\n"
        );
    }
}
