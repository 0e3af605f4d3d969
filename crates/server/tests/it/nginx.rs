//! Behind a real nginx: whose address is counted, and which pages are this server's own (design 4.5).

use std::process::{Child, Command, Stdio};

use reqwest::Client;
use tempfile::{TempDir, tempdir};

use crate::databases::free_port;
use crate::server::{Answer, Env, Node, SESSION, required, send};
use crate::wait::until;

struct Nginx {
    url: String,
    server: Child,
    _folder: TempDir,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // nginx is one process here (master_process off).
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Nginx {
    /// Passes everything on to `node`, with `X-Forwarded-For` as nginx's own documentation sets it.
    async fn before(node: &Node) -> Self {
        Self::with(node, "proxy_set_header Host $host;").await
    }

    /// With these words about the host. Without any, nginx writes where it passes requests on to.
    async fn with(node: &Node, host: &str) -> Self {
        // A free port cannot be reserved, only tried.
        for _ in 0..20 {
            if let Some(nginx) = Self::try_start(node, host).await {
                return nginx;
            }
        }
        panic!("no nginx starts");
    }

    async fn try_start(node: &Node, host: &str) -> Option<Self> {
        let folder = tempdir().unwrap();
        let port = free_port().await;
        let root = folder.path().display();
        let configuration = format!(
            "daemon off; master_process off; pid {root}/pid; error_log stderr;
             events {{ }}
             http {{
                 access_log off;
                 client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
                 fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
                 server {{
                     listen 127.0.0.1:{port};
                     location = /nginx {{ return 204; }}
                     location / {{
                         proxy_pass {};
                         {host}
                         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
                     }}
                 }}
             }}",
            node.url
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let server = Command::new(required("CHATKITD_TEST_NGINX_BIN"))
            .args(["-p", folder.path().to_str().unwrap(), "-c", file.to_str().unwrap()])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self { url: format!("http://127.0.0.1:{port}"), server, _folder: folder };
        let mut has_ended = false;
        until("nginx answers or has ended", async || {
            has_ended = nginx.server.try_wait().unwrap().is_some();
            // Whoever answers at the port may be another server.
            let answer = Client::new().get(format!("{}/nginx", nginx.url)).send().await;
            has_ended || answer.is_ok_and(|answer| answer.status() == 204)
        })
        .await;
        (!has_ended).then_some(nginx)
    }

    /// Whether a page of nginx's own address, which has the cookie of a session, may look at the session.
    async fn vouches_for_its_page(&self, fetch_site: Option<&str>) -> bool {
        let made = send(Client::new().post(format!("{}{SESSION}", self.url))).await;
        let cookie = made.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let path = format!("{SESSION}/{}/validate", made.text("session_id"));
        let mut page = Client::new().get(format!("{}{path}", self.url)).header("cookie", cookie);
        if let Some(site) = fetch_site {
            page = page.header("sec-fetch-site", site);
        }
        let answer = send(page.header("origin", &self.url)).await;
        assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        answer.status == 200
    }

    /// A creation by the visitor at `address`. The nginx in between adds its own peer, which is loopback;
    /// `address` stands for what an outer proxy, trusted as well, has put there.
    async fn create_from(&self, address: &str) -> Answer {
        let request = Client::new().post(format!("{}{SESSION}", self.url));
        send(request.header("x-forwarded-for", address)).await
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_is_counted_by_himself() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder)
        .unset("CHATKITD_LIMIT_ANONYMOUS")
        .set("CHATKITD_TRUSTED_PROXIES", "127.0.0.1/32");
    let node = Node::start(&env).await;
    let nginx = Nginx::before(&node).await;
    for left in (0..5).rev() {
        let answer = nginx.create_from("203.0.113.7").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["x-ratelimit-remaining"], left.to_string());
    }
    nginx.create_from("203.0.113.7").await.assert_error(429, "rate_limited");
    // What a visitor puts in front of his own address is not believed.
    nginx.create_from("198.51.100.1, 203.0.113.7").await.assert_error(429, "rate_limited");
    assert_eq!(nginx.create_from("203.0.113.8").await.status, 200);
    // The whole /64 is one visitor.
    for host in 1..=5 {
        assert_eq!(nginx.create_from(&format!("2001:db8:0:1::{host}")).await.status, 200);
    }
    nginx.create_from("2001:db8:0:1::ffff").await.assert_error(429, "rate_limited");
    assert_eq!(nginx.create_from("2001:db8:0:2::1").await.status, 200);
}

#[tokio::test]
async fn behind_a_proxy_that_is_not_trusted_the_proxy_is_counted() {
    let folder = tempdir().unwrap();
    let node = Node::start(&Env::sqlite(&folder).unset("CHATKITD_LIMIT_ANONYMOUS")).await;
    let nginx = Nginx::before(&node).await;
    for visitor in 1..=5 {
        assert_eq!(nginx.create_from(&format!("203.0.113.{visitor}")).await.status, 200);
    }
    nginx.create_from("203.0.113.99").await.assert_error(429, "rate_limited");
}

#[tokio::test]
async fn a_page_of_its_own_is_known_by_the_browsers_word_or_by_the_host_that_nginx_forwards() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKITD_TRUSTED_PROXIES", "127.0.0.1/32");
    let node = Node::start(&env).await;
    let forwarded = "proxy_set_header X-Forwarded-Host $http_host;";
    for (host, known) in [
        ("", false),
        // Without the port, which is not 80 here.
        ("proxy_set_header Host $host;", false),
        ("proxy_set_header Host $http_host;", true),
        (forwarded, true),
    ] {
        let nginx = Nginx::with(&node, host).await;
        assert_eq!(nginx.vouches_for_its_page(None).await, known, "{host:?}");
        assert!(nginx.vouches_for_its_page(Some("same-origin")).await, "{host:?}");
        assert!(!nginx.vouches_for_its_page(Some("cross-site")).await, "{host:?}");
    }
    let elsewhere = tempdir().unwrap();
    let trusts_nobody = Node::start(&Env::sqlite(&elsewhere)).await;
    assert!(!Nginx::with(&trusts_nobody, forwarded).await.vouches_for_its_page(None).await);
}
