//! What the environment says of `mock-idp serve`: each argument has a variable, called as it is with `MOCK_IDP_` in front.
//!
//! The command line comes first, then the environment, then the configuration file. What a variable holds is never told.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};

use crate::config::nearest;

/// What the names of all variables begin with.
const PREFIX: &str = "MOCK_IDP_";

/// The variable of an argument: `MOCK_IDP_CONTROL_TOKEN` for `--control-token`.
fn variable(argument: &Arg) -> Option<String> {
    argument.get_long().map(called)
}

/// The arguments of a command that have variables.
fn arguments(command: &Command) -> impl Iterator<Item = (&Arg, String)> {
    let with = command.get_arguments().filter_map(|argument| Some((argument, variable(argument)?)));
    with.filter(|(argument, _)| !["help", "version"].contains(&argument.get_id().as_str()))
}

/// Which arguments of `serve` the environment said, so that an error can name the variable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// Those of the arguments that are [beside](beside) a command line.
    pub(crate) fn of(beside: &[OsString]) -> Self {
        let long = |argument: &OsString| {
            let argument = argument.to_str()?;
            let long = argument.split('=').next().unwrap_or(argument);
            Some(long.trim_start_matches('-').to_owned())
        };
        Self(beside.iter().filter_map(long).collect())
    }

    /// What an argument was said by: its variable, or itself.
    pub(crate) fn name(&self, long: &str) -> String {
        self.variable(long).unwrap_or_else(|| format!("--{long}"))
    }

    /// What an error of an argument begins with that tells by itself what it is about: the variable, if it was one.
    pub(crate) fn lead(&self, long: &str) -> String {
        self.variable(long).map_or_else(String::new, |variable| format!("{variable}: "))
    }

    fn variable(&self, long: &str) -> Option<String> {
        self.0.iter().any(|said| said == long).then(|| called(long))
    }
}

fn called(long: &str) -> String {
    format!("{PREFIX}{}", long.replace('-', "_").to_uppercase())
}

/// The same command, whose help names the variables.
pub(crate) fn named(command: Command) -> Command {
    command.mut_args(|argument| {
        let Some(variable) = variable(&argument) else { return argument };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let long = argument.get_long_help().map(|long| format!("{long} [{variable}]"));
        let argument = argument.help(format!("{help} [{variable}]"));
        match long {
            Some(long) => argument.long_help(long),
            None => argument,
        }
    })
}

/// The arguments that the environment says beside a command line: those that are not on it, and do not contradict it.
///
/// # Errors
/// A line for each variable that cannot be, with its name and without its value.
pub(crate) fn beside<C: CommandFactory + FromArgMatches>(
    line: &[OsString],
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<OsString>, String> {
    let command = C::command();
    // An empty one is as good as none: it is what `NAME=` in a list of variables comes to.
    let said = |name: &str, value: &OsStr| name.starts_with(PREFIX) && !value.is_empty();
    let said: Vec<(String, OsString)> = environment
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, value)| said(name, value))
        .collect();
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let known: Vec<(&Arg, String)> = arguments(&command).collect();
    let on_line = on(&command, line);
    let (mut arguments, mut wrong) = (Vec::new(), Vec::new());
    for (name, value) in &said {
        let Some((argument, _)) = known.iter().find(|(_, variable)| variable == name) else {
            wrong.extend(misspelt(name, &known));
            continue;
        };
        if on_line.iter().any(|other| contradict(&command, argument, other)) {
            continue;
        }
        match written(argument, value) {
            Ok(written) => match refused(&command, &written) {
                Some(why) => wrong.push(format!("{name}: {why}")),
                None => arguments.extend(written),
            },
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    if wrong.is_empty() { Ok(arguments) } else { Err(wrong.join("\n")) }
}

/// Whether an argument is the same as another, or one of both does not go together with the other.
fn contradict(command: &Command, argument: &Arg, other: &Arg) -> bool {
    let excludes = |one: &Arg, other: &Arg| {
        command.get_arg_conflicts_with(one).iter().any(|excluded| excluded.get_id() == other.get_id())
    };
    argument.get_id() == other.get_id() || excludes(argument, other) || excludes(other, argument)
}

/// The arguments that are on a command line.
fn on<'a>(command: &'a Command, line: &[OsString]) -> Vec<&'a Arg> {
    let read = command.clone().no_binary_name(true).ignore_errors(true).try_get_matches_from(line);
    let Ok(read) = read else { return Vec::new() };
    let there = |argument: &&Arg| {
        let id = argument.get_id().as_str();
        read.try_contains_id(id).is_ok() && read.value_source(id) == Some(ValueSource::CommandLine)
    };
    command.get_arguments().filter(there).collect()
}

/// What is said of a variable that is like one that there is. Others are none of ours: an orchestrator makes some up.
fn misspelt(name: &str, known: &[(&Arg, String)]) -> Option<String> {
    let short = |name: &str| name.strip_prefix(PREFIX).unwrap_or(name).to_owned();
    let names: Vec<String> = known.iter().map(|(_, variable)| short(variable)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let meant = nearest(&short(name), &names)?;
    Some(format!("{name}: there is no such variable; did you mean {PREFIX}{meant}?"))
}

/// A variable as arguments of a command line.
fn written(argument: &Arg, value: &OsStr) -> Result<Vec<OsString>, &'static str> {
    let long = argument.get_long().unwrap_or_default();
    let with = |value: &OsStr| {
        let mut written = OsString::from(format!("--{long}="));
        written.push(value);
        written
    };
    match argument.get_action() {
        ArgAction::SetTrue => match truth(value) {
            Some(true) => Ok(vec![format!("--{long}").into()]),
            Some(false) => Ok(Vec::new()),
            None => Err(TRUTH),
        },
        ArgAction::Append => {
            let text = value.to_str().ok_or("this is no text")?;
            Ok(text.split(',').map(|part| with(OsStr::new(part.trim()))).collect())
        }
        _ if argument.get_num_args().is_some_and(|many| many.min_values() == 0) => {
            let truth = truth(value).ok_or(TRUTH)?;
            Ok(vec![with(OsStr::new(if truth { "true" } else { "false" }))])
        }
        _ => Ok(vec![with(value)]),
    }
}

