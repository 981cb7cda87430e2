-- source --
-- A source as it stands after its last look. The looks are counted only until there is a baseline.
SELECT org_id, baseline_at, failing_since, blind_told, doubtful_since, doubt_told,
    iif(baseline_at IS NULL, (SELECT count(*) FROM looks WHERE source = sources.name), 0) AS looks
FROM sources WHERE name = :source;

-- sources --
-- Every source that was ever looked at, with the number of its jobs; but for those that are configured no more.
SELECT s.name, s.baseline_at, s.looked_at, s.failures, s.failing_since, s.trouble, s.doubts, s.faults, s.bad_rows,
    (SELECT count(*) FROM jobs j WHERE j.source = s.name AND j.gone_at IS NULL) AS jobs
FROM sources s WHERE s.name NOT IN (SELECT value FROM json_each(:ghosts)) ORDER BY s.name;

-- organisations --
-- Every source that was ever looked at, and the organisation that its key opened.
SELECT name, org_id FROM sources;

-- record_look --
-- A good look: the source is seen, once there is a baseline, and what was wrong is over.
INSERT INTO sources (name, org_id, baseline_at, looked_at, doubts, doubtful_since, faults, bad_rows)
VALUES (:source, :org_id, :baseline_at, iif(:baseline_at IS NULL, NULL, :now), :doubts,
    iif(:doubts = '[]', NULL, :now), :faults, :bad_rows)
ON CONFLICT (name) DO UPDATE SET
    org_id = CASE WHEN sources.org_id = '' THEN excluded.org_id ELSE sources.org_id END,
    baseline_at = coalesce(sources.baseline_at, excluded.baseline_at),
    looked_at = iif(coalesce(sources.baseline_at, excluded.baseline_at) IS NULL, NULL, :now),
    failures = 0, failing_since = NULL, blind_told = 0, trouble = '', doubts = excluded.doubts,
    doubtful_since = iif(excluded.doubts = '[]', NULL, coalesce(sources.doubtful_since, :now)),
    doubt_told = iif(excluded.doubts = '[]', 0, sources.doubt_told),
    faults = excluded.faults, bad_rows = excluded.bad_rows;

-- record_fault --
-- A look that failed: nothing is known but that.
INSERT INTO sources (name, failures, failing_since, trouble) VALUES (:source, 1, :now, :trouble)
ON CONFLICT (name) DO UPDATE SET
    failures = sources.failures + 1, failing_since = coalesce(sources.failing_since, excluded.failing_since),
    trouble = excluded.trouble;

-- record_told --
-- People were told that looks at this source fail, or that its list is in doubt.
UPDATE sources SET blind_told = max(blind_told, :blind), doubt_told = max(doubt_told, :doubt) WHERE name = :source;

-- record_certificate --
-- How a listing was read.
INSERT INTO looks (source, started_at, seen, certificate) VALUES (:source, :now, :seen, :certificate)
ON CONFLICT (source, started_at) DO UPDATE SET seen = excluded.seen, certificate = excluded.certificate;

-- lately_seen --
-- How many rows the latest listings brought.
SELECT seen FROM looks WHERE source = :source ORDER BY started_at DESC LIMIT :looks;

-- known_jobs --
-- What is stored of a source's jobs, to tell which rows of a listing differ.
SELECT id, fingerprint, status FROM jobs WHERE source = :source AND gone_at IS NULL;

-- memories --
-- Jobs as last seen, gone or not.
SELECT * FROM jobs WHERE source = :source AND id IN (SELECT value FROM json_each(:ids));

-- remember_job --
-- A job as it is seen now.
INSERT INTO jobs (source, id, fingerprint, status, since, first_seen, gone_at, name, org_id, pipeline_type, pipeline_key,
    pipeline_version, retry_count, preemption_count, created_at, updated_at, started_at, completed_at, failed_at,
    cancelled_at, failed, error, progress)
