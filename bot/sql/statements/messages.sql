-- enqueue_message --
-- A message to be said. One with the same key is the same message; nobody has begun to send it if it is to change.
INSERT INTO messages (key, destination, kind, card, rank, body, created_at, state, due_at)
VALUES (:key, :destination, :kind, :card, :rank, :body, :now, 'queued', :due_at)
ON CONFLICT (key) DO UPDATE SET body = excluded.body, rank = excluded.rank WHERE state = 'queued' AND attempts = 0;

-- hasten --
-- What waits of a card goes as early as what is loud of it, and must not pass it; that may be about to be written.
UPDATE messages SET rank = 0 WHERE card = :card AND rank > 0 AND state = 'queued' AND state IN ('queued', 'sending')
    AND (:loud OR EXISTS (SELECT 1 FROM messages b
        WHERE b.card = messages.card AND b.rank = 0 AND b.state IN ('queued', 'sending')));

-- drop_message --
-- A message that has nothing left to tell, before anybody sends it.
DELETE FROM messages WHERE key = :key AND state = 'queued' AND attempts = 0;

-- waiting_newcomers --
-- The replies with newcomers that nobody has begun to send.
SELECT body FROM messages
WHERE kind = 'newcomers' AND state = 'queued' AND state IN ('queued', 'sending') AND attempts = 0;

-- replies_that_tell --
-- Replies that tell this change, and that nobody has begun to send.
SELECT m.key, m.body FROM tellings t JOIN messages m ON m.key = t.message_key
WHERE t.change_key = :change_key AND m.kind IN ('newcomers', 'steps') AND m.state = 'queued' AND m.attempts = 0;

-- waiting_reply --
-- Whether anything waits to be told in the thread of the card.
SELECT 1 FROM messages WHERE card = :card AND kind IN ('newcomers', 'steps') AND state IN ('queued', 'sending') LIMIT 1;

-- amend_reply --
-- What a reply tells, before anybody sends it.
UPDATE messages SET body = :body WHERE key = :key AND state = 'queued' AND attempts = 0;

-- wait_for_no_reason --
-- Messages that wait for the reason of one of these failures go out without it. Before it is sent, nothing else makes a
-- card or a step wait; newcomers may wait for their minute.
UPDATE messages SET due_at = created_at WHERE state = 'queued' AND state IN ('queued', 'sending') AND attempts = 0
    AND kind IN ('opening', 'steps') AND due_at > created_at
    AND key IN (SELECT message_key FROM tellings WHERE change_key IN (SELECT value FROM json_each(:keys)));

-- mistrust_messages --
-- A message that was written or tried at a time which has not come yet, by such a clock, is due and in doubt as of now.
UPDATE messages SET due_at = :now, claimed_at = :now, doubt_began = min(doubt_began, :now),
    doubt_ended = min(doubt_ended, :now)
WHERE state = 'queued' AND state IN ('queued', 'sending') AND coalesce(claimed_at, created_at) > :ahead;

-- claimable --
-- The first message due for each place that is open and has none under way: an alert before what goes on in threads.
SELECT min(m.rank * 4294967296 + m.seq), m.seq, q.destination, q.mark
FROM queues q JOIN messages m ON m.seq = (SELECT d.seq FROM messages d
    WHERE d.destination = q.destination AND d.state = 'queued' AND d.state IN ('queued', 'sending')
        AND d.due_at <= :now AND NOT EXISTS (SELECT 1 FROM held h WHERE h.seq = d.seq)
    ORDER BY d.rank, d.seq LIMIT 1)
WHERE q.opens_at <= :now GROUP BY q.place;

-- claim --
-- The message is on its way from here on, whatever becomes of us. One in doubt may be under each card that it was sent
-- under since the doubt began.
UPDATE messages SET state = 'sending', attempts = attempts + 1, claimed_at = :now, threads = (
    SELECT json_group_array(DISTINCT t.value) FROM (
        SELECT value FROM json_each(iif(doubt_began IS NULL, '[]', threads))
        UNION ALL SELECT k.ts FROM cards k WHERE k.key = card AND kind IN ('newcomers', 'steps')) t)
