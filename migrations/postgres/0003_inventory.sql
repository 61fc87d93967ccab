-- Phones, where they are, how they are grouped, and what opens them.

-- `phone` marks a credential that one phone was given with its own user name and password.
CREATE TABLE credentials (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT COLLATE "C" NOT NULL,
    secret BYTEA NOT NULL,
    secret_version BIGINT NOT NULL,
    phone TEXT COLLATE "C" UNIQUE,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE sites (
    slug TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    transport_security TEXT COLLATE "C" NOT NULL
        CHECK (transport_security IN ('pinned', 'private_ca', 'plain_http')),
    ca_pem TEXT COLLATE "C",
    credential TEXT COLLATE "C" REFERENCES credentials (name),
    max_down_percent BIGINT NOT NULL CHECK (max_down_percent BETWEEN 0 AND 100),
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX sites_credential ON sites (credential) WHERE credential IS NOT NULL;

-- The columns that end in _key are made by Carillon for sorting and searching:
-- lower case, numbers padded, addresses as 32 hexadecimal digits.
CREATE TABLE phones (
    mac TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    label TEXT COLLATE "C" NOT NULL,
    label_key TEXT COLLATE "C" NOT NULL,
    extension TEXT COLLATE "C" NOT NULL,
    extension_key TEXT COLLATE "C" NOT NULL,
    search_key TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    firmware TEXT COLLATE "C" NOT NULL,
    site TEXT COLLATE "C" REFERENCES sites (slug),
    address TEXT COLLATE "C",
    address_key TEXT COLLATE "C" NOT NULL,
    port BIGINT CHECK (port BETWEEN 1 AND 65535),
    scheme TEXT COLLATE "C" CHECK (scheme IN ('http', 'https')),
    sip_uri TEXT COLLATE "C" NOT NULL,
    credential TEXT COLLATE "C" REFERENCES credentials (name),
    protected BOOLEAN NOT NULL,
    notes TEXT COLLATE "C" NOT NULL,
    url_form TEXT COLLATE "C" NOT NULL CHECK (url_form IN ('servlet', 'config_man_app', 'cgi_server')),
    dial_form TEXT COLLATE "C" NOT NULL CHECK (dial_form IN ('key', 'bare')),
    auth_scheme TEXT COLLATE "C" NOT NULL DEFAULT 'unknown' CHECK (auth_scheme IN
        ('unknown', 'none', 'basic', 'digest_md5', 'digest_sha256', 'legacy_login')),
    tls_pin TEXT COLLATE "C",
    reachability TEXT COLLATE "C" NOT NULL DEFAULT 'unknown'
        CHECK (reachability IN ('reachable', 'offline', 'unknown')),
    last_seen BIGINT,
    last_tried BIGINT,
    last_result TEXT COLLATE "C" CHECK (last_result IN ('waiting', 'sending', 'verifying', 'verified',
        'acknowledged', 'failed', 'unknown', 'skipped', 'cancelled', 'expired')),
    last_cause TEXT COLLATE "C",
    last_job TEXT COLLATE "C",
    last_result_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

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
    mac TEXT COLLATE "C" NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    tag TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (mac, tag)
);

CREATE INDEX phone_tags_tag ON phone_tags (tag, mac);

CREATE TABLE groups (
    slug TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('fixed', 'rule')),
    filter TEXT COLLATE "C",
    credential TEXT COLLATE "C" REFERENCES credentials (name),
    version BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK ((kind = 'rule') = (filter IS NOT NULL))
);

CREATE INDEX groups_credential ON groups (credential) WHERE credential IS NOT NULL;

CREATE TABLE group_members (
    group_slug TEXT COLLATE "C" NOT NULL REFERENCES groups (slug) ON DELETE CASCADE,
    mac TEXT COLLATE "C" NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    PRIMARY KEY (group_slug, mac)
);

CREATE INDEX group_members_mac ON group_members (mac);
