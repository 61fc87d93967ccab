-- Where each phone was, and since when: the address of a phone comes by import and by hand, and
-- whoever looks for a phone that moved wants the ones before. Written by the database itself, so
-- that no way to change an address forgets it.
CREATE TABLE phone_addresses (
    mac     TEXT    NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    since   INTEGER NOT NULL,
    address TEXT,
    PRIMARY KEY (mac, since)
) STRICT;

INSERT INTO phone_addresses (mac, since, address)
SELECT mac, updated_at, address FROM phones WHERE address IS NOT NULL;

CREATE TRIGGER phone_addresses_begin AFTER INSERT ON phones WHEN new.address IS NOT NULL
BEGIN
    INSERT INTO phone_addresses (mac, since, address)
    VALUES (new.mac, new.updated_at, new.address);
END;

CREATE TRIGGER phone_addresses_follow AFTER UPDATE OF address ON phones
WHEN new.address IS NOT old.address
BEGIN
    INSERT INTO phone_addresses (mac, since, address)
    VALUES (new.mac, new.updated_at, new.address)
    ON CONFLICT (mac, since) DO UPDATE SET address = excluded.address;
END;