VALUES (:source, :id, :fingerprint, :status, :since, :first_seen, NULL, :name, :org_id, :pipeline_type, :pipeline_key,
    :pipeline_version, :retry_count, :preemption_count, :created_at, :updated_at, :started_at, :completed_at, :failed_at,
    :cancelled_at, :failed, :error, :progress)
ON CONFLICT (source, id) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = excluded.status, since = excluded.since, gone_at = NULL,
    name = excluded.name, org_id = excluded.org_id, pipeline_type = excluded.pipeline_type,
    pipeline_key = excluded.pipeline_key, pipeline_version = excluded.pipeline_version,
    retry_count = excluded.retry_count, preemption_count = excluded.preemption_count,
    created_at = excluded.created_at, updated_at = excluded.updated_at, started_at = excluded.started_at,
    completed_at = excluded.completed_at, failed_at = excluded.failed_at, cancelled_at = excluded.cancelled_at,
    failed = excluded.failed, error = excluded.error, progress = excluded.progress;

-- forget_job --
-- The API knows this job no longer.
UPDATE jobs SET gone_at = :now WHERE source = :source AND id = :id;

-- told --
-- Where changes have been told, or are about to be.
SELECT change_key, destination FROM tellings WHERE change_key IN (SELECT value FROM json_each(:keys));

-- record_change --
-- A change with its verdict. Read again, the same fact keeps its first verdict unless somebody is told now.
INSERT INTO changes (key, source, job_id, name, kind, inferred, was, status, at, preemption_count, times, detail,
    seen_at, verdict, rule, reason, pipeline, likeness)
VALUES (:key, :source, :job_id, :name, :kind, :inferred, :was, :status, :at, :preemption_count, :times, :detail,
    :seen_at, :verdict, :rule, :reason, :pipeline, :likeness)
ON CONFLICT (key) DO UPDATE SET verdict = excluded.verdict, rule = excluded.rule, reason = excluded.reason
WHERE excluded.verdict = 'alert' OR (excluded.verdict = 'step' AND changes.verdict = 'silence');

-- members_of --
-- Where these jobs, each a source and an id, stand on a card that follows them yet; the oldest card first.
SELECT m.card, m.likeness, m.ended_at, m.entry, c.ts IS NULL AND EXISTS (SELECT 1 FROM tellings t
    WHERE t.change_key = m.entry ->> 'change_key' AND t.message_key = m.card) AS unsaid
FROM json_each(:jobs) j JOIN members m ON m.source = j.value ->> 0 AND m.job_id = j.value ->> 1
    JOIN cards c ON c.key = m.card
WHERE m.ended_at IS NULL OR m.ended_at >= :ended_after
ORDER BY c.opened_at, c.key;

-- cards --
-- These cards, and all that take newcomers yet; the oldest first.
SELECT body FROM cards WHERE until > :now OR key IN (SELECT value FROM json_each(:keys)) ORDER BY opened_at, key;

-- waiting_newcomers --
-- The replies with newcomers that nobody has begun to send.
SELECT body FROM messages
WHERE kind = 'newcomers' AND state = 'queued' AND state IN ('queued', 'sending') AND attempts = 0;

-- put_card --
-- A card as it is from now on. What it shows is made to agree in its time.
INSERT INTO cards (key, destination, body, opened_at, until, edit_due)
VALUES (:key, :destination, :body, :opened_at, :until, :now)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, until = excluded.until, version = version + 1,
    edit_due = iif(version > shown_version, edit_due, edited_at + iif(anew < 2, :every, :rarely));

-- put_member --
-- A job as it stands on a card from now on.
INSERT INTO members (card, source, job_id, kind, at, likeness, error, ended_at, entry)
VALUES (:card, :source, :job_id, :kind, :at, :likeness, :error, :ended_at, :entry)
ON CONFLICT (card, source, job_id) DO UPDATE SET kind = excluded.kind, at = excluded.at, likeness = excluded.likeness,
    error = excluded.error, ended_at = excluded.ended_at, entry = excluded.entry;

