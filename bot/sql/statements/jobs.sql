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

-- give_reason --
-- Why a job failed, as long as it is that failure which was asked about, and nobody has said it meanwhile.
UPDATE jobs SET error = :reason WHERE source = :source AND id = :id AND gone_at IS NULL AND status = 'FAILED'
    AND retry_count = :retry_count AND (:at IS NULL OR failed_at = :at) AND error = :error;

-- long_in_status --
-- Live jobs that came to their status before the instant that is given for it, and that were not found overdue since. A
-- timestamp that comes late, or is set back, begins no new stage.
SELECT j.* FROM json_each(:before) b CROSS JOIN jobs j INDEXED BY jobs_by_status
WHERE j.status = b.key AND j.since < b.value AND j.gone_at IS NULL AND j.source = :source
    AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.job_id = j.id AND c.source = j.source AND c.kind = 'overdue'
        AND c.status = j.status AND c.retry_count = j.retry_count AND c.preemption_count = j.preemption_count
        AND max(c.seen_at, c.at) >= j.since);

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

-- prune_jobs --
-- Memories of jobs that the API no longer has.
DELETE FROM jobs WHERE gone_at < :before;
