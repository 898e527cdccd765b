//! A Hub on this machine: one repository at one revision or several, its large files on a second server as on the real one, and the faults that a
//! test asks for.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest, Sha256};

pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
pub const REPOSITORY: &str = "owner/tiny";

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: HashMap<String, String>,
}

impl Request {
    /// The first byte that is asked for.
    fn from(&self) -> Option<usize> {
        self.headers.get("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Bytes of the body after which the connection is cut.
    pub cut: Option<usize>,
    /// After which it is silent instead.
    pub hang: Option<usize>,
}

impl Reply {
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: None, hang: None }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// Answers in place of the repository, or changes its answer; gets how often the same was asked before.
pub type Fault = Box<dyn Fn(&Request, usize, Reply) -> Reply + Send + Sync>;

pub struct Server {
    pub endpoint: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    fn start(answer: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Mutex::new(Vec::<Request>::new()));
        let (log, answer) = (seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (log, answer) = (log.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &log, &*answer));
            }
        });
        Self { endpoint, seen }
    }

    /// What was asked, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("the log").clone()
    }

    /// How often `method` was asked for a path with that end.
    pub fn count(&self, method: &str, end: &str) -> usize {
        self.requests().iter().filter(|request| request.method == method && request.path.ends_with(end)).count()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request, usize) -> Reply) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = HashMap::new();
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let request = Request { method, path, headers };
    let earlier = {
        let mut log = log.lock().ok()?;
        let same = |one: &&Request| one.method == request.method && one.path == request.path;
        let earlier = log.iter().filter(same).count();
        log.push(request.clone());
        earlier
    };
    let reply = answer(&request, earlier);
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {} X\r\nConnection: close\r\n", reply.status).ok()?;
    if !reply.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
        write!(stream, "Content-Length: {}\r\n", reply.body.len()).ok()?;
    }
    for (name, value) in &reply.headers {
        write!(stream, "{name}: {value}\r\n").ok()?;
    }
    stream.write_all(b"\r\n").ok()?;
    if request.method != "HEAD" {
        let end = reply.cut.or(reply.hang).unwrap_or(reply.body.len()).min(reply.body.len());
        stream.write_all(&reply.body[..end]).ok()?;
        if reply.hang.is_some() {
            std::thread::sleep(Duration::from_secs(20));
        }
    }
    stream.shutdown(Shutdown::Both).ok()
}

/// The Hub and the server with its large files.
pub struct TestHub {
    pub hub: Server,
    pub cdn: Server,
}

/// What the Hub has.
struct Repository {
    name: String,
    snapshots: Vec<Snapshot>,
}

/// The files at a commit, and what its revisions are called.
struct Snapshot {
    revisions: Vec<String>,
    commit: String,
    files: Vec<(String, Vec<u8>)>,
}

/// Files by their names.
type Files<'a> = Vec<(&'a str, Vec<u8>)>;

impl TestHub {
    /// A repository that has other files at each revision.
    pub fn with_revisions(repository: &str, revisions: Vec<(String, Files)>) -> Self {
        let snapshot = |(at, (revision, files)): (usize, (String, Files))| Snapshot {
            revisions: vec![revision],
            commit: format!("{at:040x}"),
            files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect(),
        };
        let snapshots = revisions.into_iter().enumerate().map(snapshot).collect();
        let untouched = || -> Fault { Box::new(|_, _, reply| reply) };
        Self::of(Repository { name: repository.to_owned(), snapshots }, untouched(), untouched())
    }

    /// A repository of these files that works as it should.
    pub fn new(files: &[(&str, Vec<u8>)]) -> Self {
        let untouched = || -> Fault { Box::new(|_, _, reply| reply) };
        Self::with_faults(files, untouched(), untouched())
    }

    pub fn with_faults(files: &[(&str, Vec<u8>)], on_hub: Fault, on_cdn: Fault) -> Self {
        let snapshot = Snapshot {
            revisions: ["main", "v1.0", "refs%2Fpr%2F1", COMMIT].map(str::to_owned).to_vec(),
            commit: COMMIT.to_owned(),
            files: files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect(),
        };
        Self::of(Repository { name: REPOSITORY.to_owned(), snapshots: vec![snapshot] }, on_hub, on_cdn)
    }

    fn of(repository: Repository, on_hub: Fault, on_cdn: Fault) -> Self {
        let repository = Arc::new(repository);
        let large = repository.clone();
        let cdn = Server::start(move |request, earlier| {
            let mut files = large.snapshots.iter().flat_map(|snapshot| &snapshot.files);
            let file = files.find(|(_, bytes)| request.path == format!("/cdn/{}?signed=1", sha256(bytes)));
            on_cdn(request, earlier, file.map_or(Reply::new(404), |(_, bytes)| ranged(request, bytes)))
        });
        let place = cdn.endpoint.clone();
        let hub = Server::start(move |request, earlier| on_hub(request, earlier, as_hub(request, &repository, &place)));
        Self { hub, cdn }
    }
}

/// What the Hub answers.
fn as_hub(request: &Request, Repository { name: repository, snapshots }: &Repository, cdn: &str) -> Reply {
    let missing = |code: &str| Reply::new(404).header("X-Error-Code", code);
    if let Some(revision) = request.path.strip_prefix(&format!("/api/models/{repository}/revision/")) {
        let is_it = |snapshot: &&Snapshot| snapshot.revisions.iter().any(|known| known == revision);
        let Some(Snapshot { commit, files, .. }) = snapshots.iter().find(is_it) else {
            return missing("RevisionNotFound");
        };
        let siblings: Vec<_> = files.iter().map(|(name, _)| serde_json::json!({"rfilename": name})).collect();
        let info = serde_json::json!({"id": repository, "sha": commit, "siblings": siblings});
        return Reply::new(200).body(info.to_string());
    }
    // Small files are behind a redirect on the same server.
    let at = |commit: &str| [format!("/{repository}/resolve/{commit}/"), format!("/cached/{repository}/{commit}/")];
    let found = snapshots.iter().find_map(|Snapshot { commit, files, .. }| {
        let [direct, cached] = at(commit);
        let name = request.path.strip_prefix(&direct).or_else(|| request.path.strip_prefix(&cached))?;
        Some((name, files, commit, cached))
    });
    let Some((name, files, commit, cached)) = found else {
        return Reply::new(401).header("X-Error-Code", "RepoNotFound");
    };
    let is_cached = request.path.starts_with(&cached);
    let Some((name, bytes)) = files.iter().find(|(file, _)| file == name) else { return missing("EntryNotFound") };
    let is_large = name.ends_with(".safetensors") || name.ends_with(".gguf");
    if is_large {
        let digest = sha256(bytes);
        return Reply::new(302)
            .header("X-Linked-Etag", format!("\"{digest}\""))
            .header("X-Linked-Size", bytes.len().to_string())
            .header("X-Repo-Commit", commit.as_str())
            .header("Location", format!("{cdn}/cdn/{digest}?signed=1"));
    }
    if !is_cached {
        return Reply::new(307).header("Location", format!("{cached}{name}"));
    }
    ranged(request, bytes).header("ETag", format!("\"{}\"", &sha256(bytes)[..40]))
}

fn ranged(request: &Request, bytes: &[u8]) -> Reply {
    match request.from() {
        None => Reply::new(200).body(bytes),
        Some(from) if from >= bytes.len() => Reply::new(416),
        Some(from) => {
            let range = format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len());
            Reply::new(206).header("Content-Range", range).body(&bytes[from..])
        }
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
