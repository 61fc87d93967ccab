//! A small client of the server's own pages and API.
//!
//! Owns one kept connection and the headers that a browser or a program sends. Only ever speaks
//! to the server that this benchmark started.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpSocket, TcpStream};

use crate::Outcome;

/// A connection to the server.
pub(crate) struct Web {
    authority: String,
    source: Ipv4Addr,
    sender: SendRequest<Full<Bytes>>,
    cookies: Vec<String>,
    token: Option<String>,
}

impl Web {
    /// Connects to `http://…`.
    pub(crate) async fn connect(base: &str, token: Option<&str>) -> Outcome<Self> {
        Self::connect_from(Ipv4Addr::LOCALHOST, base, token).await
    }

    /// The same from another address of this machine.
    pub(crate) async fn connect_from(
        source: Ipv4Addr,
        base: &str,
        token: Option<&str>,
    ) -> Outcome<Self> {
        let authority = base.trim_start_matches("http://").to_owned();
        let sender = open(source, &authority).await?;
        Ok(Self {
            authority,
            source,
            sender,
            cookies: Vec::new(),
            token: token.map(str::to_owned),
        })
    }

    /// Another connection of the same browser.
    pub(crate) async fn again(&self) -> Outcome<Self> {
        let token = self.token.as_deref();
        let other = Self::connect_from(self.source, &self.authority, token).await?;
        let cookies = self.cookies.clone();
        Ok(Self { cookies, ..other })
    }

    /// Connects anew where the server ended the connection.
    pub(crate) async fn stay(&mut self) -> Outcome<()> {
        if self.sender.is_closed() {
            self.sender = open(self.source, &self.authority).await?;
        }
        Ok(())
    }

    /// The text of a page, which must be there.
    pub(crate) async fn page(&mut self, path: &str) -> Outcome<String> {
        let request = self.request(Method::GET, path, "", Bytes::new())?;
        let (status, _, text) = self.send(request).await?;
        if status == 200 {
            Ok(text)
        } else {
            Err(format!("GET {path} answered {status}").into())
        }
    }

    /// A JSON request of the API.
    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Outcome<Value> {
        self.post_as(path, "application/json", body.to_string().into())
            .await
    }

    /// A request of the API with another kind of body.
    pub(crate) async fn post_as(&mut self, path: &str, kind: &str, body: Bytes) -> Outcome<Value> {
        let path = format!("/api/v1{path}");
        let request = self.request(Method::POST, &path, kind, body)?;
        let (status, _, text) = self.send(request).await?;
        if !(200..300).contains(&status) {
            return Err(format!("POST {path} answered {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }

    /// Signs in as a browser does.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Outcome<()> {
        let token = self.sign_in_form().await?;
        let (status, _) = self.try_sign_in(&token, (name, password)).await?;
        if status == 303 {
            Ok(())
        } else {
            Err(format!("signing in answered {status}").into())
        }
    }

    /// Opens the page where people sign in; answers the token of its form.
    pub(crate) async fn sign_in_form(&mut self) -> Outcome<String> {
        let request = self.request(Method::GET, "/sign-in", "", Bytes::new())?;
        let (_, headers, page) = self.send(request).await?;
        self.keep(&headers);
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").ok_or("no form")?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    /// Sends that form; answers the status, and in how many seconds to come again.
    pub(crate) async fn try_sign_in(
        &mut self,
        token: &str,
        (name, password): (&str, &str),
    ) -> Outcome<(u16, Option<u64>)> {
        let fields = [
            ("csrf", token),
            ("username", name),
            ("password", password),
            ("next", "/"),
        ];
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let kind = "application/x-www-form-urlencoded";
        let mut request = self.request(Method::POST, "/sign-in", kind, body.into())?;
        let own = http::HeaderValue::from_static("same-origin");
        request.headers_mut().insert("sec-fetch-site", own);
        let (status, headers, _) = self.send(request).await?;
        self.keep(&headers);
        let wait = headers
            .get(RETRY_AFTER)
            .and_then(|wait| wait.to_str().ok()?.parse().ok());
        Ok((status, wait))
    }

    /// Reads a stream of events to its end; answers how many bytes came.
    pub(crate) async fn listen(mut self, path: &str) -> Outcome<usize> {
        let request = self.request(Method::GET, path, "", Bytes::new())?;
        let mut body = self.sender.send_request(request).await?.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(bytes)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Outcome<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.authority);
        if !kind.is_empty() {
            request = request.header(CONTENT_TYPE, kind);
        }
        if !self.cookies.is_empty() {
            request = request.header(COOKIE, self.cookies.join("; "));
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        Ok(request.body(Full::new(body))?)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> Outcome<(u16, HeaderMap, String)> {
        self.sender.ready().await?;
        let response: Response<Incoming> = self.sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok((head.status.as_u16(), head.headers, text))
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap_or_default().split(';').next();
            let pair = pair.unwrap_or_default().to_owned();
            let name = pair.split('=').next().unwrap_or_default().to_owned();
            self.cookies
                .retain(|known| !known.starts_with(&format!("{name}=")));
            self.cookies.push(pair);
        }
    }
}

/// A connection to the server from one of this machine's addresses.
pub(crate) async fn socket(source: Ipv4Addr, authority: &str) -> Outcome<TcpStream> {
    let to: SocketAddr = authority.parse()?;
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((source, 0)))?;
    Ok(socket.connect(to).await?)
}

async fn open(source: Ipv4Addr, authority: &str) -> Outcome<SendRequest<Full<Bytes>>> {
    let stream = socket(source, authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // Its end is seen by whoever waits for an answer.
        let _ = connection.await;
    });
    Ok(sender)
}
