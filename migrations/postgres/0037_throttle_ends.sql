-- What is held against names and addresses is forgotten by its end: that of a source that was cut
-- off lies far away.

DROP INDEX login_throttles_last;
CREATE INDEX login_throttles_until ON login_throttles (until);
