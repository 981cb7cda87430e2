-- members_of --
-- Where these jobs, each a source and an id, stand on a card that follows them; the oldest card first. It follows those
-- that have ended since this time, or whose latest news, by its own time, is between the two that are given with them.
SELECT DISTINCT m.card, m.likeness, m.ended_at, m.entry, c.ts IS NULL AS unsaid, EXISTS (SELECT 1 FROM tellings t
    WHERE t.change_key = m.entry ->> 'change_key' AND t.message_key = m.card) AS opens
FROM json_each(:jobs) j JOIN members m ON m.source = j.value ->> 0 AND m.job_id = j.value ->> 1
    JOIN cards c ON c.key = m.card
WHERE m.ended_at IS NULL OR m.ended_at >= :since OR m.at BETWEEN j.value ->> 2 AND j.value ->> 3
ORDER BY c.opened_at, c.key;

-- cards --
-- These cards, and all that take newcomers of a look that began then; the oldest first.
SELECT body FROM cards WHERE until > :began OR key IN (SELECT value FROM json_each(:keys)) ORDER BY opened_at, key;

-- put_card --
-- A card as it is from now on. What it shows is made to agree in its time.
INSERT INTO cards (key, destination, body, opened_at, until, edit_due, pace)
VALUES (:key, :destination, :body, :opened_at, :until, :now, :pace)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, until = excluded.until, version = version + 1;

-- put_member --
-- A job as it stands on a card from now on.
INSERT INTO members (card, source, job_id, kind, at, likeness, ended_at, entry)
VALUES (:card, :source, :job_id, :kind, :at, :likeness, :ended_at, :entry)
ON CONFLICT (card, source, job_id) DO UPDATE SET kind = excluded.kind, at = excluded.at, likeness = excluded.likeness,
    ended_at = excluded.ended_at, entry = excluded.entry;

-- members_like --
-- A job on each of the cards that it was ever on.
SELECT card, likeness, ended_at, entry, 0 AS unsaid, 0 AS opens FROM members WHERE source = :source AND job_id = :job_id;

-- touch_card --
-- Something on the card changed. What it shows is made to agree in its time.
UPDATE cards SET version = version + 1 WHERE key = :key;

-- touch_later --
-- The same of cards that were opened after this failure, if its error is of another kind than was known, and with an
-- error of either kind: they say how often it was seen before.
UPDATE cards SET version = version + 1 FROM (SELECT seen_at, likeness FROM changes WHERE key = :change_key) c
WHERE opened_at > c.seen_at AND c.likeness <> :likeness AND EXISTS (SELECT 1 FROM members m
    WHERE m.card = cards.key AND m.likeness IN (:likeness, nullif(c.likeness, '')));

-- mistrust_cards --
-- A card that was edited, or whose edit was put off, at a time which has not come yet, by such a clock, may be edited.
UPDATE cards SET edit_due = :now, edited_at = min(edited_at, :now), put_off_at = :now
WHERE version > shown_version AND max(edited_at, put_off_at) > :ahead;

-- card --
-- A card as it stands.
SELECT body, version, ts FROM cards WHERE key = :key;

-- first_members --
-- The jobs that a card names: those in one of these troubles before the others, the latest news first.
SELECT entry FROM members WHERE card = :card
ORDER BY kind IN (SELECT value FROM json_each(:troubles)) DESC, at DESC, job_id DESC, source LIMIT :limit;

-- standing --
-- How many jobs of a card stand how, and how many of these have an error.
SELECT kind, count(*) AS jobs, count(*) FILTER (WHERE entry ->> 'error' <> '') AS with_error
FROM members WHERE card = :card GROUP BY kind;

-- likenesses --
-- How alike the errors of a card's jobs are.
SELECT likeness, min(entry ->> 'error') AS error, count(*) AS jobs FROM members WHERE card = :card AND likeness <> ''
GROUP BY likeness ORDER BY jobs DESC, likeness LIMIT :limit;

-- editable --
-- The card that has waited longest for an edit; not that whose edit was held up longest by what holds up all.
SELECT key FROM edits WHERE due_at <= :now ORDER BY waits_since, key LIMIT 1;

