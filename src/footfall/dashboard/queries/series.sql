-- Events by type for each bucket. $edges: where the buckets start, epoch ms, ascending. A null type is "all others".
-- Strangers choose the names of types, as many and as long as they like: they are counted by the hash of what is shown
-- of them, and only those that are shown are ever held.
WITH counted AS MATERIALIZED (
    SELECT hash(left(coalesce(event_type, ''), 200)) AS type, sum(n) AS n
    FROM increments
    WHERE hour >= epoch_ms(CAST($since AS BIGINT))
      AND hour < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND ($fate IS NULL OR fate = $fate)
    GROUP BY 1
),
chosen AS MATERIALIZED (
    SELECT type FROM counted ORDER BY n DESC, type LIMIT $top
),
hours AS (
    SELECT
        increments.hour,
        chosen.type,
        any_value(left(coalesce(increments.event_type, ''), 200)) AS event_type,
        sum(increments.n) AS n
    FROM increments
    LEFT JOIN chosen ON chosen.type = hash(left(coalesce(increments.event_type, ''), 200))
    WHERE hour >= epoch_ms(CAST($since AS BIGINT))
      AND hour < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND ($fate IS NULL OR fate = $fate)
    GROUP BY increments.hour, chosen.type
),
edges AS (
    SELECT epoch_ms(unnest(CAST($edges AS BIGINT[]))) AS start
)
SELECT
    epoch_ms(edges.start) AS start,
    if(hours.type IS NULL, NULL, any_value(hours.event_type)) AS event_type,
    (SELECT count(*) FROM counted) AS types,
    CAST(sum(hours.n) AS BIGINT) AS n
FROM hours
ASOF JOIN edges ON hours.hour >= edges.start
GROUP BY edges.start, hours.type
