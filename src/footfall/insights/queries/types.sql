-- The same as totals.sql by event type, for one fate or all.
SELECT
    coalesce(event_type, '') AS event_type,
    CAST(coalesce(sum(n) FILTER (hour >= make_timestamp($since * 1000)), 0) AS BIGINT) AS now,
    CAST(coalesce(sum(n) FILTER (
        hour >= make_timestamp($since * 1000) AND hour < make_timestamp($settled * 1000)
    ), 0) AS BIGINT) AS settled,
    CAST(coalesce(sum(n) FILTER (hour < make_timestamp($settled_before * 1000)), 0) AS BIGINT) AS before
FROM hourly
WHERE hour >= make_timestamp($since_before * 1000)
  AND hour < make_timestamp($until * 1000)
  AND ($channel IS NULL OR channel = $channel)
  AND ($fate IS NULL OR fate = $fate)
GROUP BY 1
ORDER BY now DESC, before DESC, event_type
LIMIT $top
