-- Instants are whole microseconds since 1970 in UTC.

CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    org_id TEXT NOT NULL DEFAULT '',
    baseline_at INTEGER,                 -- by the API's clock
    looked_at INTEGER,                   -- end of the last good look, by ours
    failures INTEGER NOT NULL DEFAULT 0, -- failed looks in a row
    failing_since INTEGER,
    blind_told INTEGER NOT NULL DEFAULT 0, -- whether somebody was told that looks fail
    trouble TEXT NOT NULL DEFAULT '',
    doubts TEXT NOT NULL DEFAULT '[]',   -- JSON: why the last listing is suspect
    doubtful_since INTEGER,              -- the first of the suspect listings in a row
    doubt_told INTEGER NOT NULL DEFAULT 0, -- whether somebody was told that they are
    faults TEXT NOT NULL DEFAULT '[]',   -- JSON: rows of it that could not be read, the first of them
    bad_rows INTEGER NOT NULL DEFAULT 0  -- how many these are
) STRICT;

CREATE TABLE looks (
    source TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    certificate TEXT NOT NULL,           -- JSON
    PRIMARY KEY (source, started_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status TEXT NOT NULL,
    since INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    gone_at INTEGER,
    name TEXT NOT NULL,
    org_id TEXT NOT NULL,
    pipeline_type TEXT NOT NULL,
    pipeline_key TEXT NOT NULL,
    pipeline_version TEXT NOT NULL,
    retry_count INTEGER NOT NULL,
    preemption_count INTEGER NOT NULL,
    created_at INTEGER,
    updated_at INTEGER,
    started_at INTEGER,
    completed_at INTEGER,
    failed_at INTEGER,
    cancelled_at INTEGER,
    failed INTEGER NOT NULL,             -- whether it ever was seen to have failed
    error TEXT NOT NULL,
    progress TEXT,                       -- JSON
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

-- Each ends with gone_at although it is always null there: else SQLite reads the row itself to see that it is.
CREATE INDEX jobs_by_status ON jobs (status, since DESC, id, gone_at) WHERE gone_at IS NULL;
CREATE INDEX jobs_by_age ON jobs (since DESC, id, status, gone_at) WHERE gone_at IS NULL;
CREATE INDEX jobs_known ON jobs (source, id, fingerprint, status, gone_at) WHERE gone_at IS NULL;

CREATE INDEX jobs_gone ON jobs (gone_at) WHERE gone_at IS NOT NULL;

CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were found
    key TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    job_id TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    inferred INTEGER NOT NULL,
    was TEXT,
    status TEXT NOT NULL,
    at INTEGER,
    retry_count INTEGER NOT NULL,
    preemption_count INTEGER NOT NULL,
    times INTEGER NOT NULL,              -- preemptions that it tells; the count is with the last of them
    detail TEXT NOT NULL,                -- how much, or how long
    seen_at INTEGER NOT NULL,
    verdict TEXT NOT NULL,               -- alert, step or silence
    rule TEXT,
    reason TEXT NOT NULL,
    pipeline TEXT NOT NULL DEFAULT '',
    likeness TEXT NOT NULL DEFAULT '',   -- of a failure's error, see bot.core.likeness
    ask_until INTEGER                    -- why the job failed; null where that is known, or nobody can tell
) STRICT;

CREATE INDEX changes_by_age ON changes (seen_at);
CREATE INDEX changes_alike ON changes (likeness, seen_at, pipeline) WHERE likeness <> '';
CREATE INDEX changes_by_job ON changes (job_id);
CREATE INDEX changes_by_name ON changes (name);
CREATE INDEX changes_unexplained ON changes (source, ask_until, verdict, at) WHERE ask_until IS NOT NULL;

CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- the order in which they were composed
    key TEXT NOT NULL UNIQUE,
    destination TEXT NOT NULL,
    kind TEXT NOT NULL,                  -- opening, newcomers, steps or notice
    card TEXT,                           -- the card that it opens, or in whose thread it is told
    rank INTEGER NOT NULL DEFAULT 0,     -- lower ones go first
    body TEXT NOT NULL,                  -- JSON
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL,                 -- queued, sending, delivered or refused
    attempts INTEGER NOT NULL DEFAULT 0,
    astray INTEGER NOT NULL DEFAULT 0,   -- of these, how many found its card gone
    due_at INTEGER NOT NULL,
    claimed_at INTEGER,
    doubt_began INTEGER,                 -- an attempt that may have arrived
    doubt_ended INTEGER,
    doubt_times INTEGER NOT NULL DEFAULT 0, -- attempts in a row that nobody could look for
    channel TEXT,
    ts TEXT,
    threads TEXT NOT NULL DEFAULT '[]',  -- JSON: ts of the cards under which it may have been sent
    trouble TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX messages_done ON messages (created_at) WHERE state IN ('delivered', 'refused');
CREATE INDEX messages_refused ON messages (seq) WHERE state = 'refused';
CREATE INDEX messages_open ON messages (destination, state, rank) WHERE state IN ('queued', 'sending');
CREATE INDEX messages_due ON messages (destination, state, due_at, created_at, claimed_at)
    WHERE state IN ('queued', 'sending');
CREATE INDEX messages_of_card ON messages (card, kind, seq) WHERE state IN ('queued', 'sending');

CREATE TABLE tellings (
    change_key TEXT NOT NULL,
    destination TEXT NOT NULL,
    message_key TEXT NOT NULL,
    PRIMARY KEY (change_key, destination)
) STRICT, WITHOUT ROWID;

CREATE INDEX tellings_by_message ON tellings (message_key);

-- A message that stays true. It shows what it was when its version was shown_version.
CREATE TABLE cards (
    key TEXT PRIMARY KEY,
    destination TEXT NOT NULL,
    body TEXT NOT NULL,                  -- JSON
    opened_at INTEGER NOT NULL,
    until INTEGER NOT NULL,              -- takes newcomers before then
    version INTEGER NOT NULL DEFAULT 1,
    shown_version INTEGER NOT NULL DEFAULT 0,
    shown TEXT NOT NULL DEFAULT '',      -- digest of what it shows
    rung TEXT NOT NULL DEFAULT '[]',     -- JSON: whom its post rang
    channel TEXT,
    ts TEXT,
    anew INTEGER NOT NULL DEFAULT 0,     -- how often it was posted again,
    uneditable INTEGER NOT NULL DEFAULT 0, -- and how often because Slack let nobody edit it
    refusals INTEGER NOT NULL DEFAULT 0, -- posts in a row that were given up
    pace INTEGER NOT NULL,               -- between two edits at least
    edit_due INTEGER NOT NULL,
    put_off_at INTEGER NOT NULL DEFAULT 0, -- when that was set for an edit under way, or one to be made again
    edited_at INTEGER NOT NULL DEFAULT 0,
    edit_attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX cards_taking ON cards (until);
CREATE INDEX cards_by_age ON cards (opened_at);
CREATE INDEX cards_to_edit ON cards (edit_due) WHERE version > shown_version;

-- The jobs of a card, as they stand on it.
CREATE TABLE members (
    card TEXT NOT NULL,
    source TEXT NOT NULL,
    job_id TEXT NOT NULL,
    kind TEXT NOT NULL,                  -- of its latest change there
    at INTEGER NOT NULL,
    likeness TEXT NOT NULL,              -- of its error
    ended_at INTEGER,                    -- by our clock; null while it lives
    entry TEXT NOT NULL,                 -- JSON
    PRIMARY KEY (card, source, job_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_job ON members (source, job_id);
CREATE INDEX members_alike ON members (card, likeness);

-- A destination and how it can be reached; '*' stands for the whole workspace.
CREATE TABLE routes (
    destination TEXT PRIMARY KEY,
    channel TEXT,
    mark INTEGER NOT NULL DEFAULT 0,       -- pacing, see bot.core.pacing.paced; no earlier than the last use
    not_before INTEGER NOT NULL DEFAULT 0,
    parked TEXT NOT NULL DEFAULT '',       -- why it cannot work
    parked_at INTEGER,
    refusals INTEGER NOT NULL DEFAULT 0    -- in a row
) STRICT;

-- A place is a channel, whatever it is called, once it has been looked up; a name that is parked holds up no other name
-- of it.
CREATE VIEW places AS
SELECT coalesce(channel, destination) AS place, max(mark) AS mark,
    max(not_before) FILTER (WHERE parked = '') AS not_before
FROM routes GROUP BY place;

-- Destinations that messages wait for, of places that have none under way, and from when on something may go there. That
-- open messages are queued or sending is said again, here and below, because SQLite takes their index only then.
CREATE VIEW queues AS
SELECT d.destination, coalesce(r.channel, d.destination) AS place, coalesce(p.mark, 0) AS mark,
    max(coalesce(r.not_before, 0), coalesce(p.not_before, 0),
        coalesce((SELECT w.not_before FROM routes w WHERE w.destination = '*'), 0)) AS opens_at
FROM (SELECT DISTINCT destination FROM messages WHERE state = 'queued' AND state IN ('queued', 'sending')) d
    LEFT JOIN routes r ON r.destination = d.destination
    LEFT JOIN places p ON p.place = coalesce(r.channel, d.destination)
WHERE coalesce(r.channel, d.destination) NOT IN (SELECT coalesce(q.channel, s.destination)
    FROM messages s LEFT JOIN routes q ON q.destination = s.destination
    WHERE s.state = 'sending' AND s.state IN ('queued', 'sending'));

-- Messages that have to wait for others. None that tells of a job passes an earlier one there that tells of it too, and
-- no step passes an earlier one of its card: a story is told in its order. A reply waits for its card to be there. To
-- find that out is dear, so it is asked of one message after the other, and last.
CREATE VIEW held AS
SELECT m.seq FROM messages m
WHERE (m.kind IN ('newcomers', 'steps') AND NOT EXISTS (SELECT 1 FROM cards k WHERE k.key = m.card AND k.ts IS NOT NULL))
    OR (m.kind = 'steps' AND EXISTS (SELECT 1 FROM messages b
        WHERE b.card = m.card AND b.kind = 'steps' AND b.seq < m.seq AND b.state IN ('queued', 'sending')))
    OR EXISTS (SELECT 1 FROM tellings t JOIN changes c ON c.key = t.change_key
        JOIN changes o ON o.job_id = c.job_id AND o.source = c.source
        JOIN tellings u ON u.change_key = o.key
        LEFT JOIN routes q ON q.destination = u.destination AND q.parked = ''
        JOIN messages b ON b.key = u.message_key
        WHERE t.message_key = m.key AND b.seq < m.seq AND b.state IN ('queued', 'sending')
            AND (u.destination = m.destination OR q.channel = coalesce(
                (SELECT r.channel FROM routes r WHERE r.destination = m.destination), m.destination)));

-- Cards that differ from what they show, since when they wait, and from when on they may be edited. '*edits' stands for
-- all edits together.
CREATE VIEW edits AS
SELECT c.key, c.edit_due AS waits_since, max(c.edit_due, coalesce(r.not_before, 0),
    coalesce((SELECT max(max(w.not_before, iif(w.destination = '*edits', w.mark, 0))) FROM routes w
        WHERE w.destination IN ('*', '*edits')), 0)) AS due_at
FROM cards c LEFT JOIN routes r ON r.destination = c.destination
WHERE c.version > c.shown_version AND c.ts IS NOT NULL;
