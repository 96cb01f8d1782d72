-- The same as totals.sql by event type, for one fate or all, of the $top most frequent. Types are counted as in series.sql.
WITH counted AS MATERIALIZED (
    SELECT
        hash(left(coalesce(event_type, ''), 200)) AS type,
        CAST(coalesce(sum(n) FILTER (hour >= epoch_ms(CAST($since AS BIGINT))), 0) AS BIGINT) AS now,
        CAST(coalesce(sum(n) FILTER (
            hour >= epoch_ms(CAST($since AS BIGINT)) AND hour < epoch_ms(CAST($settled AS BIGINT))
        ), 0) AS BIGINT) AS settled,
        CAST(coalesce(sum(n) FILTER (hour < epoch_ms(CAST($settled_before AS BIGINT))), 0) AS BIGINT) AS before
    FROM increments
    WHERE hour >= epoch_ms(CAST($since_before AS BIGINT))
      AND hour < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND ($fate IS NULL OR fate = $fate)
    GROUP BY 1
),
chosen AS MATERIALIZED (
    SELECT * FROM counted ORDER BY now DESC, before DESC, type LIMIT $top
)
SELECT
    any_value(left(coalesce(increments.event_type, ''), 200)) AS event_type,
    any_value(chosen.now) AS now,
    any_value(chosen.settled) AS settled,
    any_value(chosen.before) AS before,
    (SELECT count(*) FROM counted) AS types
FROM increments
JOIN chosen ON chosen.type = hash(left(coalesce(increments.event_type, ''), 200))
WHERE hour >= epoch_ms(CAST($since_before AS BIGINT))
  AND hour < epoch_ms(CAST($until AS BIGINT))
GROUP BY chosen.type
ORDER BY now DESC, before DESC, event_type
