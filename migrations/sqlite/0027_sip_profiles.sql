-- How the phones of a site are reached by SIP NOTIFY. A site without a row is not.
CREATE TABLE sip_profiles (
    site            TEXT    NOT NULL PRIMARY KEY REFERENCES sites (slug) ON DELETE CASCADE,
    used            TEXT    NOT NULL CHECK (used IN ('second', 'only')),
    proxy           TEXT,
    port            INTEGER CHECK (port BETWEEN 1 AND 65535),
    transport       TEXT    NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls', 'ami', 'esl')),
    tls_name        TEXT    NOT NULL,
    ca_pem          TEXT,
    sender          TEXT    NOT NULL,
    credential      TEXT    REFERENCES credentials (name),
    realm           TEXT    NOT NULL,
    rate            INTEGER NOT NULL CHECK (rate BETWEEN 1 AND 2000),
    after_forbidden INTEGER NOT NULL CHECK (after_forbidden IN (0, 1)),
    version         INTEGER NOT NULL DEFAULT 1,
    updated_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX sip_profiles_credential ON sip_profiles (credential) WHERE credential IS NOT NULL;

-- Phones that share an address: a NOTIFY to one reaches all.
CREATE INDEX phones_sip_uri ON phones (sip_uri) WHERE sip_uri <> '';
