//! TLS to what the server talks to, under an authority that only `SSL_CERT_FILE` names.

use std::path::Path;
use std::process::Child;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Client;
use tempfile::{TempDir, tempdir};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::binary::Process;
use crate::chat::Chat;
use crate::databases::{free_port, postgres, try_redis};
use crate::server::{Env, SESSION};
use crate::upstream_standin::UpstreamStandin;
use crate::wait::until;

/// A folder with the authority's certificate, and one of `localhost` under it with its key.
struct Authority(TempDir);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let folder = tempdir().unwrap();
        let write = |name: &str, pem: String| std::fs::write(folder.path().join(name), pem).unwrap();
        write("authority.pem", authority.pem());
        write("certificate.pem", certificate.pem());
        write("key.pem", key.serialize_pem());
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn acceptor(&self) -> TlsAcceptor {
        let certificate = CertificateDer::from_pem_file(self.path("certificate.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.path("key.pem")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A port of `localhost` that speaks TLS and hands on to `address` what it is told.
    async fn in_front_of(&self, address: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = self.acceptor();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (acceptor, address) = (acceptor.clone(), address.clone());
                tokio::spawn(async move {
                    // A client that does not trust the authority breaks off.
                    let Ok(mut inside) = acceptor.accept(connection).await else { return };
                    let mut outside = TcpStream::connect(address).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut inside, &mut outside).await;
                });
            }
        });
        port
    }
}

/// A Redis that speaks TLS only.
struct TlsRedis {
    url: String,
    server: Child,
    _folder: TempDir,
}

impl TlsRedis {
    async fn start(authority: &Authority) -> Self {
        // A free port cannot be reserved, only tried.
        for _ in 0..20 {
            if let Some(redis) = Self::try_start(authority, free_port().await) {
                return redis;
            }
        }
        panic!("no Redis starts");
    }

    fn try_start(authority: &Authority, port: u16) -> Option<Self> {
        let folder = tempdir().unwrap();
        let arguments = [
            ["--port", "0"],
            ["--tls-port", &port.to_string()],
            ["--tls-cert-file", &authority.path("certificate.pem")],
            ["--tls-key-file", &authority.path("key.pem")],
            ["--tls-ca-cert-file", &authority.path("authority.pem")],
            ["--tls-auth-clients", "no"],
        ];
        let server = try_redis(folder.path(), arguments.as_flattened())?;
        Some(Self { url: format!("rediss://localhost:{port}"), server, _folder: folder })
    }
}

impl Drop for TlsRedis {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

async fn status_of_a_session(node: &Process) -> u16 {
    Client::new().post(format!("{}{SESSION}", node.url)).send().await.unwrap().status().as_u16()
}

fn serve(folder: &Path, env: &Env, authority: &Authority) -> Process {
    Process::serve(folder, &env.clone().set("SSL_CERT_FILE", authority.path("authority.pem")))
}

#[tokio::test]
async fn an_upstream_is_trusted_under_the_authority_that_is_named_and_no_other() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let (authority, stranger) = (Authority::new(), Authority::new());
    let plain = standin.base.strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap();
    let port = authority.in_front_of(plain.to_owned()).await;
    let env = Env::sqlite(&folder).hosted(&format!("https://localhost:{port}/v1"));

    let node = serve(folder.path(), &env, &stranger);
    assert_eq!(status_of_a_session(&node).await, 502);
    assert_eq!(standin.creates(), 0, "no key goes to whoever is not trusted");
    until("the log says why", async || node.log().contains("invalid peer certificate")).await;
    drop(node);

    let node = serve(folder.path(), &env, &authority);
    assert_eq!(status_of_a_session(&node).await, 200);
    assert_eq!(standin.creates(), 1);
}

#[tokio::test]
async fn redis_counts_over_tls() {
    let (folder, authority, stranger) = (tempdir().unwrap(), Authority::new(), Authority::new());
    let redis = TlsRedis::start(&authority).await;
    let env = Env::sqlite(&folder)
        .set("CHATKITD_REDIS_URL", &redis.url)
        .set("CHATKITD_LIMITER", "redis")
        .set("CHATKITD_LIMITER_ON_FAILURE", "closed")
        .set("CHATKITD_LIMIT_ANONYMOUS", "2");
    let node = serve(folder.path(), &env, &authority);
    for expected in [200, 200, 429] {
        assert_eq!(status_of_a_session(&node).await, expected, "{}", node.log());
    }
    drop(node);
    let node = serve(folder.path(), &env, &stranger);
    assert_eq!(status_of_a_session(&node).await, 503, "an authority that nobody named is not trusted");
}

#[tokio::test]
async fn runs_are_carried_between_nodes_over_tls() {
    let (folder, authority) = (tempdir().unwrap(), Authority::new());
    let redis = TlsRedis::start(&authority).await;
    let env = Env::sqlite(&folder)
        .set("CHATKITD_DATABASE_URL", postgres().await)
        .set("CHATKITD_REDIS_URL", &redis.url)
        .set("CHATKITD_LIMITER", "memory")
        .set("CHATKIT_WORKFLOW_ID", "wf_echo");
    let (a, b) = (serve(folder.path(), &env, &authority), serve(folder.path(), &env, &authority));
    let chat = Chat::open(&a.url, "wf_echo").await;
    let events = chat.create("hello over there").await;
    let run = events.run.clone();
    let here = events.rest().await;
    let resuming = || chat.at(&b.url).resuming(&run, 0).send();
    until("the other node knows the run", async || resuming().await.unwrap().status() == 200).await;
    let there = chat.at(&b.url).resume(&run, 0).await.rest().await;
    assert_eq!(there, here);
}
