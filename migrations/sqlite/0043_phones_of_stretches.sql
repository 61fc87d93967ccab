-- The records of a phone, found stretch by stretch: 2048 records that follow each other, and in them
-- the phones in their order. Ordered by phone alone, each record of a broadcast changed a page of its own.
DROP INDEX audit_phone;
CREATE INDEX audit_phone ON audit (seq / 2048, phone) WHERE phone IS NOT NULL;