-- give_reason --
-- Why a job failed, as long as it is that failure which was asked about, and nobody has said it meanwhile.
UPDATE jobs SET error = :reason WHERE source = :source AND id = :id AND gone_at IS NULL AND status = 'FAILED'
    AND retry_count = :retry_count AND failed_at IS :failed_at AND error = :error;

-- liken_change --
-- What kind of error a failure had turns out later.
UPDATE changes SET likeness = :likeness WHERE key = :key;

-- recount_change --
-- How much a change tells turns out later.
UPDATE changes SET detail = :detail WHERE key = :key;

-- members_like --
-- A job on each of the cards that it was ever on.
SELECT card, likeness, ended_at, entry, 0 AS unsaid FROM members WHERE source = :source AND job_id = :job_id;

-- touch_card --
-- Something on the card changed. What it shows is made to agree in its time.
UPDATE cards SET version = version + 1,
    edit_due = iif(version > shown_version, edit_due, edited_at + iif(anew < 2, :every, :rarely))
WHERE key = :key;

-- replies_that_tell --
-- Replies that tell this change, and that nobody has begun to send.
SELECT m.key, m.body FROM tellings t JOIN messages m ON m.key = t.message_key
WHERE t.change_key = :change_key AND m.kind IN ('newcomers', 'steps') AND m.state = 'queued' AND m.attempts = 0;

-- amend_reply --
-- What a reply tells, before anybody sends it.
UPDATE messages SET body = :body WHERE key = :key AND state = 'queued' AND attempts = 0;

-- wait_for_no_reason --
-- Messages that wait for the reason of a failure go out without it.
UPDATE messages SET due_at = created_at WHERE state = 'queued' AND state IN ('queued', 'sending') AND attempts = 0
    AND kind <> 'notice' AND due_at = created_at + :within;

-- seen_before --
-- How often there were failures of these kinds before a time, in how many pipelines, and the first of them.
SELECT likeness, count(*) AS times, count(DISTINCT pipeline) AS pipelines, min(seen_at) AS since FROM changes
WHERE likeness IN (SELECT value FROM json_each(:likenesses)) AND likeness <> '' AND seen_at < :before
GROUP BY likeness;

-- preempted_lately --
-- Of these jobs, those that were preempted since: when first, the count with that one, and whether that was found too
-- often.
SELECT job_id, min(seen_at) AS since, min(preemption_count - times + 1) AS count, max(kind = 'thrashing') AS told
FROM changes
WHERE job_id IN (SELECT value FROM json_each(:ids)) AND source = :source AND kind IN ('preempted', 'thrashing')
    AND seen_at >= :since AND reason <> :old
GROUP BY job_id;

-- long_in_status --
-- Live jobs that came to their status before the instant that is given for it, and that were not found overdue since.
SELECT j.* FROM json_each(:before) b CROSS JOIN jobs j INDEXED BY jobs_by_status
WHERE j.status = b.key AND j.since < b.value AND j.gone_at IS NULL AND j.source = :source
    AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.job_id = j.id AND c.source = j.source AND c.kind = 'overdue'
        AND c.at / 1000000 = j.since / 1000000);

-- enqueue_message --
-- A message to be said. One with the same key is the same message; nobody has begun to send it if it is to change.
INSERT INTO messages (key, destination, kind, card, rank, version, body, created_at, state, due_at)
VALUES (:key, :destination, :kind, :card, :rank, :version, :body, :now, 'queued', :due_at)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, rank = excluded.rank WHERE state = 'queued' AND attempts = 0;

-- drop_message --
-- A message that has nothing left to tell, before anybody sends it.
DELETE FROM messages WHERE key = :key AND state = 'queued' AND attempts = 0;

-- record_telling --
-- A change is told once in a place.
INSERT INTO tellings (change_key, destination, message_key) VALUES (:change_key, :destination, :message_key)
ON CONFLICT (change_key, destination) DO NOTHING;

