#!/usr/bin/env python3
"""Checks a Carillon audit log without Carillon: a second program, for whoever trusts nobody.

    verify_audit.py --vkey KEY [--checkpoint FILE]... (carillon.db | export.jsonl)
    verify_audit.py --vkey KEY --proof FILE

Takes a SQLite database, or a JSON Lines export of the whole log (from either database); or the
proof of one record, from its page or `GET /api/v1/audit/{seq}/proof`.
A checkpoint file holds signed notes, one after another, each with a blank line behind it; a note
comes from the anchor, from `<data-dir>/checkpoints` or from `GET /api/v1/audit/checkpoint`. It may
as well be a folder of such files, or what a syslog receiver wrote.

Standard library only, written from RFC 9162 (the tree), RFC 8032 (Ed25519) and C2SP (signed-note,
tlog-checkpoint, tlog-proof). Exit status: 0 intact, 1 tampered, 3 cannot tell (2 is usage), 4 for an
export that ends where it says, while the checkpoints know later records.
"""
import argparse, base64, collections, functools, gc, hashlib, itertools, json, operator, os, re, sqlite3, stat, sys
from array import array
from datetime import date
from sys import intern

# --- Ed25519, verification only (RFC 8032, section 5.1.7) -----------------------------------
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, i, j, k = f - e, h - g, h + g, f + e
    return e * i % P, j * k % P, i * j % P, e * k % P


def times(n, a):
    r = (0, 1, 1, 0)
    while n:
        if n & 1:
            r = add(r, a)
        a, n = add(a, a), n >> 1
    return r


def point(b):
    y = int.from_bytes(b, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * I % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if (x & 1) != sign else x
    return x, y, 1, x * y % P


BASE = point(bytes([0x58] + [0x66] * 31))


def is_signed(key, message, signature):
    a, r = point(key), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= Q or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % Q
    left, right = times(s, BASE), add(r, times(h, a))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))


# --- signed notes ---------------------------------------------------------------------------
class Key:
    def __init__(self, text):
        self.name, hash_, data = text.strip().split("+", 2)
        data = base64.b64decode(data, validate=True)
        self.key = data[1:]
        self.hash = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        if data[0] != 1 or len(self.key) != 32 or self.hash.hex() != hash_:
            raise ValueError("no Ed25519 verifier key")


def from_base64(text):
    """Bytes, of their one spelling."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("not the one spelling of these bytes")
    return data


def text_of_file(name):
    """Its text, with the ends of lines that stand there."""
    with open(name, encoding="utf-8", newline="") as file:
        return file.read()


def on_one_line(text):
    """Names in a database are anybody's words: on a terminal they may not write a line of their own."""
    return re.sub("[\x00-\x1f\x7f-\x9f]", " ", text)


def parse_note(body, lines):
    """(origin, size, root, signed text, [(name, bytes)]), or None."""
    try:
        origin, size, root = body.split("\n")[:3]
        signatures = []
        for line in lines.split("\n"):
            dash, name, data = line.split(" ")
            data = from_base64(data)
            if dash != "\u2014" or not name or len(data) <= 4:
                return None
            signatures.append((name, data))
        root = from_base64(root)
        if not origin or len(root) != 32 or not re.fullmatch("0|[1-9][0-9]{0,19}", size) or int(size) >= 1 << 64:
            return None
        return origin, int(size), root, (body + "\n").encode(), signatures
    except ValueError:
        return None


def one_note(text):
    """Text that is one note and nothing else; else None."""
    body, _, lines = text.partition("\n\n")
    return parse_note(body, lines.removesuffix("\n"))


def parse_notes(text):
    """Notes one after another, each with a blank line behind it; and how many stand between them that cannot be
    read: a note is two pieces, or one that broke off."""
    blocks, found, i, unread, pieces = [b.strip() for b in text.split("\n\n")] + [""], [], 0, 0, 0
    while i + 1 < len(blocks):
        note = parse_note(blocks[i], blocks[i + 1])
        if note:
            found.append(note)
            unread, pieces = unread + (pieces + 1) // 2, 0
        else:
            pieces += bool(blocks[i])
        i += 2 if note else 1
    return found, unread + (pieces + 1) // 2


def parse_lines(text, key):
    """Notes of this log in what a syslog receiver wrote, one word of base64 behind a mark; and how
    many such lines are none. Anybody can have a line written: one counts only with our signature."""
    found, words = [], re.split(r"carillon-checkpoint ", text)[1:]
    for word in words:
        try:
            word = re.match(r"[A-Za-z0-9+/=]*", word).group()
            body, lines = base64.b64decode(word, validate=True).decode().split("\n\n")
            note = parse_note(body, lines.strip())
            found += [note] if note and is_good(note, key) else []
        except ValueError:
            pass
    return found, len(words) - len(found)


def kept_in(path, key):
    """(file, note) of all that is kept there, and how many lines were passed over, and notes that cannot be read."""
    kept, ignored, unread = [], 0, 0
    for name in files_of(path):
        text = text_of_file(name)
        ours, others = parse_lines(text, key)
        notes, odd = parse_notes(text)
        found = ours + notes
        if not found and text.strip():
            raise CannotTell(f"{name} is no file of signed checkpoints of this log")
        kept, ignored = kept + [(name, note) for note in found], ignored + others
        unread += 0 if "carillon-checkpoint " in text else odd
    if not kept:
        raise CannotTell(f"{path} holds no checkpoint")
    return kept, ignored, unread


def files_of(name):
    """The file, or all files below the folder that an anchor wrote."""
    if not os.path.isdir(name):
        return [name]
    return sorted(os.path.join(below, file) for below, _, files in os.walk(name) for file in files)


def is_good(note, key):
    origin, _, _, text, signatures = note
    return origin == key.name and any(
        name == key.name and data[:4] == key.hash and is_signed(key.key, text, data[4:])
        for name, data in signatures
    )


# --- the tree -------------------------------------------------------------------------------
def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def grow(roots, n, h):
    """Takes in the root over the n-th piece: roots of full trees, the largest first."""
    while n & 1:
        h, n = node(roots.pop(), h), n >> 1
    roots.append(h)