WHERE seq = :seq
RETURNING kind, card, body, attempts, claimed_at, doubt_began, doubt_ended, doubt_times, threads,
    (SELECT channel FROM routes r WHERE r.destination = messages.destination AND r.parked = '') AS channel;

-- twins --
-- Messages that have told changes of this one in the same channel under another name, or are about to.
SELECT b.body ->> 'mentions' AS mentions, b.ts, count(*) AS shared
FROM tellings t JOIN tellings u ON u.change_key = t.change_key AND u.message_key <> t.message_key
    JOIN messages b ON b.key = u.message_key AND b.state IN ('delivered', 'sending')
    LEFT JOIN routes q ON q.destination = b.destination
WHERE t.message_key = :key AND coalesce(b.channel, q.channel) = :channel
GROUP BY b.key;

-- next_due --
-- When the next message can go out, as far as it is known.
SELECT min(due_at) AS due_at FROM (
    SELECT max(q.opens_at, q.mark - :slack, (SELECT d.due_at FROM messages d
        WHERE d.destination = q.destination AND d.state = 'queued' AND d.state IN ('queued', 'sending')
            AND NOT EXISTS (SELECT 1 FROM held h WHERE h.seq = d.seq)
        ORDER BY d.due_at LIMIT 1)) AS due_at FROM queues q
    UNION ALL SELECT due_at FROM edits);

-- settle_message --
-- What became of a message.
UPDATE messages SET state = :state, due_at = :due_at, channel = coalesce(:channel, channel), ts = coalesce(:ts, ts),
    trouble = :trouble, doubt_began = :doubt_began, doubt_ended = :doubt_ended, doubt_times = :doubt_times
WHERE key = :key;

-- count_astray --
-- The card of the message was gone, how many times by now.
UPDATE messages SET astray = astray + 1 WHERE key = :key RETURNING astray;

-- refuse_replies --
-- What was to be told in the thread of a card that cannot be posted.
UPDATE messages SET state = 'refused', trouble = :why
WHERE card = :key AND state = 'queued' AND state IN ('queued', 'sending');

-- requeue_unfinished --
-- What was under way when the last process died. It is in doubt, but that does not count as an attempt without a clear
-- answer: a process may die any number of times before it sends anything.
UPDATE messages SET state = 'queued', due_at = :now, trouble = 'the bot stopped while it was sent',
    doubt_began = min(coalesce(doubt_began, claimed_at), :now), doubt_ended = :now
WHERE state = 'sending' AND state IN ('queued', 'sending') RETURNING key;

-- abandon_messages --
-- What waits for a place that is not named any more, by any name that is known of it; if not all are, only what waits for
-- one whose channel is not known either.
UPDATE messages SET state = 'refused', trouble = :why WHERE state = 'queued' AND state IN ('queued', 'sending')
    AND coalesce((SELECT r.channel FROM routes r WHERE r.destination = messages.destination), destination) NOT IN (
        SELECT coalesce(r.channel, n.value) FROM json_each(:named) n LEFT JOIN routes r ON r.destination = n.value)
    AND (:all_known OR (destination GLOB '[#@]*' AND NOT EXISTS (
        SELECT 1 FROM routes r WHERE r.destination = messages.destination AND r.channel IS NOT NULL)));

-- queue --
-- Messages not yet said, the oldest of them, cards that do not show yet how their jobs stand, and places out of reach.
SELECT count(*) AS waiting, min(created_at) AS oldest,
    (SELECT count(*) FROM cards WHERE version > shown_version AND ts IS NOT NULL) AS edits,
    (SELECT count(*) FROM routes WHERE parked <> '') AS parked
FROM messages WHERE state IN ('queued', 'sending');

-- refused_messages --
-- Messages that were given up, and why the last of them was.
SELECT count(*) AS refused, max(seq), trouble FROM messages WHERE state = 'refused';

-- prune_messages --
-- Messages that are older than the store keeps and wait for nothing.
DELETE FROM messages WHERE created_at < :before AND state IN ('delivered', 'refused');