-- leave_to_others --
-- Of what a waiting message was to tell, it tells only these changes any more.
DELETE FROM tellings WHERE message_key = :message_key AND change_key NOT IN (SELECT value FROM json_each(:keys));

-- resolved --
-- The channel ids that destinations were resolved to.
SELECT destination, channel FROM routes WHERE channel IS NOT NULL;

-- mistrust_routes --
-- A route that was used at a time which has not come yet, by a clock that has been set back since.
UPDATE routes SET mark = 0, not_before = 0 WHERE mark > :ahead;

-- mistrust_messages --
-- A message that was written or tried at a time which has not come yet, by such a clock, is due and in doubt as of now.
UPDATE messages SET due_at = :now, claimed_at = :now, doubt_began = min(doubt_began, :now),
    doubt_ended = min(doubt_ended, :now)
WHERE state = 'queued' AND state IN ('queued', 'sending') AND coalesce(claimed_at, created_at) > :ahead;

-- mistrust_cards --
-- A card that was edited at a time which has not come yet, by such a clock, may be edited.
UPDATE cards SET edit_due = :now, edited_at = :now WHERE version > shown_version AND edited_at > :ahead;

-- claimable --
-- The first message due for each place that is open and has none under way: an alert before what goes on in threads.
SELECT min(rank * 4294967296 + seq), seq, destination, mark FROM waiting WHERE due_at <= :now GROUP BY place;

-- claim --
-- The message is on its way from here on, whatever becomes of us.
UPDATE messages SET state = 'sending', attempts = attempts + 1, claimed_at = :now,
    thread = iif(doubt_began IS NULL, (SELECT k.ts FROM cards k WHERE k.key = card AND kind <> 'opening'), thread)
WHERE seq = :seq
RETURNING kind, card, body, attempts, claimed_at, doubt_began, doubt_ended, doubt_times, thread,
    (SELECT channel FROM routes r WHERE r.destination = messages.destination AND r.parked = '') AS channel;

-- twins --
-- Messages that have told changes of this one in the same channel under another name, or are about to.
SELECT b.kind, b.body, b.state, b.ts, count(*) AS shared
FROM tellings t JOIN tellings u ON u.change_key = t.change_key AND u.message_key <> t.message_key
    JOIN messages b ON b.key = u.message_key AND b.state IN ('delivered', 'sending')
    LEFT JOIN routes q ON q.destination = b.destination
WHERE t.message_key = :key AND coalesce(b.channel, q.channel) = :channel
GROUP BY b.key;

-- pace --
-- The pacing mark of a destination.
INSERT INTO routes (destination, mark) VALUES (:destination, :mark)
ON CONFLICT (destination) DO UPDATE SET mark = excluded.mark;

-- pace_more --
-- One more of what shares this mark was sent, which holds up the next one.
INSERT INTO routes (destination, mark) VALUES (:destination, :now + :every)
ON CONFLICT (destination) DO UPDATE SET mark = max(mark, :now) + :every;

-- next_due --
-- When the next message can go out, as far as it is known.
SELECT min(due_at) AS due_at FROM (SELECT max(due_at, mark - :slack) AS due_at FROM waiting
    UNION ALL SELECT due_at FROM edits);

-- card --
-- A card as it stands.
SELECT body, version, rung, ts FROM cards WHERE key = :key;

-- newest_members --
-- The jobs of a card with the latest news.
SELECT entry FROM members WHERE card = :card ORDER BY at DESC, job_id DESC, source LIMIT :limit;

-- standing --
-- How many jobs of a card stand how.
SELECT kind, count(*) AS jobs FROM members WHERE card = :card GROUP BY kind;

-- likenesses --
-- How alike the errors of a card's jobs are.
SELECT min(error) AS error, count(*) AS jobs FROM members WHERE card = :card AND likeness <> ''
GROUP BY likeness ORDER BY jobs DESC, likeness LIMIT :limit;

-- editable --
-- The card that has waited longest for an edit.
SELECT key FROM edits WHERE due_at <= :now ORDER BY due_at, key LIMIT 1;

