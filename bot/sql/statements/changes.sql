-- told --
-- Where changes have been told, or are about to be.
SELECT change_key, destination FROM tellings WHERE change_key IN (SELECT value FROM json_each(:keys));

-- record_change --
-- A change with its verdict. Read again, the same fact keeps its first verdict unless somebody is told now.
INSERT INTO changes (key, source, job_id, name, kind, inferred, was, status, at, retry_count, preemption_count,
    times, detail, seen_at, verdict, rule, reason, pipeline, likeness, ask_until)
VALUES (:key, :source, :job_id, :name, :kind, :inferred, :was, :status, :at, :retry_count, :preemption_count,
    :times, :detail, :seen_at, :verdict, :rule, :reason, :pipeline, :likeness, :ask_until)
ON CONFLICT (key) DO UPDATE SET verdict = excluded.verdict, rule = excluded.rule, reason = excluded.reason
WHERE excluded.verdict = 'alert' OR (excluded.verdict = 'step' AND changes.verdict = 'silence');

-- unexplained --
-- Failures of which it is still to be asked why: those first that were not asked about in vain, or longest ago; then
-- those that somebody is told of, then the newest. With the job as it stands, and when it had ended and been retried
-- before.
WITH vain (key, asked_at) AS MATERIALIZED (SELECT key, value FROM json_each(:in_vain)),
    wanted AS (SELECT c.seq, row_number() OVER (ORDER BY v.asked_at, c.verdict = 'silence', c.at DESC) AS place
        FROM changes c LEFT JOIN vain v ON v.key = c.key
        WHERE c.source = :source AND c.ask_until > :now ORDER BY place LIMIT :limit)
SELECT j.*, c.seen_at AS found, c.was, c.inferred, c.at, c.retry_count AS retries_then,
    c.preemption_count AS preemptions_then,
    (SELECT max(e.at) FROM changes e WHERE e.job_id = c.job_id AND e.source = c.source AND e.seq < c.seq
        AND e.kind IN ('failed', 'cancelled', 'completed') AND (c.at IS NULL OR e.at < c.at)) AS ended,
    (SELECT max(e.seen_at) FROM changes e WHERE e.job_id = c.job_id AND e.source = c.source AND e.seq < c.seq
        AND e.kind = 'retried' AND (c.at IS NULL OR e.seen_at < c.at)) AS retried
FROM wanted w JOIN changes c ON c.seq = w.seq JOIN jobs j ON j.source = c.source AND j.id = c.job_id
ORDER BY w.place;

-- end_question --
-- Why a job failed is asked for no more, if it still was.
UPDATE changes SET ask_until = NULL WHERE key = :key AND ask_until IS NOT NULL;

-- failure_of --
-- The last failure of a job at this count of retries and preemptions, as it was dated when it was found.
SELECT at FROM changes WHERE job_id = :job_id AND source = :source AND kind = 'failed'
    AND retry_count = :retry_count AND preemption_count = :preemption_count
ORDER BY seq DESC LIMIT 1;

-- explain_change --
-- What kind of error a failure had turns out later. It is asked for no more.
UPDATE changes SET likeness = :likeness, ask_until = NULL WHERE key = :key;

-- recount_change --
-- How much a change tells turns out later.
UPDATE changes SET detail = :detail WHERE key = :key;

-- seen_before --
-- How often there were failures of these kinds before a time, in how many pipelines, and the first of them.
SELECT likeness, count(*) AS times, count(DISTINCT pipeline) AS pipelines, min(seen_at) AS since FROM changes
WHERE likeness IN (SELECT value FROM json_each(:likenesses)) AND likeness <> '' AND seen_at < :before
GROUP BY likeness;

-- preempted_lately --
-- Of these jobs, those that were preempted since: when first, how often, and whether that was found too often.
SELECT job_id, min(seen_at) AS since, coalesce(sum(times) FILTER (WHERE kind = 'preempted'), 0) AS times,
    max(kind = 'thrashing') AS told
FROM changes
WHERE job_id IN (SELECT value FROM json_each(:ids)) AND source = :source AND kind IN ('preempted', 'thrashing')
    AND seen_at >= :since AND reason <> :old
GROUP BY job_id;

-- record_telling --
-- A change is told once in a place.
INSERT INTO tellings (change_key, destination, message_key) VALUES (:change_key, :destination, :message_key)
ON CONFLICT (change_key, destination) DO NOTHING;

-- leave_to_others --
-- Of what a waiting message was to tell, it tells only these changes any more.
DELETE FROM tellings WHERE message_key = :message_key AND change_key NOT IN (SELECT value FROM json_each(:keys));

-- history --
-- The ledger, newest first.
SELECT * FROM changes WHERE seen_at >= :since AND (:source IS NULL OR source = :source) ORDER BY seq DESC LIMIT :limit;

-- history_of --
-- What the ledger has of one job, newest first.
SELECT * FROM changes
WHERE (job_id = :job OR name = :job) AND seen_at >= :since AND (:source IS NULL OR source = :source)
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

-- prune_changes --
-- Changes that are older than the store keeps, unless a message with them still waits.
DELETE FROM changes WHERE seen_at < :before AND NOT EXISTS (
    SELECT 1 FROM tellings t JOIN messages m ON m.key = t.message_key
    WHERE t.change_key = changes.key AND m.state IN ('queued', 'sending'));

-- prune_tellings --
-- Where changes were told by messages that go; before these do.
DELETE FROM tellings WHERE message_key IN (SELECT key FROM messages WHERE created_at < :before
    AND state IN ('delivered', 'refused'));
