-- What became of every event that was sent with a mid, oldest first.
SELECT
    fate,
    epoch_ms(received_at) AS received_at,
    epoch_ms(occurred_at) AS occurred_at,
    channel, event_type, clock, derived_from, journal, record, idx, of,
    list_concat(coalesce(reasons, []), coalesce(warnings, [])) AS reasons,
    coalesce(findings, '[]') AS findings
FROM ledger
WHERE mid = $mid
  AND ($channel IS NULL OR channel = $channel)
ORDER BY received_at, journal, record, idx
LIMIT 1000
