//! The log on stderr, in the forms that the users of Cannon and Asterisc parse.
//!
//! Cannon writes `level=INFO msg=processing module=vm step=0 …`, without a time; Asterisc (and
//! Cannon where stdout is a terminal) writes `t=2024-… lvl=info msg=processing step=0 …`.

use crate::screen::Screen;
use crate::upstream_compat::UpstreamCompat;
use std::fmt::{self, Write as _};
use std::io::IsTerminal as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Starts the log of this process. `quiet` leaves out all below warnings, guest output included.
pub(crate) fn start(compat: UpstreamCompat, quiet: bool, screen: Screen) {
    let form = match compat {
        UpstreamCompat::Asterisc => Form::Timed,
        UpstreamCompat::Cannon if std::io::stdout().is_terminal() => Form::Timed,
        _ => Form::Plain,
    };
    let modules = compat != UpstreamCompat::Asterisc;
    let level = if quiet {
        LevelFilter::WARN
    } else {
        LevelFilter::INFO
    };
    let lines = Lines {
        form,
        modules,
        go_floats: compat != UpstreamCompat::Fpvm,
        screen,
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(level));
    // Fails only where a subscriber was set before, in a test.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// `level=INFO msg=…`
    Plain,
    /// `t=… lvl=info msg=…`
    Timed,
}

/// Writes each event as one line.
#[derive(Debug)]
struct Lines {
    form: Form,
    /// Whether the event's target is shown as `module`.
    modules: bool,
    /// Whether numbers with decimals are as Go prints them, and not with three decimals at most.
    go_floats: bool,
    screen: Screen,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut pairs = Pairs {
            go_floats: self.go_floats,
            ..Pairs::default()
        };
        event.record(&mut pairs);
        let level = event.metadata().level();
        let mut line = match self.form {
            Form::Plain => format!("level={level} "),
            Form::Timed => format!("t={} lvl={} ", now(), short(*level)),
        };
        pair(&mut line, "msg", &pairs.message);
        if self.modules {
            pair(&mut line, "module", module(event.metadata().target()));
        }
        for (name, value) in &pairs.others {
            pair(&mut line, name, value);
        }
        line.pop();
        line.push('\n');
        self.screen.print(&line);
    }
}

/// The module of an event: its target, where that is no path of the source.
fn module(target: &str) -> &str {
    match target.split("::").next() {
        Some("fpvm_cli") => "vm",
        Some(first) => first,
        None => target,
    }
}

/// As go-ethereum's log abbreviates levels.
fn short(level: Level) -> &'static str {
    match level {
        Level::ERROR => "eror",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "dbug",
        Level::TRACE => "trce",
    }
}

/// The time in UTC to the second.
fn now() -> String {
    let mut text = String::new();
    // "2024-01-02T03:04:05.678901Z"
    let formatted = SystemTime.format_time(&mut Writer::new(&mut text));
    match (formatted, text.get(..19)) {
        (Ok(()), Some(seconds)) => format!("{seconds}+0000"),
        _ => String::new(),
    }
}

/// The fields of an event.
#[derive(Default)]
struct Pairs {
    go_floats: bool,
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Pairs {
    fn add(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.others.push((name, value)),
        }
    }
}

impl Visit for Pairs {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        let value = if self.go_floats {
            float(value)
        } else {
            three_decimals(value)
        };
        self.add(field, value);
    }
}

/// `name=value ` with the value in quotes where it has to be.
fn pair(line: &mut String, name: &str, value: &str) {
    line.push_str(name);
    line.push('=');
    if needs_quotes(value) {
        quote(line, value);
    } else {
        line.push_str(value);
    }
    line.push(' ');
}

fn needs_quotes(value: &str) -> bool {
    let plain = |c: char| match c {
        ' ' | '=' | '"' => false,
        c if c.is_ascii() => !c.is_ascii_control() || c == '\x7f',
        c => !c.is_whitespace() && !c.is_control() && c != char::REPLACEMENT_CHARACTER,
    };
    value.is_empty() || !value.chars().all(plain)
}

/// A Go string literal.
fn quote(line: &mut String, value: &str) {
    line.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => {
                line.push('\\');
                line.push(c);
            }
            '\x07' => line.push_str("\\a"),
            '\x08' => line.push_str("\\b"),
            '\x0b' => line.push_str("\\v"),
            '\x0c' => line.push_str("\\f"),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if c.is_ascii_control() => {
                let _ = write!(line, "\\x{:02x}", c as u32);
            }
            c if c.is_control() => {
                let _ = write!(line, "\\u{:04x}", c as u32);
            }
            c => line.push(c),
        }
    }
    line.push('"');
}

/// With three decimals at most, never with an exponent.
fn three_decimals(value: f64) -> String {
    let text = format!("{value:.3}");
    // There is a point, but in what is no number.
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').into()
    } else {
        text
    }
}

/// As Go's `%g` prints a number: from a million on with an exponent, and below a ten thousandth.
fn float(value: f64) -> String {
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let plain = value.to_string();
    let whole = plain.trim_start_matches('-').split('.').next();
    let is_small = value != 0.0 && value.abs() < 1e-4;
    if whole.is_none_or(|whole| whole.len() <= 6) && !is_small {
        return plain;
    }
    if is_small && let Some((mantissa, exponent)) = format!("{value:e}").split_once("e-") {
        return format!("{mantissa}e-{exponent:0>2}");
    }
    match format!("{value:e}").split_once('e') {
        Some((mantissa, exponent)) => format!("{mantissa}e+{exponent:0>2}"),
        None => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, value: &str) -> String {
        let mut line = String::new();
        pair(&mut line, name, value);
        line
    }

    #[test]
    fn values_are_quoted_as_go_quotes_them() {
        assert_eq!(line("msg", ""), "msg=\"\" ");
        assert_eq!(
            line("name", "runtime.(*pageBits).setRange"),
            "name=runtime.(*pageBits).setRange "
        );
        assert_eq!(line("mem", "1.3 MiB"), "mem=\"1.3 MiB\" ");
        assert_eq!(
            line("text", "a\n\t\"b\"\\\x01"),
            "text=\"a\\n\\t\\\"b\\\"\\\\\\x01\" "
        );
        assert_eq!(line("k", "a=b"), "k=\"a=b\" ");
    }

    #[test]
    fn numbers_are_as_go_prints_them() {
        assert_eq!(float(0.0), "0");
        assert_eq!(float(933940.3883594978), "933940.3883594978");
        assert_eq!(float(1380215.2424967445), "1.3802152424967445e+06");
        assert_eq!(float(240000000.0), "2.4e+08");
        assert_eq!(float(0.0001), "0.0001");
        assert_eq!(float(-0.0000123), "-1.23e-05");
        assert_eq!(float(f64::INFINITY), "+Inf");
        assert_eq!(float(f64::NAN), "NaN");
    }

    #[test]
    fn numbers_of_our_own_log_have_three_decimals_and_no_exponent() {
        assert_eq!(three_decimals(1380215.2424967445), "1380215.242");
        assert_eq!(three_decimals(240000000.0), "240000000");
        assert_eq!(three_decimals(0.1 + 0.2), "0.3");
        assert_eq!(three_decimals(0.0000123), "0");
    }
}
