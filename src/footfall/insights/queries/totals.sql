-- Counts of a period by fate, and of the period before it. $settled and $settled_before end both at the same place.
SELECT
    fate,
    CAST(coalesce(sum(n) FILTER (hour >= make_timestamp($since * 1000)), 0) AS BIGINT) AS now,
    CAST(coalesce(sum(n) FILTER (
        hour >= make_timestamp($since * 1000) AND hour < make_timestamp($settled * 1000)
    ), 0) AS BIGINT) AS settled,
    CAST(coalesce(sum(n) FILTER (hour < make_timestamp($settled_before * 1000)), 0) AS BIGINT) AS before
FROM hourly
WHERE hour >= make_timestamp($since_before * 1000)
  AND hour < make_timestamp($until * 1000)
  AND ($channel IS NULL OR channel = $channel)
  AND event_type IS DISTINCT FROM 'SHARE_ITEM' -- derived by the pipeline, never received
GROUP BY fate
