//! Checkpoints in an S3-compatible bucket, made by several processes. The server is Python's `moto`;
//! where there is none the test says so.

use crate::common::{Shop, json, vectors};
use fpvm_e2e::{Tool, skip};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The server's program: of the path, or where `.ci/run` puts it.
fn program() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/moto/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([own]);
    folders
        .map(|folder| folder.join("moto_server"))
        .find(|program| program.is_file())
}

/// A server with one bucket, `jobs`.
struct Bucket {
    child: Child,
    endpoint: String,
}

impl Bucket {
    fn start(program: &Path) -> Self {
        // A port that was free a moment ago.
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = free.local_addr().unwrap();
        drop(free);
        let port = at.port().to_string();
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let bucket = Self {
            child,
            endpoint: format!("http://{at}"),
        };
        let start = Instant::now();
        let request = format!(
            "PUT /jobs HTTP/1.1\r\nHost: {at}\r\nContent-Length: 0\r\n\
                               Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request\r\n\
                               Connection: close\r\n\r\n"
        );
        loop {
            let mut answer = String::new();
            let asked = TcpStream::connect(at).and_then(|mut stream| {
                stream.write_all(request.as_bytes())?;
                stream.read_to_string(&mut answer)
            });
            if asked.is_ok() && answer.contains(" 200 ") {
                return bucket;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no bucket: {answer}"
            );
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn environment(&self) -> [(&str, &str); 4] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "x"),
            ("AWS_SECRET_ACCESS_KEY", "y"),
        ]
    }

    fn run(&self, shop: &Shop, line: &str) -> crate::common::Done {
        let mut command = shop.command();
        command
            .args(line.split_whitespace())
            .envs(self.environment());
        command.output().unwrap().into()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn processes_that_share_a_bucket_make_one_list() {
    let Some(program) = program() else {
        skip(
            Tool::Moto,
            "moto_server is not installed (pip install 'moto[server]'), so no bucket",
        );
        return;
    };
    let shop = Shop::new();
    shop.bring(&vectors("guests/hello.go122.mips"));
    let make = "checkpoints make hello.go122.mips --every 30000 --until 300000 --states";
    shop.run(&format!("{make} --out folder")).ok();
    let bucket = Bucket::start(&program);

    let parts: Vec<Child> = (0..4)
        .map(|part| {
            let mut process = shop.process();
            process
                .args(make.split_whitespace())
                .envs(bucket.environment());
            let shard = format!("{part}/4");
            process.args(["--out", "s3://jobs/a/run", "--shard", &shard]);
            process.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut part in parts {
        assert!(part.wait().unwrap().success());
    }
    let merged = bucket.run(&shop, "checkpoints merge s3://jobs/a/run").ok();
    assert!(
        merged.starts_with("11 checkpoints, the last at step 300000"),
        "{merged}"
    );
    let verify = bucket.run(
        &shop,
        "checkpoints verify s3://jobs/a/run/ hello.go122.mips",
    );
    assert_eq!(verify.ok(), "11 entries are right\n");
    let prove = bucket
        .run(&shop, "checkpoints prove s3://jobs/a/run 3")
        .ok();
    assert_eq!(prove, shop.run("checkpoints prove folder 3").ok());
    let late = "prove hello.go122.mips --step 200001 --checkpoints";
    let late = bucket.run(&shop, &format!("{late} s3://jobs/a/run")).ok();
    assert_eq!(late, shop.run("prove hello.go122.mips --step 200001").ok());

    // From the bucket to a folder; the list is the same.
    bucket
        .run(&shop, "checkpoints merge copy s3://jobs/a/run")
        .ok();
    assert_eq!(
        json(shop.read("copy/manifest.json")),
        json(shop.read("folder/manifest.json"))
    );
    let late = shop
        .run("state-root hello.go122.mips --step 200001 --checkpoints copy")
        .ok();
    assert_eq!(
        late,
        shop.run("state-root hello.go122.mips --step 200001").ok()
    );

    // A place where nothing is, a bucket that does not exist, a server that does not.
    let prove = "checkpoints prove";
    let absent = bucket.run(&shop, &format!("{prove} s3://jobs/b 0"));
    absent.fails(1, "manifest s3://jobs/b/manifest.json: there is none");
    bucket
        .run(&shop, &format!("{make} --out s3://none/a"))
        .fails(1, "s3://none/a");
    drop(bucket);
}
