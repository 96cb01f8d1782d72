-- How many flows of a plan had each step, and how many of those that went well.
WITH chosen AS (
    SELECT list_distinct(steps) AS steps, result
    FROM flows
    WHERE plan = $plan
      AND began_at >= epoch_ms(CAST($since AS BIGINT))
      AND began_at < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND ($outcome IS NULL OR outcome = $outcome)
),
flat AS (SELECT unnest(steps) AS step, result FROM chosen)
SELECT step, count(*) AS n, count(*) FILTER (result = 'success') AS well
FROM flat
GROUP BY step
