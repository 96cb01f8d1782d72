-- For the types of event that have these $names: how many came in a day and a week, how many of those were rejected, and
-- when the last came.
SELECT
    event_type,
    CAST(coalesce(sum(n) FILTER (fate = 'stored' AND hour >= epoch_ms(CAST($day AS BIGINT))), 0) AS BIGINT) AS day,
    CAST(coalesce(sum(n) FILTER (fate = 'stored' AND hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS week,
    CAST(coalesce(sum(n) FILTER (hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS received,
    CAST(coalesce(sum(n) FILTER (fate = 'rejected' AND hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS rejected,
    epoch_ms(max(hour)) AS last_hour
FROM increments
WHERE event_type IN (SELECT unnest(CAST($names AS VARCHAR[])))
  AND ($channel IS NULL OR left(channel, 200) = $channel)
GROUP BY 1
