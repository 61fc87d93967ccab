//! The ways in which a simulated phone behaves.
//!
//! Owns the closed list of profiles and what each one means for authentication and listeners.
//! What real phones do where no source tells is an assumption, and is marked as one in
//! `docs/simulator.md`.

use carillon_domain::closed_list;

closed_list! {
    /// How a phone asks for its password.
    Auth {
        /// Not at all.
        None = "none",
        /// `WWW-Authenticate: Basic`.
        Basic = "basic",
        /// `WWW-Authenticate: Digest`, MD5.
        Digest = "digest",
        /// `WWW-Authenticate: Digest`, SHA-256.
        DigestSha256 = "digest-sha256",
        /// User and password in the query of the legacy form.
        LegacyLogin = "legacy-login",
    }
}

closed_list! {
    /// How a phone behaves. Those that name no authentication use their site's.
    Profile {
        /// A healthy phone.
        Normal = "normal",
        /// Healthy, asks for no password.
        Open = "open",
        /// Healthy, asks for Basic.
        Basic = "basic",
        /// Healthy, asks for Digest with MD5 and keeps the connection for the second request.
        Digest = "digest",
        /// Healthy, asks for Digest with SHA-256.
        DigestSha256 = "digest-sha256",
        /// Digest, but the connection is closed after the challenge.
        DigestClose = "digest-close",
        /// Takes user and password only in the query.
        LegacyQueryLogin = "legacy-query-login",
        /// Knows only the oldest URL form, `/cgi-bin/ConfigManApp.com`.
        ConfigManAppOnly = "config-man-app-only",
        /// 403: the caller is not on its list.
        ForbiddenIp = "forbidden-ip",
        /// 403: Action URI is switched off.
        Disabled = "disabled",
        /// 403 "Remote control forbidden" until somebody accepts on the phone.
        PromptOnce = "prompt-once",
        /// Resets the connection instead of answering `Reboot`.
        RebootReset = "reboot-reset",
        /// Reboots and does not come back.
        NeverReturns = "never-returns",
        /// Does what it is told, answers late.
        Slow = "slow",
        /// Refuses a second connection while one is open.
        Serial = "serial",
        /// Only its HTTP port is open.
        HttpOnly = "http-only",
        /// Only its HTTPS port is open.
        HttpsSelfsigned = "https-selfsigned",
        /// Speaks TLS 1.0 only.
        TlsLegacyOnly = "tls-legacy-only",
        /// Locks out for minutes after three wrong passwords.
        LockoutAfter3 = "lockout-after-3",
        /// Answers 200 and does nothing.
        Noop200 = "noop-200",
        /// Sends plain HTTP to its own HTTPS port.
        RedirectHttps = "redirect-https",
        /// Redirects to another host.
        RedirectAway = "redirect-away",
        /// Answers `phonecfg=get` as firmware 2.71 does.
        Phonecfg271 = "phonecfg-2.71",
        /// Shows its screen as a BMP, whatever its model.
        BmpScreenshot = "bmp-screenshot",
        /// Answers 200 with a body of 64 MiB.
        OversizedBody = "oversized-body",
        /// Another phone than the inventory says has this address.
        WrongPhoneAtIp = "wrong-phone-at-ip",
        /// 404 to everything.
        NotFound = "not-found",
        /// 500 to everything.
        ServerError = "server-error",
        /// Nobody at this address: the connection is reset at once.
        Dark = "dark",
        /// Its port in the inventory is one where nobody listens.
        Refused = "refused",
        /// Its port in the inventory drops every attempt to connect.
        BlackHole = "black-hole",
        /// Takes the request and never answers.
        Silent = "silent",
        /// Resets when the request arrives; does nothing.
        ResetBefore = "reset-before",
        /// Does it, sends half an answer's head, resets.
        ResetDuring = "reset-during",
        /// Does it and resets instead of answering.
        ResetAfter = "reset-after",
        /// Answers what is no HTTP; does nothing.
        Garbage = "garbage",
        /// Interim answers without end; does it.
        InterimFlood = "1xx-flood",
        /// 200 with a gzip body that unpacks to 160 times its size.
        GzipBomb = "gzip-bomb",
        /// Does it, answers one byte a second.
        Drip = "drip",
        /// 200 with a body without end.
        EndlessBody = "endless-body",
        /// 200 with a thousand headers.
        ThousandHeaders = "thousand-headers",
    }
}

impl Profile {
    /// The authentication that the profile insists on.
    pub const fn auth(self) -> Option<Auth> {
        match self {
            Self::Open => Some(Auth::None),
            Self::Basic => Some(Auth::Basic),
            Self::Digest | Self::DigestClose => Some(Auth::Digest),
            Self::DigestSha256 => Some(Auth::DigestSha256),
            Self::LegacyQueryLogin => Some(Auth::LegacyLogin),
            _ => None,
        }
    }

    /// Whether its HTTP port is open.
    pub const fn takes_http(self) -> bool {
        !matches!(self, Self::HttpsSelfsigned) && self.is_there()
    }

    /// Whether its HTTPS port is open.
    pub const fn takes_https(self) -> bool {
        !matches!(self, Self::HttpOnly) && self.is_there()
    }

    /// Whether anybody takes its connections.
    pub const fn is_there(self) -> bool {
        !matches!(self, Self::Dark | Self::Refused | Self::BlackHole)
    }

    /// Whether a request that passes every gate changes the phone.
    pub const fn executes(self) -> bool {
        !matches!(
            self,
            Self::Noop200 | Self::Silent | Self::ResetBefore | Self::Garbage
        ) && self.is_there()
    }

    /// The same over SIP: what is odd about a phone's web server is not odd about this.
    pub const fn executes_by_sip(self) -> bool {
        !matches!(self, Self::Noop200 | Self::Silent | Self::Dark)
    }
}
