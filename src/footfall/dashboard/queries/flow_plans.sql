-- Flows that began in a period, by plan and outcome.
SELECT
    plan,
    any_value(kind) AS kind,
    outcome,
    any_value(result) AS result,
    count(*) AS n
FROM flows
WHERE began_at >= epoch_ms(CAST($since AS BIGINT))
  AND began_at < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR left(channel, 200) = $channel)
GROUP BY plan, outcome
ORDER BY plan, n DESC, outcome
LIMIT 1000