-- claim_edit --
-- Nobody else edits it meanwhile.
UPDATE cards SET edit_due = :again_at, edit_attempts = edit_attempts + 1 WHERE key = :key
RETURNING key, destination, body, version, rung, channel, ts, shown, edit_attempts;

-- settle_edit --
-- What the card shows now, as far as it is known; and when the next edit may come.
UPDATE cards SET shown = :shown, shown_version = max(shown_version, :version), edited_at = :now, edit_attempts = 0,
    edit_due = :now + iif(anew < 2, :every, :rarely)
WHERE key = :key AND ts = :ts;

-- retry_edit --
-- The edit has to be made again.
UPDATE cards SET edit_due = :due_at WHERE key = :key;

-- anchor_card --
-- Where the card was posted, and what it shows there.
UPDATE cards SET channel = :channel, ts = :ts, shown = :shown, shown_version = :version, rung = :rung,
    edited_at = :now, edit_due = :now + iif(anew < 2, :every, :rarely)
WHERE key = :key;

-- lose_anchor --
-- The card is not where it was posted, or stays there as it is: it has to be posted anew.
UPDATE cards SET ts = NULL, shown = '', shown_version = 0, edit_attempts = 0, anew = anew + 1
WHERE key = :key AND ts = :ts RETURNING anew, destination;

-- close_card --
-- The card tells nothing more. What follows opens another one.
UPDATE cards SET until = 0, shown_version = version WHERE key = :key;

-- leave_card --
-- No job is followed by it any more.
DELETE FROM members WHERE card = :key;

-- refuse_replies --
-- What was to be told in the thread of a card that cannot be posted.
UPDATE messages SET state = 'refused', trouble = :why WHERE card = :key AND state = 'queued';

-- settle_message --
-- What became of a message.
UPDATE messages SET state = :state, due_at = :due_at, channel = coalesce(:channel, channel), ts = coalesce(:ts, ts),
    thread = coalesce(:thread, thread), trouble = :trouble, doubt_began = :doubt_began, doubt_ended = :doubt_ended, doubt_times = :doubt_times
WHERE key = :key;

-- resolve_route --
-- A destination's channel id. If it was parked because it could not be found, it is open again.
INSERT INTO routes (destination, channel) VALUES (:destination, :channel)
ON CONFLICT (destination) DO UPDATE SET
    channel = excluded.channel, parked = iif(refusals = 0, '', parked), parked_at = iif(refusals = 0, NULL, parked_at);

-- lose_route --
-- A destination that cannot be found. A message for it is tried all the same.
INSERT INTO routes (destination, parked, parked_at) VALUES (:destination, :parked, :now)
ON CONFLICT (destination) DO UPDATE SET
    parked = excluded.parked, parked_at = coalesce(routes.parked_at, excluded.parked_at);

-- route --
-- How a destination can be reached.
SELECT parked, refusals, not_before FROM routes WHERE destination = :destination;

-- delay_route --
-- Nothing goes to this destination for a while. Its mark tells when that was said.
INSERT INTO routes (destination, not_before, mark) VALUES (:destination, :not_before, :now)
ON CONFLICT (destination) DO UPDATE SET not_before = excluded.not_before, mark = max(routes.mark, :now);

-- park_route --
-- This destination cannot work until somebody mends it; its channel is looked up anew then. Until then it counts as the
-- place that it was.
INSERT INTO routes (destination, not_before, mark, parked, parked_at, refusals)
VALUES (:destination, :not_before, :now, :parked, :now, 1)
ON CONFLICT (destination) DO UPDATE SET
    not_before = excluded.not_before, mark = max(routes.mark, :now), parked = excluded.parked,
    parked_at = coalesce(routes.parked_at, excluded.parked_at), refusals = routes.refusals + 1;

-- retry_parked --
-- What is parked may go again.
UPDATE routes SET not_before = 0 WHERE parked <> '';

