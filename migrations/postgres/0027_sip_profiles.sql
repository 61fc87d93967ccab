-- How the phones of a site are reached by SIP NOTIFY. A site without a row is not.
CREATE TABLE sip_profiles (
    site TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sites (slug) ON DELETE CASCADE,
    used TEXT COLLATE "C" NOT NULL CHECK (used IN ('second', 'only')),
    proxy TEXT COLLATE "C",
    port BIGINT CHECK (port BETWEEN 1 AND 65535),
    transport TEXT COLLATE "C" NOT NULL CHECK (transport IN ('udp', 'tcp', 'tls', 'ami', 'esl')),
    tls_name TEXT COLLATE "C" NOT NULL,
    ca_pem TEXT COLLATE "C",
    sender TEXT COLLATE "C" NOT NULL,
    credential TEXT COLLATE "C" REFERENCES credentials (name),
    realm TEXT COLLATE "C" NOT NULL,
    rate BIGINT NOT NULL CHECK (rate BETWEEN 1 AND 2000),
    after_forbidden BOOLEAN NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    updated_at BIGINT NOT NULL
);

CREATE INDEX sip_profiles_credential ON sip_profiles (credential) WHERE credential IS NOT NULL;

-- Phones that share an address: a NOTIFY to one reaches all.
CREATE INDEX phones_sip_uri ON phones (sip_uri) WHERE sip_uri <> '';
