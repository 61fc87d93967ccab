-- The same rules about the same words, as comparisons: for `IN` with three words or more SQLite keeps them in a
-- table of its own for each statement and looks every changed row up there, which took a third of the time of
-- what dispatch writes of a phone. What the tables hold stays as it is; this is the way that SQLite describes
-- for such a change (https://sqlite.org/lang_altertable.html#otheralter).
PRAGMA writable_schema = ON;

UPDATE sqlite_schema SET sql = replace(replace(sql,
    'CHECK (state IN (''waiting'', ''sending'', ''verifying'', ''verified'',
        ''acknowledged'', ''failed'', ''unknown'', ''skipped'', ''cancelled'', ''expired''))',
    'CHECK (state = ''sending'' OR state = ''acknowledged'' OR state = ''waiting''
        OR state = ''verifying'' OR state = ''verified'' OR state = ''failed'' OR state = ''unknown''
        OR state = ''skipped'' OR state = ''cancelled'' OR state = ''expired'')'),
    'CHECK (transport IN (''http'', ''https'', ''sip'', ''ami'', ''esl''))',
    'CHECK (transport = ''http'' OR transport = ''https'' OR transport = ''sip''
        OR transport = ''ami'' OR transport = ''esl'')')
WHERE type = 'table' AND name = 'job_targets';

UPDATE sqlite_schema SET sql = replace(replace(replace(sql,
    'CHECK (auth_scheme IN
        (''unknown'', ''none'', ''basic'', ''digest_md5'', ''digest_sha256'', ''legacy_login''))',
    'CHECK (auth_scheme = ''digest_md5'' OR auth_scheme = ''unknown'' OR auth_scheme = ''none''
        OR auth_scheme = ''basic'' OR auth_scheme = ''digest_sha256''
        OR auth_scheme = ''legacy_login'')'),
    'CHECK (reachability IN (''reachable'', ''offline'', ''unknown''))',
    'CHECK (reachability = ''reachable'' OR reachability = ''offline''
        OR reachability = ''unknown'')'),
    'CHECK (last_result IN (''waiting'', ''sending'', ''verifying'', ''verified'',
        ''acknowledged'', ''failed'', ''unknown'', ''skipped'', ''cancelled'', ''expired''))',
    'CHECK (last_result = ''acknowledged'' OR last_result = ''verified'' OR last_result = ''failed''
        OR last_result = ''unknown'' OR last_result = ''skipped'' OR last_result = ''cancelled''
        OR last_result = ''expired'' OR last_result = ''waiting'' OR last_result = ''sending''
        OR last_result = ''verifying'')')
WHERE type = 'table' AND name = 'phones';

-- Tells every other connection that the tables are described anew.
CREATE TABLE described_anew (id INTEGER) STRICT;
DROP TABLE described_anew;
PRAGMA writable_schema = RESET;