-- open_route --
-- The destination works.
UPDATE routes SET parked = '', parked_at = NULL, refusals = 0, not_before = 0
WHERE destination IN (:destination, '*') AND parked <> '';

-- requeue_unfinished --
-- What was under way when the last process died. It is in doubt, but that does not count as an attempt without a clear
-- answer: a process may die any number of times before it sends anything.
UPDATE messages SET state = 'queued', due_at = :now, trouble = 'the bot stopped while it was sent',
    doubt_began = min(coalesce(doubt_began, claimed_at), :now), doubt_ended = :now
WHERE state = 'sending' RETURNING key;

-- redo_edits --
-- Edits that were under way when the last process died are made again; perhaps one was made at this very moment.
UPDATE cards SET edit_due = min(edit_due, :now + :every) WHERE version > shown_version;

-- unresolved --
-- Names that are in use, and whose channel is not known.
SELECT n.value FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value
WHERE r.channel IS NULL AND n.value GLOB '[#@]*' LIMIT 1;

-- abandon_messages --
-- What waits for a place that is not named any more, by any name that is known of it; if not all are, only what waits for
-- one whose channel is not known either.
UPDATE messages SET state = 'refused', trouble = :why WHERE state = 'queued' AND state IN ('queued', 'sending')
    AND coalesce((SELECT r.channel FROM routes r WHERE r.destination = messages.destination), destination) NOT IN (
        SELECT coalesce(r.channel, n.value) FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value)
    AND (:all_known OR (destination GLOB '[#@]*' AND NOT EXISTS (
        SELECT 1 FROM routes r WHERE r.destination = messages.destination AND r.channel IS NOT NULL)));

-- abandon_cards --
-- Cards in such a place tell nothing more.
UPDATE cards SET until = 0, shown_version = version
WHERE :all_known AND coalesce((SELECT r.channel FROM routes r WHERE r.destination = cards.destination), destination) NOT IN (
    SELECT coalesce(r.channel, n.value) FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value)
RETURNING key;

-- forget_routes --
-- Destinations that cannot be reached and are not named any more.
DELETE FROM routes WHERE parked <> '' AND destination <> '*'
    AND destination NOT IN (SELECT value FROM json_each(:named));

-- parked_routes --
-- Destinations that cannot be reached, with the number of messages that wait for them.
SELECT r.destination, r.parked, r.parked_at, r.not_before,
    (SELECT count(*) FROM messages m WHERE m.state = 'queued' AND (m.destination = r.destination OR r.destination = '*'))
        AS waiting
FROM routes r WHERE r.parked <> '' ORDER BY r.destination;

-- outbox_depth --
-- Messages not yet said, and the oldest of them.
SELECT count(*) AS waiting, min(created_at) AS oldest FROM messages WHERE state IN ('queued', 'sending');

-- edits_due --
-- Cards that do not show yet how their jobs stand.
SELECT count(*) AS cards FROM cards WHERE version > shown_version AND ts IS NOT NULL;

-- refused_messages --
-- Messages that were given up, and why the last of them was.
SELECT count(*) AS refused, max(seq), trouble FROM messages WHERE state = 'refused';

-- count_jobs --
-- Jobs by status. That there is usually no ghost spares the look at the source of each.
SELECT status, count(*) AS jobs FROM jobs
WHERE gone_at IS NULL AND (:ghosts = '[]' OR source NOT IN (SELECT value FROM json_each(:ghosts))) GROUP BY status;

-- jobs_with_id --
-- The job with this id, of each source that has one. The sources are named because the table's key begins with them.
SELECT *, count(*) OVER () AS total FROM jobs
WHERE source IN (SELECT name FROM sources WHERE name NOT IN (SELECT value FROM json_each(:ghosts)))
    AND gone_at IS NULL AND id = :reference
ORDER BY since DESC LIMIT :limit;

