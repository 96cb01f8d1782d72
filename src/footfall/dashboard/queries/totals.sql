-- Counts of a period by fate, and of the period before it. $settled and $settled_before end both at the same place.
SELECT
    fate,
    CAST(coalesce(sum(n) FILTER (hour >= epoch_ms(CAST($since AS BIGINT))), 0) AS BIGINT) AS now,
    CAST(coalesce(sum(n) FILTER (
        hour >= epoch_ms(CAST($since AS BIGINT)) AND hour < epoch_ms(CAST($settled AS BIGINT))
    ), 0) AS BIGINT) AS settled,
    CAST(coalesce(sum(n) FILTER (hour < epoch_ms(CAST($settled_before AS BIGINT))), 0) AS BIGINT) AS before
FROM increments
WHERE hour >= epoch_ms(CAST($since_before AS BIGINT))
  AND hour < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR left(channel, 200) = $channel)
  AND event_type IS DISTINCT FROM 'SHARE_ITEM' -- derived by the pipeline, never received
GROUP BY fate
