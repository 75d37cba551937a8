//! Databases of a test's own: started for it on a free port, ended with it.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Servers take a second or two; only a loaded machine takes more.
const PATIENCE: Duration = Duration::from_secs(60);

/// PostgreSQL refuses to be root; `nobody` owns nothing else.
const NOBODY: u32 = 65_534;

pub struct Server {
    child: Child,
    pub port: u16,
    _folder: TempDir,
}

/// The first of these programs that is installed. With CI=true it must be; elsewhere the test has
/// nothing to test without it, and says so.
fn program(names: &[&str], package: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let further = versions.map(|version| version.path().join("bin"));
    let folders: Vec<PathBuf> = path
        .split(':')
        .map(PathBuf::from)
        .chain(further)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .collect();
    let mut all = folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name)));
    let found = all.find(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{package} is not installed");
        eprintln!("not tested: {package} is not installed");
    }
    found
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What it says is shown where a test fails.
fn quietly(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null())
}

/// Whether we are root, who then owns what we make.
fn is_root() -> bool {
    tempfile::tempfile().unwrap().metadata().unwrap().uid() == 0
}

/// As nobody where we are root.
fn as_nobody<'c>(command: &'c mut Command, folder: &Path) -> &'c mut Command {
    if is_root() {
        std::os::unix::fs::chown(folder, Some(NOBODY), Some(NOBODY)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir(folder)
}

impl Server {
    /// A PostgreSQL with the superuser `shop`, who needs no password.
    pub fn postgres() -> Option<Self> {
        let (initdb, postgres) =
            (program(&["initdb"], "postgresql")?, program(&["postgres"], "postgresql")?);
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut init = Command::new(initdb);
        init.args(["-U", "shop", "-A", "trust", "-E", "UTF8", "--no-sync", "-D"]).arg(&data);
        assert!(quietly(as_nobody(&mut init, folder.path())).status().unwrap().success());
        let port = free_port();
        let mut serve = Command::new(postgres);
        serve.arg("-D").arg(&data).args(["-F", "-h", "127.0.0.1", "-p", &port.to_string(), "-k"]);
        serve.arg(folder.path());
        let child = quietly(as_nobody(&mut serve, folder.path())).spawn().unwrap();
        Some(Self { child, port, _folder: folder })
    }

    /// A MariaDB whose `root` needs no password, with the database `shop`.
    pub fn mariadb() -> Option<Self> {
        let package = "mariadb-server";
        let install = program(&["mariadb-install-db", "mysql_install_db"], package)?;
        let mariadbd = program(&["mariadbd", "mysqld"], package)?;
        let folder = tempfile::tempdir().unwrap();
        let data = format!("--datadir={}", folder.path().join("data").display());
        let user: &[&str] = if is_root() { &["--user=root"] } else { &[] };
        let mut init = Command::new(install);
        init.args(["--no-defaults", &data, "--auth-root-authentication-method=normal"]).args(user);
        assert!(quietly(&mut init).status().unwrap().success());
        let port = free_port();
        let mut serve = Command::new(mariadbd);
        let first = folder.path().join("init.sql");
        std::fs::write(&first, "create database shop;\n").unwrap();
        serve.args(["--no-defaults", &data, "--bind-address=127.0.0.1"]).args(user);
        serve.arg(format!("--port={port}"));
        serve.arg(format!("--socket={}", folder.path().join("socket").display()));
        serve.arg(format!("--pid-file={}", folder.path().join("pid").display()));
        serve.arg(format!("--init-file={}", first.display()));
        let child = quietly(&mut serve).spawn().unwrap();
        Some(Self { child, port, _folder: folder })
    }

    /// Waits until it takes connections and `ready` says that it works.
    pub async fn until(&mut self, mut ready: impl AsyncFnMut() -> Result<(), String>) {
        let deadline = Instant::now() + PATIENCE;
        while let Err(why) = ready().await {
            assert!(self.child.try_wait().unwrap().is_none(), "the server has ended: {why}");
            assert!(Instant::now() < deadline, "{why}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both take this as the wish to end at once, and in order; both have children.
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        let _ = kill(pid, Signal::SIGQUIT);
        let _ = kill(pid, Signal::SIGTERM);
        let _ = self.child.wait();
    }
}
