-- Where each phone was, and since when: the address of a phone comes by import and by hand, and
-- whoever looks for a phone that moved wants the ones before. Written by the database itself, so
-- that no way to change an address forgets it.
CREATE TABLE phone_addresses (
    mac TEXT COLLATE "C" NOT NULL REFERENCES phones (mac) ON DELETE CASCADE,
    since BIGINT NOT NULL,
    address TEXT COLLATE "C",
    PRIMARY KEY (mac, since)
);

INSERT INTO phone_addresses (mac, since, address)
SELECT mac, updated_at, address FROM phones WHERE address IS NOT NULL;

CREATE FUNCTION phone_address_noted() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO phone_addresses (mac, since, address)
    VALUES (new.mac, new.updated_at, new.address)
    ON CONFLICT (mac, since) DO UPDATE SET address = excluded.address;
    RETURN NULL;
END $$;

CREATE TRIGGER phone_addresses_begin AFTER INSERT ON phones
    FOR EACH ROW WHEN (new.address IS NOT NULL) EXECUTE FUNCTION phone_address_noted();

CREATE TRIGGER phone_addresses_follow AFTER UPDATE OF address ON phones
    FOR EACH ROW WHEN (new.address IS DISTINCT FROM old.address)
    EXECUTE FUNCTION phone_address_noted();
