-- How long flows of a plan took that ended one way or another.
SELECT
    count(*) AS n,
    median(duration_ms) AS median_ms,
    quantile_cont(duration_ms, 0.9) AS slow_ms
FROM flows
WHERE plan = $plan
  AND began_at >= epoch_ms(CAST($since AS BIGINT))
  AND began_at < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR left(channel, 200) = $channel)
  AND ($outcome IS NULL OR outcome = $outcome)
  AND outcome NOT IN ('unfinished', 'abandoned', 'open')
