-- The same as totals.sql by event type, for one fate or all.
SELECT
    coalesce(event_type, '') AS event_type,
    CAST(coalesce(sum(n) FILTER (hour >= epoch_ms(CAST($since AS BIGINT))), 0) AS BIGINT) AS now,
    CAST(coalesce(sum(n) FILTER (
        hour >= epoch_ms(CAST($since AS BIGINT)) AND hour < epoch_ms(CAST($settled AS BIGINT))
    ), 0) AS BIGINT) AS settled,
    CAST(coalesce(sum(n) FILTER (hour < epoch_ms(CAST($settled_before AS BIGINT))), 0) AS BIGINT) AS before
FROM hourly
WHERE hour >= epoch_ms(CAST($since_before AS BIGINT))
  AND hour < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR channel = $channel)
  AND ($fate IS NULL OR fate = $fate)
GROUP BY 1
ORDER BY now DESC, before DESC, event_type
LIMIT $top
