-- When the newest event of a stretch of time was received.
SELECT epoch_ms(max(received_at)) AS newest
FROM ledger
WHERE day >= CAST(make_timestamp($since * 1000) AS DATE)
  AND day <= CAST(make_timestamp($until * 1000) AS DATE)
  AND received_at >= make_timestamp($since * 1000)
  AND received_at < make_timestamp($until * 1000)
