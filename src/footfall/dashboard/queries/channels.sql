-- The $top busiest of the channels that have events, and how many there are. They are counted as types in series.sql.
WITH counted AS MATERIALIZED (
    SELECT
        hash(left(coalesce(channel, ''), 200)) AS name,
        CAST(sum(n) AS BIGINT) AS n,
        epoch_ms(min(hour)) AS oldest_hour,
        epoch_ms(max(hour)) AS newest_hour
    FROM increments
    GROUP BY 1
),
chosen AS MATERIALIZED (
    SELECT * FROM counted ORDER BY n DESC, name LIMIT $top
)
SELECT
    any_value(left(coalesce(increments.channel, ''), 200)) AS channel,
    any_value(chosen.n) AS n,
    any_value(chosen.oldest_hour) AS oldest_hour,
    any_value(chosen.newest_hour) AS newest_hour,
    (SELECT count(*) FROM counted) AS channels
FROM increments
JOIN chosen ON chosen.name = hash(left(coalesce(increments.channel, ''), 200))
GROUP BY chosen.name
ORDER BY n DESC, channel
