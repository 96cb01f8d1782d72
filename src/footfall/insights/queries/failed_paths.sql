-- Where in the event each reason was found, among the newest rejected events of a period.
WITH newest AS (
    SELECT event_type, findings
    FROM failed
    WHERE day >= CAST(epoch_ms(CAST($since AS BIGINT)) AS DATE)
      AND day <= CAST(epoch_ms(CAST($until AS BIGINT)) AS DATE)
      AND received_at >= epoch_ms(CAST($since AS BIGINT))
      AND received_at < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR channel = $channel)
    ORDER BY received_at DESC
    LIMIT 2000
),
flat AS (
    SELECT event_type, unnest(from_json(findings, '[["VARCHAR"]]')) AS finding
    FROM newest
    WHERE findings IS NOT NULL
),
counted AS (
    SELECT
        finding[1] AS code,
        coalesce(event_type, '') AS event_type,
        finding[2] AS path,
        any_value(finding[4]) AS message,
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