-- claim_edit --
-- Nobody else edits it meanwhile.
UPDATE cards SET edit_due = :again_at, put_off_at = :now, edit_attempts = edit_attempts + 1 WHERE key = :key
RETURNING key, destination, body, version, rung, channel, ts, shown, edit_attempts;

-- forget_shown --
-- An edit is on its way: until its answer is there, the card may show what it showed or what it is to show.
UPDATE cards SET shown = '' WHERE key = :key;

-- settle_edit --
-- What the card shows now, as far as it is known; and when the next edit may come.
UPDATE cards SET shown = :shown, shown_version = max(shown_version, :version), edited_at = :now, edit_attempts = 0,
    edit_due = :now + pace
WHERE key = :key AND ts = :ts;

-- retry_edit --
-- The edit has to be made again, where the card still is.
UPDATE cards SET edit_due = :due_at, put_off_at = :now, shown = :shown WHERE key = :key AND ts = :ts;

-- anchor_card --
-- Where the card was posted, and what it shows there.
UPDATE cards SET channel = :channel, ts = :ts, shown = :shown, shown_version = :version, rung = :rung, refusals = 0,
    edited_at = :now, edit_due = :now + pace
WHERE key = :key;

-- lose_anchor --
-- The card is not where it was posted, or stays there as it is: it has to be posted anew.
UPDATE cards SET ts = NULL, shown = '', shown_version = 0, edit_attempts = 0, anew = anew + 1,
    uneditable = uneditable + :uneditable
WHERE key = :key AND ts IS :ts RETURNING anew, uneditable, destination;

-- count_refusal --
-- The post of the card was given up, how many times in a row.
UPDATE cards SET refusals = refusals + 1 WHERE key = :key RETURNING refusals;

-- pace_card --
-- How often it is edited at most.
UPDATE cards SET pace = :pace WHERE key = :key;

-- close_card --
-- The card tells nothing more. What follows opens another one.
UPDATE cards SET until = 0, shown_version = version WHERE key = :key;

-- heir --
-- Another card that stands at this message and follows jobs.
SELECT key, body FROM cards WHERE channel = :channel AND ts = :ts AND key <> :key
    AND EXISTS (SELECT 1 FROM members m WHERE m.card = cards.key) ORDER BY opened_at LIMIT 1;

-- hand_over --
-- The jobs of a card that are not on the other one are on that from now on.
UPDATE members SET card = :heir WHERE card = :key
    AND (source, job_id) NOT IN (SELECT source, job_id FROM members WHERE card = :heir);

-- leave_card --
-- No job is followed by it any more.
DELETE FROM members WHERE card = :key;

-- redo_edits --
-- Edits that were under way when the last process died are made again; perhaps one was made at this very moment.
UPDATE cards SET edit_due = min(edit_due, :now + :every), put_off_at = :now WHERE version > shown_version;

-- abandon_cards --
-- Cards in such a place tell nothing more; but for one that is on its way there. If not all names are looked up, only
-- those that were never posted, in a place whose channel is not known either.
UPDATE cards SET until = 0, shown_version = version
WHERE (:all_known OR (channel IS NULL AND destination GLOB '[#@]*' AND NOT EXISTS (
        SELECT 1 FROM routes r WHERE r.destination = cards.destination AND r.channel IS NOT NULL)))
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.card = cards.key AND m.state = 'sending'
        AND m.state IN ('queued', 'sending'))
    AND coalesce((SELECT r.channel FROM routes r WHERE r.destination = cards.destination), destination) NOT IN (
        SELECT coalesce(r.channel, n.value) FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value)
RETURNING key;

-- prune_cards --
-- Cards that nothing happened to for as long as the store keeps, that follow no job and have nothing left to say. Of a
-- source that is configured no more nobody knows what becomes of its jobs.
DELETE FROM cards WHERE until < :before AND edited_at < :before
    AND NOT EXISTS (SELECT 1 FROM members m WHERE m.card = cards.key AND (m.ended_at >= :ended_after
        OR (m.ended_at IS NULL AND EXISTS (SELECT 1 FROM jobs j
            WHERE j.source = m.source AND j.id = m.job_id AND j.gone_at IS NULL)
            AND m.source NOT IN (SELECT value FROM json_each(:ghosts)))))
    AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.card = cards.key AND b.state IN ('queued', 'sending'))
RETURNING key;
