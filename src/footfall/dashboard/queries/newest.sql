-- When the newest event of a stretch of time was received.
SELECT epoch_ms(max(received_at)) AS newest
FROM ledger
WHERE day >= CAST(epoch_ms(CAST($since AS BIGINT)) AS DATE)
  AND day <= CAST(epoch_ms(CAST($until AS BIGINT)) AS DATE)
  AND received_at >= epoch_ms(CAST($since AS BIGINT))
  AND received_at < epoch_ms(CAST($until AS BIGINT))
