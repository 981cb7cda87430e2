-- resolved --
-- The channel ids that destinations were resolved to.
SELECT destination, channel FROM routes WHERE channel IS NOT NULL;

-- unresolved --
-- Names that are in use, and whose channel is not known.
SELECT n.value FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value
WHERE r.channel IS NULL AND n.value GLOB '[#@]*';

-- mistrust_routes --
-- A route that was used at a time which has not come yet, by a clock that has been set back since.
UPDATE routes SET mark = 0, not_before = 0 WHERE mark > :ahead;

-- pace --
-- The pacing mark of a destination.
INSERT INTO routes (destination, mark) VALUES (:destination, :mark)
ON CONFLICT (destination) DO UPDATE SET mark = excluded.mark;

-- pace_more --
-- One more of what shares this mark was sent, which holds up the next one.
INSERT INTO routes (destination, mark) VALUES (:destination, :now + :every)
ON CONFLICT (destination) DO UPDATE SET mark = max(mark, :now) + :every;

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

-- forget_routes --
-- Destinations that cannot be reached and are not named any more.
DELETE FROM routes WHERE parked <> '' AND destination <> '*'
    AND destination NOT IN (SELECT value FROM json_each(:named));

-- parked_routes --
-- Destinations that cannot be reached, with the number of messages that wait for them.
SELECT r.destination, r.parked, r.parked_at, r.not_before,
    (SELECT count(*) FROM messages m WHERE m.state = 'queued' AND m.state IN ('queued', 'sending')
        AND (m.destination = r.destination OR r.destination = '*')) AS waiting
FROM routes r WHERE r.parked <> '' ORDER BY r.destination;