const TRUTH: &str = "this is neither true nor false; say true or false";

fn truth(value: &OsStr) -> Option<bool> {
    match value.to_str()?.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// Why a value cannot be, if it cannot. What it goes together with is seen later.
fn refused(command: &Command, written: &[OsString]) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    let error = command.clone().no_binary_name(true).try_get_matches_from(written).err()?;
    match error.kind() {
        ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidUtf8 => {}
        _ => return None,
    }
    let known = match error.get(ContextKind::ValidValue) {
        Some(ContextValue::Strings(known)) if !known.is_empty() => Some(format!("known are {}", known.join(", "))),
        _ => None,
    };
    let why = std::error::Error::source(&error).map(ToString::to_string).or(known);
    Some(why.unwrap_or_else(|| "this cannot be; see mock-idp serve --help".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::Alone;

    fn beside_line(line: &[&str], environment: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let line: Vec<OsString> = line.iter().map(OsString::from).collect();
        let environment = environment.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let arguments = beside::<Alone>(&line, environment)?;
        Ok(arguments.into_iter().map(|argument| argument.into_string().expect("text")).collect())
    }

    #[test]
    fn each_argument_has_a_variable() {
        let command = named(Alone::command());
        let help = command.clone().render_long_help().to_string();
        for (_, variable) in arguments(&command) {
            assert!(help.contains(&format!("[{variable}]")), "{variable}");
        }
        assert!(help.contains("[MOCK_IDP_CONTROL_TOKEN]") && arguments(&command).count() > 20);
    }

    #[test]
    fn a_variable_says_what_the_argument_would() {
        for (name, value, said) in [
            ("MOCK_IDP_LISTEN", "127.0.0.1:1", vec!["--listen=127.0.0.1:1"]),
            ("MOCK_IDP_VERBOSE", "yes", vec!["--verbose"]),
            ("MOCK_IDP_VERBOSE", "0", vec![]),
            ("MOCK_IDP_PLAIN", "1", vec!["--plain=true"]),
            ("MOCK_IDP_PLAIN", "off", vec!["--plain=false"]),
            ("MOCK_IDP_TLS_NAME", "a, b", vec!["--tls-name=a", "--tls-name=b"]),
            ("MOCK_IDP_LISTEN", "", vec![]),
            ("MOCK_IDP_PORT_8080_TCP", "tcp://10.0.0.1:8080", vec![]),
            ("LISTEN", "127.0.0.1:1", vec![]),
        ] {
            let beside = beside_line(&[], &[(name, value)]).expect(name);
            assert_eq!(beside, said, "{name}={value}");
        }
    }

    #[test]
    fn an_argument_is_named_as_it_was_said() {
        let origins = Origins::of(&["--issuer=x".into(), "--tls-name=a".into(), "--verbose".into()]);
        assert_eq!(
            (origins.name("issuer"), origins.lead("issuer")),
            ("MOCK_IDP_ISSUER".into(), "MOCK_IDP_ISSUER: ".into())
        );
        assert_eq!((origins.name("tls-name"), origins.name("trust")), ("MOCK_IDP_TLS_NAME".into(), "--trust".into()));
        assert_eq!(origins.lead("trust"), "");
    }

    #[test]
    fn the_command_line_comes_first() {
        let environment = [("MOCK_IDP_LISTEN", "127.0.0.1:1"), ("MOCK_IDP_CONTROL_TOKEN", "canary")];
        assert_eq!(beside_line(&["--listen", "127.0.0.1:2", "--no-control"], &environment), Ok(Vec::new()));
        let cert = ["--tls-cert", "a", "--tls-key", "b"];
        assert_eq!(beside_line(&cert, &[("MOCK_IDP_TLS", "true")]), Ok(Vec::new()));
    }

    #[test]
    fn what_cannot_be_is_told_with_the_name_of_the_variable_and_without_its_value() {
        for (name, says) in [
            ("MOCK_IDP_LISTEN", "this is no address to listen on; write "),
            ("MOCK_IDP_VERBOSE", "this is neither true nor false; say "),
            ("MOCK_IDP_PLAIN", "this is neither true nor false; say "),
            ("MOCK_IDP_PROFILE", "there is no such profile; known are strict, "),
            ("MOCK_IDP_ALG", "there is no such algorithm; known are RS256, "),
            ("MOCK_IDP_STORE", "this is no store; say "),
            ("MOCK_IDP_LOG", "known are human, json"),
            ("MOCK_IDP_CONTROL_TOKEN", "the token cannot be sent; write visible ASCII characters"),
            ("MOCK_IDP_LISTN", "there is no such variable; did you mean MOCK_IDP_LISTEN?"),
        ] {
            let error = beside_line(&[], &[(name, "canary 4711")]).expect_err(name);
            assert!(error.starts_with(&format!("{name}: {says}")), "{error}");
            assert!(!error.contains("canary") && !error.contains("4711"), "{error}");
        }
    }
}
