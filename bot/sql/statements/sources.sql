-- source --
-- A source as it stands after its last look. The looks are counted only until there is a baseline.
SELECT org_id, baseline_at, looked_at, failing_since, blind_told, doubtful_since, doubt_told,
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

-- prune_looks --
-- How listings were read: complete ones are kept for a day, suspect ones as long as changes, and of each source the
-- latest, by which the next look is measured.
DELETE FROM looks WHERE started_at < :day_ago
    AND (started_at < :before OR json_array_length(certificate, '$.reasons') = 0)
    AND EXISTS (SELECT 1 FROM looks l WHERE l.source = looks.source AND l.started_at > looks.started_at
        LIMIT 1 OFFSET :latest - 1);
