//! The SIP servers and phones of the tests: started here, ended with the test.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// How long a program may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where the programs are.
pub(crate) struct Programs {
    kamailio: PathBuf,
    sipp: PathBuf,
}

/// The programs, where all of them are installed.
pub(crate) fn programs() -> Option<Programs> {
    let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let find = |name: &str| {
        let all = places.iter().map(|place| Path::new(place).join(name));
        all.into_iter().find(|path| path.is_file())
    };
    Some(Programs {
        kamailio: find("kamailio")?,
        sipp: find("sipp")?,
    })
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Asked, not killed: kamailio then takes its own processes along.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _gone = self.0.kill();
        }
        let _gone = self.0.wait();
    }
}

/// The ports of one SIP server.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) open: u16,
    pub(crate) tls: u16,
    pub(crate) asks_407: u16,
    pub(crate) asks_401: u16,
    pub(crate) deny: u16,
}

/// The ports of the phones.
#[derive(Clone, Copy)]
pub(crate) struct Phones {
    pub(crate) willing: u16,
    pub(crate) bad_event: u16,
    pub(crate) no_dialog: u16,
    pub(crate) silent: u16,
    pub(crate) trusting: u16,
    pub(crate) lossy: u16,
    pub(crate) over_tcp: u16,
}

/// Everything that runs.
pub(crate) struct Peers {
    pub(crate) md5: Server,
    pub(crate) sha256: Server,
    pub(crate) phones: Phones,
    pub(crate) ca_pem: String,
    _running: Vec<Running>,
    dir: TempDir,
}

impl Peers {
    /// Starts two SIP servers and the phones, and registers the phones with both.
    pub(crate) fn start(programs: &Programs) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let ca_pem = certificates(dir.path());
        let mut free = free_ports(17).into_iter();
        let mut next = || free.next().expect("a port");
        let mut server = || Server {
            open: next(),
            tls: next(),
            asks_407: next(),
            asks_401: next(),
            deny: next(),
        };
        let (md5, sha256) = (server(), server());
        let phones = Phones {
            willing: next(),
            bad_event: next(),
            no_dialog: next(),
            silent: next(),
            trusting: next(),
            lossy: next(),
            over_tcp: next(),
        };
        let start = Start {
            programs,
            dir: dir.path(),
        };
        let mut running = vec![start.server(md5, "MD5"), start.server(sha256, "SHA-256")];
        running.extend(start.phones(phones, md5));
        for server in [md5, sha256] {
            register_all(server, phones);
        }
        Self {
            md5,
            sha256,
            phones,
            ca_pem,
            _running: running,
            dir,
        }
    }

    /// Where everything of this run lies.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Registers the willing phone under many addresses: `u0`, `u1`, …
    pub(crate) fn register_many(&self, start: &str, count: usize) {
        for number in 0..count {
            let user = format!("{start}{number}");
            register(self.md5, &user, self.phones.willing, "udp");
        }
    }

    /// Sends to `addresses.csv` of the folder by sipp, through the SIP server.
    pub(crate) fn sender(&self, programs: &Programs, count: usize, rate: u16) -> Child {
        let start = Start {
            programs,
            dir: self.dir(),
        };
        let (scenario, log) = (
            start.filled("sender.xml", self.md5, ""),
            start.log("sender"),
        );
        let sipp = Command::new(&programs.sipp)
            .arg("-sf")
            .arg(scenario)
            .args(["-inf", "addresses.csv", "-i", "127.0.0.1", "-nostdin"])
            .args(["-m", &count.to_string(), "-r", &rate.to_string()])
            .args(["-l", "1024", "-deadcall_wait", "0"])
            .arg(format!("127.0.0.1:{}", self.md5.open))
            .current_dir(self.dir())
            .stdin(Stdio::null())
            .stdout(log.0)
            .stderr(log.1)
            .spawn();
        sipp.expect("sipp")
    }
}

struct Start<'a> {
    programs: &'a Programs,
    dir: &'a Path,
}

