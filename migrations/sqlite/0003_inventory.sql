-- Phones, where they are, how they are grouped, and what opens them.

-- `phone` marks a credential that one phone was given with its own user name and password.
CREATE TABLE credentials (
    name           TEXT    NOT NULL PRIMARY KEY,
    username       TEXT    NOT NULL,
    secret         BLOB    NOT NULL,
    secret_version INTEGER NOT NULL,
    phone          TEXT    UNIQUE,
    changed_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE sites (
    slug               TEXT    NOT NULL PRIMARY KEY,
    name               TEXT    NOT NULL,
    transport_security TEXT    NOT NULL
        CHECK (transport_security IN ('pinned', 'private_ca', 'plain_http')),
    ca_pem             TEXT,
    credential         TEXT    REFERENCES credentials (name),
    max_down_percent   INTEGER NOT NULL CHECK (max_down_percent BETWEEN 0 AND 100),
    version            INTEGER NOT NULL DEFAULT 1,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL
) STRICT;

CREATE INDEX sites_credential ON sites (credential) WHERE credential IS NOT NULL;

-- The columns that end in _key are made by Carillon for sorting and searching:
-- lower case, numbers padded, addresses as 32 hexadecimal digits.
CREATE TABLE phones (
    mac            TEXT    NOT NULL PRIMARY KEY,
    label          TEXT    NOT NULL,
    label_key      TEXT    NOT NULL,
    extension      TEXT    NOT NULL,
    extension_key  TEXT    NOT NULL,
    search_key     TEXT    NOT NULL,
    model          TEXT    NOT NULL,
    firmware       TEXT    NOT NULL,
    site           TEXT    REFERENCES sites (slug),
    address        TEXT,
    address_key    TEXT    NOT NULL,
    port           INTEGER CHECK (port BETWEEN 1 AND 65535),
    scheme         TEXT    CHECK (scheme IN ('http', 'https')),
    sip_uri        TEXT    NOT NULL,
    credential     TEXT    REFERENCES credentials (name),
    protected      INTEGER NOT NULL CHECK (protected IN (0, 1)),
    notes          TEXT    NOT NULL,
    url_form       TEXT    NOT NULL CHECK (url_form IN ('servlet', 'config_man_app', 'cgi_server')),
    dial_form      TEXT    NOT NULL CHECK (dial_form IN ('key', 'bare')),
    auth_scheme    TEXT    NOT NULL DEFAULT 'unknown' CHECK (auth_scheme IN
        ('unknown', 'none', 'basic', 'digest_md5', 'digest_sha256', 'legacy_login')),
    tls_pin        TEXT,
    reachability   TEXT    NOT NULL DEFAULT 'unknown'
        CHECK (reachability IN ('reachable', 'offline', 'unknown')),
    last_seen      INTEGER,
    last_tried     INTEGER,
    last_result    TEXT    CHECK (last_result IN ('waiting', 'sending', 'verifying', 'verified',
        'acknowledged', 'failed', 'unknown', 'skipped', 'cancelled', 'expired')),
    last_cause     TEXT,
    last_job       TEXT,
    last_result_at INTEGER,
    version        INTEGER NOT NULL DEFAULT 1,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL
) STRICT;

CREATE INDEX phones_label ON phones (label_key, mac);
CREATE INDEX phones_extension ON phones (extension_key, mac);
CREATE INDEX phones_model ON phones (model, mac);
CREATE INDEX phones_site ON phones ((COALESCE(site, '')), mac);
CREATE INDEX phones_site_slug ON phones (site) WHERE site IS NOT NULL;
CREATE INDEX phones_address ON phones (address_key, mac);
CREATE INDEX phones_firmware ON phones (firmware, mac);
CREATE INDEX phones_last_seen ON phones ((COALESCE(last_seen, 0)), mac);
CREATE INDEX phones_credential ON phones (credential) WHERE credential IS NOT NULL;

CREATE TABLE phone_tags (
    mac     TEXT NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    tag     TEXT NOT NULL,
    PRIMARY KEY (mac, tag)
) STRICT;

CREATE INDEX phone_tags_tag ON phone_tags (tag, mac);

CREATE TABLE groups (
    slug       TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('fixed', 'rule')),
    filter     TEXT,
    credential TEXT    REFERENCES credentials (name),
    version    INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((kind = 'rule') = (filter IS NOT NULL))
) STRICT;

CREATE INDEX groups_credential ON groups (credential) WHERE credential IS NOT NULL;

CREATE TABLE group_members (
    group_slug TEXT NOT NULL REFERENCES groups (slug) ON DELETE CASCADE,
    mac        TEXT NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    PRIMARY KEY (group_slug, mac)
) STRICT;

CREATE INDEX group_members_mac ON group_members (mac);