-- jobs_whose_id_begins --
-- Jobs whose id begins so, and how many there are.
WITH shown AS (SELECT name FROM sources WHERE name NOT IN (SELECT value FROM json_each(:ghosts)))
SELECT *, (SELECT count(*) FROM jobs
    WHERE source IN (SELECT name FROM shown) AND gone_at IS NULL AND id >= :reference AND id < :beyond) AS total
FROM jobs WHERE source IN (SELECT name FROM shown) AND gone_at IS NULL AND id >= :reference AND id < :beyond
ORDER BY since DESC LIMIT :limit;

-- jobs_with_name --
-- Jobs of this name, or whose id begins so if upper and lower case are the same, and how many there are.
SELECT *, count(*) OVER () AS total FROM jobs
WHERE gone_at IS NULL AND (casefold(name) = casefold(:reference) OR instr(casefold(id), casefold(:reference)) = 1)
    AND source NOT IN (SELECT value FROM json_each(:ghosts))
ORDER BY since DESC LIMIT :limit;

-- history --
-- The ledger, newest first.
SELECT * FROM changes
WHERE seen_at >= :since AND (:source IS NULL OR source = :source) AND (:job IS NULL OR job_id = :job OR name = :job)
ORDER BY seq DESC LIMIT :limit;

-- tellings --
-- Where and how changes were told, or why they wait.
SELECT t.change_key, t.destination, t.message_key, m.attempts, m.channel, m.ts,
    coalesce(w.parked, r.parked, m.trouble) AS trouble,
    iif(coalesce(w.parked, r.parked) IS NULL, m.state, 'parked') AS state
FROM tellings t JOIN messages m ON m.key = t.message_key
    LEFT JOIN routes r ON r.destination = m.destination AND r.parked <> '' AND m.state = 'queued'
    LEFT JOIN routes w ON w.destination = '*' AND w.parked <> '' AND m.state = 'queued'
WHERE t.change_key IN (SELECT value FROM json_each(:keys)) ORDER BY m.seq;

-- prune_looks --
-- How listings were read: complete ones are kept for a day, suspect ones as long as changes, and of each source the
-- latest, by which the next look is measured.
DELETE FROM looks WHERE started_at < :day_ago
    AND (started_at < :before OR json_array_length(certificate, '$.reasons') = 0)
    AND EXISTS (SELECT 1 FROM looks l WHERE l.source = looks.source AND l.started_at > looks.started_at
        LIMIT 1 OFFSET :latest - 1);

-- prune_changes --
-- Changes that are older than the store keeps, unless a message with them still waits.
DELETE FROM changes WHERE seen_at < :before AND NOT EXISTS (
    SELECT 1 FROM tellings t JOIN messages m ON m.key = t.message_key
    WHERE t.change_key = changes.key AND m.state IN ('queued', 'sending'));

-- prune_tellings --
-- Where changes were told by messages that go; before these do.
DELETE FROM tellings WHERE message_key IN (SELECT key FROM messages WHERE created_at < :before
    AND state IN ('delivered', 'refused'));

-- prune_messages --
-- Messages that are older than the store keeps and wait for nothing.
DELETE FROM messages WHERE created_at < :before AND state IN ('delivered', 'refused');

-- prune_jobs --
-- Memories of jobs that the API no longer has.
DELETE FROM jobs WHERE gone_at < :before;

-- prune_cards --
-- Cards that follow no job any more, have nothing left to say and show how it ended; or that nothing happened to for as
-- long as the store keeps.
DELETE FROM cards WHERE until < :day_ago AND edited_at < :day_ago AND (edited_at < :before OR (
        version = shown_version AND NOT EXISTS (
            SELECT 1 FROM members m WHERE m.card = cards.key AND (m.ended_at IS NULL OR m.ended_at >= :day_ago))))
    AND NOT EXISTS (SELECT 1 FROM messages b WHERE b.card = cards.key AND b.destination = cards.destination
        AND b.state IN ('queued', 'sending'));

-- prune_members --
-- Jobs on cards that go.
DELETE FROM members WHERE card NOT IN (SELECT key FROM cards);