class Tree:
    """Hashes of records wait until there is a tile of them; above it stand the roots of tiles."""

    def __init__(self):
        self.size, self.tops, self.open = 0, [], []

    def push(self, h):
        self.open.append(h)
        self.size += 1

    def close_tile(self):
        """The root over the tile that is full."""
        level = self.open
        while len(level) > 1:
            level = [node(left, right) for left, right in zip(level[::2], level[1::2])]
        grow(self.tops, self.size // TILE - 1, level[0])
        self.open = []
        return level[0]

    def roots(self):
        rest = []
        for n, h in enumerate(self.open):
            grow(rest, n, h)
        return self.tops + rest

    def root(self):
        roots = self.roots()
        return functools.reduce(lambda h, left: node(left, h), reversed(roots)) if roots else hashlib.sha256().digest()


# --- findings -------------------------------------------------------------------------------
class Tampered(Exception):
    def __init__(self, seq, what, through=None):
        place = f"records {seq} to {through}" if through is not None and through > seq else f"record {seq}"
        super().__init__(f"{place}: {what}")


class CannotTell(Exception):
    pass


# --- records --------------------------------------------------------------------------------
TILE, DAY = 256, 86_400_000_000
COLUMNS = ["at", "actor", "action", "command", "phone", "site", "job", "result", "ip", "groups"]
BEGINNING = b'{"seq":'
LEFT_OUT, ANY, LONGEST, WORDS = {"again_at", "attempt", "evidence"}, "\u2026", 128, 256
# Between characters with Unicode's property White_Space; split() takes U+001C to U+001F for spaces as well.
WORD = re.compile(r"[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")


AT = re.compile(r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?Z", re.ASCII)


@functools.lru_cache(4096)
def day(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def micros(text):
    fits = AT.fullmatch(text)
    if not fits:
        raise ValueError("no instant")
    whole, h, m, s, rest = fits.groups("")
    return (day(whole) * 86400 + int(h) * 3600 + int(m) * 60 + int(s)) * 10**6 + int((rest + "000000")[:6])


def storable(text):
    return None if text is None else text.replace("\0", "\ufffd")


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from texts(item)


class Stored(dict):
    """Texts as they are stored; to look one up again takes less time than to look at it again."""

    def __missing__(self, text):
        if len(self) > 65_536:
            self.clear()
        stored = self[text] = storable(text)
        return stored


STORED = Stored()


@functools.lru_cache(65536)
def column_of(groups):
    return " " + b" ".join(sorted({storable(g).encode() for g in groups})).decode() + " " if groups else None


def index_of(e):
    """What the index columns must say of an entry."""
    get, detail = e.get, e.get("detail")
    command = detail.get("action") if isinstance(detail, dict) else None
    groups = get("groups")
    # Texts both, or this fails.
    get("reason", "") + get("phone_name", "")
    return (micros(e["at"]), STORED[e["actor"]["name"]], STORED[e["action"]],
            STORED[command] if isinstance(command, str) else None, get("phone"),
            STORED[get("site")], STORED[get("job")], e["result"], STORED[get("source", get("ip"))],
            column_of(tuple(groups)) if groups else None)


def kept(value):
    """As long as is kept of it: longer ones are few."""
    return value if value.isascii() and len(value) <= LONGEST or len(value.encode()) <= LONGEST else value[:LONGEST]


@functools.lru_cache(65536)
def words_of(text):
    words = {w.lower() for w in WORD.findall(storable(text))}
    return frozenset(w if len(w.encode()) <= LONGEST else ANY for w in words)


@functools.lru_cache(65536)
def phone_of(phone, name):
    name = storable(name).lower()
    return f"{phone} {phone.replace(':', '')} " + (name if len(name.encode()) <= 2 * LONGEST else ANY)


class Tile:
    """What the marks of 256 records must say of them."""

    def __init__(self):
        self.size, self.indexes, self.groups, self.texts, self.phones = 0, [], [], set(), set()
        # Whether one of them tells no run: it may be from before there were words.
        self.aged = False

    def add(self, e, index):
        self.indexes.append(index)
        if not e.get("boot"):
            self.aged = True
        if "groups" in e:
            self.groups += dict.fromkeys(e["groups"])
        said = self.texts
        if "reason" in e:
            said.add(e["reason"])
        detail = e.get("detail")
        if isinstance(detail, dict):
            for name, value in detail.items():
                if name in LEFT_OUT:
                    continue
                if isinstance(value, str):
                    said.add(value)
                elif isinstance(value, (list, dict)):
                    said.update(texts(value))
        elif detail is not None:
            said.update(texts(detail))
        if index[4] is not None:
            self.phones.add((index[4], e.get("phone_name", "")))
        self.size += 1

    def counted(self):
        """How often each value occurs, by kind and value."""
        ats, actor, action, command, phone, site, job, result, ip, _ = zip(*self.indexes)
        kinds = {"actor": actor, "action": action, "command": command, "site": site, "job": job, "result": result, "ip": ip,
                 "hour": ["%08d" % (max(at, 0) // 3_600_000_000) for at in ats], "group": [STORED[group] for group in self.groups],
                 "about": ["job" for p, j in zip(phone, job) if p is None and j is not None]}
        counted = collections.Counter()
        for kind, values in kinds.items():
            for value, n in collections.Counter(values).items():
                if value is not None:
                    counted[kind, kept(value)] += n
        return counted

    def fits(self, rows, values, unnamed):
        """Whether these are the marks of the records, and each once. Words are marked and not counted."""
        words = {w for k, w, n in rows if k == "word" and n == 1}
        counted = self.counted()
        if {(k, v): n for k, v, n in rows if k != "word"} != counted or len(counted) + len(words) != len(rows):
            return False
        if any(v not in values[k] for k, v in counted if k in ("action", "command")):
            return False
        names = {text for index in self.indexes for text in index[1:3]}
        said = frozenset().union(*map(words_of, self.texts | names))
        phones = {phone_of(*p) for p in self.phones}
        unnamed -= phones
        invented = words - said
        # Of too many words that came at once none is kept.
        if invented - {ANY} or invented and not self.aged and len(said) <= WORDS:
            return False
        return ANY in words or said <= words and said <= values["word"] and phones <= values["phone"]


class Log:
    """A SQLite database. Every text may be anything: what is none is read with a mark for each bad byte."""
    name, stated = "the database", None

    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.db.execute("BEGIN")
        self.there = {name for name, in self.rows(PLACES)}
        gone = self.taken(True)
        if gone:
            raise Tampered(0, f"standing: {gone[0]}")
        self.tile_rows = {r[0]: r[1:] for r in self.rows("SELECT tile, hash, min_at, max_at FROM audit_tiles")}

    def taken(self, of_the_log):
        """What was taken away: a database of an earlier program lacks what came later, and nothing else."""
        reached = max((KNOWN[name] for name in self.there if name in KNOWN), default=0)
        if NOTED in self.there:
            noted, = self.db.execute("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations").fetchone()
            reached = max(reached, noted)
        tables = {name.split(".")[0] for name in self.there}
        missing = [name for name, since in KNOWN.items() if since <= reached and name not in self.there
                   and (name.split(".")[0] in OF_THE_LOG) == of_the_log]
        return [f"the column {name} is gone" if name.split(".")[0] in tables else f"the table {name.split('.')[0]} is gone"
                for name in missing]

    def rows(self, sql, *values):
        """Rows of a statement that brings them in the same order each time. To look at each text ourselves
        takes longer, and is not begun before one needs it."""
        done = 0
        try:
            for row in self.db.execute(sql, values):
                yield row
                done += 1
        except sqlite3.OperationalError:
            self.db.text_factory = lambda text: text.decode("utf-8", "replace")
            yield from itertools.islice(self.db.execute(sql, values), done, None)

    def checkpoints(self):
        return list(self.rows("SELECT size, note FROM audit_checkpoints ORDER BY size"))

    def records(self):
        names = ", ".join(COLUMNS)
        return self.rows(f"SELECT seq, CAST(entry AS BLOB), leaf_hash, {names} FROM audit ORDER BY seq")

    def marks(self):
        """The marks of each tile, and None at the end; all values beside them."""
        self.values = collections.defaultdict(set)
        for kind, value in self.rows("SELECT kind, value FROM audit_values ORDER BY 1, 2"):
            self.values[kind].add(value)
        # Listed phones that no record was of so far.
        self.unnamed = set(self.values["phone"])
        rows = self.rows("SELECT tile, kind, value, records FROM audit_marks ORDER BY 1, 2, 3")
        for tile, some in itertools.groupby(rows, lambda row: row[0]):
            yield tile, [row[1:] for row in some]
        while True:
            yield None, []

    def has_invented(self):
        """Whether something is listed that no record has. Ask it behind the last record."""
        return bool(self.unnamed) or any(self.rows(INVENTED))

    def head(self):
        return self.db.execute("SELECT size, frontier FROM audit_head").fetchone() or (-1, b"")

    def odd_index(self):
        """Why the database might not find what lies in the log: another index, or one that lacks rows."""
        for text, in self.rows(INDEXES):
            if text not in INDEXED_BY:
                return f"Carillon made no such index: {on_one_line(text)}"
        return next((on_one_line(text) for text, in self.rows(UNSOUND)), None)

    def standing(self):
        """Rights, decisions and digests of sealed values, as the tables have them; beside them what
        the database of an earlier program has no columns for."""
        rows = lambda sql: list(self.rows(sql))
        lacking = []

        def have(*names):
            missing = [name for name in names if name not in self.there]
            lacking.extend(missing)
            return not missing

        accounts = rows(ACCOUNTS if have("users.approver") else ACCOUNTS_BEFORE)
        tokens = rows(TOKENS)
        decisions = rows(DECISIONS) if have("jobs.approve_until", "jobs.decided_by", "jobs.decided_at") else []
        jobs = self.rows(JOBS) if have("jobs.digest", "jobs.options") else None
        orders = rows(ORDERS) if have("orders.value") else None
        networks = rows(NETWORKS) if have("egress.networks") else None
        sealed = [(kind, id_, hashlib.sha256(blob).hexdigest()) for kind, place, sql in SEALS
                  if have(place) for id_, blob in rows(sql)]
        self.kept = rows(SOURCES) if have("audit_sources.address") else []
        for _, place, _ in PASSES:
            have(place)
        changes = rows(CHANGES) if have("change_requests.state") else None
        stray = [(id_, kept) for kept, sql in STRAY for id_, in rows(sql) if id_ is not None] if OF_JOBS <= self.there else []
        self.stray = min(stray, default=None)
        return (accounts, tokens, decisions, sealed, jobs, orders, changes, networks), lacking

    def passes(self):
        """By what people come in: what stands there."""
        return [(kind, hash_[:4].hex()) for kind, place, sql in PASSES if place in self.there for hash_, in self.rows(sql)]

    def job(self, id_):
        """The row of a job, as far as jobs can be compared."""
        return next(self.rows(JOB, id_), None) if OF_JOBS <= self.there else None

    def ends(self, id_):
        """What the phones of a job came to."""
        return dict(self.rows(ENDS, id_))

    def misnamed(self, id_, names):
        """The first phone of a job that has another name, site or groups than these, or nothing."""
        for mac, name, site, groups in self.rows(NAMES, id_) if names else ():
            told = names.get(mac)
            if told is not None and told != named(name, site, listed(groups)):
                return mac

    def sums(self, id_, ends):
        """How many phones of a job stand where, in the order of the states, of which these came to something; None
        where the causes that are kept of them are others."""
        states, causes = collections.Counter(), collections.Counter()
        for end, n in collections.Counter(ends.values()).items():
            state, has_cause, cause = end.partition(":")
            states[state] += n
            if has_cause:
                causes[cause] += n
        if states.pop("", 0):
            states.update(dict(self.rows(UNDER_WAY, id_)))
        return tuple(states[name] for name in STANDS) if dict(self.rows(CAUSES, id_)) == causes else None

    def sources(self, named, size):
        named.compare(self.kept, size)


LONGEST_LINE = 16 << 20
# A record of that number begins so, whatever follows; nothing else is one.
NUMBERED = re.compile(rb'\{"seq":([+-]?[0-9]+),')
# So deep may JSON be.
DEEPEST = 127


def once(pairs):
    """An object, in which nothing stands twice."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a member stands twice")
    return told


def finite(text):
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("too large a number")
    return number


def whole(text):
    return int(text) if len(text) < 309 else finite(text)


def no_number(text):
    raise ValueError(f"{text} is no JSON")


STRICT = json.JSONDecoder(object_pairs_hook=once, parse_float=finite, parse_int=whole, parse_constant=no_number)
SCAN = STRICT.scan_once
IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')


def strict(text):
    """JSON as both programs read it: nothing twice, no NaN, no half of a character, and not too deep."""
    if text.count("{") + text.count("[") > DEEPEST:
        depth = 0
        for sign in IN_QUOTES.sub("", text):
            depth += (sign in "{[") - (sign in "}]")
            if depth > DEEPEST:
                raise ValueError("too deep")
    try:
        told, end = SCAN(text, 0)
        if end != len(text):
            told = STRICT.decode(text)
    except (StopIteration, RecursionError):
        raise ValueError("no JSON")
    if "\\ud" in text or "\\uD" in text:
        json.dumps(told, ensure_ascii=False).encode()
    return told


# Of 32 bytes: that these are so many keeps a part of the address from being taken for some of them.
SALT = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")
REMOVED = b',"ip":null,"ip_removed":true}'


@functools.lru_cache(65536)
def behind(address, salt):
    """What an export writes behind a record that commits to this address."""
    return f',"ip":{json.dumps(address, ensure_ascii=False)},"ip_salt":"{salt}"}}'.encode()


def recorded(line):
    """Of the line of a record, the bytes that were hashed, and where it names a commitment, the address with its salt
    that stands behind them. No bytes where something else stands there than an export writes: nothing signs that."""
    try:
        told = strict(line.decode())
        if "source" not in told or "ip" not in told:
            return (line if line.endswith(b"}") else b""), None
        shown = (told["source"], told["ip"], told["ip_salt"]) if told["ip"] is not None else None
        if shown and not (all(isinstance(part, str) for part in shown) and SALT.fullmatch(shown[2])):
            return b"", None
        begins = line.rindex(b',"ip":')
        if line[begins:] != (behind(*shown[1:]) if shown else REMOVED):
            return b"", None
        return line[:begins] + b"}", shown
    except (ValueError, LookupError, TypeError, AttributeError):
        return b"", None


def statement(line):
    """What an export says of itself in its last line; None where that is a record."""
    try:
        told = strict(line.decode())
    except ValueError:
        return None
    if not isinstance(told, dict) or "seq" in told or "export" not in told:
        return None
    told = told["export"] if isinstance(told["export"], dict) else {}
    none = lambda name, value: value if told.get(name) is None else told[name]
    texts = [told.get("at", ""), told.get("filter", ""), none("checkpoint", "")]
    numbers = [told.get("below"), none("records", 0)]
    if not all(isinstance(text, str) for text in texts) or not all(type(one) is int and 0 <= one < 1 << 64 for one in numbers) \
            or type(told.get("whole")) is not bool:
        raise CannotTell("the last line of the export, which says how far it goes, cannot be read")
    if not told["whole"]:
        raise CannotTell(f"this export says that it holds some of the records only (filter: {told.get('filter', '')!a}); "
                         "a whole one can be checked")
    return told


class Export:
    """A JSON Lines export of the whole log; newest first, as it is written. Held are the number of each line and where
    it begins, and one line at a time."""
    tile_rows, name = {}, "the export"

    def __init__(self, path):
        self.file, self.numbers, self.begins, self.stated, self.astray = open(path, "rb"), array("q"), array("q"), None, None
        before, place = None, 0
        for line in self.lines():
            if before is not None:
                self.note(before)
            self.begins.append(place)
            before, place = line, place + len(line)
        self.begins.append(place)
        if before is not None:
            self.stated = statement(before.removesuffix(b"\n"))
            if self.stated:
                self.begins.pop()
            else:
                self.note(before)

    def lines(self):
        while line := self.file.readline(LONGEST_LINE + 2):
            if len(line.removesuffix(b"\n")) > LONGEST_LINE:
                raise CannotTell("a line is longer than 16 MiB, which no record is")
            try:
                line.decode()
            except ValueError:
                raise CannotTell("a line is no text")
            yield line

    def note(self, line):
        begins = NUMBERED.match(line)
        number = int(begins[1]) if begins and len(begins[1]) < 30 else 1 << 63
        if not -1 << 63 <= number < 1 << 63:
            raise CannotTell("a line of the export is no record")
        self.numbers.append(number)

    def sources(self, named, size):
        """The addresses that are shown; whether one should still be shown, a file does not tell."""
        if self.astray is not None:
            raise Tampered(self.astray, "source: the address is not the one that the record commits to")

    def checkpoints(self):
        """The one that was signed last when it was taken."""
        text = self.stated.get("checkpoint") if self.stated else None
        if text is None:
            return []
        note = one_note(text)
        return [(note[1] if note else 0, text)]

    def records(self):
        fits = functools.lru_cache(65536)(lambda id_, address, salt: commitment(decoded(salt), address) == id_)
        numbers, places = self.numbers, range(len(self.numbers))
        if all(map(operator.gt, numbers, numbers[1:])):
            places = reversed(places)
        elif not all(map(operator.lt, numbers, numbers[1:])):
            places = sorted(places, key=numbers.__getitem__)
        for place in places:
            begins, ends = self.begins[place], self.begins[place + 1]
            line = os.pread(self.file.fileno(), ends - begins, begins).removesuffix(b"\n")
            entry, shown = recorded(line)
            if shown and self.astray is None and not fits(*shown):
                self.astray = numbers[place]
            yield numbers[place], entry, None

    def head(self):
        return None

    def marks(self):
        return None

    def standing(self):
        return None, []

    def odd_index(self):
        return None

    def passes(self):
        return []

    def job(self, id_):
        return None

    def taken(self, of_the_log):
        return []


# Where the database itself notes what it was set up with.
NOTED = "_sqlx_migrations.version"
# Without these no record can be read or compared.
OF_THE_LOG = {"audit", "audit_head", "audit_checkpoints", "audit_tiles", "audit_marks", "audit_values"}
# Every column of every table: the migration that brought it to stay, the table, its columns.
SCHEMA = """\
1 _sqlx_migrations version
1 meta key value
1 nodes epoch lease_until node started_at stopped_at
2 api_tokens created_at expires_at id label last_used_at revoked_at scope token_hash user_id
2 drafts created_at expires_at id kind sealed user_id
2 login_throttles failures key last_at until
2 sessions agent auth created_at id_hash ip last_seen_at user_id
2 users created_at disabled id last_sign_in_at name name_key password password_version role updated_at version
3 credentials changed_at name phone secret secret_version username version
3 group_members group_slug mac
3 groups created_at credential filter kind name slug updated_at version
3 phone_tags mac tag
3 phones address address_key auth_scheme created_at credential dial_form extension extension_key firmware label label_key last_cause last_job last_result last_result_at last_seen last_tried mac model notes port protected reachability scheme search_key sip_uri site tls_pin updated_at url_form version
3 sites ca_pem created_at credential max_down_percent name slug transport_security updated_at version
4 idempotency body_hash created_at job key user_id
4 job_causes cause count job
4 job_groups group_slug job
4 job_targets attempt_id attempts cause duration_ms epoch evidence excerpt extension finished_at groups http_status job mac model name position sent_at site state transport
4 jobs acknowledged action actor_auth actor_id actor_kind actor_name cancelled created_at digest expired failed finished_at id not_after options params_sealed params_shown params_version reason request_example retry_of sending skipped start_at started_at state targets_shown total unknown verified verifying waiting
5 audit action actor at command entry ip job leaf_hash phone result seq site
5 audit_head frontier id size
8 job_attempts attempt_id cause duration_ms finished_at http_status job mac number sent_at transport
8 job_targets hold retry_at
9 saved_views created_at name query slug user_id
10 audit_checkpoints at note size
10 audit_tiles hash max_at min_at tile
12 api_tokens scoped
12 areas group_slug holder site
12 jobs account approve_until decided_at decided_by
12 users approver scoped
13 audit groups
13 audit_marks kind records tile value
13 audit_values kind value
14 recovery_codes code_hash user_id
14 reset_links code_hash expires_at user_id
14 sessions proved_at
14 users factor factor_step factor_version
17 users language
20 identities created_at issuer subject user_id
24 streams failing_since held_until holder name next problem receiver secret secret_at secret_version taken_at told_at
25 audit_private at id sealed
27 sip_profiles after_forbidden ca_pem credential port proxy rate realm sender site tls_name transport updated_at used version
30 phone_addresses address mac since
31 audit_anchors id reached
32 sip_profiles password_in_clear pbx_profile way
34 audit_sources address day id salt
36 api_tokens mac
36 identities mac
36 jobs mac
36 meta mac
36 recovery_codes mac
36 reset_links mac
36 sessions mac
36 users mac
38 egress changed_at changed_by mac networks place version
39 jobs frozen frozen_mac version
40 orders mac name value version
42 users density theme
44 change_requests account actor asked asked_at base decided_at decided_by decider digest id kind mac reason state subject until version
"""
KNOWN = {f"{table}.{name}": int(since) for since, table, *names in map(str.split, SCHEMA.splitlines()) for name in names}
PLACES = """SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' ORDER BY 1"""
# Indexes that migrations made by a statement; the second of a name is that of an earlier program.
INDEXED_BY = {
    "CREATE INDEX audit_phone ON audit (seq / 2048, phone) WHERE phone IS NOT NULL",
    "CREATE INDEX audit_phone ON audit (phone, seq) WHERE phone IS NOT NULL",
    "CREATE INDEX audit_sources_day ON audit_sources (day)",
}
TABLES = "('audit', 'audit_head', 'audit_checkpoints', 'audit_tiles', 'audit_marks', 'audit_values', 'audit_sources')"
INDEXES = f"""SELECT COALESCE(m.sql, i.name) FROM sqlite_master t JOIN pragma_index_list(t.name) i
    LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name
    WHERE t.type = 'table' AND t.name IN {TABLES} AND i.origin = 'c' ORDER BY 1"""
# What SQLite itself finds wrong with the tables and their indexes.
UNSOUND = f"""SELECT t.name || ': ' || c.integrity_check FROM sqlite_master t JOIN pragma_integrity_check(t.name) c
    WHERE t.type = 'table' AND t.name IN {TABLES} AND c.integrity_check <> 'ok' ORDER BY 1 LIMIT 1"""
INVENTED = """SELECT 1 FROM audit_values v WHERE kind <> 'phone'
    AND NOT EXISTS (SELECT 1 FROM audit_marks m WHERE m.kind = v.kind AND m.value = v.value) LIMIT 1"""
ACCOUNTS = "SELECT name, role, approver, disabled FROM users ORDER BY name"
# Before anybody could be given the right to approve, nobody had it.
ACCOUNTS_BEFORE = "SELECT name, role, 0, disabled FROM users ORDER BY name"
TOKENS = """SELECT t.id, u.name, t.scope, t.revoked_at IS NOT NULL, t.expires_at
    FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY 1"""
# Of jobs that needed a second person, these states are reached by a decision only.
DECISIONS = """SELECT id, state IN ('scheduled', 'running', 'paused', 'interrupted', 'finished'), approve_until, decided_by, decided_at
    FROM jobs WHERE decided_by IS NOT NULL OR decided_at IS NOT NULL OR approve_until IS NOT NULL ORDER BY 1"""
NETWORKS = "SELECT networks, version, changed_by, changed_at FROM egress"
STANDS = "waiting sending verifying verified acknowledged failed unknown skipped cancelled expired".split()
JOB_ROWS = "SELECT j.id, " + ", ".join(f"j.{name}" for name in STANDS) + """, j.started_at, j.finished_at, j.state, j.total,
    j.digest, j.options, j.actor_kind, j.actor_id, j.actor_name, j.actor_auth, j.reason, j.created_at, j.action, j.params_shown, j.targets_shown,
    j.retry_of, j.start_at, j.not_after FROM jobs j """
JOBS, JOB = JOB_ROWS + "ORDER BY 1", JOB_ROWS + "WHERE j.id = ?"
# What phones of a job came to; of one for which the job is not over, nothing.
# No state has a colon in it; a cause is there, and be it empty, or it is not.
ENDS = """SELECT mac, CASE WHEN state IN ('waiting', 'sending', 'verifying') THEN '' WHEN instr(state, ':') THEN '?'
    ELSE state || COALESCE(':' || cause, '') END
    FROM job_targets WHERE job = ? ORDER BY position"""
NAMES = "SELECT mac, name, site, groups FROM job_targets WHERE job = ? ORDER BY position"
# Those for which it is not, by where they stand; and the causes that are kept of the others.
UNDER_WAY = """SELECT state, COUNT(*) FROM job_targets WHERE job = ? AND state IN ('waiting', 'sending', 'verifying')
    GROUP BY 1 ORDER BY 1"""
CAUSES = "SELECT cause, count FROM job_causes WHERE job = ? ORDER BY 1"
# What is kept of a job that has no row.
STRAY = [(kept, f"SELECT MIN(job) FROM {table} WHERE job NOT IN (SELECT id FROM jobs)")
         for table, kept in (("job_causes", "causes"), ("job_targets", "phones"))]
OF_JOBS = {f"jobs.{name}" for name in (
    "id state total digest options actor_kind actor_id actor_name actor_auth reason created_at action params_shown "
    "targets_shown retry_of start_at not_after started_at finished_at").split()} | {
    f"job_targets.{name}" for name in ("job", "position", "mac", "name", "site", "groups", "state", "cause")} | {
    f"job_causes.{name}" for name in ("job", "cause", "count")} | {f"jobs.{name}" for name in STANDS}
ORDERS = "SELECT name, value FROM orders ORDER BY 1"
CHANGES = """SELECT id, kind, subject, base, asked, account, asked_at, until, digest, actor, reason, state, decider, decided_by,
    decided_at FROM change_requests ORDER BY 1"""
SEALS = [
    ("password", "users.password", "SELECT name, password FROM users WHERE password IS NOT NULL ORDER BY 1"),
    ("factor", "users.factor", "SELECT name, factor FROM users WHERE factor IS NOT NULL ORDER BY 1"),
    ("credential", "credentials.secret", "SELECT name, secret FROM credentials WHERE phone IS NULL ORDER BY 1"),
    ("stream", "streams.secret", "SELECT name, secret FROM streams WHERE secret IS NOT NULL ORDER BY 1"),
    ("private", "audit_private.sealed", "SELECT id, sealed FROM audit_private ORDER BY 1"),
    ("params", "jobs.params_sealed", "SELECT id, params_sealed FROM jobs WHERE params_sealed IS NOT NULL ORDER BY 1"),
]


# By what people come in.
PASSES = [
    ("session", "sessions.id_hash", "SELECT id_hash FROM sessions ORDER BY 1"),
    ("link", "reset_links.code_hash", "SELECT code_hash FROM reset_links ORDER BY 1"),
    ("code", "recovery_codes.code_hash", "SELECT code_hash FROM recovery_codes ORDER BY 1"),
]
SOURCES = "SELECT id, day, CAST(address AS BLOB), CAST(salt AS BLOB) FROM audit_sources ORDER BY id"


def decoded(salt):
    return base64.urlsafe_b64decode(salt + "=" * (-len(salt) % 4))


def commitment(salt, address):
    """What a record says in the place of an address."""
    address = address if isinstance(address, bytes) else address.encode()
    return base64.urlsafe_b64encode(hashlib.sha256(salt + address).digest()[:16]).rstrip(b"=").decode()


class Named:
    """The commitments that records name, each with the first that does and its day."""

    def __init__(self):
        self.first, self.astray, self.removed = {}, [], 0

    def add(self, seq, e, at):
        id_, day = e.get("source"), at // DAY
        # A phone is sent to by the order of then, on whatever day its turn comes.
        if id_ is not None and self.first.setdefault(id_, (seq, day))[1] != day and not e["action"].startswith("target."):
            self.astray.append((seq, "source: the address is one of another day"))
        if e["action"] == "audit.addresses_removed":
            try:
                self.removed = max(self.removed, micros(e["detail"]["before"]) // DAY)
            except (KeyError, ValueError, TypeError):
                pass

    def compare(self, kept, size):
        """What is kept must be what records name; what is missing, a record must have told of."""
        missing, odd = dict(self.first), self.astray[:1]
        for id_, day, address, salt in kept:
            seq, named = missing.pop(id_, (size, day))
            if len(salt) != 32 or commitment(salt, address) != id_:
                odd.append((seq, "source: the address is not the one that the record commits to"))
            elif named != day:
                odd.append((seq, "source: the address is kept for another day"))
        odd += [(seq, "source: no record tells that the address was removed")
                for seq, day in missing.values() if day >= self.removed]
        if odd:
            raise Tampered(*min(odd))


class Untold:
    """Fits whatever stands in a table: no record told of it."""

    def __eq__(self, other):
        return True


def end_of(detail):
    """Until when a token is good, as its record tells."""
    try:
        end = detail["expires_at"]
        return None if end is None else micros(end)
    except (KeyError, ValueError, TypeError, AttributeError):
        return Untold()


UNTOLD = Untold()
ROLES = {"user.created": "role", "setup.completed": "role", "user.role_changed": "after"}
SEALED = {"second_factor": ("factor", "user"), "user": ("password", "user"), "setup": ("password", "user"),
          "credential": ("credential", "name"), "stream": ("stream", "stream")}


OVER = {"finished", "cancelled", "denied", "expired"}
# From which states a record moves a job, and to which.
MOVES = {
    "job.approved": ({"awaiting_approval"}, "running"),
    "job.denied": ({"awaiting_approval"}, "denied"),
    "job.approval_expired": ({"awaiting_approval"}, "expired"),
    "job.started": ({"scheduled"}, "running"),
    "job.paused": ({"running"}, "paused"),
    "job.resumed": ({"paused", "interrupted"}, "running"),
    "job.interrupted": ({"running"}, "interrupted"),
    "job.cancelled": ({"running", "paused", "interrupted", "scheduled", "awaiting_approval"}, "stopping"),
    "job.ended": ({"running", "paused", "interrupted", "stopping", "scheduled", "awaiting_approval"}, "finished"),
}


class Ends(dict):
    """What phones come to, each once."""

    def __missing__(self, told):
        state, cause = told
        known = isinstance(state, str) and state and ":" not in state and (cause is None or isinstance(cause, str))
        end = self[told] = (state if cause is None else f"{state}:{cause}") if known else True
        return end


TOLD_ENDS, APPROVAL = Ends(), "approval_digest"


@functools.lru_cache(1 << 12)
def listed(text):
    """The groups that a row lists; None where it lists none."""
    told = read(text)
    return tuple(told) if isinstance(told, list) and all(isinstance(one, str) for one in told) else None


def named(name, site, groups):
    """Name, site and groups of a phone, as one number of this process."""
    return hash((name, site, groups))


def told_end(d):
    try:
        return TOLD_ENDS[d.get("state"), d.get("cause")]
    except TypeError:
        return True


def instant(text):
    try:
        return micros(text)
    except (ValueError, TypeError, AttributeError):
        return None


# What was told of a phone before was taken back.
TAKEN_BACK = ""


def text_of(micros):
    """An instant as records have it; nothing where it is none."""
    if not isinstance(micros, int):
        return None if micros is None else ""
    days, rest = divmod(micros, DAY)
    try:
        text = date.fromordinal(days + date(1970, 1, 1).toordinal()).isoformat()
    except (ValueError, OverflowError):
        return ""
    seconds, rest = divmod(rest, 10**6)
    text += f"T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{rest:06}".rstrip("0") if rest else "") + "Z"


def canonical(value):
    """JSON in one form: numbers and truths are not the same, as they are to Python."""
    return json.dumps(value, sort_keys=True)


def read(text):
    """JSON as a row has it; what cannot be read is like nothing that a record tells."""
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return {"unreadable": text}


# What the record of a job's beginning tells beside who and why, and its row as well.
OF_DETAIL = "action", "params", "targets", "retry_of", "start_at", "not_after"


def asked_for(e, d, at):
    """Who asked for a job and for what, as its record tells."""
    actor = e["actor"]
    told = {"by": [actor.get(name) for name in ("kind", "id", "name", "auth")], "reason": e.get("reason", ""), "at": text_of(at)}
    return told | {name: d[name] for name in OF_DETAIL if name in d}


def fits_asked(told, row):
    """Whether a row tells the same, as far as something is told."""
    kind, id_, name, auth, reason, at, action, params, targets, retry_of, start_at, not_after = row
    params = read(params)
    number = params.get("n") if isinstance(params, dict) else None
    label = f"{action}{number}" if type(number) is int and number >= 0 else action
    found = {"by": [kind, id_, name, auth], "reason": reason, "at": text_of(at), "action": label, "params": params,
             "targets": read(targets), "retry_of": retry_of, "start_at": text_of(start_at), "not_after": text_of(not_after)}
    # Without an end of its own a job gets one from who lets it run.
    return all(name not in found or canonical(found[name]) == canonical(value) or (name, value) == ("not_after", None)
               for name, value in told.items())


class Course:
    """What became of one job. In the table it may be over as long as nobody told how it ended."""
    __slots__ = ("seq", "sent", "start_at", "forged", "whole", "approval", "state", "end", "frozen", "settled", "began",
                 "over_at", "sums", "names")

    def __init__(self, seq, d, asked=None, at=None):
        # Of phones that were sent to: False, what it came to, or True where nobody told what.
        self.seq, self.sent, self.start_at, self.forged = seq, {}, instant(d.get("start_at")), False
        # How they were named, with site and groups.
        self.names = {}
        # Whether all other phones ended, and were compared with their rows before.
        self.settled = False
        # Who accepted the row took what stood there.
        self.whole, self.approval = True, d.get(APPROVAL)
        self.state = "awaiting_approval" if d["awaits_approval"] else "running" if self.start_at is None else "scheduled"
        # How it ended; None where that is not so far, or not told.
        self.end = None
        self.frozen = d["digest"], d.get("options"), d.get("total"), asked
        # When it first ran and when it ended: an instant, None for not so far, UNTOLD where nobody can tell; and what
        # its phones came to, as the record of its end tells.
        self.began, self.over_at, self.sums = at if self.state == "running" else None, None, None
        # With nobody to send to it is over at once, and no other record says so.
        if self.state == "running" and type(d.get("run")) is int and d["run"] == 0:
            self.over_at = at

    @classmethod
    def over(cls, seq):
        """One that this record ended, with rows that say the same."""
        course = cls(seq, {"awaits_approval": False, "digest": None})
        course.state, course.frozen, course.settled = "finished", None, True
        course.began = course.over_at = UNTOLD
        return course

    def add(self, seq, e, d, at):
        """What the record tells that cannot have happened."""
        action, phone = e["action"], e.get("phone")
        if self.sums is not None and phone is not None:
            self.sums = None
        if phone is not None and action.startswith("target."):
            self.names[intern(phone)] = named(e.get("phone_name", ""), e.get("site"), tuple(e.get("groups", ())))
        # Most records first.
        if action == "target.result" and phone is not None:
            self.sent[intern(phone)] = told_end(d)
        elif action == "target.intent" and phone is not None:
            return self.intent(phone)
        elif action in ("row.accepted", "row.forged"):
            self.whole = self.whole and action == "row.forged"
            # Somebody took its phones as they stood; an earlier program counted them no more for that.
            if d.get("rows") == "job-list" and action == "row.accepted" and type(d.get("total")) is int:
                self.sent, self.names = {}, {}
                self.seq, self.settled, self.sums = seq, False, None
                if self.frozen is not None:
                    self.frozen = *self.frozen[:2], d["total"], self.frozen[3]
            if d.get("rows") == "job":
                self.forged = action == "row.forged"
                if not self.forged:
                    self.state, self.seq = d["state"] if d.get("state") in STATES else None, seq
                    self.end = self.state if self.state in OVER else None
                    self.sent, self.names = {}, {}
                    self.settled, self.sums = False, None
                    noted = d.get("noted") if isinstance(d.get("noted"), dict) else {}
                    self.began, self.over_at = (noted_once(noted[name]) if name in noted else UNTOLD
                                                for name in ("started_at", "finished_at"))
                    if isinstance(d.get("digest"), str):
                        asked = d.get("asked")
                        self.frozen = d["digest"], d.get("options"), d.get("total"), asked if isinstance(asked, dict) else {}
        elif action in MOVES:
            if e["result"] == "ok" or action == "job.ended":
                return self.moved(seq, action, d, at)
        elif phone is None:
            pass
        elif action in ("target.given_back", "target.retrying"):
            if self.settled:
                self.sent[phone] = TAKEN_BACK
            else:
                self.sent.pop(phone, None)

    def moved(self, seq, action, d, at):
        since, to = MOVES[action]
        # What a row that did not count seemed to have, people may take from it.
        excused = self.forged and action not in ("job.approved", "job.started", "job.resumed")
        if self.state is not None and self.state not in since and not excused:
            return f"{action} of a job that was {self.state} since record {self.seq}"
        if action == "job.approved" and self.start_at is not None and self.start_at > at:
            to = "scheduled"
        if action == "job.cancelled" and d.get("state") is not None:
            to = "cancelled"
        self.state, self.seq, self.sums = to, seq, sums_of(d.get("phones"))
        # The record of its end tells how it ended, or nobody can tell.
        end = d.get("state") if action == "job.ended" else to
        self.end = end if isinstance(end, str) and end in OVER else None
        # Nobody knows what a row that did not count noted before.
        if self.forged:
            self.began = self.over_at = UNTOLD
        elif to == "running" and self.began is None:
            self.began = at
        elif to in OVER and self.over_at is None:
            self.over_at = at
        if action == "job.approved" and isinstance(self.approval, str) and d.get(APPROVAL, self.approval) != self.approval:
            return "somebody agreed to another than was asked for"

    def intent(self, phone):
        if self.state is not None and self.state != "running":
            return f"sent to {phone} for a job that was {self.state} since record {self.seq}"
        over = self.sent.get(phone, True if self.settled else None)
        self.sent[intern(phone)] = False
        if over is not None and over != TAKEN_BACK:
            return f"sent to {phone} again, " + ("for which the job was over" if over else "with the first end untold")

    def odd(self, targets, sums, *row):
        """What the row says otherwise than the log, or than so many phones with these sums."""
        counts, (began, over_at, state, total, digest, options, *asked) = row[:len(STANDS)], row[len(STANDS):]
        try:
            options = json.loads(options)
        except (ValueError, TypeError):
            options = Untold
        if self.end is not None and state != self.end:
            return "stands elsewhere"
        if state not in OVER and state != self.state and (self.state is not None or state not in STATES):
            return "stands elsewhere"
        if self.frozen is not None:
            if (digest, options) != self.frozen[:2]:
                return "is another one"
            if not fits_asked(self.frozen[3], asked):
                return "was asked for otherwise"
            if self.frozen[2] is not None and not total == targets == self.frozen[2]:
                return "has other phones"
        if counts != sums or self.sums is not None and self.sums != counts:
            return "has other sums"
        if self.began != began:
            return "began at another time"
        # That a job has nothing left to do is not always told.
        if self.over_at != over_at and not (self.over_at is None and state in OVER):
            return "ended at another time"

    def is_settled(self, log, id_):
        """Whether everything is told of it, and rows say the same."""
        told = self.state == "finished" and self.whole and not self.forged and not self.settled
        row = log.job(id_) if told and len(self.sent) == self.frozen[2] else None
        if row is None or row[len(STANDS) + 3] not in OVER:
            return False
        ends = log.ends(id_)
        if ends != self.sent or log.misnamed(id_, self.names):
            return False
        return not self.odd(len(ends), log.sums(id_, ends), *row[1:])

    def ended(self, found):
        """What its phones came to, against what was told of them."""
        if found == self.sent:
            return None
        over = 0
        for phone, end in found.items():
            told = self.sent.get(phone)
            if told is None and self.settled:
                continue
            told = None if told == TAKEN_BACK else told
            over += told is True or isinstance(told, str)
            if told is None and end and self.whole or told is False and end or isinstance(told, str) and told != end:
                return f"{phone} of the job"
        if self.whole and over < sum(told is not False and told != TAKEN_BACK for told in self.sent.values()):
            return "a phone of the job"


def noted_once(told):
    """An instant as somebody found and accepted it; None for not so far."""
    at = instant(told)
    return UNTOLD if at is None and told is not None else at


def sums_of(told):
    """How many phones came to what, in the order of the states; None where that is not told."""
    if not isinstance(told, dict) or not all(name in STANDS and type(n) is int for name, n in told.items()):
        return None
    return tuple(told.get(name, 0) for name in STANDS)


STATES = OVER.union(*(since for since, _ in MOVES.values()))
# An earlier program on Postgres could record a claim right behind the stop that it did not see.
APART = 5_000_000


class Courses:
    """What the log says became of all jobs, and of the stop of everything."""

    def __init__(self, log):
        self.jobs, self.untold, self.stopped, self.forbidden = {}, set(), None, None
        # Over, with rows that say what was told: of these nothing is kept but the record that ended them.
        # All is one moment of the database, so that to compare early is to compare at the end.
        self.log, self.settled = log, {}

    def add(self, seq, e, at):
        action, d, job = e["action"], e.get("detail"), e.get("job")
        if action.startswith("target.") and job not in self.jobs and not self.stopped and job not in self.settled:
            return
        d = d if isinstance(d, dict) else {}
        if action == "stop_all.set" or action == "clock.jumped" and d.get("stopped_all") is True:
            # A second stop changes nothing.
            self.stopped = self.stopped or (seq, at)
        elif action == "stop_all.released":
            self.stopped = None
        if job is None and action in ("row.accepted", "row.forged") and d.get("rows") in ("job", "job-list"):
            job = d.get("row")
        if not isinstance(job, str):
            return
        if action == "job.submitted":
            if isinstance(d.get("digest"), str) and isinstance(d.get("awaits_approval"), bool):
                self.settled.pop(job, None)
                self.jobs[job] = Course(seq, d, asked_for(e, d, at), at)
            else:
                self.untold.add(job)
        else:
            self.goes_on(seq, job, e, d, at)
        if action == "target.intent" and self.stopped and at - self.stopped[1] > APART:
            self.forbid(seq, job, f"sent to while everything was stopped by record {self.stopped[0]}")

    def goes_on(self, seq, job, e, d, at):
        if job in self.settled:
            self.jobs[job] = Course.over(self.settled.pop(job))
        course = self.jobs.get(job)
        if not course:
            return
        self.forbid(seq, job, course.add(seq, e, d, at))
        if e["action"] == "job.ended" and course.is_settled(self.log, job):
            del self.jobs[job]
            self.settled[job] = seq

    def forbid(self, seq, job, what):
        if what and self.forbidden is None:
            self.forbidden = seq, f"forbidden: {job and f'job {job}: '}{what}"

    def odd(self, rows, size):
        left, odd = set(self.jobs), []
        for id_, *row in rows:
            left.discard(id_)
            course = self.jobs.get(id_)
            what = course.odd(*self.counted[id_], *row) if course else None
            if what:
                odd.append((course.seq, f"standing: the job {id_} {what} than the log says"))
            elif not course and id_ not in self.settled:
                what = self.of_before(id_, row)
                odd += [(size, f"standing: {what}")] if what else []
        if self.log.stray:
            id_, kept = self.log.stray
            odd.append((size, f"standing: {kept} are kept of the job {id_}, which is not there"))
        return odd + [(self.jobs[id_].seq, f"standing: the job {id_} is gone") for id_ in left]

    def of_before(self, id_, row):
        """What is wrong with a job of whose beginning little was told, or nothing."""
        if id_ not in self.untold:
            return f"no record made the job {id_}"
        if self.log.sums(id_, self.log.ends(id_)) != tuple(row[:len(STANDS)]):
            return f"the sums of the job {id_} are not those of its phones"

    def odd_ends(self):
        """Phones that did not come to what was told of them. Counts them as well."""
        odd, self.counted = [], {}
        for id_, course in self.jobs.items():
            ends = self.log.ends(id_)
            self.counted[id_] = len(ends), self.log.sums(id_, ends)
            what = course.ended(ends)
            odd += [(course.seq, f"standing: {what} {id_} did not come to what the log says")] if what else []
            phone = None if what else self.log.misnamed(id_, course.names)
            odd += [(course.seq, f"standing: {phone} of the job {id_} has another name, site or groups than the log says")] if phone else []
        return odd


ORDERED = {"stop_all.set": "stop_all", "stop_all.released": "stop_all", "clock.jumped": "stop_all",
           "rules.changed": "rules", "second_factor.demanded": "second_factor_roles"}


class Orders:
    """The last word about each order that holds for everybody."""

    def __init__(self):
        self.words = {}

    def add(self, seq, action, d):
        if action == "row.accepted" and d.get("rows") == "order" and isinstance(d.get("row"), str):
            value = d.get("value", Untold)
            stop = d["row"] == "stop_all" and value is not Untold
            self.words[d["row"]] = seq, (value is not None) if stop else value
        elif action in ORDERED and (action != "clock.jumped" or d.get("stopped_all") is True):
            stop = ORDERED[action] == "stop_all"
            self.words[ORDERED[action]] = seq, action != "stop_all.released" if stop else d.get("after")

    def broken(self, action, d):
        """What a change found before it that the one before did not leave."""
        if action not in ("rules.changed", "second_factor.demanded"):
            return None
        seq, last = self.words.get(ORDERED[action], (0, None))
        if last is None or last is Untold:
            return None
        before = d.get("before")
        # A newer program knows more rules.
        if isinstance(before, dict) and isinstance(last, dict):
            before = {name: before[name] for name in last if name in before}
        if before != last:
            return f"order {ORDERED[action]}: it was another than record {seq} made it"

    def fits(self, name, value):
        word = self.words.get(name, (0, None))[1]
        if word is Untold:
            return True
        if isinstance(word, bool):
            return word == (value is not None)
        try:
            return word == (None if value is None else json.loads(value))
        except ValueError:
            return False

    def odd(self, rows, size):
        rows, odd = dict(rows), []
        for name in ("stop_all", "rules", "second_factor_roles"):
            seq = self.words.get(name, (size, None))[0]
            if name not in rows:
                odd.append((seq, f"standing: the order {name} is gone"))
            elif not self.fits(name, rows[name]):
                odd.append((seq, f"standing: the order {name} is not what the log made it"))
        return odd


# The records that end the waiting of a request for a change, and how it stands then.
CHANGE_ENDS = {"change.approved": "approved", "change.denied": "denied", "change.cancelled": "cancelled",
               "change.expired": "expired", "change.voided": "void"}
NOBODY = None, None, None


def change_told(d, asked_by, reason, state):
    """What the row of a request has to say, of which this record tells the beginning: its digest as it is written
    there and as it is made anew, who asked and why, how it stands, and who decided."""
    return d["digest"], d["digest"], asked_by, reason, state, NOBODY


def change_accepted(told):
    """The same as somebody found and accepted it; nothing where that was not told."""
    names = "digest", "content", "asked_by", "reason", "state"
    if not isinstance(told, dict) or any(not isinstance(told.get(name), str) for name in names) or "decided" not in told:
        return None
    decided = told["decided"]
    return *(told[name] for name in names), tuple(decided) if isinstance(decided, list) else decided


def change_found(id_, kind, subject, base, asked, account, asked_at, until, digest, actor, reason, state, *decided):
    """The same as its row stands: of what is asked for and by whom the digest is made anew."""
    parts = id_, kind, subject, base, asked, account, text_of(asked_at), text_of(until)
    hash_ = hashlib.sha256()
    for part in parts:
        part = str("" if part is None else part).encode()
        hash_.update(b"%d\n" % len(part) + part)
    by, name, at = decided
    return digest, hash_.hexdigest(), actor, reason, state, (by, name, text_of(at))


class Changes:
    """What administrators asked for and others decided about: what is told of each request, the record that did
    it last, and whether its row did not count."""

    def __init__(self):
        self.all, self.untold = {}, False

    def add(self, seq, e, d):
        """What the record tells that cannot have happened."""
        action, id_ = e["action"], d.get("change")
        if action == "row.accepted":
            if d.get("rows") == "change-request" and isinstance(d.get("row"), str):
                self.all[d["row"]] = [seq, change_accepted(d.get("request")), False]
        elif action == "change.requested" or d.get("alone") is True:
            if isinstance(id_, str) and isinstance(d.get("digest"), str):
                state = "waiting" if action == "change.requested" else "alone"
                self.all[id_] = [seq, change_told(d, e["actor"]["name"], e.get("reason", ""), state), False]
            else:
                # An earlier program did not tell which was made alone.
                self.untold = True
        elif action in CHANGE_ENDS and isinstance(id_, str):
            told = self.ended(seq, id_, e, d)
            return told and f"change {id_}: {told}"

    def forged(self, d):
        """A row that does not count."""
        if d.get("rows") == "change-request" and isinstance(d.get("row"), str) and d["row"] in self.all:
            self.all[d["row"]][2] = True

    def ended(self, seq, id_, e, d):
        action, entry = e["action"], self.all.get(id_)
        if entry is None:
            return f"{action} of one that nobody asked for"
        since, told, forged = entry
        entry[0] = seq
        if told is None:
            return None
        actor, to = e["actor"], CHANGE_ENDS[action]
        account = actor.get("id") if actor.get("kind") == "user" else None
        entry[1] = *told[:4], to, (account, actor["name"], text_of(micros(e["at"])))
        # What a row that did not count seemed to have, people may take from it.
        if told[4] != "waiting" and not (forged and to != "approved"):
            return f"{action} of one that was {told[4]} since record {since}"
        if to == "approved" and d.get("digest") != told[0]:
            return "somebody agreed to another than was asked for"

    def odd(self, rows, size):
        left, odd = dict(self.all), []
        for row in rows:
            id_, found = row[0], change_found(*row)
            entry = left.pop(id_, None)
            if entry is None:
                if not (self.untold and found[4] == "alone"):
                    odd.append((size, f"standing: no record asked for the change {id_}"))
                continue
            seq, told, _ = entry
            if told is not None and told != found:
                what = "stands elsewhere" if told[4:] != found[4:] else "is another one"
                odd.append((seq, f"standing: the change {id_} {what} than the log says"))
        return odd + [(seq, f"standing: the change {id_} is gone") for id_, (seq, _, _) in left.items()]


class Decisions:
    """What a second person decided about jobs, each with the record and when; and until when that was waited for."""

    def __init__(self):
        self.made, self.waited, self.untold = {}, {}, set()

    def add(self, seq, e, d, at):
        action, job = e["action"], e.get("job")
        if action in ("job.approved", "job.denied") and isinstance(job, str):
            self.made[job] = seq, e["actor"]["name"], at
        elif action == "job.submitted" and isinstance(job, str):
            if d.get("awaits_approval") is True:
                until = instant(d.get("approve_until"))
                self.waited[job] = seq, UNTOLD if until is None else until
            elif d.get("awaits_approval") is not False:
                self.untold.add(job)
        elif action == "row.accepted" and d.get("rows") == "job":
            job = job if isinstance(job, str) else d.get("row")
            if isinstance(job, str):
                self.accepted(seq, job, d.get("decision"))

    def accepted(self, seq, job, told):
        """As somebody found it; an earlier program did not tell what."""
        self.waited.pop(job, None)
        if not isinstance(told, dict):
            self.untold.add(job)
            if job in self.made:
                self.made[job] = *self.made[job][:2], UNTOLD
            return
        until, at = instant(told.get("until")), instant(told.get("at"))
        if until is not None:
            self.waited[job] = seq, until
        if isinstance(told.get("by"), str):
            self.made[job] = seq, told["by"], UNTOLD if at is None else at
        else:
            self.made.pop(job, None)

    def odd(self, rows, size):
        left, odd = dict(self.waited), []
        for job, goes_on, until, by, at in rows:
            if until is not None:
                seq, told = left.pop(job, (size, UNTOLD if job in self.untold else None))
                if told != until:
                    odd.append((seq, f"standing: job {job} waited until another time than the log says"))
            seq, given, when = self.made.get(job, (size, None, None))
            needed = goes_on and until is not None
            if given != by or when != at or given is None and needed:
                odd.append((seq, f"standing: the decision about job {job} is not what the log says"))
        return odd + [(seq, f"standing: job {job} waited until another time than the log says")
                      for job, (seq, _) in left.items()]


class Networks:
    """The last word about the networks in which phones may be contacted; UNTOLD where nobody can tell what."""

    def __init__(self):
        self.seq, self.told = None, None

    def add(self, seq, e, d, at):
        if e["action"] == "networks.changed":
            self.seq, self.told = seq, networks_told(d.get("after"), d.get("version"), d.get("asked_by", e["actor"]["name"]), at)
        elif d.get("rows") == "networks":
            choice = d.get("choice") if isinstance(d.get("choice"), dict) else {}
            self.seq = seq
            self.told = networks_told(choice.get("networks"), choice.get("version"), choice.get("by"), instant(choice.get("at")))

    def odd(self, rows, size):
        row = rows[0] if rows else None
        if self.told != row:
            seq = size if self.seq is None else self.seq
            return [(seq, "standing: the networks are not those that the log says")]
        return []


def networks_told(networks, version, by, at):
    if not isinstance(networks, list) or not all(isinstance(one, str) for one in networks) or not isinstance(by, str) or at is None:
        return UNTOLD
    return " ".join(networks), version if type(version) is int else UNTOLD, by, at


# Who ends all sessions of an account, but the one that a record is of where it says so.
ENDING = {"user.password_reset", "user.password_set", "user.disabled", "second_factor.reset", "user.password_changed"}
PASS_ROWS = {"session": "session", "link": "reset-link", "code": "recovery-code"}
COMING_IN = {*ENDING, "row.accepted", "account.signed_in", "account.signed_out", "session.ended", "user.reset_link_made", "account.proved",
             "second_factor.set_up", "second_factor.codes_renewed", "second_factor.removed"}


class Passes:
    """Sessions, links to a new password and recovery codes that stand in the tables: whose, and which record
    ended them."""

    def __init__(self, rows):
        self.told = {pass_: ["", None] for pass_ in rows}

    def begins(self, kind, name, owner):
        if isinstance(name, str) and (kind, name) in self.told:
            self.told[kind, name] = [owner, None]

    def ends(self, kind, name, seq):
        if isinstance(name, str) and (kind, name) in self.told:
            entry = self.told[kind, name]
            entry[1] = seq if entry[1] is None else entry[1]

    def ended(self, seq, told):
        """What the record says that it ended. An earlier program did not tell that."""
        for names, kind in (("sessions", "session"), ("links", "link"), ("codes", "code")):
            some = told.get(names) if isinstance(told, dict) else None
            for name in some if isinstance(some, list) else ():
                self.ends(kind, name, seq)

    def add(self, seq, action, actor, d):
        session = actor.get("session", "")
        if action == "account.signed_in":
            self.begins("session", d.get("session"), actor["name"])
        elif action in ("account.signed_out", "session.ended"):
            self.ends("session", d.get("session"), seq)
        elif action == "user.reset_link_made":
            self.begins("link", d.get("link"), d.get("user"))
        elif action == "user.password_reset":
            self.ends("link", d.get("link"), seq)
        if action in ("account.signed_in", "account.proved"):
            self.ends("code", d.get("recovery_code"), seq)
        # Somebody looked at it, and lets it count.
        if action == "row.accepted":
            for (kind, name), entry in self.told.items():
                if (d.get("rows"), d.get("row")) == (PASS_ROWS[kind], name):
                    entry[1] = None
        if action in ENDING and isinstance(d.get("user"), str):
            but = session if action == "user.password_changed" else ""
            for (kind, name), entry in self.told.items():
                if kind == "session" and entry[0] == d["user"] and name != but and entry[1] is None:
                    entry[1] = seq
        if isinstance(d.get("renewed"), str):
            self.ends("session", session, seq)
            self.begins("session", d["renewed"], actor["name"])

    def odd(self):
        return [(seq, f"standing: the {kind} {name} is back, which this ended")
                for (kind, name), (_, seq) in self.told.items() if seq is not None]


FOLLOWED = {*MOVES, "job.submitted", "row.accepted", "row.forged", "stop_all.set", "stop_all.released", "clock.jumped",
            "target.intent", "target.given_back", "target.retrying", "target.result"}
ORDERS_GIVEN = {*ORDERED, "row.accepted"}
DECIDED, CHOSEN = {"job.approved", "job.denied", "job.submitted", "row.accepted"}, {"networks.changed", "row.accepted"}
CHANGING = {*CHANGE_ENDS, "change.requested", "row.accepted"}


class Given:
    """What the log gave, each with the record that did it last."""

    def __init__(self, log):
        self.accounts, self.tokens, self.seals = {}, {}, {}
        self.decisions, self.networks = Decisions(), Networks()
        self.courses, self.orders, self.changes, self.passes = Courses(log), Orders(), Changes(), Passes(log.passes())

    def add(self, seq, e, at):
        action, d = e["action"], e.get("detail")
        if action in FOLLOWED:
            self.courses.add(seq, e, at)
        if action in ORDERS_GIVEN and e["result"] == "ok":
            told = d if isinstance(d, dict) else {}
            self.courses.forbid(seq, "", self.orders.broken(action, told))
            self.orders.add(seq, action, told)
        if isinstance(d, dict) and "ended" in d:
            self.passes.ended(seq, d["ended"])
        if action == "row.forged" and isinstance(d, dict):
            self.changes.forged(d)
        if e["result"] == "ok" and action in DECIDED:
            self.decisions.add(seq, e, d if isinstance(d, dict) else {}, at)
        if e["result"] == "ok" and action in CHOSEN:
            self.networks.add(seq, e, d if isinstance(d, dict) else {}, at)
        if e["result"] != "ok" or not isinstance(d, dict):
            return
        if action in CHANGING or "alone" in d:
            self.courses.forbid(seq, "", self.changes.add(seq, e, d))
        if action in COMING_IN or "renewed" in d:
            self.passes.add(seq, action, e["actor"], d)
        role = ROLES.get(action)
        if role and isinstance(d.get("user"), str) and isinstance(d.get(role), str):
            _, (_, approver, disabled) = self.accounts.get(d["user"], (0, ("", 0, 0)))
            told = d.get("approver")
            approver = int(told) if isinstance(told, bool) else int(approver and d[role] in ("operator", "admin"))
            self.accounts[d["user"]] = seq, (d[role], approver, disabled)
        elif action == "row.accepted" and d.get("rows") == "account" and isinstance(d.get("role"), str):
            self.accounts[d.get("row")] = seq, (d["role"], int(d.get("approver") is True), int(d.get("disabled") is True))
        elif action == "row.accepted" and d.get("rows") == "token" and all(isinstance(d.get(k), str) for k in ("row", "user", "scope")):
            self.tokens[d["row"]] = seq, (d["user"], d["scope"], int(d.get("revoked") is True), end_of(d))
        elif action in ("user.disabled", "user.enabled") and d.get("user") in self.accounts:
            role, approver, _ = self.accounts[d["user"]][1]
            self.accounts[d["user"]] = seq, (role, approver, int(action == "user.disabled"))
        elif action == "token.created" and all(isinstance(d.get(k), str) for k in ("token", "user", "scope")):
            self.tokens[d["token"]] = seq, (d["user"], d["scope"], 0, end_of(d))
        elif action == "token.revoked" and d.get("token") in self.tokens:
            user, scope, _, end = self.tokens[d["token"]][1]
            self.tokens[d["token"]] = seq, (user, scope, 1, end)
        elif action in ("key.first_used", "key.activated", "key.rewrapped"):
            self.seals.clear()
        if isinstance(e.get("job"), str) and isinstance(d.get("params_sealed"), str):
            self.seals["params", e["job"]] = seq, d["params_sealed"]
        kind, name = SEALED.get(action.split(".")[0], ("", ""))
        if isinstance(d.get("private"), dict):
            kind, name, d = "private", "id", d["private"]
        if kind and isinstance(d.get(name), str) and isinstance(d.get("sealed"), str):
            self.seals[kind, d[name]] = seq, d["sealed"]

    def check_courses(self):
        if self.courses.forbidden:
            raise Tampered(*self.courses.forbidden)

    def compare(self, tables, size):
        """The first record that tables contradict; the size stands for records that are not there."""
        *rights, decisions, seals, jobs, orders, changes, networks = tables
        odd = self.courses.odd_ends() + self.passes.odd()
        odd += self.courses.odd(jobs, size) if jobs is not None else []
        odd += self.orders.odd(orders, size) if orders is not None else []
        odd += self.changes.odd(changes, size) if changes is not None else []
        odd += self.decisions.odd(decisions, size)
        odd += self.networks.odd(networks, size) if networks is not None else []
        for what, given, rows in zip(("account", "token"), (self.accounts, self.tokens), rights):
            there = {row[0] for row in rows}
            odd += [(seq, f"standing: the {what} {name} is gone") for name, (seq, _) in given.items()
                    if name not in there]
        for what, given, rows in zip(("account", "token"), (self.accounts, self.tokens), rights):
            for name, *found in rows:
                seq, told = given.get(name, (size, None))
                if told != tuple(found):
                    odd.append((seq, f"standing: the {what} {name} is not what the log made it"))
        for kind, name, digest in seals:
            seq, told = self.seals.get((kind, name), (0, digest))
            if told != digest:
                odd.append((seq, f"standing: the sealed {kind} of {name} is another one"))
        if odd:
            raise Tampered(*min(odd))


KINDS = {"user", "token", "local", "system"}
RESULTS = set("ok denied failed intent verified acknowledged unknown skipped cancelled expired".split())


@functools.lru_cache(65536)
def is_phone(text):
    """A MAC address of a device, in any of its forms."""
    digits = re.sub(r"[:. -]", "", text.strip())
    return re.fullmatch("[0-9a-fA-F]{12}", digits) and not int(digits[:2], 16) & 1 and int(digits, 16)


def is_record(e):
    """Whether all that a record tells is of its kind."""
    actor, get = e["actor"], e.get
    who = actor["kind"], actor["id"], actor["name"], actor["auth"], actor.get("session", ""), e["action"]
    known = get("boot", ""), get("phone_name", ""), get("reason", "")
    return (set(map(type, who + known + tuple(get("groups", ())))) == {str} and who[0] in KINDS and e["result"] in RESULTS
            and all(value is None or type(value) is str for value in (get("ip"), get("source"), get("site"), get("job")))
            and type(get("groups", [])) is list and (get("phone") is None or is_phone(e["phone"])))


def check_record(seq, entry, columns):
    """The record, and what the index columns say of it."""
    try:
        e, number = strict(entry.decode()), int(NUMBERED.match(entry)[1])
        if not is_record(e):
            raise ValueError
        index = index_of(e)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Tampered(seq, "unreadable: the bytes are no record")
    if number != seq:
        raise Tampered(seq, "moved: the record belongs to another number")
    if columns and index != columns:
        name = next(name for name, expected, column in zip(COLUMNS, index, columns) if expected != column)
        raise Tampered(seq, f"index: column {name} differs from the record")
    return e, index


def disclosed(log, seq, salt, value):
    """Whether this number is the one that a record commits to."""
    for number, entry, *_ in log.records():
        if number == seq:
            told = json.loads(entry)["detail"]["private"]["sha256"]
            if hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest() != told:
                raise Tampered(seq, "not the number: the record commits to another one")
            return f"record {seq} commits to {value}"
    raise CannotTell(f"there is no record {seq}")


def unkept(sizes, ours):
    """The first checkpoint kept elsewhere that the database lacks: the size before it, its own, its source.
    What is signed goes into the file beside the database before it goes into that, and nothing follows in
    the file until it did: only the last one may be missing."""
    newest = max((size for _, size in ours), default=0)
    last, notes = {}, collections.Counter(name for name, _ in ours)
    for name, size in ours:
        last[name] = max(size, last.get(name, size))
    lacking = [(size, name) for name, size in ours if size not in sizes and size != newest
               and not (notes[name] > 1 and last[name] == size)]
    if not lacking:
        return 0, sys.maxsize, ""
    size, name = min(lacking, key=lambda one: one[0])
    return max((s for s in sizes if s < size), default=0), size, f"checkpoint of {size} records in {name}"


def check(log, key, kept):
    good, foreign, sizes = [], [], set()
    for size, text in log.checkpoints():
        sizes.add(size)
        source = f"checkpoint of {size} records in {log.name}"
        note = one_note(text)
        fits = note and note[1] == size and is_good(note, key)
        good.append((size, note[2], source)) if fits else foreign.append((size, source))
    ours = []
    for name, note in kept:
        source = f"checkpoint of {note[1]} records in {name}"
        if is_good(note, key):
            good.append((note[1], note[2], source))
            ours.append((name, note[1]))
        else:
            foreign.append((note[1], source))
    good.sort(key=lambda g: g[0])
    foreign.sort(key=lambda f: f[0])
    bad, done, tree, hashed = dict(reversed(foreign)), 0, Tree(), hashlib.sha256
    marks, said, given, named = log.marks(), Tile(), Given(log), Named()
    ahead = next(marks) if marks else None

    def compare():
        nonlocal done
        since = good[done - 1][0] if done else 0
        if tree.size in bad:
            raise Tampered(since, f"foreign: a checkpoint is not signed by the key ({bad[tree.size]})", tree.size - 1)
        fitting = None
        while done < len(good) and good[done][0] == tree.size:
            _, root, source = good[done]
            if root != tree.root():
                what = f"fork: two signed checkpoints of one size differ ({fitting}; {source})" if fitting else \
                    f"rewritten: the root is not the one signed ({source})"
                raise Tampered(since, what, tree.size - 1)
            fitting, done = source, done + 1

    def close(tile):
        """Compares the marks of a tile with its records."""
        nonlocal ahead, said
        if not marks:
            said = Tile()
            return
        at, rows = ahead if ahead[0] == tile else (tile, [])
        if not said.fits(rows, log.values, log.unnamed):
            last = tile * TILE + said.size - 1
            raise Tampered(tile * TILE, "marks: they are not those of the records", last)
        if ahead[0] == tile:
            ahead = next(marks)
        said = Tile()

    if ahead and ahead[0] is not None and ahead[0] < 0:
        raise Tampered(ahead[0] * TILE, "marks: they are not those of the records")
    compare()
    for seq, entry, stored, *columns in log.records():
        if seq > tree.size:
            raise Tampered(tree.size, "missing", seq - 1)
        h = hashed(b"\0" + entry).digest()
        if stored is not None and stored != h:
            raise Tampered(seq, "changed: the bytes do not have the stored hash")
        e, index = check_record(seq, entry, tuple(columns))
        if seq < tree.size:
            raise Tampered(seq, "moved: the record belongs to another number")
        tree.push(h)
        said.add(e, index)
        given.add(seq, e, index[0])
        named.add(seq, e, index[0])
        if not tree.size % TILE:
            row = log.tile_rows.get(seq // TILE)
            ats = [index[0] for index in said.indexes]
            found = (tree.close_tile(), min(ats), max(ats))
            if row and row != found:
                raise Tampered(seq // TILE * TILE, "tile: its hash or times do not fit the records", seq)
            close(seq // TILE)
        compare()
    check_end(log.stated, tree.size, good)
    for size, source in foreign:
        if size > tree.size:
            raise Tampered(tree.size, f"foreign: a checkpoint is not signed by the key ({source})")
    since, size, source = unkept(sizes, ours) if marks else (0, sys.maxsize, "")
    if size <= tree.size:
        raise Tampered(since, f"unkept: the database lacks what was signed ({source})", size - 1)
    head = log.head()
    if head is not None and head != (tree.size, b"".join(tree.roots())):
        raise Tampered(max(0, min(head[0], tree.size)), "head: size or frontier do not fit the records")
    strange = min((tile for tile in log.tile_rows if not 0 <= tile < tree.size // TILE), default=None)
    if strange is not None:
        first = max(-1 << 63, min(strange * TILE, (1 << 63) - 1))
        raise Tampered(first, "tile: its hash or times do not fit the records")
    if said.size:
        close(tree.size // TILE)
    if ahead and ahead[0] is not None:
        raise Tampered(ahead[0] * TILE, "marks: they are not those of the records")
    if marks and log.has_invented():
        raise Tampered(tree.size, "marks: a value is listed that no record has")
    gone = log.taken(False)
    if gone:
        raise Tampered(tree.size, f"standing: {gone[0]}")
    unfound = log.odd_index()
    if unfound:
        raise Tampered(tree.size, f"database: no record, but an index that records are found by ({unfound})")
    tables, lacking = log.standing()
    log.sources(named, tree.size)
    given.check_courses()
    if tables:
        given.compare(tables, tree.size)
    signed = max((size for size, _, _ in good if size <= tree.size), default=None)
    if signed is None:
        raise CannotTell(f"the {tree.size} records fit each other, but no signed checkpoint " +
                         ("of at most so many records was given" if good else "was given"))
    told, status = verdict(log.stated, tree, signed, good)
    return told + (f"; not there to compare: {', '.join(lacking)}" if lacking else ""), status


def check_end(stated, size, good):
    """Whether this is where the log ended, as far as anybody says."""
    for says in (stated["below"], stated.get("records")) if stated else ():
        if says is None:
            continue
        if says > size:
            raise Tampered(size, "cut: the export says that it holds more records", says - 1)
        if says < size:
            raise Tampered(says, "added: the export says that it ends before", size - 1)
    later = [one for one in good if one[0] > size]
    if later and not stated:
        raise Tampered(size, f"cut: more records were signed ({later[-1][2]})", later[-1][0] - 1)
    for (one, root, source), (other, another, beside) in zip(later, later[1:]):
        if one == other and root != another:
            raise Tampered(size, f"fork: two signed checkpoints of one size differ ({source}; {beside})", one - 1)


def verdict(stated, tree, signed, good):
    """What to say where nothing was found: that is all of it, or an export that ends where it says."""
    rest, last = tree.size - signed, good[-1]
    if last[0] <= tree.size:
        newer = f"{rest} newer records are" if rest > 1 else "1 newer record is"
        return (f"intact: {tree.size} records, root {tree.root().hex()}; signed up to {signed} records "
                f"({len(good)} checkpoints compared)" + (f"; {newer} not signed yet" if rest else "")), 0
    at, compared = stated.get("at") or "", sum(size <= tree.size for size, _, _ in good)
    return (
        f"not all that was signed: {tree.size} records, root {tree.root().hex()}; proven are the first {signed} of them "
        f"({compared} checkpoints compared)" + (f", the {rest} behind them fit, and nothing that was given proves them" if rest else "") +
        f"; {last[0] - tree.size} later records were signed ({last[2]}). The export says that it was taken before those, at "
        f"{at if AT.fullmatch(at) else 'no time'}, and does not prove it: compare with a newer export"), 4


def check_proof(text, key):
    """One record, its number, the hashes beside its way to the root, and who signed that root."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise CannotTell("this is no proof of a record")
    if not lines[1].startswith("extra "):
        raise CannotTell("the record itself is not in the proof")
    entry, index = from_base64(lines[1][6:]), re.fullmatch(r"index (\+?[0-9]{1,20})", lines[2])
    index, path = int(index[1]) if index else 1 << 64, [from_base64(line) for line in lines[3:]]
    note = one_note(note)
    if index >= 1 << 64 or not note or any(len(p) != 32 for p in path):
        raise CannotTell("this is no proof of a record")
    if not is_good(note, key):
        raise Tampered(index, "foreign: the checkpoint is not signed by the key")
    _, size, root, _, _ = note
    # RFC 9162, section 2.1.3.2.
    fn, sn, r = index, size - 1, leaf(entry)
    fits = 0 <= fn <= sn
    for p in path:
        fits = fits and sn > 0
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    if not fits or sn or r != root:
        raise Tampered(index, "changed: the record does not lead to the root that was signed")
    told = entry.decode("utf-8", "replace")
    # What was signed is proven, whatever a record of this program has to be.
    if told.encode() != entry or not told.startswith(f'{{"seq":{index},'):
        raise Tampered(index, "moved: the record belongs to another number")
    return f"proven: record {index} of {key.name}, under the checkpoint of {size} records\n{told}"


def continues(m, first_hash, n, second_hash, proof):
    """Whether the tree of n records continues that of m: RFC 9162, section 2.1.4.2."""
    if m == n or m == 0:
        return not proof and (first_hash == second_hash if m == n else True)
    if m > n or not proof:
        return False
    path = list(proof) if m & (m - 1) else [first_hash] + list(proof)
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = hashlib.sha256(b"\1" + c + fr).digest(), hashlib.sha256(b"\1" + c + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hashlib.sha256(b"\1" + sr + c).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_hash and sr == second_hash


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("log", nargs="?", help="carillon.db, or a JSON Lines export of the whole log")
    what.add_argument("--proof", metavar="FILE", help="the proof of one record")
    parser.add_argument("--vkey", required=True, type=Key, help="the key, as you noted it")
    parser.add_argument("--checkpoint", "--anchor", action="append", default=[], metavar="PATH")
    parser.add_argument("--number", nargs=3, metavar=("SEQ", "SALT", "TEXT"),
                        help="a dialled number that was shown, with the random bytes beside it")
    args = parser.parse_args()
    # Nothing here refers to itself: to look for that would only take time.
    gc.disable()
    try:
        if args.proof:
            print(check_proof(text_of_file(args.proof), args.vkey))
            return 0
        kept, ignored, unread = [], 0, 0
        for path in args.checkpoint:
            found, others, odd = kept_in(path, args.vkey)
            kept, ignored, unread = kept + found, ignored + others, unread + odd
        # To open a pipe that nobody writes to would wait for somebody.
        if not stat.S_ISREG(os.stat(args.log).st_mode):
            raise CannotTell(f"{args.log} cannot be read: it is no file that can be read from its end: store it as one")
        with open(args.log, "rb") as file:
            is_database = file.read(16) == b"SQLite format 3\0"
        kind = Log if is_database else Export
        told, status = check(kind(args.log), args.vkey, kept)
        print(told + (f"; lines passed over as no checkpoints of this log: {ignored}" if ignored else "")
              + (f"; notes of checkpoints that could not be read: {unread}" if unread else ""))
        if args.number:
            print(disclosed(kind(args.log), int(args.number[0]), *args.number[1:]))
    except Tampered as finding:
        print(f"tampered: {finding}")
        return 1
    except (CannotTell, OSError, sqlite3.Error, ValueError, LookupError, RecursionError) as why:
        print(f"cannot tell: {why}", file=sys.stderr)
        return 3
    return status


if __name__ == "__main__":
    sys.exit(main())
