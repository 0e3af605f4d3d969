//! The built binary as an operator runs it: its own process, its environment, its output.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::Env;

const UP: &str = "chatkitd is up at ";
const OPERATORS: &str = "operators find metrics and health at ";

/// `chatkitd` in `folder`, with this environment and no other.
pub fn command(folder: &Path, env: &Env, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatkitd"));
    command.args(arguments).current_dir(folder).env_clear().envs(&env.0);
    command
}

/// Runs a command to its end.
pub fn run(folder: &Path, env: &Env, arguments: &[&str]) -> Done {
    Done::of(command(folder, env, arguments).stdin(Stdio::null()).output().unwrap())
}

/// Runs a command with this on its standard input.
pub fn run_with_input(folder: &Path, env: &Env, arguments: &[&str], input: &str) -> Done {
    let piped = command(folder, env, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = piped.unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Done::of(child.wait_with_output().unwrap())
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed, once it succeeded.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }
}

/// `chatkitd serve` as a process of its own.
pub struct Process {
    pub url: String,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Until it says that it is up.
    pub fn serve(folder: &Path, env: &Env) -> Self {
        let env = env.clone().set("CHATKITD_LISTEN", "127.0.0.1:0");
        Self::start(command(folder, &env, &["serve"]))
    }

    /// The same, deaf to a signal that would end it.
    pub fn serve_ignoring(folder: &Path, env: &Env, signal: &str) -> Self {
        let env = env.clone().set("CHATKITD_LISTEN", "127.0.0.1:0");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("trap '' {signal}; exec \"$0\" serve"), env!("CARGO_BIN_EXE_chatkitd")]);
        shell.current_dir(folder).env_clear().envs(&env.0);
        Self::start(shell)
    }

    fn start(mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let up = read(child.stderr.take().unwrap(), log.clone());
        let url = up.recv_timeout(Duration::from_secs(20));
        let url = url.unwrap_or_else(|_| panic!("it did not come up: {}", log.lock().unwrap()));
        Self { url, child, log }
    }

    /// Where operators look, once `CHATKITD_ADMIN_LISTEN` names any port.
    pub fn operators(&self) -> String {
        let log = self.log();
        let found = log.lines().find_map(|line| address_after(OPERATORS, line));
        found.unwrap_or_else(|| panic!("operators have no address: {log}"))
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let told = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(told.success());
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As `kill` does; returns the exit code.
    pub fn terminate(&mut self) -> i32 {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what the process says, and sends its address once it is up.
fn read(stderr: std::process::ChildStderr, log: Arc<Mutex<String>>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines() {
            let Ok(line) = line else { return };
            if let Some(url) = address_after(UP, &line) {
                // The test may have given up waiting.
                let _ = sender.send(url);
            }
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
    receiver
}

fn address_after(words: &str, line: &str) -> Option<String> {
    let (_, rest) = line.split_once(words)?;
    rest.split(['"', ' ']).next().map(str::to_owned)
}
