-- Where in the event each reason was found, among the newest rejected events of a period; those of which very much is
-- to be said are left out, as 2,000 of them would not fit in memory.
WITH newest AS (
    SELECT event_type, findings
    FROM failed
    WHERE day >= CAST(epoch_ms(CAST($since AS BIGINT)) AS DATE)
      AND day <= CAST(epoch_ms(CAST($until AS BIGINT)) AS DATE)
      AND received_at >= epoch_ms(CAST($since AS BIGINT))
      AND received_at < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND strlen(findings) <= 8192
    ORDER BY received_at DESC
    LIMIT 2000
),
flat AS (
    SELECT event_type, unnest(from_json(findings, '[["VARCHAR"]]')) AS finding
    FROM newest
),
counted AS (
    SELECT
        finding[1] AS code,
        left(coalesce(event_type, ''), 200) AS event_type,
        left(finding[2], 300) AS path,
        any_value(left(finding[4], 300)) AS message,
        count(*) AS n
    FROM flat
    GROUP BY 1, 2, 3
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY code ORDER BY n DESC, event_type, path) AS place
    FROM counted
)
SELECT code, event_type, path, message, n
FROM ranked
WHERE place <= 3
ORDER BY code, place
LIMIT 1000
