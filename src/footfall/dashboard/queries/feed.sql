-- The newest events of a stretch of time, newest first. What a sender chose is shown up to 200 letters.
SELECT
    concat_ws('.', epoch_ms(received_at), journal, record, idx, md5(derived_from || mid)[:8]) AS id,
    epoch_ms(received_at) AS received_at,
    epoch_ms(occurred_at) AS occurred_at,
    fate,
    left(channel, 200) AS channel,
    left(event_type, 200) AS event_type,
    left(mid, 200) AS mid,
    left(coalesce(edata_pageid, edata_id, object_id, edata_type), 200) AS subject,
    coalesce(reasons, []) AS reasons,
    coalesce(warnings, []) AS warnings,
    left(derived_from, 200) AS derived_from
FROM ledger
WHERE day >= CAST(epoch_ms(CAST($since AS BIGINT)) AS DATE)
  AND day <= CAST(epoch_ms(CAST($until AS BIGINT)) AS DATE)
  AND received_at >= epoch_ms(CAST($since AS BIGINT))
  AND received_at < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR left(channel, 200) = $channel)
  AND ($fate IS NULL OR fate = $fate)
  AND ($type IS NULL OR left(event_type, 200) = $type)
  AND ($reason IS NULL OR list_contains(reasons, $reason) OR list_contains(warnings, $reason))
  AND ($text IS NULL OR contains(lower(event), lower($text)) OR contains(lower(mid), lower($text)))
ORDER BY received_at DESC, record DESC, idx DESC
LIMIT $limit