impl Start<'_> {
    fn server(&self, server: Server, algorithm: &str) -> Running {
        let config = self.filled("proxy.cfg", server, algorithm);
        let run = self.dir.join(format!("run-{algorithm}"));
        fs::create_dir(&run).expect("a folder");
        let log = self.log(&format!("kamailio-{algorithm}"));
        let child = Command::new(&self.programs.kamailio)
            .args(["-DD", "-E", "-m", "64", "-M", "8", "-f"])
            .arg(config)
            .arg("-Y")
            .arg(&run)
            .stdin(Stdio::null())
            .stdout(log.0)
            .stderr(log.1)
            .spawn();
        let running = Running(child.expect("kamailio"));
        let options = "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP @LOCAL@;branch=z9hG4bKready;rport\r\n\
             Max-Forwards: 5\r\nFrom: <sip:test@pbx.test>;tag=1\r\nTo: <sip:127.0.0.1>\r\n\
             Call-ID: ready\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
        wait_until("kamailio answers", || ask(server.open, options));
        running
    }

    fn phones(&self, phones: Phones, trusted: Server) -> Vec<Running> {
        let of = [
            ("phone-200.xml", phones.willing, "u1"),
            ("phone-489.xml", phones.bad_event, "u1"),
            ("phone-481.xml", phones.no_dialog, "u1"),
            ("phone-silent.xml", phones.silent, "u1"),
            ("phone-trust.xml", phones.trusting, "u1"),
            ("phone-lossy.xml", phones.lossy, "u1"),
            ("phone-200.xml", phones.over_tcp, "t1"),
        ];
        of.map(|(scenario, port, transport)| self.phone(scenario, port, transport, trusted))
            .into()
    }

    fn phone(&self, scenario: &str, port: u16, transport: &str, trusted: Server) -> Running {
        let scenario = self.filled(scenario, trusted, "");
        let log = self.log(&format!("sipp-{port}"));
        let child = Command::new(&self.programs.sipp)
            .arg("-sf")
            .arg(scenario)
            .args(["-i", "127.0.0.1", "-p", &port.to_string(), "-t", transport])
            .args(["-nostdin", "-deadcall_wait", "0"])
            .current_dir(self.dir)
            .stdin(Stdio::null())
            .stdout(log.0)
            .stderr(log.1)
            .spawn();
        let running = Running(child.expect("sipp"));
        wait_until("sipp listens", || match transport {
            "t1" => listens("/proc/net/tcp", port),
            _ => listens("/proc/net/udp", port),
        });
        running
    }

    /// A file of `tests/sip` with its gaps filled, in the test's own folder.
    fn filled(&self, name: &str, server: Server, algorithm: &str) -> PathBuf {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../../tests/sip")
            .join(name);
        let mut text = fs::read_to_string(source).expect("a file of the tests");
        for (gap, value) in [
            ("@OPEN@", server.open.to_string()),
            ("@TLS@", server.tls.to_string()),
            ("@PROXY_AUTH@", server.asks_407.to_string()),
            ("@SERVER_AUTH@", server.asks_401.to_string()),
            ("@DENY@", server.deny.to_string()),
            ("@ALGORITHM@", algorithm.to_owned()),
            ("@DIR@", self.dir.display().to_string()),
        ] {
            text = text.replace(gap, &value);
        }
        let path = self.dir.join(format!("{algorithm}{name}"));
        fs::write(&path, text).expect("a file");
        path
    }

    fn log(&self, name: &str) -> (File, File) {
        let file = File::create(self.dir.join(format!("{name}.log"))).expect("a log");
        (file.try_clone().expect("a log"), file)
    }
}

/// Ports that were free a moment ago, for UDP and TCP.
fn free_ports(count: usize) -> Vec<u16> {
    let mut held = Vec::new();
    while held.len() < count {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("an address").port();
        if let Ok(udp) = UdpSocket::bind(("127.0.0.1", port)) {
            held.push((tcp, udp, port));
        }
    }
    held.iter().map(|(_, _, port)| *port).collect()
}

/// Whether somebody has a port of 127.0.0.1, as the kernel lists it. To try the port would take
/// it away from the one who is about to.
fn listens(table: &str, port: u16) -> bool {
    let local = format!(" 0100007F:{port:04X} ");
    let table = fs::read_to_string(table).expect("the kernel's list");
    table.contains(&local)
}

/// Asks again and again: a foreign program gives no sign when it is ready.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + READY_WITHIN;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within {READY_WITHIN:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a server answers a request with 200.
fn ask(port: u16, request: &str) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let local: SocketAddr = socket.local_addr().expect("an address");
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    socket.connect(server).expect("a destination");
    let patience = Some(Duration::from_millis(200));
    socket.set_read_timeout(patience).expect("a timeout");
    let request = request.replace("@LOCAL@", &local.to_string());
    let mut answer = [0; 2048];
    socket.send(request.as_bytes()).is_ok()
        && socket
            .recv(&mut answer)
            .is_ok_and(|length| answer[..length].starts_with(b"SIP/2.0 200"))
}

fn register_all(server: Server, phones: Phones) {
    for (user, port, transport) in [
        ("willing", phones.willing, "udp"),
        ("bad-event", phones.bad_event, "udp"),
        ("no-dialog", phones.no_dialog, "udp"),
        ("silent", phones.silent, "udp"),
        ("trusting", phones.trusting, "udp"),
        ("over-tcp", phones.over_tcp, "tcp"),
        ("fork", phones.willing, "udp"),
        ("fork", phones.bad_event, "udp"),
    ] {
        register(server, user, port, transport);
    }
}

fn register(server: Server, user: &str, port: u16, transport: &str) {
    let register = format!(
        "REGISTER sip:pbx.test SIP/2.0\r\n\
         Via: SIP/2.0/UDP @LOCAL@;branch=z9hG4bK{user}{port};rport\r\nMax-Forwards: 5\r\n\
         From: <sip:{user}@pbx.test>;tag={port}\r\nTo: <sip:{user}@pbx.test>\r\n\
         Call-ID: {user}-{port}\r\nCSeq: 1 REGISTER\r\n\
         Contact: <sip:{user}@127.0.0.1:{port};transport={transport}>\r\n\
         Expires: 3600\r\nContent-Length: 0\r\n\r\n"
    );
    wait_until(user, || ask(server.open, &register));
}

/// An authority, and a server's key and certificate for `pbx.test`; answers the authority.
fn certificates(dir: &Path) -> String {
    let valid = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
    };
    let mut authority = CertificateParams::new(Vec::new()).expect("parameters");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    valid(&mut authority);
    let key = KeyPair::generate().expect("a key");
    let authority = CertifiedIssuer::self_signed(authority, key).expect("an authority");
    let mut server = CertificateParams::new(vec!["pbx.test".to_owned()]).expect("parameters");
    valid(&mut server);
    let key = KeyPair::generate().expect("a key");
    let certificate = server.signed_by(&key, &authority).expect("a certificate");
    fs::write(dir.join("server.key"), key.serialize_pem()).expect("a file");
    fs::write(dir.join("server.pem"), certificate.pem()).expect("a file");
    authority.pem()
}
