-- How many types of event came in a week that have none of these $names, and how many events those were.
WITH counted AS (
    SELECT hash(left(coalesce(event_type, ''), 200)) AS type, sum(n) AS n
    FROM increments
    WHERE hour >= epoch_ms(CAST($week AS BIGINT))
      AND coalesce(event_type, '') NOT IN (SELECT unnest(CAST($names AS VARCHAR[])))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
    GROUP BY 1
)
SELECT count(*) AS types, CAST(coalesce(sum(n), 0) AS BIGINT) AS week
FROM counted
