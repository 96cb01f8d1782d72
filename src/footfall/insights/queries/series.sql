-- Events by type for each bucket. $edges: where the buckets start, epoch ms, ascending. A null type is "all others".
WITH edges AS (
    SELECT epoch_ms(unnest(CAST($edges AS BIGINT[]))) AS start
),
counted AS (
    SELECT edges.start, coalesce(hourly.event_type, '') AS event_type, sum(hourly.n) AS n
    FROM hourly
    ASOF JOIN edges ON hourly.hour >= edges.start
    WHERE hourly.hour >= epoch_ms(CAST($since AS BIGINT))
      AND hourly.hour < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR hourly.channel = $channel)
      AND ($fate IS NULL OR hourly.fate = $fate)
    GROUP BY edges.start, hourly.event_type
),
ranked AS (
    SELECT event_type, row_number() OVER (ORDER BY sum(n) DESC, event_type) AS place
    FROM counted
    GROUP BY event_type
)
SELECT
    epoch_ms(counted.start) AS start,
    if(ranked.place <= $top, counted.event_type, NULL) AS event_type,
    min(ranked.place) AS place,
    (SELECT count(*) FROM ranked) AS types,
    CAST(sum(counted.n) AS BIGINT) AS n
FROM counted
JOIN ranked USING (event_type)
GROUP BY 1, 2
ORDER BY place, start
