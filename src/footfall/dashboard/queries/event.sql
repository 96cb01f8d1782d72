-- One event and everything derived from it, by where it stood in the journal; of the others, only short texts.
SELECT
    concat_ws('.', epoch_ms(received_at), journal, record, idx, md5(derived_from || mid)[:8]) AS id,
    epoch_ms(received_at) AS received_at,
    epoch_ms(occurred_at) AS occurred_at,
    fate, channel, event_type, mid, ets, clock, derived_from, journal, record, idx, of,
    if(id = $id OR strlen(event) <= 4096, event, NULL) AS event,
    coalesce(findings, '[]') AS findings,
    nullif(concat_ws(' ', agent_family, agent_version, agent_system), '') AS agent
FROM ledger
WHERE day >= CAST(epoch_ms(CAST($received_at AS BIGINT) - 1) AS DATE) -- a millisecond to either side: epoch_ms rounds
  AND day <= CAST(epoch_ms(CAST($received_at AS BIGINT) + 1) AS DATE)
  AND received_at >= epoch_ms(CAST($received_at AS BIGINT) - 1)
  AND received_at < epoch_ms(CAST($received_at AS BIGINT) + 1)
  AND journal = $journal
  AND record = $record
  AND idx = $idx
ORDER BY derived_from NULLS FIRST
LIMIT 101
